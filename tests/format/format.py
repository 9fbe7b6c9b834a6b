#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The format's manual page against the tools: indexes made by mkngramfs, read by reader.py.

What reader.py answers is compared with what the sources hold. Then files are changed, and both it
and ngramfsck must refuse what ngramfs-index(5) says that a reader refuses, and nothing else.
MKNGRAMFS and NGRAMFSCK: the tools.
"""

import itertools
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import corpora
import reader
import verify
from container import FACETS, FREQUENT, HINTS, OPTIONAL, PAGE, PAGE_SUMS_SECTION, SECTIONS, SHORTCUTS
from xxh3 import xxh3_64

failures = 0
seen = Counter()  # of what may be in a shard, what was


def expect(good, what):
    global failures
    if not good:
        failures += 1
        print(f"FAILED: {what}", file=sys.stderr)


# Answers

def places_of(pattern, docs):
    find = re.compile(b"(?=" + re.escape(pattern) + b")")
    return [(i, m.start()) for i, doc in enumerate(docs) if pattern in doc for m in find.finditer(doc)]


def some_patterns(rng, docs, n):
    """What is in the texts, and some that has a byte changed."""
    full = [doc for doc in docs if doc]
    for i in range(n if full else 0):
        doc = rng.choice(full)
        begin = rng.randrange(len(doc))
        pattern = bytearray(doc[begin:begin + rng.choice((1, 2, 3, 4, 6, 9, 17, 40))])
        if i % 5 == 0:
            pattern[rng.randrange(len(pattern))] = rng.randrange(256)
        yield bytes(pattern)
    yield from (b"\0", b"\xff", b"\0\0", b"\1\2", b"rare", b"no such thing")


def compare(name, docs, index, rng):
    """Counts, places, texts and metadata."""
    expect(index.first_docs[-1] == len(docs), f"{name}: {index.first_docs[-1]} documents instead of {len(docs)}")
    few = name == "noise"  # where hardly any two steps are in the same cell
    located = 0
    for pattern in dict.fromkeys(some_patterns(rng, docs, 4 if few else 40)):
        places = places_of(pattern, docs)
        expect(index.count(pattern) == len(places), f"{name}: count of {pattern}")
        # Locating takes sa_sampling steps each.
        if len(places) * index.manifest["sa_sampling"] < 4000 and located < (2 if few else 30):
            expect(index.locate(pattern) == places, f"{name}: places of {pattern}")
            located += bool(places)
    wanted = rng.sample(range(len(docs)), min(len(docs), 1 if few else 25))
    for i in wanted:
        if len(docs[i]) < 4000:
            expect(index.text(i) == docs[i], f"{name}: text {i}")
        shard, at = index.shard_of(i)
        begin = rng.randrange(len(docs[i]) + 1)
        end = min(len(docs[i]), begin + rng.randrange(50))
        expect(shard.text(at, begin, end) == docs[i][begin:end], f"{name}: text {i} from {begin} to {end}")
    compare_metadata(name, index, wanted)


def compare_metadata(name, index, wanted):
    files = {"shards": ("first.jsonl", "then.jsonl")}.get(name, (f"{name}.jsonl",))
    lines = [(f, n, line) for f in files if os.path.exists(f)
             for n, line in enumerate(Path(f).read_text(encoding="utf-8").splitlines(), 1)]
    for i in wanted:
        meta = json.loads(index.metadata(i))
        if lines:
            fields = json.loads(lines[i][2])
            del fields["text"]
            expect(meta == {"path": lines[i][0], "line": lines[i][1], "metadata": fields}, f"{name}: metadata {i}")
        else:
            expect(meta == {"path": f"{name}.d/{i:05}"}, f"{name}: metadata {i}")


def look(shard):
    """Note what is in a shard, so that nothing of the format goes untested."""
    for cell in shard.cells.values():
        seen[f"shape {cell.shape}"] += 1
        seen["a cell of one symbol"] += len(cell.list) == 1
        seen["a cell of all symbols"] += len(cell.list) == 257
        seen["marks as a bitmap"] += cell.marks_as_bitmap
        seen["255 marks and more"] += len(cell.marked) >= 255
        seen["few marks"] += 0 < len(cell.marked) < 255 and not cell.marks_as_bitmap
        for mode in cell.modes:
            seen[f"mode {mode}"] += 1
    seen["superblocks"] += shard.n_superblocks > 1
    seen["pages of page sums"] += shard.container.page_sums.size > PAGE
    seen["a dictionary"] += bool(shard.meta.dictionary)
    seen["text frames"] += shard.stored is not None and shard.stored.n > 1
    seen["width 0"] += 0 in (shard.samples.width, shard.hints.width)
    for f in shard.facets.fields:
        seen["a facet without a column"] += f.values is None
        seen["a facet of width 0"] += f.values is not None and f.width == 0
        seen["a facet of several values"] += f.values is not None and f.width > 1
    seen["no frequent patterns"] += shard.frequent is None
    seen["children of frequent patterns"] += bool(shard.frequent and shard.frequent.n > shard.frequent.top)
    totals = {shard.symbol_numbers[s]: shard.total(s) for s in range(257) if shard.total(s)}
    ordered = [totals[i] for i in range(shard.alphabet)]
    expect(ordered == sorted(ordered, reverse=True), "symbols aren't numbered as mkngramfs is said to")
    samples = [shard.samples[i] for i in range(shard.samples.n)]
    begun = shard.seed - xxh3_64(struct.pack(f"<{len(samples)}I", *samples))
    expect(1 <= begun < 1000, "the seed isn't what mkngramfs is said to take")


def test_answers():
    rng = random.Random(5)
    for name, docs in corpora.make_all():
        index = reader.Index(name)
        compare(name, docs, index, rng)
        try:
            for shard in index.shards:
                if name == "noise":
                    verify.verify_container(shard.container)
                else:
                    verify.verify_shard(shard, texts=1 if name == "runs" else 15)
                look(shard)
        except reader.Damaged as e:
            expect(False, f"{name}: {e}")
    for what in [*(f"shape {i}" for i in range(16)), *(f"mode {i}" for i in range(4)), *seen]:
        expect(seen[what], f"no index has {what}")


# Refusals

class Changed:
    """A copy of an index whose files are changed, and then sealed again."""

    def __init__(self, name):
        shutil.copytree(name, "changed", dirs_exist_ok=True)
        self.path = Path("changed", "index.json")
        self.manifest = json.loads(self.path.read_text(encoding="utf-8"))
        self.shard = Path("changed", self.manifest["shards"][0]["file"])
        self.data = bytearray(self.shard.read_bytes())

    def seal(self):
        """Make the sums of table, header and manifest again; not those of pages."""
        table = struct.unpack_from("<Q", self.data, 24)[0]
        struct.pack_into("<Q", self.data, 32, xxh3_64(self.data[table:]))
        struct.pack_into("<Q", self.data, 40, xxh3_64(self.data[:40]))
        self.shard.write_bytes(self.data)
        self.manifest["shards"][0]["checksum"] = self.data[40:48][::-1].hex()
        self.seal_text(json.dumps(self.manifest, indent=1))

    def seal_text(self, text):
        text = re.sub('("manifest_checksum": ")[^"]*', r"\g<1>" + "0" * 16, text, count=1)
        self.path.write_text(text.replace("0" * 16, f"{xxh3_64(text.encode()):016x}", 1), encoding="utf-8")

    def retype(self, old, new):
        table = struct.unpack_from("<Q", self.data, 24)[0]
        for at in range(table, len(self.data), 32):
            if struct.unpack_from("<I", self.data, at)[0] == old:
                struct.pack_into("<I", self.data, at, new)

    def seal_page(self, page):
        """Make the sum of a page again, and that of the page that has it."""
        sums = reader.Container(bytes(self.data)).first_sums
        holder = sums + (page - 1) // 1023
        low = xxh3_64(self.data[page * PAGE:(page + 1) * PAGE], page) & 0xffffffff
        struct.pack_into("<I", self.data, holder * PAGE + (page - 1) % 1023 * 4, low)
        low = xxh3_64(self.data[holder * PAGE:holder * PAGE + 4092], holder) & 0xffffffff
        struct.pack_into("<I", self.data, holder * PAGE + 4092, low)


def fsck():
    done = subprocess.run([os.environ["NGRAMFSCK"], "--quiet", "--threads=1", "changed"], capture_output=True,
                          check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


def is_refused(text, what, said=""):
    """By reader.py with this text, and by ngramfsck."""
    try:
        verify.verify(reader.Index("changed"), texts=3)
        expect(False, f"reader.py takes {what}")
    except reader.Damaged as e:
        expect(text in str(e), f"{what}: reader.py says '{e}'")
    status, answer = fsck()
    expect(status == 1 and said in answer, f"{what}: ngramfsck says {status}, '{answer}'")


def is_taken(what):
    try:
        index = reader.Index("changed")
        verify.verify(index, texts=3)
        expect(index.count(b"the") == the_count, f"{what}: reader.py counts something else")
    except reader.Damaged as e:
        expect(False, f"{what}: reader.py says '{e}'")
    status, answer = fsck()
    expect(status == 0, f"{what}: ngramfsck says {status}, '{answer}'")


def test_manifest():
    for what, refused, change in (
            ("nothing", None, {}),
            ("version 3", "version 3", {"format_version": 3}),
            ("version 5", "version 5", {"format_version": 5}),
            ("an unknown field", "unknown field more", {"more": 1}),
            ("an unknown field of no name", "unknown field", {"": 1}),
            ("a field of another kind's prefix", "unknown field X_more", {"X_more": 1}),
            ("x_ fields", None, {"x_more": {"requires": ["y"]}, "x_": None}),
            ("a feature", "requires ['removals']", {"requires": ["removals"]}),
            ("no features", None, {"requires": []}),
            ("another format", "not of an index", {"format": "ngrams"}),
            ("a sampling of 3", "sa_sampling", {"sa_sampling": 3}),
            ("another sampling", "not the shard", {"sa_sampling": 64}),
            ("a text store that isn't there", "sections {12, 13}", {"text_store": True})):
        c = Changed("small")
        c.manifest.update(change)
        c.seal()
        (is_taken if refused is None else lambda what: is_refused(refused, what))(what)
    for what, refused, change in (
            ("an unknown field of a shard", "unknown field more", {"more": 1}),
            ("an x_ field of a shard", None, {"x_more": [1]}),
            ("a file elsewhere", "name of a file", {"file": "../small/shard-00000.ngs"}),
            ("other documents", "not the shard", {"docs": 1}),
            ("other texts", "not the shard", {"text_bytes": 1}),
            ("too large a number", "too large", {"docs": 1 << 63}),
            ("another size", "not the shard", {"file_bytes": 1 << 20})):
        c = Changed("small")
        c.manifest["shards"][0].update(change)
        c.seal()
        (is_taken if refused is None else lambda what: is_refused(refused, what))(what)

    c = Changed("small")
    c.path.write_text(c.path.read_text().replace('"docs"', '"Docs"'))
    is_refused("not what its checksum says", "a changed manifest")
    for refused, more in (
            ("there twice", '"sa_sampling": 112'), ("there twice", '"x_": {"a": 1, "a": 2}'),
            ("or several", '"x_": "manifest_checksum"'), ("none of text", r'"x_": ["\u0000"]'),
            ("none of text", r'"x_": "\ud800"'), ("no number", '"x_": NaN'), ("no JSON", '"x_": 01')):
        c = Changed("small")
        c.seal_text(json.dumps(c.manifest).replace('"sa_sampling"', f'{more}, "sa_sampling"'))
        is_refused(refused, more)
    for before, after in ('"sa_sampling": 112', '"sa_sampling": 112.0'), ('"docs": 20', '"docs": 2e1'):
        c = Changed("small")
        c.seal_text(json.dumps(c.manifest).replace(before, after))
        is_refused("of another type", after)
    c = Changed("small")
    c.manifest["shards"] *= 2
    c.seal()
    is_refused("a file is there twice", "a shard twice")
    c = Changed("small")
    c.manifest["shards"][0]["checksum"] = "0" * 16
    c.seal_text(json.dumps(c.manifest))
    is_refused("not the shard", "another checksum")


def test_container():
    def with_header(at, kind, value):
        c = Changed("small")
        struct.pack_into(kind, c.data, at, value)
        c.seal()

    with_header(8, "<I", 3)
    is_refused("version 3", "a shard of version 3")
    with_header(0, "<B", 7)
    is_refused("no shard", "another magic")
    with_header(100, "<B", 1)
    is_refused("padding before parameters", "something behind the header")
    for kind, text in ((17, "section 17 is unknown"), (63, "section 63 is unknown"), (65, None), ((1 << 32) - 1, None)):
        c = Changed("small")
        c.retype(FREQUENT, kind)
        c.seal()
        (is_taken if text is None else lambda what: is_refused(text, what))(f"a section of type {kind}")
    c = Changed("small")
    c.retype(FREQUENT, OPTIONAL + 1)
    c.seal()
    at = reader.Container(bytes(c.data)).sections[OPTIONAL + 1].offset
    c.data[at] ^= 1
    c.seal()
    is_refused(f"page {at // PAGE}", "damage in a section that is passed over")
    c.seal_page(at // PAGE)
    c.seal()
    is_refused("section 65: not what its sum says", "damage that a page's sum hides")
    c = Changed("small")
    c.retype(HINTS, OPTIONAL + 1)
    c.seal()
    is_refused("sections {15}", "no hints")
    c = Changed("small")
    c.data[48 - 8] ^= 1
    c.shard.write_bytes(c.data)
    is_refused("header", "another header_sum")
    c = Changed("small")
    c.data[-1] ^= 1
    c.shard.write_bytes(c.data)
    is_refused("table", "a changed table")
    c = Changed("small")
    c.shard.write_bytes(c.data[:-32])
    is_refused("bytes instead of", "a short file")


def ask(question, *args):
    try:
        return question(*args)
    except reader.Damaged as e:
        return e


def test_damage():
    """A flipped bit in each section: what is asked has no answer, or the right one."""
    def answers():
        index = reader.Index("changed")
        last = index.first_docs[-1] - 1
        length = len(index.text(last)) if index.shards else 0
        yield from (ask(index.count, p) for p in (b"the", b"section", b"no such thing"))
        yield ask(lambda: index.shards[-1].text(index.shards[-1].docs - 1, 0, length // 2))
        for question in index.locate, index.text, index.metadata:
            yield ask(question, b"manifest" if question == index.locate else last)

    c = Changed("tiny")
    right = list(answers())
    expect(not any(isinstance(a, reader.Damaged) for a in right), f"no answer from a sound index: {right}")
    sections = reader.Container(bytes(c.data)).sections
    expect(set(sections) == {*range(1, len(SECTIONS) + 1), FACETS}, "an index without all sections")
    for kind, s in sections.items():
        at = s.offset + min(s.size, PAGE) // 2 if kind != PAGE_SUMS_SECTION else s.offset + s.size - 2
        c = Changed("tiny")
        c.data[at] ^= 4
        c.shard.write_bytes(c.data)
        page = f"page {at // PAGE}"
        is_refused(page, f"a flipped bit in {s.name}", s.name)
        try:
            got = list(answers())
        except reader.Damaged as e:
            got = [e]
        refused = [a for a in got if isinstance(a, reader.Damaged)]
        expect(refused and all(page in str(a) for a in refused), f"{s.name}: answers that need {page}: {refused}")
        expect(len(got) == 1 or all(a == b or isinstance(a, reader.Damaged) for a, b in zip(got, right)),
               f"{s.name}: a wrong answer")


def test_stranger():
    """Any bits under the right sums: it comes to an end, with an answer or without."""
    rng = random.Random(6)
    sections = reader.Container(bytes(Changed("tiny").data)).sections
    for kind, s in sections.items():
        for _ in range(2 if kind not in (PAGE_SUMS_SECTION, SHORTCUTS) else 1):
            c = Changed("tiny")
            at = s.offset + rng.randrange(min(s.size, 600))
            c.data[at] ^= 1 << rng.randrange(8)
            if kind != PAGE_SUMS_SECTION:
                c.seal_page(at // PAGE)
            c.seal()
            index = ask(reader.Index, "changed")
            if not isinstance(index, reader.Damaged):
                for question in (index.count, b"the"), (index.locate, b"section"), (index.text, 3), (index.metadata, 3):
                    ask(*question)
            is_refused("", f"a flipped bit {at - s.offset} bytes behind the beginning of {s.name}")


# XXH3-64, by xxHash 0.8.1: of the first n of the bytes 0, 1 and so on, modulo 251, with a seed.

def test_xxh3():
    data = bytes(i % 251 for i in range(5000))
    for n, seed, want in XXH3:
        expect(xxh3_64(data[:n], seed) == want, f"XXH3-64 of {n} bytes, seed {seed}")


XXH3 = [
    (0, 0x0, 0x2d06800538d394c2), (0, 0xfedcba9876543210, 0xe2bda2b8c0a330da), (1, 0x0, 0xc44bdff4074eecdb),
    (1, 0xfedcba9876543210, 0x76761c489ed890a3), (3, 0x0, 0x5f4299fc161c9cbb),
    (3, 0xfedcba9876543210, 0xb74ff516bc39dc35), (4, 0x0, 0x60dab036a58211f2),
    (4, 0xfedcba9876543210, 0x4a1077912f8c87d4), (8, 0x0, 0x3a1c2d7c85af88f8),
    (8, 0xfedcba9876543210, 0x0435f094545368d8), (9, 0x0, 0xe9612598145bb9dc),
    (9, 0xfedcba9876543210, 0xacdf45a4b7de3a0c), (16, 0x0, 0x8355e3a6f61770db),
    (16, 0xfedcba9876543210, 0x27374e3ff9c7afc3), (17, 0x0, 0x9ef341a99de37328),
    (17, 0xfedcba9876543210, 0x4f08475fd538e43b), (32, 0x0, 0x3523581fe96e4c05),
    (32, 0xfedcba9876543210, 0x1931810a6b4e6e0f), (33, 0x0, 0xe68c56ba88991e58), (64, 0x0, 0x6187eb9089b0ed55),
    (96, 0x0, 0x278a3e12ea046dfb), (97, 0x0, 0xe7220282dc4e14f4), (97, 0xfedcba9876543210, 0xf8788f1862721666),
    (128, 0x0, 0x85c6174c7ff4c46b), (128, 0xfedcba9876543210, 0x6b7c94e73e9f5aaa), (129, 0x0, 0xec7642b431ba3e5a),
    (129, 0xfedcba9876543210, 0x1be7c5e875dae95b), (143, 0x0, 0x8222e885f060341d), (144, 0x0, 0x028e1e35ff4c0a01),
    (240, 0x0, 0x375a384d957fe865), (240, 0xfedcba9876543210, 0x282b69fdf9190d99), (241, 0x0, 0x02e8cd95421c6d02),
    (241, 0xfedcba9876543210, 0x9ab71a9d2d3d3d8a), (512, 0x0, 0x5c021aac13954143), (1024, 0x0, 0xe5d78bafa45b2aa5),
    (1024, 0xfedcba9876543210, 0x3c07380437ce7451), (1025, 0x0, 0xe95c42288f28186e),
    (1025, 0xfedcba9876543210, 0xb7d85f8e0821d676), (2049, 0x0, 0x6c9600c0e506e2ae),
    (2049, 0xfedcba9876543210, 0x1912eb22de966cdb), (4092, 0x0, 0x54142bf5f03d593f),
    (4092, 0xfedcba9876543210, 0x5f5f05507d96869d), (4096, 0x0, 0x7135ffa504f1bc71),
    (4096, 0xfedcba9876543210, 0xd0d0d99f57eb343f),
]


if __name__ == "__main__":
    if not shutil.which("zstd"):
        print("skipped: no zstd command")
        sys.exit(77)
    tools = {name: os.path.realpath(os.environ[name]) for name in ("MKNGRAMFS", "NGRAMFSCK")}
    os.environ.update(tools)
    with tempfile.TemporaryDirectory(prefix="ngramfs-test-") as work:
        os.chdir(work)
        test_xxh3()
        test_answers()
        corpora.write_jsonl("small.jsonl", corpora.prose()[:20])
        corpora.build("small", "small.jsonl")
        corpora.build("tiny", "--text-store", "--sa-sampling=16", "--facet=path:2", "small.jsonl")
        the_count = reader.Index("small").count(b"the")
        test_manifest()
        test_container()
        test_damage()
        test_stranger()
        os.chdir("/")
    print(f"{failures} failures" if failures else "passed")
    sys.exit(failures > 0)
