# SPDX-License-Identifier: Apache-2.0
"""The facets of a shard, of ngramfs-index(5), and what the metadata must say of them."""

import json
import re
import struct
import subprocess

from container import check, number, up

FIELDS, NAME, VALUES, TABLE, NO_COLUMN = 256, 255, 1 << 20, 64 << 20, 0xffffffff


class Facet:
    """A field: its name, how many characters of its values count, and, of a column, each document's value."""

    def __init__(self, section, begin, end, docs):
        check(begin % 8 == end % 8 == 0 and begin + 24 <= end <= section.size, f"{section.name}: a field's place")
        n, self.prefix, values, width, table_size, frame_size = struct.unpack("<6I", section.get(begin, 24))
        check(n <= NAME, f"{section.name}: a name")
        self.name, at = section.get(begin + 24, n), begin + 24 + up(n, 8) * 8
        self.padding = [section.get(begin + 24 + n, at - begin - 24 - n)]
        self.values = None
        if values != NO_COLUMN:
            check(values <= VALUES and table_size <= TABLE and 4 * values <= table_size, f"{section.name}: a table")
            done = subprocess.run(["zstd", "-qdc"], input=section.get(at, frame_size), capture_output=True, check=False)
            table = done.stdout
            check(done.returncode == 0 and len(table) == table_size, f"{section.name}: a frame")
            lengths, place, self.values = struct.unpack(f"<{values}I", table[:4 * values]), 4 * values, []
            for length in lengths:
                self.values.append(table[place:place + length])
                place += length
            check(place == table_size, f"{section.name}: lengths of values")
            self.padding.append(section.get(at + frame_size, up(frame_size, 8) * 8 - frame_size))
            at += up(frame_size, 8) * 8
            size = up(docs * width, 64) * 8
            bits = number(section.get(at, size))
            self.ids = [bits >> doc * width & (1 << width) - 1 for doc in range(docs)]
            check(max(self.ids) <= values, f"{section.name}: a number beyond the values")
            self.width, self.rest = width, bits >> docs * width
            at += size
        else:
            self.padding.append(bytes(width + table_size + frame_size))
        check(at == end, f"{section.name}: a field's length")

    def value(self, doc):
        """Of a field that has a column: None where the document has none."""
        return self.values[self.ids[doc]] if self.ids[doc] < len(self.values) else None


class Facets:
    def __init__(self, section, docs):
        self.section = section
        n, flags = section.u(0, 4), section.u(4, 4)
        check(n <= FIELDS and flags < 2, f"{section.name}: its beginning")
        self.others = flags == 1
        offsets = struct.unpack(f"<{n + 1}Q", section.get(8, 8 * (n + 1)))
        check(offsets[0] == 8 * (n + 2) and offsets[n] == section.size, f"{section.name}: offsets")
        self.fields = [Facet(section, offsets[i], offsets[i + 1], docs) for i in range(n)]

    def of(self, doc):
        return {(f.name, f.prefix): f.value(doc) for f in self.fields if f.values is not None}

    def verify(self, metadata):
        """What every document's metadata says; and the form."""
        name = self.section.name
        keys = [(f.name, f.prefix) for f in self.fields]
        check(keys == sorted(set(keys)), f"{name}: order of fields")
        wanted = [fields_of(meta) for meta in metadata]
        for f in self.fields:
            check(not any(any(p) for p in f.padding), f"{name}: padding")
            if f.values is None:
                continue
            check(not f.rest and f.values == sorted(set(f.values)), f"{name}: values")
            used = set(f.ids)
            check(used | {len(f.values)} == set(range(len(f.values) + 1)), f"{name}: a value of no document")
            check(f.width == max(len(f.values) - (len(f.values) not in used), 0).bit_length(), f"{name}: width")
            for doc, fields in enumerate(wanted):
                check(f.value(doc) == prefix_of(fields.get(f.name), f.prefix), f"{name}: document {doc}: {f.name}")
        known = {f.name for f in self.fields}
        check(self.others or all(known >= set(fields) for fields in wanted), f"{name}: a field is missing")


class Literal(str):
    """A number as it is written."""


def values_of(pairs):
    """The last of each name."""
    return dict(pairs)


def fields_of(meta):
    """Names and values of a document's fields."""
    outer = json.loads(meta, object_pairs_hook=values_of, parse_int=Literal, parse_float=Literal,
                       parse_constant=Literal)
    inner = outer.pop("metadata") if isinstance(outer.get("metadata"), dict) else {}
    fields = {}
    for key, value in {**outer, **inner}.items():
        if isinstance(value, bool):
            value = str(value).lower()
        if isinstance(value, str):
            fields[encode(key)] = encode(value)
    if b"path" in fields:
        head, slash, base = fields[b"path"].rpartition(b"/")
        fields.setdefault(b"dir", head or slash or b".")
        stem, _, ext = base.rpartition(b".")
        if stem and ext:
            fields.setdefault(b"ext", ext)
    return fields


def encode(text):
    return re.sub("[\ud800-\udfff]", "\ufffd", text).encode()


def prefix_of(value, characters):
    return value if value is None or not characters else value.decode()[:characters].encode()
