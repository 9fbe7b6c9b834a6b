# SPDX-License-Identifier: Apache-2.0
"""Types at a shell's prompt, presses TAB, and reads what the command line has become.

completions.py SHELL COMPLETIONS

SHELL is bash or zsh, COMPLETIONS the directory examples/packaging/completions. The commands are
functions that print their arguments, so that nothing runs.
"""

import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time

# What is typed before TAB, and behind it, and the arguments that then arrive. Each has one way to go
# on, or none.
CASES = [
    ("mkngramfs --app", ["--append"]),
    ("mkngramfs --text-s", ["--text-store"]),
    ("mkngramfs --format=jsonl", ["--format=jsonl"]),
    ("mkngramfs --bad-unicode=rep", ["--bad-unicode=replace"]),
    ("mkngramfs --list-passed=a", ["--list-passed=a file.txt"]),
    ("mkngramfs --progress=no", ["--progress=none"]),
    ("mkngramfs -o sub", ["-o", "subdir/"]),
    ("mkngramfs --output=sub", ["--output=subdir/"]),
    ("mkngramfs --skip-bad=a", ["--skip-bad=a file.txt"]),
    ("mkngramfs -q a", ["-q", "a file.txt"]),
    ("mkngramfs --mem", "5M", ["--memory=5M"]),
    ("ngramfs -o all", ["-o", "allow_other"]),
    ("ngramfs -o page=5,auto", ["-o", "page=5,auto_unmount"]),
    ("ngramfs -o ro,thr", "7", ["-o", "ro,threads=7"]),
    ("ngramfs --ver", ["--version"]),
    ("ngramfs subdir/ su", ["subdir/", "subdir/"]),
    ("ngramfsck --fu", ["--full"]),
    ("ngramfsck --tmp=su", ["--tmp=subdir/"]),
    ("ngramfsck --full --progress=js", ["--full", "--progress=json"]),
    ("ngramfsck su", ["subdir/"]),
    # Nothing to offer: a number, an unknown option.
    ("mkngramfs --threads=s", ["--threads=s"]),
    ("ngramfsck --seed=su", ["--seed=su"]),
    ("ngramfs -o page=su", ["-o", "page=su"]),
    ("ngramfsck --nonesuch", ["--nonesuch"]),
]
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"],
             "bind 'set enable-bracketed-paste off'; . '{}/ngramfs.bash'"),
    "zsh": (["zsh", "-f", "-i"],
            "unsetopt auto_remove_slash; fpath=('{}' $fpath);"
            " autoload -Uz compinit && compinit -u -D"),
}


class Shell:
    """An interactive shell on a terminal of its own, in a directory with a file and a directory."""

    def __init__(self, name, completions):
        command, prepare = SHELLS[name]
        self.home = tempfile.TemporaryDirectory()
        os.mkdir(self.home.name + "/subdir")
        open(self.home.name + "/a file.txt", "w", encoding="utf-8").close()
        self.terminal, slave = pty.openpty()
        env = {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": self.home.name, "LC_ALL": "C.UTF-8",
               "INPUTRC": "/dev/null"}
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env,
                                        cwd=self.home.name, start_new_session=True)
        os.close(slave)
        self.said = ""
        self.serial = 0
        self.ask(prepare.format(completions))
        for program in ("mkngramfs", "ngramfs", "ngramfsck"):
            self.ask("function " + program + " { printf '[%s]' \"$@\"; echo; }")

    def send(self, text):
        os.write(self.terminal, text.encode())

    def wait(self, pattern):
        """What came up to the match of pattern, or None after ten seconds."""
        end = time.monotonic() + 120
        while not (found := re.search(pattern, self.said)):
            if not select.select([self.terminal], [], [], max(end - time.monotonic(), 0))[0]:
                return None
            try:
                self.said += os.read(self.terminal, 65536).decode(errors="replace")
            except OSError:
                return None
        before = self.said[:found.start()]
        self.said = self.said[found.end():]
        return before

    def ask(self, line):
        """Type a line, and Return; returns what it printed."""
        self.serial += 1
        self.send(line + "\r")
        # The marker is computed, so that the echo of the command isn't taken for it.
        self.send(f"echo $((1000000 + {self.serial}))-done\r")
        return self.wait(f"{1000000 + self.serial}-done\r?\n")

    def close(self):
        os.close(self.terminal)
        self.process.kill()
        self.process.wait()
        self.home.cleanup()


def main():
    shell = Shell(sys.argv[1], os.path.abspath(sys.argv[2]))
    failures = 0
    for typed, *behind, want in CASES:
        printed = shell.ask("\t".join([typed, *(behind or [""])]))
        lines = re.findall(r"^(\[.*\])\r*$", printed or "", re.M)
        got = re.findall(r"\[([^]]*)\]", lines[-1]) if lines else None
        if got != want:
            failures += 1
            print(f"{sys.argv[1]}: '{typed}' became {got}, not {want}; on the terminal: {printed!r}",
                  file=sys.stderr)
    shell.close()
    return 1 if failures else 0


sys.exit(main())
