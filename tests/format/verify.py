# SPDX-License-Identifier: Apache-2.0
"""What a reader of an index need not look at, but who checks one does: `reader.py INDEX check`."""

import itertools
import json
import struct
from collections import Counter

from container import PAGE, PAGE_SUMS, Damaged, check, up
from reader import CELL, CELL_REACH, CELLS, DIRECTORY, FRAME, GROUP_CELLS, LINE_CELLS, MARK_HINT, SUPERBLOCK_CELLS
from xxh3 import xxh3_64


def verify_container(c):
    """Every page, the sums of sections, and zeroes between them."""
    c.verify_pages(1, c.first_sums + c.page_sums.size // PAGE - 1)
    end = 48
    for s in c.sections.values():
        check(not any(c.data[end:s.offset]), f"padding before {s.name}")
        end = s.offset + s.size
        check(xxh3_64(c.data[s.offset:end]) == s.sum, f"{s.name}: not what its sum says")
    check(not any(c.data[end:-32 * len(c.sections)]), "padding before the table")
    unused = up(c.first_sums - 1, PAGE_SUMS) * PAGE_SUMS - (c.first_sums - 1)
    check(not any(c.data[end - 4 - 4 * unused:end - 4]), "page sums: behind the last")


def verify_rest(section, base, width):
    """Behind a string of bits, the rest of the last byte is 0."""
    if width % 8:
        check(section.u(base + width // 8, 1) >> width % 8 == 0, f"{section.name}: bits behind the last")


def verify_numbers(ef):
    """A sequence in Elias-Fano code; returns it."""
    name, s = ef.section.name, ef.section
    numbers = [ef[i] for i in range(ef.n)]
    check(numbers == sorted(numbers) and numbers[0] == 0 and numbers[-1] == ef.last, f"{name}: not ascending")
    bits = s.u(ef.high, ef.blocks * 64)
    check(bits == sum(1 << i + (v >> ef.w) for i, v in enumerate(numbers)), f"{name}: bits that stand for nothing")
    verify_rest(s, ef.low, ef.n * ef.w)
    check(not any(s.get(ef.low + up(ef.n * ef.w, 8), ef.high - ef.low - up(ef.n * ef.w, 8))), f"{name}: low bits")
    ones = [(bits >> 512 * b & (1 << 512) - 1).bit_count() for b in range(ef.blocks)]
    set_in = [b for b, n in enumerate(ones) for _ in range(n)]
    clear_in = [b for b, n in enumerate(ones) for _ in range(512 - n)][:ef.zeroes]
    want = list(itertools.accumulate(ones, initial=0))[:-1] + set_in[::1024] + clear_in[::1024]
    check(list(struct.unpack(f"<{len(want)}Q", s.get(ef.counts, 8 * len(want)))) == want, f"{name}: counts, samples")
    return numbers


def verify_cells(shard):
    """Counts of cells, superblocks and hints, and zeroes of the directory, all from the cells' rows."""
    seen, marks, end, n = Counter(), 0, 0, shard.n_superblocks
    numbers = {s: i for s, i in enumerate(shard.symbol_numbers) if i != 0xffff}
    have = [[0] * (shard.alphabet + 1) for _ in range(n + 1)]
    begun = None
    for c in range(shard.n_cells):
        if c % SUPERBLOCK_CELLS == 0:
            begun, marks_begun = seen.copy(), marks
            verify_entries(shard, c // SUPERBLOCK_CELLS, numbers, seen, marks)
        line = shard.sections[DIRECTORY].get(c // LINE_CELLS * 64, 64)
        first, *ends = struct.unpack("<Q28H", line)
        check(end == first + (ends[c % LINE_CELLS - 1] if c % LINE_CELLS else 0), f"cell {c}: begins elsewhere")
        end = first + ends[c % LINE_CELLS]
        cell = shard.cell(c)
        check(cell.before == {s: seen[s] - begun[s] for s in cell.list}, f"cell {c}: counts")
        check(all(s in numbers for s in cell.list), f"cell {c}: a symbol that the superblocks haven't")
        check(set(cell.list) == set(cell.symbols), f"cell {c}: a symbol of the list is in no row")
        check(cell.marks_before == marks - marks_begun, f"cell {c}: marked rows")
        for k in range(up(marks, MARK_HINT), up(marks + len(cell.marked), MARK_HINT)):
            check(shard.hints[k] == c, f"hint {k}")
        seen.update(cell.symbols)
        marks += len(cell.marked)
        for s in cell.list:
            have[c // SUPERBLOCK_CELLS][numbers[s]] |= 1 << c % SUPERBLOCK_CELLS // GROUP_CELLS
    verify_entries(shard, n, numbers, seen, marks)
    for b in range(n + 1):
        check(have[b] == [shard.entry(b, i) & 0xffff for i in range(shard.alphabet + 1)], f"superblock {b}: groups")
    check(not any(ends[(shard.n_cells - 1) % LINE_CELLS + 1:]), "directory: behind the last cell")
    cells = shard.sections[CELLS]
    check(cells.get(end, cells.size - end) == bytes(CELL_REACH), "cells: behind the last")


def verify_entries(shard, b, numbers, seen, marks):
    for s, i in numbers.items():
        check(shard.entry(b, i) >> 16 == seen[s], f"superblock {b}: symbol {s}")
    check(shard.entry(b, shard.alphabet) >> 16 == marks, f"superblock {b}: marked rows")


def verify_samples(shard, starts):
    """S is a permutation, and every shortcut is the holder before on its cycle, near enough."""
    s = [shard.samples[i] for i in range(shard.samples.n)]
    check(sorted(s) == list(range(len(s))), "samples: no permutation")
    holders = {shard.holder(g): g for g in range(shard.shortcuts.n)}
    left = set(s)
    while left:
        begin = left.pop()
        cycle = [begin]
        while (i := s[cycle[-1]]) != begin:
            cycle.append(i)
        left.difference_update(cycle)
        at = [k for k, i in enumerate(cycle) if i in holders]
        gaps = [(at[k] - at[k - 1]) % len(cycle) or len(cycle) for k in range(len(at))] or [len(cycle)]
        check(max(gaps) <= 64 * shard.group, "shortcuts: too far from each other")
        for k, i in enumerate(at):
            check(shard.shortcuts[holders[cycle[i]]] == cycle[at[k - 1]], f"shortcut {holders[cycle[i]]}")
    lengths = [b - a - 1 for a, b in itertools.pairwise(starts)]
    want = list(itertools.accumulate((n // shard.sa_rate + 1 for n in lengths), initial=0))
    check(verify_numbers(shard.sample_starts) == want, "sample starts")


def verify_text(shard, starts, texts):
    """Every text, or the first of them, from its end to its beginning; on the way, where each marked row must be."""
    for doc, (begin, end) in enumerate(itertools.pairwise(starts[:texts])):
        row = doc
        for offset in range(end - begin - 1, -1, -1):
            marked = row % CELL in shard.cell(row // CELL).marked
            check(marked == (offset % shard.sa_rate == 0), f"document {doc}: marks")
            if marked:
                sample = shard.sample_starts[doc] + offset // shard.sa_rate
                check(shard.samples[shard.mark_rank(row)] == sample, f"document {doc}: samples")
                check(shard.row_of_sample(sample) == row, f"document {doc}: shortcuts")
            if offset:
                row = shard.lf(row)
        check(shard.symbol(row) == 256, f"document {doc}: it goes on before its beginning")


def verify_shard(shard, texts=None):
    """texts: of how many documents all symbols are read, None for all."""
    verify_container(shard.container)
    starts = verify_numbers(shard.doc_starts)
    check(all(a < b for a, b in itertools.pairwise(starts)), "document starts")
    verify_cells(shard)
    verify_samples(shard, starts)
    verify_text(shard, starts, texts)
    for packed in shard.samples, shard.shortcuts, shard.hints:
        verify_rest(packed.section, packed.base, packed.n * packed.width)
    if f := shard.frequent:
        verify_rest(f.section, f.records, (f.n + 1) * (2 * f.r + f.c))
        check(not any(f.section.get(16 + f.n, f.records - 16 - f.n)), f"{f.section.name}: padding")
    for pattern, lo, hi, _ in shard.frequent.patterns() if shard.frequent else ():
        check(shard.search(pattern, False) == (lo, hi) and lo < hi, f"frequent pattern {pattern}")
    for frames in filter(None, (shard.meta, shard.stored)):
        verify_numbers(frames.offsets)
        pad = frames.directory.get(16 + len(frames.dictionary), frames.offsets.low - 32 - len(frames.dictionary))
        check(not any(pad), f"{frames.directory.name}: padding")
        for i in range(frames.n):
            frames.get(i * FRAME, min(frames.length, (i + 1) * FRAME))
    verify_numbers(shard.meta_starts)
    for doc in range(shard.docs):
        meta = shard.metadata(doc)
        try:
            check(type(json.loads(meta)) is dict and b"\n" not in meta, f"document {doc}: metadata")
        except ValueError as e:
            raise Damaged(f"document {doc}: metadata: {e}") from None
        if shard.stored:
            shard.text(doc)
    if shard.facets:
        shard.facets.verify([shard.metadata(doc) for doc in range(shard.docs)])


def verify(index, texts=None):
    for m, shard in zip(index.manifest["shards"], index.shards):
        try:
            verify_shard(shard, texts)
        except Damaged as e:
            raise Damaged(f"{m['file']}: {e}") from None
