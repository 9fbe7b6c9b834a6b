#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Queries as names: escapes, odd bytes, long ones, and the errors of bad ones.
. "$(dirname "$0")/lib.sh"

# Documents of any bytes, one a line, and one that holds newlines.
python3 - <<'PYTHON'
import random
random.seed(3)
lines = [b"a/b %25 . .. \x00 \xff\xfe bad \xc3 utf-8", "中文 naïve 😀".encode(), b" lead and trail ", b"...",
         bytes(b for b in range(256) if b != 10), b"x" * 6000]
lines += [bytes(random.choice(b"ab \x00\xff%/.") for _ in range(2000)) for _ in range(3)]
open("lines", "wb").write(b"\n".join(lines) + b"\n")
open("newlines.jsonl", "w").write('{"text": "one\\ntwo\\n\\nthree\\n"}\n{"text": ""}\n')
PYTHON
build lines.ngram --format lines lines
build newlines.ngram --format jsonl newlines.jsonl
attach lines.ngram newlines.ngram mnt
name_max=$(stat -f -c %l mnt)

python3 - "$name_max" <<'PYTHON' || fail "names"
import errno, os, re, sys
name_max = int(sys.argv[1])
docs = open("lines", "rb").read().split(b"\n")[:-1]
text = b"one\ntwo\n\nthree\n"
bad = 0

def spell(q, every=False):
    return b"".join(b"%%%02X" % c if every or c in b"\0/%" else bytes([c]) for c in q)

def count(index, name):
    path = b"mnt/" + index + b"/count/" + name
    data = open(path, "rb").read()
    assert len(data) == os.stat(path).st_size
    return int(data)

def check(what, ok):
    global bad
    if not ok:
        print("FAILED:", what, file=sys.stderr)
        bad += 1

def naive(q, docs):
    return sum(len(re.findall(b"(?=" + re.escape(q) + b")", d)) for d in docs)

queries = [bytes([c]) for c in range(256)]
queries += [b"/", b"a/b", b"%", b"%25", b"25", b".", b"..", b"...", b"\0", b" \0 ", b"\xff\xfe", b"\xc3 ", b"\xfe\xff",
            b" ", b" lead", b"trail ", "中".encode(), "文".encode()[1:], "😀".encode()[:2], "naïve".encode(),
            b"%/.", b"README", b"more", b"\x01\x02\x03"]
for d in docs:
    queries += [d[i:i + n] for i in (0, 1, 50) for n in (2, 5, 17, 100) if d[i:i + n]]
for q in queries:
    for name in {spell(q), spell(q, True), spell(q, True).lower()}:
        # A lone dot, or two, isn't a query as it stands: the kernel takes it for a directory.
        if name in (b".", b"..") or len(name) > name_max:
            continue
        check((q, name), count(b"lines", name) == naive(q, docs))
        check((q, name, "newlines"), count(b"newlines", name) == naive(q, [text]))
for q in (b"\n", b"\n\n", b"one\ntwo", b"three\n"):
    check(q, count(b"newlines", q) == naive(q, [text]) > 0)

# One query, however it is written, is one file.
for d in (b"count", b"docs", b"meta", b"match", b"find"):
    a, b, c = (os.stat(b"mnt/lines/" + d + b"/" + n) for n in (b"a%2Fb", b"%61%2f%62", b"%61%2F%62"))
    check(d, a.st_ino == b.st_ino == c.st_ino and a.st_mode == b.st_mode)
    check((d, "other query"), d == b"count" or os.stat(b"mnt/lines/" + d + b"/bad").st_ino != a.st_ino)
check("docs of escaped", os.listdir(b"mnt/lines/docs/%61%2f%62") == os.listdir(b"mnt/lines/docs/a%2Fb") != [])

# Long ones.
def fails(path, code):
    try:
        os.stat(path)
    except OSError as e:
        return e.errno == code
    return False

root = os.open("mnt/lines/count", os.O_RDONLY | os.O_DIRECTORY)
docs_dir = os.open("mnt/lines/docs", os.O_RDONLY | os.O_DIRECTORY)
for n in (2, 254, 255, 256, 1000, 1023, 1024, 2000, 4000, 4094, 4095):
    if n > name_max:
        continue
    fd = os.open(b"x" * n, os.O_RDONLY, dir_fd=root)
    check((n, "bytes"), int(os.read(fd, 100)) == 6000 - n + 1)
    os.close(fd)
    check((n, "docs"), os.stat(b"x" * n, dir_fd=docs_dir).st_mode == 0o40555)
    page = os.open(b"x" * n, os.O_RDONLY | os.O_DIRECTORY, dir_fd=docs_dir)
    check((n, "list"), len(os.listdir(page)) == 1)
    os.close(page)
check("name_max", name_max in (1023, 4095))
for n in (name_max + 1, 5000):
    try:
        os.open(b"x" * n, os.O_RDONLY, dir_fd=root)
        check((n, "should be too long"), False)
    except OSError as e:
        check((n, e), e.errno == errno.ENAMETOOLONG)

# Bad ones.
for name in (b"%", b"%4", b"a%", b"%zz", b"%0", b"100%", b"%%25", b"% 1"):
    for d in (b"count", b"docs", b"meta", b"match", b"find"):
        check((d, name), fails(b"mnt/lines/" + d + b"/" + name, errno.EINVAL))

# Names as they are: %41 is three bytes.
plain = b"mnt/lines/with/escape=none/"
for q in queries:
    if b"/" in q or b"\0" in q or q in (b".", b"..") or len(q) > name_max:
        continue
    check((q, "plain"), int(open(plain + b"count/" + q, "rb").read()) == naive(q, docs))
for q in (b"%", b"%25", b"%41", b"%zz", b"100%", b"a%2Fb"):
    check((q, "plain"), int(open(plain + b"count/" + q, "rb").read()) == naive(q, docs))
    check((q, "plain docs"), os.path.isdir(plain + b"docs/" + q) == (naive(q, docs) > 0))
    check((q, "plain kwic"), len(open(plain + b"kwic/" + q, "rb").readlines()) == naive(q, docs))
check("a premise", naive(b"%25", docs) != naive(b"%", docs) > 0 and b"%25" in docs[0])

# Absent ones.
check("count 0", count(b"lines", b"nonesuch") == 0)
for d in (b"docs", b"meta", b"match"):
    check((d, "nonesuch"), fails(b"mnt/lines/" + d + b"/nonesuch", errno.ENOENT))
for path in (b"doc/9.txt", b"doc/0.pdf", b"doc/00.txt", b"doc/x.txt", b"doc/-1.txt", b"doc/99999999999999999999999.txt",
             b"docs/bad/1.txt", b"docs/bad/0.json", b"meta/bad/0.txt", b"docs/bad/more", b"match/bad/1.json",
             b"match/bad/more", b"match/bad/0.txt", b"nonesuch"):
    check(path, fails(b"mnt/lines/" + path, errno.ENOENT))
check("through a file", fails(b"mnt/lines/count/a/b", errno.ENOTDIR))
for path in (b"docs/bad/0.txt", b"meta/bad/0.json", b"match/bad/0.json", b"doc/8.txt"):
    check(path, os.path.isfile(b"mnt/lines/" + path))
sys.exit(bad > 0)
PYTHON

[ -e mnt/lines/docs/bad ] || fail "test -e of a query that occurs"
[ ! -e mnt/lines/docs/BAD ] || fail "test -e of one that doesn't"
is 0 "$(cat mnt/newlines/count/three%0Aone)" "count across the end of a document"
detach mnt
finish
