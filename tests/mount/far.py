# SPDX-License-Identifier: Apache-2.0
"""Questions to indexes behind delayed_fs, in the working directory."""

import contextlib
import os
import random
import signal
import subprocess
import threading
import time

from delayed import Delayed, Failed, PATIENCE_SECONDS

NGRAMFS = os.environ["NGRAMFS"]
SHARDS_LEAST = 20
SAMPLING = 128


def check(true, what):
    if not true:
        raise Failed(what)


def text_of(chosen, words):
    return " ".join("".join(chosen.choices("etaoinshrdlu", k=chosen.randrange(2, 9)))
                    for _ in range(words))


class Index:
    """Documents, and what must be said of them."""

    def __init__(self, name, docs, *options):
        self.name, self.docs = name, docs
        subprocess.run([os.environ["MKNGRAMFS"], "-q", "--format=lines", *options, "-o",
                        f"behind/{name}", "-"], input="".join(doc + "\n" for doc in docs).encode(),
                       check=True)

    def count(self, query):
        return sum(doc.count(query) for doc in self.docs)

    def queries(self, chosen, n, length=20):
        """Substrings of the text that don't overlap themselves."""
        found = []
        while len(found) < n:
            doc = chosen.choice(self.docs)
            at = chosen.randrange(len(doc) - length)
            query = doc[at:at + length]
            if query.isascii() and query[0] != query[-1] and query.strip() == query:
                found.append(query)
        return found


@contextlib.contextmanager
def mounted(index, *options, where="far"):
    """Mount it on mnt, while that is used."""
    os.makedirs("mnt", exist_ok=True)
    with open("mnt.log", "w", encoding="utf8") as file:
        daemon = subprocess.Popen([NGRAMFS, "-f", *options, f"{where}/{index.name}", "mnt"],
                                  stderr=file)
    try:
        wait_for("mounted", lambda: os.path.ismount("mnt") or daemon.poll() is not None)
        check(daemon.poll() is None, f"it doesn't mount: {log()}")
        yield "mnt"
        # A reader that has just ended may be on its way out.
        wait_for("unmounted", lambda: subprocess.run(["umount", "mnt"], check=False).returncode == 0)
        status = daemon.wait(PATIENCE_SECONDS)
        check(status == 0, f"the daemon's exit status is {status}: {log()}")
    finally:
        daemon.kill()
        subprocess.run(["umount", "-l", "mnt"], stderr=subprocess.DEVNULL, check=False)


def log():
    with open("mnt.log", encoding="utf8") as file:
        return file.read()


def wait_for(what, true):
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        check(time.monotonic() < end, f"never: {what}")
        time.sleep(0.02)


def preloaded(far):
    wait_for("preloaded", lambda: "preloaded" in log())
    far.rest()


class Asking:
    """Processes that each ask one question."""

    def __init__(self, paths):
        self.children = [subprocess.Popen(["cat", path], stdout=subprocess.PIPE,
                                          stderr=subprocess.PIPE) for path in paths]

    def answers(self):
        """What each has read; None for one that failed."""
        found = []
        for child in self.children:
            out, _ = child.communicate(timeout=PATIENCE_SECONDS)
            found.append(None if child.returncode else out.decode())
        return found


def ask(path):
    with open(path, encoding="utf8") as file:
        return file.read()


def release_at(far, reads, seen):
    """Hold no longer once so many reads are in flight."""
    try:
        far.waits_for(reads)
        seen.append(reads)
    finally:
        far.hold(False)


def test_side_by_side(far, one, many):
    """While nothing is answered, all that is asked for is in flight."""
    chosen = random.Random(1)
    queries = one.queries(chosen, 16)
    with mounted(one) as mnt:
        preloaded(far)
        far.hold(True)
        asking = Asking(f"{mnt}/count/{query}" for query in queries)
        # One question asks for both ends of its rows, each in two pages at most.
        try:
            far.waits_for(len(queries) / 2)
            listed = subprocess.run(["ls", f"{mnt}/count"], timeout=PATIENCE_SECONDS, check=False)
            check(listed.returncode == 0, "listing a directory while names are looked up in it")
        finally:
            far.hold(False)
        check(asking.answers() == [f"{one.count(query)}\n" for query in queries], "counts")
    shards = len(os.listdir(f"behind/{many.name}")) - 1
    check(shards >= SHARDS_LEAST, f"{shards} shards are too few to see anything")
    # Shards are opened side by side, ...
    far.forget()
    ask(f"far/{many.name}/index.json")
    far.hold(True)
    release = threading.Thread(target=lambda: release_at(far, shards, seen))
    seen = []
    release.start()
    with mounted(many):
        release.join()
    check(seen == [shards], f"shards opened side by side: {seen}")
    # ... and searched so, however many compute.
    with mounted(many, "-o", "threads=1") as mnt:
        preloaded(far)
        query = many.queries(chosen, 1)[0]
        far.forget()
        far.hold(True)
        asking = Asking([f"{mnt}/count/{query}"])
        try:
            far.waits_for(shards / 2)
        finally:
            far.hold(False)
        check(asking.answers() == [f"{many.count(query)}\n"], "a count over many shards")


def turns(far, path, want):
    """Reads in turn until a path is read."""
    far.rest()
    check(ask(path) == want, path)
    return far.stats()["turns"]


def test_turns(far, one, stored):
    """No question waits more often than it must."""
    chosen = random.Random(2)
    far.delay(0.004)
    number = max(range(len(one.docs)), key=lambda i: len(one.docs[i]))
    doc, name = one.docs[number], f"doc/{number:0{len(str(len(one.docs) - 1))}d}.txt"
    for query in one.queries(chosen, 3):
        with mounted(one) as mnt:
            preloaded(far)
            # A step a byte, and none where the table of frequent patterns has the end.
            took = turns(far, f"{mnt}/count/{query}", f"{one.count(query)}\n")
            check(0 < took < len(query), f"{took} reads in turn for a count")
            far.forget()
    with mounted(one) as mnt:
        preloaded(far)
        took = turns(far, f"{mnt}/{name}", doc)
        check(0 < took <= SAMPLING + 64, f"{took} reads in turn for {len(doc)} bytes")
        far.forget()
    with mounted(stored) as mnt:
        preloaded(far)
        took = turns(far, f"{mnt}/{name}", doc)
        check(0 < took <= 4, f"{took} reads in turn for as many from a text store")
        far.forget()
    far.delay(0)


def test_preload(far, one):
    for options, said in (((), "preloaded"), (("-o", "preload=8K"), "there is more"),
                          (("-o", "nopreload"), "")):
        far.forget()
        far.stats()
        with mounted(one, *options):
            if said:
                wait_for(said, lambda text=said: text in log())
            far.rest()
        check(("preloaded" in log()) == bool(said), f"log with {options}: {log()}")
    with mounted(one, where="behind"):
        time.sleep(0.2)
        check("preload" not in log(), "preloaded from a disk, unasked")
    with mounted(one, "-o", "preload", where="behind"):
        wait_for("preloaded", lambda: "preloaded" in log())


def test_failures(far, one):
    """Storage that fails or is gone for a while: errors then, right answers afterwards, never a wrong
    one."""
    chosen = random.Random(3)

    def right(paths, wanted, may_fail):
        for got, want in zip(Asking(paths).answers(), wanted):
            check(got == want or (may_fail and got is None), f"{got!r} instead of {want!r}")

    def some(mnt):
        queries = one.queries(chosen, 4)
        return ([f"{mnt}/count/{query}" for query in queries],
                [f"{one.count(query)}\n" for query in queries])

    def comes_back(paths, wanted):
        wait_for("right answers again", lambda: Asking(paths).answers() == wanted)

    with mounted(one) as mnt:
        preloaded(far)
        right(*some(mnt), False)
        # Reads fail.
        far.forget()
        far.fail(True)
        paths, wanted = some(mnt)
        right(paths, wanted, True)
        check(None in Asking(paths).answers(), "failing reads hurt nobody")
        far.fail(False)
        comes_back(paths, wanted)
        right(*some(mnt), False)
        # The server stands still.
        far.forget()
        far.process.send_signal(signal.SIGSTOP)
        paths, wanted = some(mnt)
        asking = Asking(paths)
        time.sleep(1)
        check(all(child.poll() is None for child in asking.children), "answers from nowhere")
        far.process.send_signal(signal.SIGCONT)
        check(asking.answers() == wanted, "answers when the server goes on")
        # It dies under questions, and another one takes its place.
        far.forget()
        far.hold(True)
        asking = Asking(some(mnt)[0])
        far.waits_for(1)
        far.kill()
        check(all(answer is None for answer in asking.answers()), "answers of a dead server")
        paths, wanted = some(mnt)
        right(paths, wanted, True)
        subprocess.run(["umount", "-l", "far"], check=True)
        far.start()
        comes_back(paths, wanted)
        right(*some(mnt), False)


def main():
    chosen = random.Random(0)
    os.makedirs("behind")
    os.makedirs("far")
    docs = [text_of(chosen, chosen.randrange(30, 200)) for _ in range(2500)]
    one = Index("one.ngram", docs)
    stored = Index("stored.ngram", docs, "--text-store")
    many = Index("many.ngram", docs[:600], "--shard-size=16K")
    with Delayed(os.environ["DELAYED_FS"], "behind", "far") as far:
        test_side_by_side(far, one, many)
        test_turns(far, one, stored)
        test_preload(far, one)
        test_failures(far, one)


main()
