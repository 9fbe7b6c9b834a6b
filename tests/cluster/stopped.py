# SPDX-License-Identifier: Apache-2.0
"""stopped.py NAME MOUNT TEXT STOP START: the server of an index is stopped under a mount, and started again.

Questions go on meanwhile, each of them a new one, so that the storage is read. Whatever they get is right
or an error; when the server is back, all are answered again, without mounting anew. STOP and START are
commands for sh. Prints what was seen; its status is 1 if an answer was wrong or didn't come back."""

import collections
import errno
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time
from urllib.parse import quote_from_bytes

name, mount, text, stop, start = sys.argv[1:]
mount = pathlib.Path(mount)
DOWN = float(os.environ.get("NG_TEST_DOWN", 5))  # seconds
PATIENCE = 120
rng = random.Random(14)
docs = [json.loads(line)["text"].encode()
        for path in sorted(pathlib.Path(text).rglob("*.jsonl"), key=os.fsencode)
        for line in open(path, encoding="utf-8")]
whole = b"\0".join(docs)
width = len(str(len(docs) - 1))


def counts():
    """Queries of 12 to 30 bytes that were never asked before, and how often each occurs."""
    seen = set()
    while True:
        doc = rng.choice(docs)
        query = doc[(at := rng.randrange(len(doc))):at + rng.randint(12, 30)]
        if len(query) < 12 or query in seen:
            continue
        seen.add(query)
        found, at = 0, whole.find(query)
        while at >= 0:
            found, at = found + 1, whole.find(query, at + 1)
        yield mount / "count" / quote_from_bytes(query, safe=" ").replace(".", "%2E"), b"%d\n" % found


def documents():
    for number in rng.sample(range(len(docs)), len(docs)):
        yield mount / "doc" / f"{number:0{width}}.txt", docs[number]


lock = threading.Lock()
questions = {"count": counts(), "document": documents()}
phase = "before"
results = collections.Counter()  # by phase in which the question was asked, and what came of it
asking, failures, longest = {}, [], 0.0


def ask(kind):
    global longest
    with lock:
        path, want = next(questions[kind])
        asked_in, begun = phase, time.monotonic()
        asking[path] = asked_in
    try:
        got = path.read_bytes()
        result = "right" if got == want else "wrong"
        if result == "wrong":
            failures.append(f"{path}: {got[:100]!r} instead of {want[:100]!r}")
    except OSError as error:
        result = errno.errorcode[error.errno]
    with lock:
        del asking[path]
        results[asked_in, result] += 1
        longest = max(longest, time.monotonic() - begun)
    return result


def open_questions():
    with lock:
        return list(asking.items())


ended = False


def asker(kind):
    while not ended:
        ask(kind)
        # So slowly that there is something left that nobody has read.
        time.sleep(0.1)


def run(command):
    subprocess.run(["sh", "-c", command], check=True, stdin=subprocess.DEVNULL)


def waits(process):
    try:
        process.wait(1)
        return False
    except subprocess.TimeoutExpired:
        return True


for kind in ["count", "count", "document", "document"]:
    threading.Thread(target=asker, args=[kind], daemon=True).start()
time.sleep(1)
phase = "stopped"
run(stop)
stopped = time.monotonic()
time.sleep(1)
# Readers who would rather not wait.
with lock:
    paths = [next(questions[kind])[0] for kind in ["count", "document"] * 2]
readers = [subprocess.Popen(["cat", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
           for path in paths]
time.sleep(1)
patient = [reader for reader in readers if reader.poll() is None]
for reader in patient:
    reader.send_signal(signal.SIGINT)
hanging = [reader for reader in patient if waits(reader)]
time.sleep(max(0.0, DOWN - (time.monotonic() - stopped)))
phase = "starting"
run(start)
started = time.monotonic()
back = None
while back is None and time.monotonic() - started < PATIENCE:
    if ask("count") == "right" and ask("document") == "right":
        back = time.monotonic() - started
    time.sleep(0.1)
# Errors of what the storage had given up before may come a little later, from the other askers.
while any(asked_in != "starting" for _, asked_in in open_questions()) and time.monotonic() - started < PATIENCE:
    time.sleep(0.1)
lost = open_questions() if back is None else [path for path, when in open_questions() if when != "starting"]
lost += [reader.args for reader in hanging if reader.poll() is None and waits(reader)]
ended = True
if back is not None:
    time.sleep(1)
    phase = "after"
    for kind in ["count", "document"] * 25:
        ask(kind)


def said(when):
    return ", ".join(f"{result} {number}" for (asked_in, result), number in sorted(results.items())
                     if asked_in == when) or "nothing"


print(f"{name}: stopped for {DOWN:g} s: {said('stopped')}; from then on: {said('starting')}; "
      f"back after {'ever' if back is None else f'{back:.1f} s'}; the longest took {longest:.1f} s; "
      f"Ctrl-C freed {len(patient) - len(hanging)} of {len(patient)} that waited")
for failure in failures:
    print("wrong:", failure)
for path in lost:
    print("lost:", path)
after = {result: number for (asked_in, result), number in results.items() if asked_in == "after"}
if back is not None and after != {"right": 50}:
    print("after it was back:", after)
# Else nothing was tried: everything was in memory, or on a disk of this machine.
tried = sum(number for (asked_in, result), number in results.items()
            if asked_in == "stopped" and result != "right") + len(patient)
idle = not tried and longest < DOWN / 2
if idle:
    print("no question needed the server while it was stopped")
bad = failures or lost or back is None or after != {"right": 50} or idle and "NG_TEST_CACHED" not in os.environ
sys.stdout.flush()
os._exit(1 if bad else 0)
