# SPDX-License-Identifier: Apache-2.0
"""The manifest, the container and numbers in sections, of ngramfs-index(5)."""

import itertools
import json
import re
import struct

from xxh3 import xxh3_64

PAGE, PADDING, PAGE_SUMS, OPTIONAL, FACETS = 4096, 64, 1023, 64, 64
SECTIONS = ("parameters", "bwt directory", "bwt cells", "bwt superblocks", "frequent patterns", "suffix array samples",
            "permutation shortcuts", "document starts", "metadata frames", "metadata directory", "metadata starts",
            "text frames", "text directory", "page sums", "mark hints", "sample starts")
(PARAMETERS, DIRECTORY, CELLS, SUPERBLOCKS, FREQUENT, SAMPLES, SHORTCUTS, DOC_STARTS, META_FRAMES, META_DIRECTORY,
 META_STARTS, TEXT_FRAMES, TEXT_DIRECTORY, PAGE_SUMS_SECTION, HINTS, SAMPLE_STARTS) = range(1, 17)


class Damaged(Exception):
    """This index isn't what the page says it must be, or needs what this reader doesn't know."""


def check(good, what):
    if not good:
        raise Damaged(what)


def up(value, unit):
    """How many units hold value."""
    return -(-value // unit)


def number(data):
    return int.from_bytes(data, "little")


# MANIFEST

def read_manifest(raw):
    key = b'"manifest_checksum": "'
    check(raw.count(b"manifest_checksum") == 1 and key in raw, "manifest: no manifest_checksum, or several")
    at = raw.index(key) + len(key)
    digits = raw[at:at + 16]
    check(re.fullmatch(b"[0-9a-f]{16}", digits), "manifest: manifest_checksum is no checksum")
    check(xxh3_64(raw[:at] + b"0" * 16 + raw[at + 16:]) == int(digits, 16), "manifest: not what its checksum says")

    def fields(pairs):
        check(len(dict(pairs)) == len(pairs), "manifest: a field is there twice")
        return dict(pairs)

    def no_number(text):
        raise ValueError(f"{text} is no number")

    def strings(value):
        if type(value) is str:
            check("\0" not in value and not re.search("[\ud800-\udfff]", value), "manifest: a string is none of text")
        elif type(value) in (list, dict):
            for item in value if type(value) is list else itertools.chain(*value.items()):
                strings(item)

    def known(of, **types):
        for name, value in of.items():
            check(name in types or name.startswith("x_"), f"manifest: unknown field {name}")
            check(name not in types or type(value) is types[name], f"manifest: {name} is of another type")
            check(type(value) is not int or name not in types or 0 <= value < 1 << 63, f"manifest: {name} is too large")
        for name in types:
            check(name in of or name == "requires", f"manifest: no {name}")

    try:
        m = json.loads(raw.decode(), object_pairs_hook=fields, parse_constant=no_number)
        strings(m)
    except (ValueError, RecursionError) as e:
        raise Damaged(f"manifest: no JSON: {e}") from None
    check(type(m) is dict and m.get("format") == "ngramfs", "manifest: not of an index")
    check(m.get("format_version") == 4, f"manifest: version {m.get('format_version')} instead of 4")
    known(m, format=str, format_version=int, manifest_checksum=str, sa_sampling=int, text_store=bool, requires=list,
          shards=list)
    check(not m.get("requires"), f"manifest: requires {m.get('requires')}, which is unknown")
    check(4 <= m["sa_sampling"] <= 1024, "manifest: sa_sampling")
    for shard in m["shards"]:
        check(type(shard) is dict, "manifest: a shard is no object")
        known(shard, file=str, docs=int, text_bytes=int, file_bytes=int, checksum=str)
        check(re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}", shard["file"]), "manifest: name of a file")
        check(re.fullmatch("[0-9a-f]{16}", shard["checksum"]), "manifest: checksum of a shard")
    check(len({s["file"] for s in m["shards"]}) == len(m["shards"]), "manifest: a file is there twice")
    for name in "docs", "text_bytes", "file_bytes":
        check(sum(s[name] for s in m["shards"]) < 1 << 63, f"manifest: too many {name}")
    return m


# SHARDS: The container

class Section:
    """Bytes that are only given out when they are there, and the pages they are in are what their sums say."""

    def __init__(self, container, kind, offset, size, checksum):
        self.container, self.kind, self.offset, self.size, self.sum = container, kind, offset, size, checksum
        self.name = SECTIONS[kind - 1] if kind <= len(SECTIONS) else "facets" if kind == FACETS else f"section {kind}"

    def get(self, at, n):
        check(0 <= at and 0 <= n and at + n <= self.size, f"{self.name}: ends before {at + n}")
        begin = self.offset + at
        if n:
            self.container.verify_pages(begin // PAGE, (begin + n - 1) // PAGE)
        return self.container.data[begin:begin + n]

    def u(self, at, n):
        return number(self.get(at, n))

    def bits(self, base, at, width):
        """The number of so many bits from bit at behind byte base."""
        first = at // 8
        return self.u(base + first, up(at + width, 8) - first) >> at % 8 & (1 << width) - 1


class Container:
    def __init__(self, data):
        self.data, self.verified, self.sections = data, set(), {}
        check(len(data) >= PAGE and data[:8] == b"ngramfs\x1a", "no shard")
        version, n, size, table, table_sum, self.header_sum = struct.unpack_from("<IIQQQQ", data, 8)
        check(version == 4, f"version {version} instead of 4")
        check(xxh3_64(data[:40]) == self.header_sum, "header: not what its sum says")
        check(size == len(data), f"file has {len(data)} bytes instead of {size}")
        check(1 <= n <= 64 and table + 32 * n == size, "header: place of the table")
        check(xxh3_64(data[table:]) == table_sum, "table: not what its sum says")
        end = PAGE
        for i in range(n):
            kind, reserved, offset, length, checksum = struct.unpack_from("<IIQQQ", data, table + 32 * i)
            check(kind >= OPTIONAL or PARAMETERS <= kind <= SAMPLE_STARTS, f"section {kind} is unknown")
            check(kind not in self.sections and reserved == 0, f"table: entry {i}")
            check(offset == end and offset + length <= size, f"section {kind}: not where it must be")
            end = up(offset + length + PADDING, PAGE) * PAGE
            self.sections[kind] = Section(self, kind, offset, length, checksum)
        check(table == end, "table: not where it must be")
        self.page_sums = list(self.sections.values())[-1]
        self.first_sums = self.page_sums.offset // PAGE
        check(self.page_sums.kind == PAGE_SUMS_SECTION, "the last section isn't the page sums")
        check(self.page_sums.size == up(self.first_sums - 1, PAGE_SUMS) * PAGE, "length of the page sums")

    # Page sums

    def verify_pages(self, first, last):
        for p in range(first, last + 1):
            if p in self.verified:
                continue
            holder = self.first_sums + (p - 1) // PAGE_SUMS if p < self.first_sums else p
            sums = self.data[holder * PAGE:holder * PAGE + PAGE]
            if holder not in self.verified:
                good = xxh3_64(sums[:-4], holder) & 0xffffffff == number(sums[-4:])
                check(good, f"page {holder} of page sums: not what its sum says")
                self.verified.add(holder)
            if p != holder:
                at = (p - 1) % PAGE_SUMS * 4
                good = xxh3_64(self.data[p * PAGE:p * PAGE + PAGE], p) & 0xffffffff == number(sums[at:at + 4])
                check(good, f"page {p}: not what its sum says")
                self.verified.add(p)


# Numbers in sections

class Packed:
    """Packed numbers (Samples)."""

    def __init__(self, section, base=0):
        self.section, self.base = section, base + 16
        self.n, self.width = section.u(base, 8), section.u(base + 8, 4)
        check(self.width <= 56 and section.u(base + 12, 4) == 0, f"{section.name}: packed numbers")
        check(self.base + up(self.n * self.width, 8) == section.size, f"{section.name}: length")

    def __getitem__(self, i):
        check(0 <= i < self.n, f"{self.section.name}: no number {i}")
        return self.section.bits(self.base, i * self.width, self.width)


class EliasFano:
    def __init__(self, section, n, base=0):
        self.section, self.n, self.last = section, section.u(base, 8), section.u(base + 8, 8)
        check(self.n == n, f"{section.name}: {self.n} numbers instead of {n}")
        self.w = min(max((self.last // n).bit_length() - 1, 0), 56)
        self.zeroes = (self.last >> self.w) + 1
        self.blocks = up(n + self.zeroes, 512)
        self.low = base + 16
        self.high = self.low + up(n, 64) * self.w * 8
        self.counts = self.high + self.blocks * 64
        self.sample1 = self.counts + self.blocks * 8
        self.sample0 = self.sample1 + up(n, 1024) * 8
        check(self.sample0 + up(self.zeroes, 1024) * 8 == section.size, f"{section.name}: length")

    def __getitem__(self, i):
        """The bit set for number i is in the block before whose next one there are more than i."""
        check(0 <= i < self.n, f"{self.section.name}: no number {i}")
        s, block = self.section, self.section.u(self.sample1 + i // 1024 * 8, 8)
        while block + 1 < self.blocks and s.u(self.counts + (block + 1) * 8, 8) <= i:
            block += 1
        left, bits = i - s.u(self.counts + block * 8, 8), s.u(self.high + block * 64, 64)
        check(0 <= left < bits.bit_count(), f"{s.name}: counts")
        for _ in range(left):
            bits &= bits - 1
        at = block * 512 + (bits & -bits).bit_length() - 1
        return at - i << self.w | s.bits(self.low, i * self.w, self.w)

    def last_below(self, value):
        """The last number that is no more than value, which must not be below the first."""
        lo, hi = 0, self.n
        while hi - lo > 1:
            middle = (lo + hi) // 2
            lo, hi = (middle, hi) if self[middle] <= value else (lo, middle)
        return lo
