# SPDX-License-Identifier: Apache-2.0
"""Sessions in README.md; see readme.sh.

readme.py corpus README DIR ARTICLE: files that give README's answers but for numbers, and the text that its
session looks for.
readme.py run README: all sessions, in this directory.
"""
import gzip, os, re, subprocess, sys


def sessions(path):
    """Lists of (command, lines that it prints), a list for each session."""
    found, block = [], []
    for line in open(path, encoding="utf-8"):
        if line.startswith("    $ "):
            block.append([line[6:].rstrip("\n"), []])
        elif line.startswith("    ") and block:
            block[-1][1].append(line[4:].rstrip("\n"))
        elif block:
            found.append(block)
            block = []
    return found


def corpus(path, folder, article):
    text = open(path, encoding="utf-8").read()
    # What /lines shows there: of which files, and that line.
    shown = re.findall(r"^    /usr/share/doc/(\S+?):\d+:(.*)$", text, re.M)
    assert shown
    for i, (name, line) in enumerate(shown):
        file = os.path.join(folder, name)
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with (gzip.open if name.endswith(".gz") else open)(file, "wt", encoding="utf-8") as out:
            out.write("the elephant of the house\n" * (i + 1) + line + "\n")
    for i in range(12):
        with open(os.path.join(folder, f"z{i}"), "w", encoding="utf-8") as out:
            out.write(f"the the of {i} without even the implied warranty of /etc/fstab\n"
                      + "segmentation fault\n" * 3 + "segmentation faults\n" * (i % 2))
    with open(article, "w", encoding="utf-8") as out:
        out.write("Somebody wrote: without even the implied warranty of /etc/fstab, and left.\n")


def shape(line):
    return re.sub(r"[\d.]*\d", "N", line)


def run(path):
    found = sessions(path)
    commands = sum(len(block) for block in found)
    assert commands >= 12, f"only {commands} commands"
    for number, block in enumerate(found):
        # One shell for each; the first one mounts and unmounts, the others ask the mount.
        if number:
            block.insert(0, ["mountpoint -q mnt || ngramfs docs.ngram mnt", []])
        for i, (command, _) in enumerate(block):
            block[i].append(f"echo; echo '==== {i}'")
        script = "\n".join(f"{command} 2>&1\n{mark}" for command, _, mark in block)
        out = subprocess.run(["bash"], input=script, stdout=subprocess.PIPE, text=True, check=False).stdout
        parts = re.split(r"\n?==== \d+\n", out)
        assert len(parts) == len(block) + 1, out
        for (command, want, _), got in zip(block, parts):
            lines = got.rstrip("\n").split("\n") if got.strip("\n") else []
            if command.startswith("mkngramfs "):
                continue  # which also says what it has made
            if "jq " in command:
                assert lines and all(len(line.split("\t")) == 4 for line in lines), (command, lines)
                continue
            assert [*map(shape, lines)] == [*map(shape, want)], f"{command}\nprints {lines}\nnot    {want}"
    print(f"{commands} commands")


if __name__ == "__main__":
    {"corpus": corpus, "run": run}[sys.argv[1]](*sys.argv[2:])
