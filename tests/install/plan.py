# SPDX-License-Identifier: Apache-2.0
"""What examples/cluster/plan.py calculates: sums that were made by hand, and what it refuses."""

import json
import os
import subprocess
import sys

PLAN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "cluster",
                    "plan.py")


def run(*args):
    done = subprocess.run([sys.executable, "-B", PLAN, *args], capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout, done.stderr


def plan(*args):
    status, out, err = run(*args, "--json")
    assert status == 0, err
    return json.loads(out)


def near(a, b):
    return abs(a - b) <= 1e-9 * abs(b)


def main():
    # 8 nodes of 32 cores, 256 GB and 8 TB: 1.25 TB of text each, in shards of 256 GB.
    ten = plan("10T")
    assert near(ten["index"], 3.47e12) and ten["shards"] == 5 * 8, ten
    assert near(ten["disk_while_building_of_node"], (3.47e12 + 5e12) / 8), ten
    assert near(ten["build_hours"], 1250 * 490 / 32 / 3600), ten
    assert near(ten["small_sections"], 1.17e11), ten
    count = ten["questions"]["count of 20 bytes"]
    assert count["reads_of_node"] == 17 * 5 and near(count["seconds"], 15 * 0.1e-3), count
    # Twice the nodes: half the time, half the disk. Ten times the latency: ten times the seconds.
    more = plan("10T", "--nodes=16", "--latency=1")
    assert near(more["build_hours"], ten["build_hours"] / 2), more
    assert near(more["index_of_node"], ten["index_of_node"] / 2), more
    assert near(more["questions"]["count of 20 bytes"]["seconds"], 10 * count["seconds"]), more
    # Storage that answers few reads is what is waited for.
    slow = plan("10T", "--iops=100")
    assert near(slow["questions"]["count of 20 bytes"]["seconds"], 0.85), slow
    assert near(slow["questions"]["count of 20 bytes"]["per_second"], 100 / 85), slow
    # A text store: more on disk, and documents from it.
    stored = plan("10T", "--store", "--nodes=10")
    assert near(stored["index"], 10e12 * (0.347 + 0.38)), stored
    assert "the same from a text store" in stored["questions"], stored
    assert "the same from a text store" not in ten["questions"], ten
    # What doesn't fit, with what would; and that does.
    status, out, err = run("1P")
    assert status == 1 and "nodes would do" in err and "1 PB" in out, (status, out, err)
    needed = max(int(line.rpartition(": ")[2].split()[0]) for line in err.splitlines())
    assert run("1P", f"--nodes={needed}")[0] == 0, err
    for wrong in (["1X"], [], ["0"], ["1T", "--nodes=0"], ["1T", "--latency=-1"], ["1T", "--no"]):
        status, out, err = run(*wrong)
        assert status == 2 and not out and "plan.py" in err, (wrong, status, out, err)
    print("passed")


main()
