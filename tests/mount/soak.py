# SPDX-License-Identifier: Apache-2.0
"""Mixed clients, killed at random, for as long as is asked for; see soak.sh.

usage: soak.py corpus FILE: write the corpus, as JSONL
       soak.py clients MOUNT PID INDEX: ask in MOUNT, whose daemon is PID; mount INDEX elsewhere meanwhile
       soak.py mounts INDEX NUMBER: mount INDEX, ask, and unmount it, so many times

NG_SOAK_SECONDS: how long (300). NG_SOAK_CLIENTS: how many at once (64). NG_SOAK_SEED.

What is right is known beforehand: see soak_questions.py."""
import collections, math, mmap, os, random, re, signal, subprocess, sys, time

from soak_questions import SORTED_BYTES, Naive, make_questions, read, said_back, spent, write_corpus

SECONDS = int(os.environ.get("NG_SOAK_SECONDS", 300))
CLIENTS = int(os.environ.get("NG_SOAK_CLIENTS", 64))
SEED = int(os.environ.get("NG_SOAK_SEED", time.time_ns() % 1000000))
LINES = 4000  # of a session of batch
# The daemon's own memory, whatever is asked; and how many threads it may keep when nothing is, beside those that
# one question after the other has needed.
MEMORY_MAX = 192 << 20
THREADS_IDLE_MAX = 16
SETTLE_S = 120


# ---- what all processes share ----

BUCKETS = 300  # of times, each a twentieth longer than the one before, from 10 us on


class Figures:
    """Times by kind and client, and how many questions each has asked; in memory that forks share."""

    def __init__(self, kinds):
        self.kinds = {kind: number for number, kind in enumerate(kinds)}
        self.row = BUCKETS + 1
        self.times = memoryview(mmap.mmap(-1, 8 * CLIENTS * len(kinds) * self.row)).cast("Q")
        self.at = memoryview(mmap.mmap(-1, 8 * CLIENTS * 4)).cast("Q")  # client: begun at, counts, fresh counts, wrong

    def add(self, client, kind, seconds):
        us = max(1, int(seconds * 1e6))
        row = (client * len(self.kinds) + self.kinds[kind]) * self.row
        self.times[row + max(0, min(BUCKETS - 1, int(math.log(us / 10, 1.05)) if us > 10 else 0))] += 1
        if us > self.times[row + BUCKETS]:
            self.times[row + BUCKETS] = us

    def table(self):
        print(f"{'kind':18}{'asked':>10}{'p50 ms':>10}{'p99 ms':>10}{'max ms':>10}")
        for kind, number in sorted(self.kinds.items()):
            sums, most = [0] * BUCKETS, 0
            for client in range(CLIENTS):
                row = (client * len(self.kinds) + number) * self.row
                sums = [a + b for a, b in zip(sums, self.times[row:row + BUCKETS])]
                most = max(most, self.times[row + BUCKETS])
            n = sum(sums)

            def part(share):
                seen = 0
                for bucket, k in enumerate(sums):
                    seen += k
                    if k and seen >= share * n:
                        return min(most / 1000, 0.01 * 1.05 ** (bucket + 1))
                return 0.0
            print(f"{kind:18}{n:10}{part(.5):10.2f}{part(.99):10.2f}{most / 1000:10.2f}")


def fresh_counts(naive, mount, rng, tag, by_name):
    """Counts that nobody has asked for: of strings that hold a number, which the text doesn't, and of pieces of
    the text. Returns how many, or what was wrong."""
    queries = []
    for i in range(200 if by_name else LINES):
        if i % 2:
            queries.append(f"the {tag} {i}".encode())
            continue
        at = rng.randrange(len(naive.text))
        q = naive.text[at:at + rng.randint(4, SORTED_BYTES)].split(b"\0")[0]
        queries.append(q.replace(b"\n", b" ").rstrip(b"\r") or b"the")
    if by_name:
        # A lone . or .. isn't asked for: a piece of text has four bytes, or is the end of a document.
        got = [int(read(f"{mount}/count/".encode() + re.sub(rb"[%/.]", lambda m: b"%%%02X" % m[0][0], q))) for q in queries]
    else:
        rows = [row.split(b"\t", 1) for row in said_back(f"{mount}/batch/count", b"".join(q + b"\n" for q in queries)).split(b"\n")[:-1]]
        if [row[1] for row in rows] != queries:
            return rows[:3]
        got = [int(row[0]) for row in rows]
    for i, (q, n) in enumerate(zip(queries, got)):
        want = 0 if i % 2 else naive.count(q)
        if n != want:
            return f"{q}: {n} instead of {want}"
    return len(queries)


class Soak:
    def __init__(self, mount, queries=40):
        self.mount = mount
        self.naive = Naive()
        self.questions = make_questions(self.naive, queries)
        self.by_kind = collections.defaultdict(list)
        for question in self.questions:
            self.by_kind[question[0]].append(question)
        self.figures = Figures(sorted(self.by_kind) + ["counts, batch", "counts, names"])
        self.generation = [0] * CLIENTS

    def complain(self, text):
        with open("wrong", "a", encoding="utf-8", errors="backslashreplace") as f:
            f.write(text[:600] + "\n")

    def ask(self, mount, question):
        kind, path, how, want = question
        path = f"{mount}/{path}"
        try:
            got = how(path)
        except OSError as error:
            got = error
        if got != want:
            self.complain(f"{path}: {str(got)[:250]} instead of {str(want)[:250]}")
            return False
        return True

    def client(self, client):
        """Ask, until this process is killed."""
        figures = self.figures
        tag = f"{client}-{self.generation[client]}"
        rng = random.Random(f"{SEED} {tag}")
        random.seed(f"{SEED} {tag}")
        kinds = sorted(self.by_kind)
        number = 0
        while True:
            number += 1
            figures.at[client * 4] = int(time.monotonic() * 1000)
            spent[0] = 0.0
            if rng.random() < 0.3:
                by_name = rng.random() < 0.5
                try:
                    n = fresh_counts(self.naive, self.mount, rng, f"{tag}-{number}", by_name)
                except OSError as error:
                    n = f"counts: {error}"
                if isinstance(n, int):
                    figures.at[client * 4 + 1] += n
                    figures.at[client * 4 + 2] += n // 2
                else:
                    self.complain(f"counts by {'names' if by_name else 'batch'}: {n}")
                kind = "counts, names" if by_name else "counts, batch"
                figures.add(client, kind, spent[0] / (n if by_name and isinstance(n, int) else 1))
            else:
                kind = rng.choice(kinds)
                self.ask(self.mount, rng.choice(self.by_kind[kind]))
                figures.add(client, kind, spent[0])

    def start(self, client):
        self.generation[client] += 1
        self.figures.at[client * 4] = int(time.monotonic() * 1000)
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                self.client(client)
            except KeyboardInterrupt:
                os._exit(0)
            except BaseException as error:  # whatever it is, it must be seen
                self.complain(f"client: {error!r}")
            os._exit(1)
        return pid


def held(pid):
    """KB of a process's own memory, descriptors, threads."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        fields = dict(line.split(":", 1) for line in f)
    return int(fields["RssAnon"].split()[0]), len(files_of(pid)), int(fields["Threads"])


def files_of(pid):
    """What its descriptors are of; but for one file that all streams share, which stays once it is needed."""
    files = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            files.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:  # it has been closed meanwhile
            pass
    unnamed = [file for file in files if file.endswith(" (deleted)")]
    if unnamed:
        files.remove(unnamed[0])
    return sorted(files)


class Elsewhere:
    """A mount that comes and goes: asked a few questions, and unmounted, or its daemon killed."""

    def __init__(self, index, soak):
        self.index, self.soak, self.mounts, self.kills = index, soak, 0, 0
        self.rng = random.Random(SEED)
        os.makedirs("elsewhere", exist_ok=True)

    def once(self, may_kill):
        with open("elsewhere.log", "ab") as log:
            daemon = subprocess.Popen([os.environ["NGRAMFS"], "-f", self.index, "elsewhere"], stdout=log, stderr=log)
        until = time.monotonic() + SETTLE_S
        while not os.path.ismount("elsewhere"):
            assert daemon.poll() is None and time.monotonic() < until, "not mounted: see elsewhere.log"
            time.sleep(0.005)
        for _ in range(5):
            self.soak.ask("elsewhere", self.rng.choice(self.soak.questions))
        kill = may_kill and self.rng.random() < 0.3
        if kill:
            daemon.kill()
            self.kills += 1
        elif self.rng.random() < 0.3:
            daemon.terminate()
        # Whoever looks into mounts at this moment holds it.
        while os.path.ismount("elsewhere") or kill:
            if subprocess.run(["umount", "elsewhere"] if os.geteuid() == 0 else ["fusermount3", "-u", "elsewhere"],
                              stderr=subprocess.DEVNULL).returncode == 0:
                break
            assert time.monotonic() < until, "cannot unmount"
            time.sleep(0.005)
        status = daemon.wait(timeout=SETTLE_S)
        assert status == (-signal.SIGKILL if kill else 0), f"status of a daemon: {status}"
        self.mounts += 1


def clients(mount, daemon, index):
    soak = Soak(mount)
    wrong_before = 0
    for question in soak.questions:  # everything once, which a failing one is easily found by
        wrong_before += not soak.ask(mount, question)
    if wrong_before:
        return
    at_first = held(daemon)
    rng = random.Random(SEED)
    pids = [soak.start(client) for client in range(CLIENTS)]
    helper = os.fork()
    if helper == 0:  # mounts elsewhere, until it is told to end
        told = []
        signal.signal(signal.SIGTERM, lambda *_: told.append(1))
        there = Elsewhere(index, soak)
        try:
            while not told:
                there.once(True)
        except Exception as error:
            soak.complain(f"elsewhere: {error!r}")
        with open("mounts", "w", encoding="ascii") as f:
            print(f"{there.mounts} mounts elsewhere, {there.kills} of which ended by SIGKILL", file=f)
        os._exit(0)
    begun = time.monotonic()
    kills = collections.Counter()
    most, sampled, slowest = (0, 0, 0), 0, 0.0
    try:
        while time.monotonic() < begun + SECONDS:
            time.sleep(rng.uniform(0, 0.3))
            client = rng.randrange(CLIENTS)
            how = rng.choice([signal.SIGINT, signal.SIGKILL])
            os.kill(pids[client], how)
            kills[how.name] += 1
            os.waitpid(pids[client], 0)
            pids[client] = soak.start(client)
            if rng.random() < 0.03:
                os.kill(daemon, signal.SIGHUP)
                kills["SIGHUP to the daemon"] += 1
            most = tuple(map(max, most, held(daemon)))
            sampled += 1
            waits = time.monotonic() - min(soak.figures.at[client * 4] for client in range(CLIENTS)) / 1000
            slowest = max(slowest, waits)
            assert waits < SETTLE_S, f"a client has waited for {waits:.0f} s"
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        os.kill(helper, signal.SIGTERM)
        os.waitpid(helper, 0)
    seconds = time.monotonic() - begun
    # What the clients held is given back, though not at once.
    until = time.monotonic() + SETTLE_S
    while True:
        left = held(daemon)
        if left[1] <= at_first[1] and left[2] <= at_first[2] + THREADS_IDLE_MAX or time.monotonic() > until:
            break
        time.sleep(0.1)
    for question in rng.sample(soak.questions, 200):
        soak.ask(mount, question)
    soak.figures.table()
    asked = sum(sum(soak.figures.times[i * soak.figures.row:i * soak.figures.row + BUCKETS])
                for i in range(CLIENTS * len(soak.figures.kinds)))
    counts = sum(soak.figures.at[i * 4 + 1] for i in range(CLIENTS))
    fresh = sum(soak.figures.at[i * 4 + 2] for i in range(CLIENTS))
    print(f"{seconds:.0f} s, {CLIENTS} clients, seed {SEED}: {asked} questions, among them sessions and rounds of {counts} "
          f"counts, {fresh} of them of strings that nobody asks twice; killed: {dict(kills)}; "
          + read("mounts").decode().strip())
    print("the daemon at first, at most and in the end: memory " + " ".join(f"{of[0] / 1024:.1f}" for of in (at_first, most, left))
          + " MiB; descriptors " + " ".join(str(of[1]) for of in (at_first, most, left))
          + "; threads " + " ".join(str(of[2]) for of in (at_first, most, left)))
    print(f"the longest that a question was seen waiting: {slowest:.1f} s")
    assert most[0] << 10 <= MEMORY_MAX, f"RssAnon of {most[0]} KB"
    assert left[1] <= at_first[1], f"descriptors are lost: {files_of(daemon)}"
    assert left[2] <= at_first[2] + THREADS_IDLE_MAX, "threads are lost"
    assert asked > SECONDS, "too little was asked to show anything"


def mounts(index, number):
    soak = Soak("elsewhere", 4 if number < 100 else 40)
    there = Elsewhere(index, soak)
    begun = time.monotonic()
    for _ in range(number):
        there.once(False)
    print(f"{there.mounts} mounts in {time.monotonic() - begun:.0f} s, each asked 5 questions")


def main():
    if sys.argv[1] == "corpus":
        return write_corpus(sys.argv[2])
    if sys.argv[1] == "clients":
        clients(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    else:
        mounts(sys.argv[2], int(sys.argv[3]))
    if os.path.exists("wrong"):
        with open("wrong", encoding="utf-8") as f:
            said = f.read().split("\n")[:-1]
        sys.exit(f"{len(said)} wrong:\n" + "\n".join(said[:30]))
    print("0 wrong")


if __name__ == "__main__":
    main()
