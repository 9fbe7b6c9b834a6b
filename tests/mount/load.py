# SPDX-License-Identifier: Apache-2.0
"""Short questions beside long ones; see load.sh."""
import os, signal, sys, time

mount = sys.argv[1]


def ask(path):
    with open(f"{mount}/{path}", "rb") as f:
        return f.read()


class Reader:
    """A process that reads from a file, and ends with status 0, or with the errno."""

    def __init__(self, path, want=None):
        """path: of a file of the mount, or a descriptor of one, which is opened once more, and
        not looked up. want: what must be read."""
        self.pid = os.fork()
        if self.pid:
            return
        signal.signal(signal.SIGINT, signal.default_int_handler)
        status = 99
        try:
            path = f"/proc/self/fd/{path}" if isinstance(path, int) else f"{mount}/{path}"
            got = os.read(os.open(path, os.O_RDONLY), 100)
            status = 0 if got and want in (None, got) else 98
        except KeyboardInterrupt:
            status = 97
        except OSError as e:
            status = e.errno
        os._exit(status)

    def waits(self):
        """Whether it has not ended."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def sleeps(self):
        """Whether the kernel has sent its question, as far as that shows."""
        with open(f"/proc/{self.pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] in "SD"

    def end(self, sig=None):
        if sig:
            os.kill(self.pid, sig)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def settle(readers):
    """All of them have asked."""
    until = time.monotonic() + 120
    while not all(r.sleeps() for r in readers):
        assert time.monotonic() < until, "the readers don't come to ask"
        time.sleep(0.01)
    time.sleep(0.3)


def counts(n, what):
    """Ask n counts that nobody has asked before; all must be right."""
    times = []
    for i in range(n):
        at = time.monotonic()
        assert ask(f"count/nowhere {what} {i}") == b"0\n"
        times.append(time.monotonic() - at)
    times.sort()
    print(f"{what}: {n} counts, p50 {times[n // 2] * 1000:.1f} ms, max {times[-1] * 1000:.1f} ms",
          flush=True)
    # Another kind of short question.
    assert len(os.listdir(f"{mount}/match/{'ab' * 6}")) > 2


def beside(readers, what):
    settle(readers)
    counts(50, what)
    assert all(r.waits() for r in readers), f"{what}: a reader has ended, so nothing was shown"


counts(50, "alone")

# Those who wait for one stream.
fd = os.open(f"{mount}/df/a", os.O_RDONLY)
readers = [Reader(fd) for _ in range(80)]
beside(readers, "beside 80 readers of one stream")
# Another long question finds a thread, too: they take one, and not 16.
assert ask("df/abbabaabab") == b"1\n"
assert all(r.waits() for r in readers)
# One who waits for it is free at once when interrupted, whoever is making it.
for r in readers[1:]:
    assert r.end(signal.SIGINT) == 97
assert readers[0].waits()
assert readers[0].end(signal.SIGINT) == 97
os.close(fd)

# Long questions that are all different.
names = [f"df/{i:06b}".translate({48: 97, 49: 98}) for i in range(64)]
readers = [Reader(name) for name in names]
settle(readers)
begun = sum(r.waits() for r in readers)
counts(50, "beside 64 different streams")
left = sum(r.waits() for r in readers)
print(f"of 64 long questions, {begun} were waiting before and {left} after", flush=True)
assert left > 16, "too few long questions are left, so nothing was shown"
for r in readers:
    assert r.waits() is False or r.end(signal.SIGKILL) == -signal.SIGKILL

# All who wait for one stream get the same, and right.
fd = os.open(f"{mount}/df/abba", os.O_RDONLY)
assert not any(r.end() for r in [Reader(fd, b"1\n") for _ in range(80)])
os.close(fd)
