#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An index read by what ngramfs-index(5) says, and by nothing else: no code is shared with the engine.

    reader.py INDEX check            everything: exit status 0 if it is sound
    reader.py INDEX count PATTERN    occurrences
    reader.py INDEX locate PATTERN   document and offset of each, ascending
    reader.py INDEX text DOC         the text of a document, computed from the BWT
    reader.py INDEX meta DOC         its metadata
    reader.py INDEX facets DOC       its values of fields that have columns
    reader.py INDEX dump             what the index is made of

It is written to be read beside the page, whose headings stand here in capitals. Only frames need
more than Python: the zstd command. A shard is in memory as a whole, and cells that were decoded
stay decoded, so this is for small indexes.
"""

import bisect
import itertools
import os
import struct
import subprocess
import sys
import tempfile

from container import (CELLS, DIRECTORY, DOC_STARTS, FACETS, FREQUENT, HINTS, META_DIRECTORY, META_FRAMES,
                       META_STARTS, PARAMETERS, SAMPLE_STARTS, SAMPLES, SHORTCUTS, SUPERBLOCKS, TEXT_DIRECTORY, TEXT_FRAMES,
                       Container, Damaged, EliasFano, OPTIONAL, Packed, check, number, read_manifest, up)
from facets import Facets

CELL, LINE_CELLS, SUPERBLOCK_CELLS, GROUP_CELLS, CELL_REACH = 1024, 28, 256, 16, 8192
SUPERBLOCK = CELL * SUPERBLOCK_CELLS
SYMBOLS, SEPARATOR = 257, 256
MARK_HINT, FREQUENT_MAX, FRAME, DICT_MAX = 64, 16, 16384, 114688
SHAPES = [[int(c) for c in widths] for widths in (
    "88 58 0122348 2333348 0013348 1012348 4468 111112358 0222348 0023348 12222358 0333348 3332348 000012358 2222348 "
    "011122358").split()]


# Cells

class Bits:
    """Bits of bytes, from the first to the last."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        check(0 <= n <= len(self.data) - self.at, "cell: it ends too early")
        self.at += n
        return self.data[self.at - n:self.at]

    def take_bits(self, n):
        data = self.take(up(n, 8))
        check(n % 8 == 0 or data[-1] >> n % 8 == 0, "cell: bits behind the last")
        return [data[i // 8] >> i % 8 & 1 for i in range(n)]

    def take_plane(self, n, mode):
        size = up(n, 8)
        if mode == 0:
            return self.take_bits(n)
        there = self.take_bits(size)
        absent = [0xff if mode == 2 else 0] * size
        if mode == 3:
            begins = [not there[i] and (i == 0 or there[i - 1]) for i in range(size)]
            runs = [0xff * bit for bit in self.take_bits(sum(begins))]
            absent = [runs[k - 1] if k else 0 for k in itertools.accumulate(begins)]
        rest = iter(self.take(sum(there)))
        return Bits(bytes(next(rest) if t else a for t, a in zip(there, absent))).take_bits(n)


def groups_of(shape, d):
    """For each group its first place, its width, and whether it is the last."""
    first = 0
    for width in SHAPES[shape]:
        last = first + (1 << width) >= d
        yield first, (d - first - 1).bit_length() if last else width, last
        first += 1 << width
        if last:
            return


class Cell:
    def __init__(self, data, rows, sa_rate):
        """data is as long as the directory says, and rows are those that the cell has."""
        bits = Bits(data)
        a, d, m, wide, word = struct.unpack("<BBBBI", bits.take(8))
        d += 2 if word >> 31 else 1
        u, v = word & 31, word >> 5 & 31
        self.marks_before = word >> 10 & (1 << 21) - 1
        self.shape = a & 15
        check(wide <= d <= SYMBOLS and (not word >> 31 or d == SYMBOLS), "cell: number of symbols")
        groups = list(groups_of(self.shape, d))
        planes = sum(width + (not last) for _, width, last in groups)
        n_modes = (a >> 4 & 7) + 1
        modes = number(bits.take(n_modes))
        check(n_modes == max(up(planes, 4), 1) and modes >> 2 * planes == 0, "cell: modes")
        self.modes = [modes >> 2 * k & 3 for k in range(planes)]
        mode = iter(self.modes)
        self.list = list(bits.take(d))
        if a >> 7:
            place = bits.take(1)[0]
            check(place < d and self.list[place] == 0, "cell: place of the separator")
            self.list[place] = SEPARATOR
        check(len(set(self.list)) == d, "cell: a symbol is there twice")
        width = wide * u + (d - wide) * v
        counts = number(bits.take(up(width, 8)))
        check(counts >> width == 0, "cell: bits behind the counts")
        at = [min(i, wide) * u + max(i - wide, 0) * v for i in range(d + 1)]
        self.before = {s: counts >> at[i] & (1 << at[i + 1] - at[i]) - 1 for i, s in enumerate(self.list)}

        # The planes put each row at its place.
        places, left = [0] * rows, list(range(rows))
        for first, width, last in groups:
            inside = left
            if not last:
                plane = bits.take_plane(len(left), next(mode))
                inside = [row for row, bit in zip(left, plane) if not bit]
                left = [row for row, bit in zip(left, plane) if bit]
            for row in inside:
                places[row] = first
            for e in range(width):
                plane = bits.take_plane(len(inside), next(mode))
                for row, bit in zip(inside, plane):
                    places[row] += bit << e
                inside = [row for want in (0, 1) for row, bit in zip(inside, plane) if bit == want]
        check(max(places) < d, "cell: a place beyond the list")
        self.symbols = [self.list[place] for place in places]

        # Marks
        s = sa_rate.bit_length() - 1
        h = m + (rows >> s) + 1
        self.marks_as_bitmap = m == 255 or m * s + h > rows
        if self.marks_as_bitmap:
            self.marked = [i for i, bit in enumerate(bits.take_bits(rows)) if bit]
        else:
            all_bits = bits.take_bits(m * s + h) if m else []
            low = [sum(all_bits[i * s + k] << k for k in range(s)) for i in range(m)]
            high = [at - i for i, at in enumerate(at for at, bit in enumerate(all_bits[m * s:]) if bit)]
            check(len(high) == m, "cell: marks")
            self.marked = [high[i] << s | low[i] for i in range(m)]
        check(len(self.marked) == m or len(self.marked) > m == 255, "cell: number of marks")
        check(self.marked == sorted(set(self.marked)) and max(self.marked, default=0) < rows, "cell: marks")
        check(bits.at == len(data), "cell: it doesn't end where the next one begins")


# Frames

class Frames:
    def __init__(self, frames, directory):
        self.frames, self.directory, self.cache = frames, directory, {}
        self.length, d = directory.u(0, 8), directory.u(12, 4)
        check(directory.u(8, 4) == FRAME and d <= DICT_MAX, f"{directory.name}: sizes")
        self.dictionary = directory.get(16, d)
        self.n = up(self.length, FRAME)
        self.offsets = EliasFano(directory, self.n + 1, 16 + up(d, 8) * 8)
        check(self.offsets.last == frames.size, f"{directory.name}: length of the frames")

    def frame(self, i):
        if i not in self.cache:
            begin, end = self.offsets[i], self.offsets[i + 1]
            with tempfile.NamedTemporaryFile() as dictionary:
                dictionary.write(self.dictionary)
                dictionary.flush()
                try:
                    done = subprocess.run(["zstd", "-qdc"] + ["-D", dictionary.name] * bool(self.dictionary),
                                          input=self.frames.get(begin, end - begin), capture_output=True, check=False)
                except FileNotFoundError:
                    sys.exit("frames need the zstd command, which isn't here")
            want = min(FRAME, self.length - i * FRAME)
            check(done.returncode == 0 and len(done.stdout) == want, f"{self.frames.name}: frame {i}")
            self.cache[i] = done.stdout
        return self.cache[i]

    def get(self, begin, end):
        check(begin <= end <= self.length, f"{self.frames.name}: stream ends before {end}")
        first = begin // FRAME
        data = b"".join(self.frame(i) for i in range(first, up(end, FRAME)))
        return data[begin - first * FRAME:end - first * FRAME]


# Frequent patterns

class Frequent:
    def __init__(self, section):
        self.section = section
        self.n, self.top, self.r, self.c = struct.unpack("<4I", section.get(0, 16))
        self.records = 16 + up(self.n, 8) * 8
        check(self.top <= self.n and self.r <= 40 and self.c <= 32, f"{section.name}: sizes")
        size = self.records + up((self.n + 1) * (2 * self.r + self.c), 8)
        check(size == section.size, f"{section.name}: length")

    def node(self, i):
        """A node's byte, first row, number of rows and first child."""
        at, byte = i * (2 * self.r + self.c), self.section.u(16 + i, 1) if i < self.n else None
        row, rows = (self.section.bits(self.records, at + k * self.r, self.r) for k in (0, 1))
        return byte, row, rows, self.section.bits(self.records, at + 2 * self.r, self.c)

    def children(self, i):
        first, end = (0, self.top) if i is None else (self.node(i)[3], self.node(i + 1)[3])
        check(first <= end <= self.n and (i is None or i < first), f"{self.section.name}: children of node {i}")
        return range(first, end)

    def patterns(self, parent=None, suffix=b""):
        """Each pattern with its rows, and the node."""
        for i in self.children(parent):
            byte, row, rows, _ = self.node(i)
            pattern = bytes([byte]) + suffix
            check(len(pattern) <= FREQUENT_MAX, f"{self.section.name}: a pattern is too long")
            yield pattern, row, row + rows, i
            yield from self.patterns(i, pattern)

    def longest(self, pattern):
        """How many bytes at the pattern's end are in the tree, and their rows."""
        found, at = (0, 0, 0), None
        for length in range(1, len(pattern) + 1):
            at = next((i for i in self.children(at) if self.node(i)[0] == pattern[-length]), None)
            if at is None:
                break
            _, row, rows, _ = self.node(at)
            found = length, row, row + rows
        return found


# Shards

class Shard:
    def __init__(self, data, text_store):
        self.container = Container(data)
        self.sections = sections = self.container.sections
        need = set(range(PARAMETERS, SAMPLE_STARTS + 1)) - {FREQUENT}
        if not text_store:
            need -= {TEXT_FRAMES, TEXT_DIRECTORY}
        have = {kind for kind in sections if kind < OPTIONAL} - {FREQUENT}
        check(need == have, f"sections {need ^ have}: missing, or there without a reason")
        p = sections[PARAMETERS]
        self.rows, self.docs, self.text_bytes, self.sa_rate = struct.unpack("<QQQI", p.get(0, 28))
        check(p.size == 56 and not any(p.get(28, 28)), "parameters")
        check(self.rows < 1 << 40 and self.docs and self.text_bytes + self.docs == self.rows, "parameters: rows")
        check(4 <= self.sa_rate <= 1024, "parameters: sa_rate")

        self.n_cells, self.n_superblocks, self.cells = up(self.rows, CELL), up(self.rows, SUPERBLOCK), {}
        check(sections[DIRECTORY].size == up(self.n_cells, LINE_CELLS) * 64, "directory: length")
        s = sections[SUPERBLOCKS]
        self.alphabet = s.u(0, 4)
        self.symbol_numbers = struct.unpack(f"<{SYMBOLS}H", s.get(8, 2 * SYMBOLS))
        used = sorted(k for k in self.symbol_numbers if k != 0xffff)
        check(used == list(range(self.alphabet)) and s.u(4, 4) == self.n_superblocks, "superblocks")
        check(s.size == 528 + 8 * (self.n_superblocks + 1) * (self.alphabet + 1), "superblocks: length")
        totals = [self.total(c) for c in range(SYMBOLS)]
        check(sum(totals) == self.rows and totals[SEPARATOR] == self.docs, "superblocks: not as many as rows")
        self.first_rows = [*itertools.accumulate(totals[:-1], initial=self.docs)][:-1] + [0]
        self.n_marked = self.entry(self.n_superblocks, self.alphabet) >> 16
        self.frequent = Frequent(sections[FREQUENT]) if FREQUENT in sections else None

        self.doc_starts = EliasFano(sections[DOC_STARTS], self.docs + 1)
        self.sample_starts = EliasFano(sections[SAMPLE_STARTS], self.docs + 1)
        self.meta_starts = EliasFano(sections[META_STARTS], self.docs + 1)
        self.samples = Packed(sections[SAMPLES])
        self.group, self.seed = sections[SHORTCUTS].u(0, 4), sections[SHORTCUTS].u(8, 8)
        check(2 <= self.group <= 64 and sections[SHORTCUTS].u(4, 4) == 0, "shortcuts: group")
        self.shortcuts, self.hints = Packed(sections[SHORTCUTS], 16), Packed(sections[HINTS])
        check(self.doc_starts.last == self.rows, "document starts")
        check(self.samples.n == self.sample_starts.last == self.n_marked, "samples: not as many as marked rows")
        check(self.shortcuts.n == up(self.samples.n, self.group), "shortcuts: how many")
        check(self.hints.n == up(self.n_marked, MARK_HINT), "hints: how many")
        self.meta = Frames(sections[META_FRAMES], sections[META_DIRECTORY])
        check(self.meta_starts.last == self.meta.length, "metadata starts")
        self.facets = Facets(sections[FACETS], self.docs) if FACETS in sections else None
        self.stored = Frames(sections[TEXT_FRAMES], sections[TEXT_DIRECTORY]) if text_store else None
        check(not text_store or self.stored.length == self.text_bytes, "text store: length")

    # The directory, and superblocks

    def cell(self, c):
        if c not in self.cells:
            line, i = c // LINE_CELLS * 64, c % LINE_CELLS
            begin, ends = self.sections[DIRECTORY].u(line, 8), self.sections[DIRECTORY].get(line + 8, 2 * LINE_CELLS)
            from_, to = number(ends[2 * i - 2:2 * i]), number(ends[2 * i:2 * i + 2])
            cells = self.sections[CELLS]
            check(from_ < to and begin + to + CELL_REACH <= cells.size, f"directory: cell {c}")
            rows = min(CELL, self.rows - c * CELL)
            self.cells[c] = Cell(cells.get(begin + from_, to - from_), rows, self.sa_rate)
        return self.cells[c]

    def entry(self, superblock, i):
        return self.sections[SUPERBLOCKS].u(528 + 8 * (superblock * (self.alphabet + 1) + i), 8)

    def total(self, symbol):
        i = self.symbol_numbers[symbol]
        return 0 if i == 0xffff else self.entry(self.n_superblocks, i) >> 16

    # READING: Rank

    def rank(self, symbol, row):
        """The occurrences of a symbol before a row."""
        i = self.symbol_numbers[symbol]
        if i == 0xffff or row == self.rows:
            return self.total(symbol)
        c, superblock = row // CELL, row // SUPERBLOCK
        entry = self.entry(superblock, i)
        inside = row % CELL
        if symbol not in self.cell(c).before:
            # Those before the next cell that has it, of groups that say so.
            inside, end = 0, min((superblock + 1) * SUPERBLOCK_CELLS, self.n_cells)
            c = next((k for k in range(c + 1, end) if entry >> k % SUPERBLOCK_CELLS // GROUP_CELLS & 1 and
                      symbol in self.cell(k).before), None)
            if c is None:
                entry = self.entry(superblock + 1, i)
                check(entry <= self.entry(self.n_superblocks, i) | 0xffff, "rank: more than there are")
                return entry >> 16
        cell = self.cell(c)
        rank = (entry >> 16) + cell.before[symbol] + cell.symbols[:inside].count(symbol)
        check(rank <= self.total(symbol), "rank: more than there are")
        return rank

    def mark_rank(self, row):
        """The marked rows before a row."""
        if row == self.rows:
            return self.n_marked
        cell = self.cell(row // CELL)
        before = self.entry(row // SUPERBLOCK, self.alphabet) >> 16
        return before + cell.marks_before + bisect.bisect_left(cell.marked, row % CELL)

    # LF-mapping

    def symbol(self, row):
        return self.cell(row // CELL).symbols[row % CELL]

    def lf(self, row):
        symbol = self.symbol(row)
        check(symbol != SEPARATOR, "a suffix goes on before its document")
        row = self.first_rows[symbol] + self.rank(symbol, row)
        check(row < self.rows, "rank: more than there are")
        return row

    # Search

    def search(self, pattern, shortened=True):
        """The rows that begin with pattern; shortened, from what the frequent patterns say of its end."""
        lo, hi = 0, self.rows
        if shortened and self.frequent:
            known, row, end = self.frequent.longest(pattern)
            if known:
                pattern, lo, hi = pattern[:-known], row, end
                check(lo <= hi <= self.rows, "frequent patterns: rows")
        for c in reversed(pattern):
            lo, hi = (self.first_rows[c] + self.rank(c, row) for row in (lo, hi))
            if lo >= hi:
                return 0, 0
        return lo, hi

    def locate(self, row):
        steps = 0
        while row % CELL not in self.cell(row // CELL).marked:
            check(steps < self.sa_rate, "no marked row")
            row, steps = self.lf(row), steps + 1
        sample = self.samples[self.mark_rank(row)]
        check(sample < self.samples.n, "samples: beyond their number")
        doc = self.sample_starts.last_below(sample)
        return doc, (sample - self.sample_starts[doc]) * self.sa_rate + steps

    # Reading text

    def row_of_sample(self, j):
        """The shortcuts give k with S[k] = j."""
        i, jumped = j, False
        for _ in range(128 * self.group + 2):
            following = self.samples[i]
            if following == j:
                return self.marked_row(i)
            g = i // self.group
            if not jumped and i == self.holder(g):
                following, jumped = self.shortcuts[g], True
            check(following < self.samples.n, "samples: beyond their number")
            i = following
        raise Damaged("shortcuts: they lead nowhere")

    def holder(self, g):
        z = (self.seed ^ g) * 0xbf58476d1ce4e5b9 & (1 << 64) - 1
        z = (z ^ z >> 27) * 0x94d049bb133111eb & (1 << 64) - 1
        return g * self.group + (z >> 32) % min(self.group, self.samples.n - g * self.group)

    def marked_row(self, k):
        lo, hint = self.hints[k // MARK_HINT], k // MARK_HINT + 1
        hi = self.hints[hint] if hint < self.hints.n else self.n_cells - 1
        check(lo <= hi < self.n_cells, "hints")
        c = max((c for c in range(lo, hi + 1) if self.mark_rank(c * CELL) <= k), default=lo)
        i = k - self.mark_rank(c * CELL)
        check(0 <= i < len(self.cell(c).marked), "hints: they lead elsewhere")
        return c * CELL + self.cell(c).marked[i]

    def text(self, doc, begin=0, end=None):
        start, length = self.doc_starts[doc], self.doc_starts[doc + 1] - self.doc_starts[doc] - 1
        end = length if end is None else end
        check(0 <= begin <= end <= length < self.rows, f"document {doc} has {length} bytes")
        from_ = up(end, self.sa_rate) * self.sa_rate
        row = self.row_of_sample(self.sample_starts[doc] + from_ // self.sa_rate) if from_ <= length else doc
        text = bytearray()
        for _ in range(min(from_, length) - begin):
            text.append(self.symbol(row) & 0xff)
            row = self.lf(row)
        text = bytes(text[::-1])[:end - begin]
        if self.stored:
            check(text == self.stored.get(start - doc + begin, start - doc + end), f"text store: document {doc}")
        return text

    def metadata(self, doc):
        return self.meta.get(self.meta_starts[doc], self.meta_starts[doc + 1])


class Index:
    def __init__(self, path):
        with open(os.path.join(path, "index.json"), "rb") as file:
            self.manifest = read_manifest(file.read())
        self.shards, self.first_docs = [], [0]
        for m in self.manifest["shards"]:
            with open(os.path.join(path, m["file"]), "rb") as file:
                data = file.read()
            try:
                shard = Shard(data, self.manifest["text_store"])
                c = shard.container
                check(c.header_sum == int(m["checksum"], 16) and len(data) == m["file_bytes"] and
                      shard.docs == m["docs"] and shard.text_bytes == m["text_bytes"] and
                      shard.sa_rate == self.manifest["sa_sampling"], "not the shard that the manifest means")
            except Damaged as e:
                raise Damaged(f"{m['file']}: {e}") from None
            self.shards.append(shard)
            self.first_docs.append(self.first_docs[-1] + shard.docs)

    def count(self, pattern):
        return sum(hi - lo for lo, hi in (shard.search(pattern) for shard in self.shards))

    def locate(self, pattern):
        places = []
        for first, shard in zip(self.first_docs, self.shards):
            for row in range(*shard.search(pattern)):
                doc, offset = shard.locate(row)
                places.append((first + doc, offset))
        return sorted(places)

    def shard_of(self, doc):
        for first, shard in zip(self.first_docs, self.shards):
            if first <= doc < first + shard.docs:
                return shard, doc - first
        raise Damaged(f"there is no document {doc}")

    def text(self, doc):
        shard, doc = self.shard_of(doc)
        return shard.text(doc)

    def metadata(self, doc):
        shard, doc = self.shard_of(doc)
        return shard.metadata(doc)

    def facets(self, doc):
        shard, doc = self.shard_of(doc)
        return shard.facets.of(doc) if shard.facets else {}

    def dump(self):
        for name, value in self.manifest.items():
            print(f"{name}: {value}")
        for i, shard in enumerate(self.shards):
            print(f"\nshard {i}: {shard.docs} documents, {shard.rows} rows, {shard.alphabet} symbols, "
                  f"{shard.n_marked} samples, {shard.frequent.n if shard.frequent else 0} frequent patterns")
            for s in shard.sections.values():
                print(f"  {s.kind:3} {s.name:22} at {s.offset:10}: {s.size} bytes, {s.sum:016x}")
            for c in range(shard.n_cells):
                cell = shard.cell(c)
                print(f"  cell {c}: shape {cell.shape}, {len(cell.list)} symbols, {len(cell.marked)} marked")


def main(args):
    try:
        path, command, *rest = args
        if (command in ("check", "dump")) != (not rest) or len(rest) > 1:
            raise ValueError
        index = Index(path)
        if command == "check":
            from verify import verify
            verify(index)
            print("sound")
        elif command == "count":
            print(index.count(os.fsencode(rest[0])))
        elif command == "locate":
            for doc, offset in index.locate(os.fsencode(rest[0])):
                print(doc, offset)
        elif command in ("text", "meta"):
            answer = (index.text if command == "text" else index.metadata)(int(rest[0]))
            sys.stdout.buffer.write(answer + b"\n" * (command == "meta"))
        elif command == "facets":
            for (name, prefix), value in index.facets(int(rest[0])).items():
                print(name, prefix, value)
        elif command == "dump":
            index.dump()
        else:
            raise ValueError
    except ValueError:
        sys.exit(__doc__)
    except (Damaged, OSError) as e:
        sys.exit(f"reader.py: {e}")


if __name__ == "__main__":
    main(sys.argv[1:])
