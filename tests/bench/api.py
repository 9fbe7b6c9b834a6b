#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Figures of examples/api over an index, behind the nginx of examples/web: counts a second, a query in a POST
and a thousand in one, each asked once.

    api.py INDEX

Needs wrk and nginx-light; NGRAMFS is as for examples/web/run.sh. wrk is on the same processors as the
server. Beside the rates stands what of a processor's time a request takes, which other work on the machine
doesn't change."""

import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS, SECONDS, CONNECTIONS = 5, 3, 2
POSTS = ROUNDS * SECONDS * 10000  # more than are asked
BATCHES = ROUNDS * SECONDS * 400
BATCH = 1000
QUERY_CHARS = 12


@contextlib.contextmanager
def served(index):
    """The address of the example over index, with a rate that limits nothing."""
    command = [os.path.join(HERE, "..", "..", "examples", "web", "run.sh"), "--api", "--rate", "9999999", index]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        try:
            yield run.stdout.readline().strip().rstrip("/")
        finally:
            run.terminate()


def get(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def queries(address, name, dice):
    """Substrings of documents at random, without end."""
    documents = json.loads(get(f"{address}/api/{name}/stats"))["documents"]
    while True:
        text = get(f"{address}/api/{name}/doc/{dice.randrange(documents)}").decode("utf-8", "ignore")
        for at in range(0, len(text) - QUERY_CHARS, 7):
            yield text[at:at + QUERY_CHARS]


def rate(url, bodies):
    with tempfile.NamedTemporaryFile("w", prefix="ngramfs-bench-", encoding="ascii") as file:
        file.writelines(json.dumps(body) + "\n" for body in bodies)
        file.flush()
        said = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", "-s", os.path.join(HERE, "api.lua"), url,
                               "--", file.name], check=True, capture_output=True, text=True).stdout
    figures = dict(line.split() for line in said.splitlines()[-3:])
    if figures["failed"] != "0":
        sys.exit(f"wrk: {figures['failed']} requests failed")
    return int(figures["requests"]), float(figures["seconds"])


def spent():
    """Seconds of processor time that nginx, the API and ngramfs have taken."""
    total = 0.0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/environ", "rb") as environ:
                if b"NGRAMFS_BENCH=1" not in environ.read().split(b"\0"):
                    continue
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                fields = stat.read().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    # What is started here is known by this.
    os.environ["NGRAMFS_BENCH"] = "1"
    dice = random.Random(5)
    with served(sys.argv[1]) as address:
        name = json.loads(get(f"{address}/api/indexes"))[0]["name"]
        asked = queries(address, name, dice)
        kinds = (("a query in a POST", f"{address}/", POSTS, 1, "must 1,500, aim 4,000",
                  lambda: {"index": name, "query_type": "count", "query": next(asked)}),
                 (f"{BATCH} in one POST", f"{address}/api/{name}/count", BATCHES, BATCH, "must 150,000, aim 300,000",
                  lambda: {"queries": [next(asked) for _ in range(BATCH)]}))
        for what, url, n, size, wanted, body in kinds:
            rates, requests, took = [], 0, 0.0
            for _ in range(ROUNDS):
                bodies = [body() for _ in range(n // ROUNDS)]
                begun = spent()
                done, seconds = rate(url, bodies)
                took += spent() - begun
                rates.append(done * size / seconds)
                requests += done
            took /= requests
            print(f"{what}, {CONNECTIONS} connections, counts a second: median {statistics.median(rates):,.0f}, best "
                  f"{max(rates):,.0f} ({wanted}); {took * 1e6 / size:,.1f} us of a processor a count in server and mount")
        print(f"load of the machine: {os.getloadavg()[0]:.1f} of {os.cpu_count()} processors")
    return 0


if __name__ == "__main__":
    sys.exit(main())
