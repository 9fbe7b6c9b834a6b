# SPDX-License-Identifier: Apache-2.0
"""Streams of every kind, read a little at a time in turn; see streams.sh.

streams.py compare LOW HIGH: in the mount LOW, whose streams have little memory, they must say what
they say one after another in HIGH.
streams.py hold MOUNT N PID: open N, read a part of each, and print the daemon's anonymous memory, at
most, in KB; then close them, and print it again.
"""
import os, random, sys, threading

WORDS = [f"w{i:03}" for i in range(300)]


def kinds(n, most=12):
    """n files with what is to be written to each: every kind in turn, or the first `most` of them, few
    of them the same."""
    rng = random.Random(n)
    for i in range(n):
        kind, word = i % most, rng.choice(WORDS)
        if kind == 0:
            yield f"kwic/{word[:2]}", b""
        elif kind == 1:
            yield f"with/context={i % 90}/kwic/ {word[:2]}", b""
        elif kind == 2:
            yield f"with/order=random,seed={i}/kwic/{word[:2]}", b""
        elif kind == 3:
            yield f"with/case=fold/kwic/{word[:2]}", b""
        elif kind == 4:
            lines = [" ".join(rng.choices(WORDS, k=rng.randint(1, 2))) for _ in range(3000)]
            yield f"batch/{rng.choice(['count', 'find'])}", "".join(f"{s}\n" for s in lines).encode()
        elif kind == 5:
            text = open("corpus", "rb").read()
            at = rng.randrange(len(text) - 20000)
            with_settings = "min=9", "min=9,case=fold,space=fold", "min=9,atleast=2,word=yes,context=20"
            yield f"with/{with_settings[i // most % 3]}/trace", text[at : at + 20000]
        elif kind == 6:
            yield f"with/min={4 + i % 20}/repeats", b""
        elif kind == 7:
            yield f"lines/{word[:2]}", b""
        elif kind == 8:
            yield f"with/context={i % 90}/grep/{word[:2]}.{i % 10}", b""
        elif kind == 9:
            yield f"with/context={i % 90},scan=all/grep/%5Cd$", b""
        elif kind == 10:
            yield "with/min=2/wordlist", b""
        else:
            yield "facet/line/w", b""


class Stream:
    def __init__(self, mount, file, data):
        self.fd = os.open(f"{mount}/{file}", os.O_RDWR if data else os.O_RDONLY)
        while data:
            data = data[os.write(self.fd, data) :]
        self.got, self.over = b"", False

    def read(self, size):
        data = os.read(self.fd, size)
        self.got += data
        self.over = not data

    def rest(self):
        while not self.over:
            self.read(1 << 17)
        os.close(self.fd)
        return self.got


def compare(low, high):
    rng = random.Random(3)
    files = list(kinds(36 if os.environ.get("NG_TEST_BRIEF") else 120))
    streams = [Stream(low, *f) for f in files]
    left = list(streams)
    while left:
        for s in rng.sample(left, len(left)):
            s.read(rng.choice([1, 700, 4096, 50000, 131072]))
            # What was read long enough is read to its end, so that this ends.
            if len(s.got) > 150000:
                s.rest()
        left = [s for s in left if not s.over]
    longest = 0
    for s, (file, data) in zip(streams, files):
        want = Stream(high, file, data).rest()
        assert s.got == want, f"{file}: {len(s.got)} bytes instead of {len(want)}, or others"
        longest = max(longest, len(want))
    # Each is more than all of them may hold.
    assert longest > 300000, longest
    print(f"{len(files)} streams, the longest of {longest} bytes")


def beside(low, high):
    """Readers at the same time, of more than all may hold: each gets all of it."""
    files = list(kinds(20))
    got, failed = {}, []

    def read(i, file):
        try:
            got[i] = Stream(low, *file).rest()
        except OSError as error:
            failed.append((file, error))

    threads = [threading.Thread(target=read, args=pair) for pair in enumerate(files)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed[:3]
    for i, file in enumerate(files):
        assert got[i] == Stream(high, *file).rest(), file
    print(f"{len(files)} streams side by side")


def anonymous_kb(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("RssAnon"):
            return int(line.split()[1])


def hold(mount, n, pid):
    streams, most = [], 0
    for file, data in kinds(n, 7):
        streams.append(Stream(mount, file, data))
        for _ in range(2):
            streams[-1].read(1 << 17)
        most = max(most, anonymous_kb(pid))
    # Of the oldest something is read on, so none of them was dropped for good.
    for s in streams[:20]:
        s.read(1 << 17)
        most = max(most, anonymous_kb(pid))
    half_read = sum(not s.over for s in streams)
    assert half_read > n // 2, half_read
    print(most)
    for s in streams:
        os.close(s.fd)
    os.listdir(mount)
    print(anonymous_kb(pid))


if sys.argv[1] == "compare":
    compare(*sys.argv[2:])
    beside(*sys.argv[2:])
else:
    hold(sys.argv[2], int(sys.argv[3]), sys.argv[4])
