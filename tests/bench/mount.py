# SPDX-License-Identifier: Apache-2.0
"""Figures of a mount."""

import contextlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time

from corpus import Failed, pairs, run
from table import Row, paired

ROUNDS = 40
NAMES_A_ROUND = 2500
WARM_NAMES = 20000
MANY_NAMES = 1000000
MOUNT_ROUNDS = 7
FIRST_NAMES = 4000
PATIENCE_SECONDS = 30


def wait_until(what, true):
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > end:
            raise Failed(f"{what} takes more than {PATIENCE_SECONDS} s")
        time.sleep(0.01)


def release(directory):
    if os.geteuid() == 0:
        run("umount", directory)
    else:
        run("fusermount3", "-u", directory)


@contextlib.contextmanager
def mountpoint():
    directory = tempfile.mkdtemp(prefix="ngramfs-bench-")
    try:
        yield directory
    finally:
        os.rmdir(directory)


@contextlib.contextmanager
def foreground(*args, log=None):
    """A daemon in the foreground, mounted on a directory of its own; args take it for {}."""
    with mountpoint() as directory:
        command = [arg.replace("{}", directory) for arg in args]
        output = log or subprocess.DEVNULL
        with subprocess.Popen(command, stdout=output, stderr=output) as daemon:
            try:
                wait_until(f"mounting {args[0]}", lambda: os.path.ismount(directory) or
                           daemon.poll() is not None)
                if daemon.returncode is not None:
                    raise Failed(f"{os.path.basename(args[0])}: it doesn't mount")
                yield directory
            finally:
                if os.path.ismount(directory):
                    release(directory)
                elif daemon.poll() is None:
                    daemon.terminate()


def daemon_of(directory):
    """Process number of the ngramfs that serves directory."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
            if os.fsencode(directory) in words[1:] and words[0].endswith(b"ngramfs"):
                return pid
    raise Failed(f"no daemon serves {directory}")


def has_ended(pid):
    """Whether a process is no more, or only whoever adopted it hasn't looked yet."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@contextlib.contextmanager
def background(tools, index, *options):
    """ngramfs as one starts it: (mount point, process number, seconds until the command was back).
    At the end it is unmounted and gone."""
    with mountpoint() as directory:
        begin = time.monotonic()
        run(tools.ngramfs, *options, index, directory)
        seconds = time.monotonic() - begin
        try:
            pid = daemon_of(directory)
            yield directory, pid, seconds
        finally:
            release(directory)
        wait_until("ending ngramfs", lambda: has_ended(pid))


def anonymous_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon:"))


def read_sum(tools, directory, names):
    """Open, read and close each: files per second, and the sum of the numbers in them."""
    with tempfile.NamedTemporaryFile("w", prefix="ngramfs-bench-", encoding="ascii") as file:
        file.writelines(name + "\n" for name in names)
        file.flush()
        said = pairs(run(tools.open_read_close, directory, file.name))
    return said["per_second"], said["sum"]


def read_all(tools, directory, names):
    """Open, read and close each; files per second."""
    return read_sum(tools, directory, names)[0]


def check_fuse():
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        raise Failed("no FUSE here: /dev/fuse cannot be opened")
    if os.geteuid() != 0 and not shutil.which("fusermount3"):
        raise Failed("fusermount3 is missing; apt-get install fuse3")


def paths(corpus):
    """Names never asked before, beside the same names in a filesystem that does nothing: once with
    a file for each name, as a filesystem is wont to have, and once with a single file under all
    names, so that only lookups reach it. Ours is between: queries with one answer are one file. Bare
    files need no opening, as ours don't with -o nostreams."""
    check_fuse()
    tools = corpus.tools
    for length, bounds in ((10, {"must": 0.7, "aim": 0.9}), (20, {}), (100, {})):
        names = corpus.names(length, WARM_NAMES + ROUNDS * NAMES_A_ROUND)
        ours, opened, each, single = [], [], [], []
        with foreground(tools.bare_fuse, "{}", "inodes") as each_dir, \
                foreground(tools.bare_fuse, "{}") as single_dir, \
                background(tools, corpus.index(), "-o", "nostreams") as (directory, _, _), \
                background(tools, corpus.index()) as (opening, _, _):
            read_all(tools, f"{directory}/count", names[:WARM_NAMES])
            read_all(tools, f"{opening}/count", names[:WARM_NAMES])
            for i in range(WARM_NAMES, len(names), NAMES_A_ROUND):
                now = names[i:i + NAMES_A_ROUND]
                each.append(read_all(tools, each_dir, now))
                ours.append(read_all(tools, f"{directory}/count", now))
                opened.append(read_all(tools, f"{opening}/count", now))
                single.append(read_all(tools, single_dir, now))
        yield paired(f"new /count/ paths of {length} bytes, our rate / bare FUSE", ours, each,
                     (1, "/s"), rate=True, more=True, **bounds)
        yield paired("the same with streams, so that files are opened", opened, each, (1, "/s"),
                     rate=True)
        yield paired("the same, all bare names one file", ours, single, (1, "/s"), rate=True)


def cpu_of(pid):
    """CPU seconds of a process so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def first(corpus):
    """The daemon's CPU time for the first counts of a fresh mount, beside the peer's for as many
    in memory."""
    check_fuse()
    names, ours_us, peer_us = corpus.names(100, FIRST_NAMES), [], []
    peer = corpus.peer_index()[0]
    for _ in range(MOUNT_ROUNDS):
        with background(corpus.tools, corpus.index()) as (directory, pid, _):
            begin = cpu_of(pid)
            read_all(corpus.tools, f"{directory}/count", names)
            ours_us.append((cpu_of(pid) - begin) * 1e6 / len(names))
        theirs = pairs(run(corpus.peer, "count", peer, corpus.queries(100), "1"))
        peer_us.append(theirs["us_per_query"])
    yield paired(f"the first {FIRST_NAMES:,} /count/ of 100 bytes, daemon's CPU / peer's", ours_us,
                 peer_us, (1, "us"), must=0.4, aim=0.25)


def again(corpus):
    """Requests that reach the daemon when paths are asked for a second time."""
    for options, must in ((("-o", "nostreams"), 0), ((), None)):
        yield asked_again(corpus, options, must)


def asked_again(corpus, options, must):
    check_fuse()
    names = corpus.names(20, 1000)
    with tempfile.NamedTemporaryFile(prefix="ngramfs-bench-") as log:
        def requests():
            """Once the log has come to rest."""
            size = -1
            while size != os.path.getsize(log.name):
                size = os.path.getsize(log.name)
                time.sleep(0.5)
            with open(log.name, "rb") as file:
                return file.read().count(b", opcode: ")
        with foreground(corpus.tools.ngramfs, "-d", *options, corpus.index(), "{}", log=log) as directory:
            before = requests()
            read_all(corpus.tools, f"{directory}/count", names)
            first = requests()
            read_all(corpus.tools, f"{directory}/count", names)
            second = requests()
    if first - before < len(names):
        raise Failed(f"the log shows {first - before} requests for {len(names)} new paths")
    return Row(" ".join(["requests when 1,000 paths are asked again", *options]), second - first,
               f"{first - before} the first time", must=must, digits=0)


def memory(corpus):
    """The daemon's own memory."""
    check_fuse()
    names = corpus.names(8, MANY_NAMES)
    with background(corpus.tools, corpus.index()) as (directory, pid, _):
        mounted = anonymous_kib(pid)
        rate = read_all(corpus.tools, f"{directory}/count", names)
        asked = anonymous_kib(pid)
    yield Row("RssAnon after mounting, MB", mounted * 1024 / 1e6, f"{mounted} KiB", must=10, aim=4)
    yield Row(f"RssAnon after {MANY_NAMES:,} different counts, MB", asked * 1024 / 1e6,
              f"{asked} KiB; {rate:.0f} counts/s", must=64, aim=16)


def mounting(corpus):
    """Until the command is back, which it is when the mount answers."""
    check_fuse()
    small, large, small_s, large_s = corpus.index_tenth(), corpus.index_tenfold(), [], []
    for _ in range(MOUNT_ROUNDS):
        for index, seconds in ((small, small_s), (large, large_s)):
            with background(corpus.tools, index) as (_, _, taken):
                seconds.append(taken)
    row = paired("mounting 1 GB of text, time / that of 10 MB", large_s, small_s, (1e3, "ms"))
    row.other += f", median {statistics.median(small_s) * 1e3:.4g}"
    row.ours += f", median {statistics.median(large_s) * 1e3:.4g}"
    yield row
