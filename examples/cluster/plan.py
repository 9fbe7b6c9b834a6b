#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an index of so much text takes: nodes, disks, hours, memory, reads and seconds.

    plan.py TEXT [--nodes=N] [--latency=MS] [--iops=N] [--memory=SIZE] [--store] [--json]

TEXT       bytes of text, with a suffix K, M, G, T or P (powers of 1000): 10T
--nodes    machines that build and serve it (8)
--cores    of each (32)
--memory   of each (256G)
--disk     of each, that an index may take (8T)
--latency  of the storage that serves it, milliseconds a read (0.1: a disk of its own; 1: NFS; 5: a
           spinning disk or Lustre; 30: an object store)
--iops     reads that this storage answers a second, for each node (100000)
--store    with a text store
--json     numbers without units, for programs

Exit status: 0 done, 1 the nodes don't do, 2 usage.

Sizes and reads in turn were measured, with what `meson test --benchmark` prints (parts size and far
of tests/bench/figures.py) on 100 MB of English; the time of a build, with the merging of large shards,
is README's, from 1.3 GB of C and 6 GB of sources. Temporary files, the size of a shard and the storage's IOPS are assumed. Put
your own figures in their places. What follows is no measurement: builds scale with cores as long as
there are as many part indexes, and storage that is asked for more than its IOPS makes questions
wait."""

import argparse
import json
import math
import sys

# Bytes on disk for each byte of text: the index, and what a text store adds.
INDEX_SHARE = 0.347
STORE_SHARE = 0.38
# Of the text: the small sections that every question reads first.
SMALL_SHARE = 0.0117
# CPU seconds to build 1 GB of text.
BUILD_CPU_SECONDS_PER_GB = 490
# Beside the index while it is built: temporary files, for each byte of text. Assumed.
TEMPORARY_SHARE = 0.5
# Text in one shard: what half of a node's memory sorts, two bytes of text for each byte of memory.
# The most of it is assumed.
SHARD_PER_MEMORY = 2
SHARD_MOST = 1e12
# Memory of the daemon, and for each open shard; a bit of memory for each page of an index.
DAEMON_BYTES = 4e6
SHARD_BYTES = 8e3
PAGE_BYTES = 4096
# Reads in turn, and reads for each shard, once the small sections are in memory.
QUESTIONS = {
    "count of 20 bytes": (15, 17),
    "count of 100 bytes": (95, 97),
    "document of 1,000 bytes": (150, 750),
    "the same from a text store": (2, 2),
}
ONE_SHARD = ("document of 1,000 bytes", "the same from a text store")
UNITS = {"": 1, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}


def size(text):
    unit = text[-1:].upper() if text[-1:].isalpha() else ""
    try:
        value = float(text[:len(text) - len(unit)]) * UNITS[unit]
    except (KeyError, ValueError):
        raise argparse.ArgumentTypeError(f"{text}: a size is a number and K, M, G, T or P") from None
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: a size is more than nothing")
    return value


def positive(kind):
    def parse(text):
        value = kind(text)
        if not 0 < value < math.inf:
            raise argparse.ArgumentTypeError(f"{text}: must be more than 0")
        return value
    return parse


def plan(args):
    """What it takes, as numbers: bytes, hours, seconds."""
    index = args.text * (INDEX_SHARE + (STORE_SHARE if args.store else 0))
    part = args.text / args.nodes
    shard = min(SHARD_PER_MEMORY * args.memory / 2, SHARD_MOST)
    shards_of_node = math.ceil(part / shard)
    shards = shards_of_node * args.nodes
    mapped = index / PAGE_BYTES / 8
    found = {
        "text": args.text,
        "nodes": args.nodes,
        "index": index,
        "index_of_node": index / args.nodes,
        "disk_while_building_of_node": (index + args.text * TEMPORARY_SHARE) / args.nodes,
        "shards": shards,
        "build_hours": part / 1e9 * BUILD_CPU_SECONDS_PER_GB / args.cores / 3600,
        "small_sections": args.text * SMALL_SHARE,
        "small_sections_of_node": args.text * SMALL_SHARE / args.nodes,
        "daemon_of_node": DAEMON_BYTES + shards_of_node * SHARD_BYTES + mapped / args.nodes,
        "questions": {},
    }
    for name, (turns, reads) in QUESTIONS.items():
        if not args.store and "text store" in name:
            continue
        # All shards of a node are searched in step; a document is in one of them.
        of_node = reads * (1 if name in ONE_SHARD else shards_of_node)
        found["questions"][name] = {
            "reads_in_turn": turns,
            "reads_of_node": of_node,
            "seconds": max(turns * args.latency / 1e3, of_node / args.iops),
            "per_second": args.iops / of_node * (args.nodes if name in ONE_SHARD else 1),
        }
    return found


def problems(args, found):
    """What doesn't fit, and what would help."""
    if found["disk_while_building_of_node"] > args.disk:
        need = math.ceil(args.nodes * found["disk_while_building_of_node"] / args.disk)
        yield (f"disks: building takes {human(found['disk_while_building_of_node'])} of each node, "
               f"which has {human(args.disk)}: {need} nodes would do")
    resident = found["small_sections_of_node"] + found["daemon_of_node"]
    if resident > args.memory:
        need = math.ceil(args.nodes * resident / args.memory)
        yield (f"memory: serving takes {human(resident)} of each node, which has "
               f"{human(args.memory)}: {need} nodes would do")


def human(number):
    for unit in ("P", "T", "G", "M", "K"):
        if number >= UNITS[unit]:
            return f"{number / UNITS[unit]:.3g} {unit}B"
    return f"{number:.0f} B"


def show(args, found):
    lines = [
        ("text", human(found["text"])),
        ("nodes", f"{args.nodes} of {args.cores} cores, {human(args.memory)} of memory, "
                  f"{human(args.disk)} of disk"),
        ("index", f"{human(found['index'])}, {human(found['index_of_node'])} a node, "
                  f"{found['shards']:,} shards"),
        ("disk to build", f"{human(found['disk_while_building_of_node'])} a node"),
        ("time to build", f"{found['build_hours']:.3g} hours"),
        ("memory to serve", f"{human(found['small_sections_of_node'])} a node for the small sections, "
                            f"{human(found['daemon_of_node'])} for the daemon"),
    ]
    for name, question in found["questions"].items():
        lines.append((name, f"{question['seconds']:.3g} s: {question['reads_in_turn']} reads in turn, "
                            f"{question['reads_of_node']:,} a node; {question['per_second']:,.3g} "
                            "such questions a second at most"))
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:{width}}  {value}" for name, value in lines)


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=size, metavar="TEXT")
    parser.add_argument("--nodes", type=positive(int), default=8)
    parser.add_argument("--cores", type=positive(int), default=32)
    parser.add_argument("--memory", type=size, default=size("256G"))
    parser.add_argument("--disk", type=size, default=size("8T"))
    parser.add_argument("--latency", type=positive(float), default=0.1)
    parser.add_argument("--iops", type=positive(float), default=100000)
    parser.add_argument("--store", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(argv)


def main():
    args = parse(sys.argv[1:])
    found = plan(args)
    print(json.dumps(found, indent=2) if args.json else show(args, found))
    wrong = list(problems(args, found))
    for line in wrong:
        print(f"plan.py: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
