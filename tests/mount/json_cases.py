# SPDX-License-Identifier: Apache-2.0
"""Cases for json.sh, and what Python's json makes of them.

json_cases.py write-values FORM FILE      FORM: lines, array
json_cases.py check-values FORM MOUNT BAD
json_cases.py write-objects DIR
json_cases.py check-objects DIR MOUNT
json_cases.py write-damaged FILE
json_cases.py check-damaged FILE MOUNT BAD
"""

import json
import os
import random
import sys

SEED = 20261129

# Values as parsers differ about them, in the order of the kinds that JSON has.
VALUES = [
    # arrays
    b"[]", b"[[] ]", b'[""]', b"[1]", b"[1 ]", b" [1]", b"[1\r]", b"[null, 1, \"1\", {}]", b"[1,null,null,null,2]",
    b'["a"]', b"[1 true]", b'["": 1]', b'[""],', b"[,1]", b"[1,,2]", b'["x",,]', b'["x"]]', b'["",]', b'["x"', b"[x",
    b"[3[4]]", b"[\xff]", b"[1:2]", b"[,]", b"[-]", b"[   , \"\"]", b"[1,]", b"[*]", b'[""', b"[1}", b"[", b"]",
    b"[][]",
    # words
    b"true", b"false", b"null", b"nul", b"tru", b"fals", b"True", b"None", b"nullx", b"truefalse", b"undefined",
    b"NaN", b"-NaN", b"+NaN", b"nan", b"Infinity", b"-Infinity", b"+Infinity", b"Inf", b"infinity", b"- Infinity",
    b"-Inf", b"NaNN", b"InfinityNaN",
    # numbers
    b"0", b"-0", b"0.0", b"-0.0", b"1", b"-1", b"123", b"123.456", b"0e1", b"0e+1", b"1E22", b"1e-2", b"1E+2",
    b"-123",
    b"123e45", b"123.456e78", b"1" * 400, b"-" + b"9" * 5000, b"0." + b"1" * 400, b"1e400", b"-1e+9999", b"1e-10000",
    b"123123e100000", b"0.4e00669999999999999999999999999999969999999006", b"1.5e+9999999999999999999999999999",
    b"-1e+9999999999999999999", b"100000000000000000000", b"-9223372036854775809", b"-01", b"01", b"00", b"012",
    b"-012",
    b"-", b"--1", b"-.1", b".1", b".-1", b"1.", b"-2.", b"2.e3", b"2.e+3", b"2.e-3", b"0.e1", b"0.3e", b"0.3e+",
    b"0E",
    b"0E+", b"0e", b"0e+", b"1e", b"1e+", b"1e-", b"1.0e", b"1.0e+", b"1.0e-", b"1e1.5", b"1eE2", b"9.e+", b"+1",
    b"++1",
    b"1_000", b"1 000.0", b"1+2", b"-1x", b"0x1", b"0x42", b"1a", b"1ea", b"1e1\xe5", b"-1foo", b"-foo", b"- 1",
    b"\xef\xbc\x91", b"0e1\xe5", b"1\0", b"1 \0", b"\0", b"1\x0b", b"\x0c1", b"1\xc2\xa0", b"1\xe2\x80\x83",
    # strings
    b'""', b'" "', b'"\\"\\\\\\/\\b\\f\\n\\r\\t"', b'"\\\\n"', b'"\\u0000"', b'"\\u0022"', b'"\\u005C"',
    b'"\\uD801\\udc37"',
    b'"\\ud83d\\ude39\\ud83d\\udc8d"', b'"\\uDBFF\\uDFFE"', b'"\\uFFFF\\uFDD0"', b'"a/*b*/c/*d//e"', b'"\x7f"',
    b'"\xe2\x80\xa8\xe2\x80\xa9"', b'"\xf4\x8f\xbf\xbf"', b'"\xef\xbf\xbf"', b'"\xf0\x9b\xbf\xbf"', b'"\xef\xbb\xbf"',
    b'"\\ud800"', b'"\\uDADA"', b'"\\uD888\\u1234"', b'"\\uDFAA"', b'"\\uDd1e\\uD834"', b'"\\uD800\\n"',
    b'"\\uD800\\uD800\\n"',
    b'"\\ud800abc"', b'"\\uD800\\u"', b'"\\uD800\\u1"', b'"\\uD800\\u1x"', b'"\\u00A"', b'"\\u"', b'"\\uqqqq"',
    b'"\\u 123"',
    b'"\\u+123"', b'"\\u12_4"', b'"\\x00"', b'"\\a"', b'"\\\'"', b'"\\U0041"', b'"\\\xe5"', b'"\\', b'"\\"', b'"',
    b"'a'",
    b'"a', b'a"', b'"\t"', b'"\x00"', b'"\x1f"', b'"\x0d"', b'"\xff"', b'"\xc0\xaf"', b'"\xe0\xff"',
    b'"\xed\xa0\x80"',
    b'"\xf4\xbf\xbf\xbf"', b'"\xfc\x80\x80\x80\x80\x80"', b'"\x81"', b'"\xe6\x97"', b'"\xe9"', b'\\u0020"x"',
    b'"x"x', b'"" ""',
    b'\xe9', b"\xef\xbb\xbf1",
    # objects
    b"{}", b'{"":0}', b'{"a":"b","c":"d"}', b'{"a":"b","a":"c"}', b'{"a":1,"a":{"a":2,"a":3}}',
    b'{"foo\\u0000bar": 42}',
    b'{"\\ud800": 1}', b'{"min": -1.0e+28, "max": 1.0e+28}', b'{"a":[]}', b'{"x":[{"id": "xxxx"}], "id": "xxxx"}',
    b'{"text":"inner"}', b'{"a":"b"} ', b'{"a":/*x*/"b"}', b'{"a":"b"}#', b'{"a":"b"}//', b'{"a":"b"}/**/',
    b"{[: \"x\"}",
    b'{"x", null}', b'{"x"::"b"}', b"{\xf0\x9f\x87\xa8}", b'{"a":"a" 123}', b"{key: 'value'}", b'{"a" b}',
    b'{:"b"}', b'{"a" "b"}',
    b'{"a":', b'{"a"', b"{1:1}", b"{9999E9999:1}", b"{null:null,null:null}", b'{"id":0,,,,,}', b"{'a':0}",
    b'{"id":0,}', b'{"a":"b",,"c":"d"}',
    b'{a:"b"}', b'{"a":"a', b'{"foo":"bar", "a"}', b'{"a":true} "x"', b"{", b"}", b'{"a":1]', b"{}}", b'{"a":}',
    b"{,}", b'{"a":1;"b":2}',
    # nothing, and levels
    b"", b" ", b"\xc3\xa5", b"<.>", b"*", b"(1)", b"[" * 1900 + b"]" * 1900, b'{"a":' * 900 + b"1" + b"}" * 900,
    b"[" * 3000 + b"]" * 3000,
    b"[" * 50,
]
DEEP = 2048


class Twice(Exception):
    pass


def shape(value):
    """The levels of brackets at most and at least, and behind the end; and whether strings are closed."""
    depth = deepest = least = 0
    in_string = escaped = False
    for c in value:
        if in_string:
            in_string, escaped = escaped or c != 0x22, not escaped and c == 0x5c
        elif c == 0x22:
            in_string = True
        else:
            depth += (c in b"[{") - (c in b"]}")
            deepest, least = max(deepest, depth), min(least, depth)
    return deepest, least, depth, not in_string


def same(a, b):
    """NaN is itself here, and 1 is neither 1.0 nor true."""
    return repr(a) == repr(b)


def python_reads(line):
    """The object that a line is to Python, or None. Twice: a text that stands there more than once."""
    def pairs(items):
        names = [name for name, _ in items]
        twice.append(names.count("text") > 1)
        return dict(items)
    twice = []
    try:
        value = json.loads(line.decode("utf-8"), object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return None
    if type(value) is dict and twice and twice[-1]:
        raise Twice
    return value if type(value) is dict else None


def is_document(line):
    if shape(line)[0] > DEEP:
        return None
    try:
        value = python_reads(line)
        text = value.get("text") if value else None
        return value if type(text) is str and text.encode("utf-8") is not None else None
    except (Twice, UnicodeEncodeError):
        return None


def value_lines():
    return [b'{"v":' + value + b',"text":"%d"}' % i for i, value in enumerate(VALUES)]


def closes(value):
    """Whether what stands behind the value can be told from it: else it is not for an array."""
    return shape(value)[1:] == (0, 0, True)


def chosen(form):
    return [line for line, value in zip(value_lines(), VALUES) if form == "lines" or closes(value)]


def write_values(form, path):
    lines = chosen(form)
    with open(path, "wb") as out:
        if form == "lines":
            out.write(b"\n".join(lines) + b"\n")
        else:
            out.write(b"[" + b"\n,".join(lines) + b"]\n")


def documents(mount):
    with open(f"{mount}/stats", encoding="utf-8") as stats:
        n = json.load(stats)["documents"]
    for i in range(n):
        with open(f"{mount}/doc/{i}.txt", "rb") as text, open(f"{mount}/doc/{i}.json", "rb") as meta:
            yield text.read(), json.loads(meta.read().decode("utf-8"))


def expect(holds, what):
    if not holds:
        sys.exit(f"seed {SEED}: {what}")


def check_values(form, mount, bad):
    lines = chosen(form)
    wanted = [(line, is_document(line)) for line in lines]
    good = [(n, value) for n, (_, value) in enumerate(wanted, 1) if value is not None]
    expect(len(good) > 60 and len(lines) - len(good) > (100 if form == "lines" else 80), "the cases are few")
    where = "line" if form == "lines" else "item"
    found = list(documents(mount))
    for (n, value), (text, meta) in zip(good, found):
        expect(meta[where] == n, f"{lines[n - 1][:80]} and {meta[where]}: one of them is not as Python has it")
        expect(text == value.pop("text").encode(), f"text of {lines[n - 1]}")
        expect(same(meta["metadata"], value), f"metadata of {lines[n - 1]}: {meta['metadata']}")
    expect(len(found) == len(good), f"{len(found)} documents instead of {len(good)}")
    with open(bad, "rb") as records:
        rejected = [record.split(b"\t", 1)[1] for record in records.read().split(b"\n")[:-1]]
    expect(rejected == [line for line, value in wanted if value is None], "rejected lines")


def some_text(rng, surrogates=False):
    ranges = [(32, 127)] * 4 + [(0, 32), (0xa0, 0x250), (0x400, 0x500), (0x4e00, 0x5000), (0x1f600, 0x1f640)]
    ranges.append((0xfff0, 0x10010))
    if surrogates:
        ranges.append((0xd800, 0xe000))
    return "".join(chr(rng.randrange(*rng.choice(ranges))) for _ in range(rng.choice([0, 1, 3, 8, 30])))


def some_value(rng, depth, surrogates):
    kind = rng.randrange(12 if depth else 9)
    if kind < 3:
        return some_text(rng, surrogates)
    if kind < 5:
        return rng.choice([0, -1, 2 ** 63, -10 ** 40, rng.getrandbits(64), 10 ** 500])
    if kind < 7:
        return rng.choice([0.0, -0.0, 1e22, 5e-324, 1.7976931348623157e308, rng.random(),
                           float("inf"), float("-inf"), float("nan")])
    if kind < 9:
        return rng.choice([None, True, False])
    if kind == 9:
        return [some_value(rng, depth - 1, surrogates) for _ in range(rng.randrange(4))]
    return {some_text(rng, surrogates): some_value(rng, depth - 1, surrogates) for _ in range(rng.randrange(4))}


def some_object(rng, surrogates):
    fields = [(some_text(rng, surrogates) + "_", some_value(rng, 3, surrogates)) for _ in range(rng.randrange(5))]
    fields.append(("text", some_text(rng)))
    rng.shuffle(fields)
    return dict(fields)


def object_files(rng):
    """Name, content, and the objects in it."""
    for n in range(12):
        ascii = bool(n % 2)
        objects = [some_object(rng, ascii) for _ in range(30)]
        separators = rng.choice([None, (",", ":"), (" , ", " : ")])
        dumps = [json.dumps(o, ensure_ascii=ascii, separators=separators) for o in objects]
        pretty = [json.dumps(o, ensure_ascii=ascii, indent=rng.choice([0, 1, "\t"])) for o in objects]
        yield f"{n:02}-lines", "\n".join(dumps), objects
        yield f"{n:02}-crlf.jsonl", "\r\n\r\n".join(dumps) + "\r\n", objects
        yield f"{n:02}-pretty.json", "\n".join(pretty), objects
        yield f"{n:02}-array", json.dumps(objects, ensure_ascii=ascii, indent=rng.choice([None, 2])), objects
        yield f"{n:02}-mixed", " ".join(rng.choice(p) for p in zip(dumps, pretty)), objects
        yield f"{n:02}-mark.txt", "\ufeff[" + ",\n".join(dumps) + "]\n[]", objects


def write_objects(path):
    os.mkdir(path)
    for name, content, _ in object_files(random.Random(SEED)):
        with open(f"{path}/{name}", "w", encoding="utf-8", newline="") as out:
            out.write(content)


def check_objects(path, mount):
    found = documents(mount)
    for name, _, objects in sorted(object_files(random.Random(SEED))):
        for n, wanted in enumerate(objects, 1):
            text, meta = next(found, (None, None))
            expect(meta is not None, f"no document for {name}, object {n}")
            expect(meta["path"] == f"{path}/{name}", f"{name}, object {n}: {meta}")
            expect("line" in meta or meta.get("item") == n, f"{name}, object {n}: {meta}")
            wanted = json.loads(json.dumps(wanted))  # halves that stand side by side are a pair
            expect(text == wanted.pop("text").encode(), f"{name}, object {n}: text {text}")
            expect(same(meta["metadata"], wanted), f"{name}, object {n}: {meta['metadata']} instead of {wanted}")
    expect(next(found, None) is None, "more documents than objects")


def damaged_lines():
    rng = random.Random(SEED + 1)
    lines = []
    while len(lines) < 2500:
        dumped = json.dumps(some_object(rng, True), ensure_ascii=bool(rng.randrange(2)))
        line = bytearray(dumped.encode("utf-8", "surrogatepass"))
        for _ in range(rng.choice([0, 1, 1, 2])):
            at = rng.randrange(len(line))
            change = rng.randrange(4)
            if change == 0:
                line[at] = rng.choice(b'{}[]",:\\u0 \t\x00\xff\x80aeE+-.')
            elif change == 1:
                del line[at:at + rng.choice([1, 1, 5])]
            elif change == 2:
                line[at:at] = rng.choice([b"{", b"}", b"[", b"]", b",", b'"', b"\\", b"0", b" ",
                                          b"\\ud800", b'"text":"",', b"NaN"])
            else:
                line[at:at] = line[at:at + rng.randrange(20)]
        if b"\n" not in line and line.strip(b" \t\r\n"):
            lines.append(bytes(line))
    return lines


def write_damaged(path):
    with open(path, "wb") as out:
        out.write(b"\n".join(damaged_lines()))


def check_damaged(path, mount, bad):
    lines = damaged_lines()
    wanted = [is_document(line) for line in lines]
    good = [(n, value) for n, value in enumerate(wanted, 1) if value is not None]
    expect(500 < len(good) < 2000, f"{len(good)} of the lines are good")
    found = list(documents(mount))
    for (n, value), (text, meta) in zip(good, found):
        first = min(n, meta["line"])
        expect(meta["line"] == n, f"line {first} is not as Python has it: {lines[first - 1]}")
        expect(text == value.pop("text").encode(), f"text of {lines[n - 1]}")
        expect(same(meta["metadata"], value), f"metadata of {lines[n - 1]}: {meta['metadata']}")
    expect(len(found) == len(good), f"{len(found)} documents instead of {len(good)}")
    with open(bad, "rb") as records:
        rejected = [record.split(b"\t", 1) for record in records.read().split(b"\n")[:-1]]
    expect([r[1] for r in rejected] == [line for line, value in zip(lines, wanted) if value is None], "rejected lines")
    expect(all(r[0].startswith(path.encode() + b":") for r in rejected), "reasons")


if __name__ == "__main__":
    sys.set_int_max_str_digits(0)
    sys.setrecursionlimit(20000)
    globals()[sys.argv[1].replace("-", "_")](*sys.argv[2:])
