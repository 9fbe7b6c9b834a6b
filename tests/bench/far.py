# SPDX-License-Identifier: Apache-2.0
"""Figures of an index on storage that is far away: delayed_fs puts a delay into every read."""

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time

from corpus import Failed, escape_name
from mount import anonymous_kib, check_fuse, mountpoint, release, wait_until
from table import Row

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from delayed import Delayed  # pylint: disable=wrong-import-position

DELAYS_MS = (0.1, 1, 5, 30)
SHARDS = (1, 10, 100)
SAMPLES = 3
AT_ONCE = 32
MANY_SHARDS_DELAY_MS = 5
KWIC_LINES = (40, 100)
DOC_BYTES = (900, 1100)


@contextlib.contextmanager
def storage(corpus, index):
    """An index behind delayed_fs: (delayed, path)"""
    with mountpoint() as directory, \
            Delayed(corpus.tools.delayed_fs, os.path.dirname(index), directory) as far:
        yield far, os.path.join(directory, os.path.basename(index))


@contextlib.contextmanager
def cold_mount(corpus, far, index, *options):
    """A mount of which nothing but what was preloaded is in memory: (mount point, process number,
    seconds until it answered)."""
    far.forget()
    with mountpoint() as directory, tempfile.NamedTemporaryFile("r", prefix="ngramfs-bench-") as log:
        begin = time.monotonic()
        with open(log.name, "w", encoding="utf8") as out, \
                subprocess.Popen([corpus.tools.ngramfs, "-f", *options, index, directory],
                                 stderr=out) as daemon:
            try:
                wait_until("mounting", lambda: os.path.ismount(directory) or
                           daemon.poll() is not None)
                if daemon.returncode is not None:
                    raise Failed("it doesn't mount")
                os.stat(directory)
                seconds = time.monotonic() - begin
                wait_until("preloading", lambda: "preloaded" in log.read())
                far.rest()
                yield directory, daemon.pid, seconds
            finally:
                if os.path.ismount(directory):
                    release(directory)
                else:
                    daemon.terminate()


def read_file(path):
    with open(path, "rb") as file:
        return file.read()


class Questions:
    """Names of files to read, by kind."""

    def __init__(self, corpus):
        digits = len(str(len(corpus.docs) - 1))
        self.kinds = {
            "cold count of 20 bytes": self.counts(corpus, 20),
            "cold count of 100 bytes": self.counts(corpus, 100),
            "document of 1,000 bytes": [
                f"doc/{i:0{digits}d}.txt" for i, doc in enumerate(corpus.docs)
                if DOC_BYTES[0] <= len(doc) < DOC_BYTES[1]][:SAMPLES],
            "page of kwic": [f"kwic/{name}" for name in self.frequent(corpus)],
        }

    @staticmethod
    def counts(corpus, length):
        source = corpus.substrings(length, "far")
        return ["count/" + escape_name(next(source)) for _ in range(SAMPLES)]

    @staticmethod
    def frequent(corpus):
        """Queries that have as many occurrences as a page has lines."""
        text = b"\0".join(corpus.docs)
        source, found = corpus.substrings(12, "far kwic"), []
        while len(found) < SAMPLES:
            query = next(source)
            if KWIC_LINES[0] <= text.count(query) <= KWIC_LINES[1]:
                found.append(escape_name(query))
        return found


BOUNDS = {
    ("cold count of 20 bytes", 1): {"must": 16, "aim": 12},
    ("document of 1,000 bytes", 1): {"must": 60, "aim": 30},
    ("document of 1,000 bytes, text store", 1): {"must": 6, "aim": 4},
}


def ask(corpus, far, index, names):
    """Each with a mount of its own: medians of seconds, reads in turn, reads, bytes."""
    seen = []
    for name in names:
        with cold_mount(corpus, far, index) as (directory, _, _):
            begin = time.monotonic()
            read_file(f"{directory}/{name}")
            seconds = time.monotonic() - begin
            stats = far.stats()
        seen.append((seconds, stats["turns"], stats["reads"], stats["bytes"]))
    return [statistics.median(values) for values in zip(*seen)]


def question(corpus, kind, names, index, shards):
    """A row: reads in turn, and seconds by the storage's delay."""
    took = []
    with storage(corpus, index) as (far, path):
        for delay_ms in DELAYS_MS:
            far.delay(delay_ms / 1e3)
            seconds, turns, reads, size = ask(corpus, far, path, names)
            took.append(f"{delay_ms:g} ms: {seconds:.3g} s")
    # Of the slowest: there the delay is longer than whatever else takes time.
    yield Row(f"{kind}, {shards} shards: reads in turn", turns, "; ".join(took),
              f"{reads:.0f} reads, {size / 1e3:.0f} KB", digits=0, **BOUNDS.get((kind, shards), {}))
    if kind == "cold count of 20 bytes" and shards == 1:
        yield Row("KB fetched for it", size / 1e3, must=100, aim=80, digits=0)


def at_once(corpus):
    """Cold counts side by side in one directory."""
    source = corpus.substrings(20, "far at once")
    with storage(corpus, corpus.index()) as (far, path):
        far.delay(DELAYS_MS[-1] / 1e3)
        alone_s, together_s = [], []
        for _ in range(SAMPLES):
            for names, seconds in ((1, alone_s), (AT_ONCE, together_s)):
                paths = ["count/" + escape_name(next(source)) for _ in range(names)]
                with cold_mount(corpus, far, path) as (directory, _, _):
                    begin = time.monotonic()
                    children = [subprocess.Popen(["cat", f"{directory}/{name}"],
                                                 stdout=subprocess.DEVNULL) for name in paths]
                    if any([child.wait() for child in children]):
                        raise Failed("a count failed")
                    seconds.append(time.monotonic() - begin)
    yield Row(f"{AT_ONCE} cold counts at once over {DELAYS_MS[-1]} ms, time / one",
              statistics.median(together_s) / statistics.median(alone_s),
              f"{statistics.median(together_s):.2f} s", f"{statistics.median(alone_s):.2f} s",
              must=2, aim=1.3)


def many_shards(corpus):
    index = corpus.index_thousand()
    shards = sum(name.endswith(".ngs") for name in os.listdir(index))
    with storage(corpus, index) as (far, path):
        far.delay(MANY_SHARDS_DELAY_MS / 1e3)
        seen = []
        for _ in range(SAMPLES):
            with cold_mount(corpus, far, path) as (directory, pid, seconds):
                begin = time.monotonic()
                read_file(f"{directory}/count/" + escape_name(next(corpus.substrings(20, "many"))))
                seen.append((seconds, anonymous_kib(pid), time.monotonic() - begin))
        seconds, kib, asked = map(statistics.median, zip(*seen))
    yield Row(f"mounting {shards:,} shards, {MANY_SHARDS_DELAY_MS} ms a read: s", seconds,
              f"a cold count of 20 bytes then {asked:.2f} s", must=2, aim=1)
    yield Row("its memory, MB", kib * 1024 / 1e6, f"{kib / shards:.1f} KiB a shard", must=16, aim=8,
              digits=1)


def far(corpus):
    """Cold questions by the storage's delay and the number of shards."""
    check_fuse()
    questions = Questions(corpus)
    for shards in SHARDS:
        index = corpus.index_shards(shards)
        for kind, names in questions.kinds.items():
            yield from question(corpus, kind, names, index, shards)
    yield from question(corpus, "document of 1,000 bytes, text store",
                        questions.kinds["document of 1,000 bytes"], corpus.index_stored(), 1)
    yield from at_once(corpus)
    yield from many_shards(corpus)
