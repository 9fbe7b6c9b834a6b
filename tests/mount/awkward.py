#!/usr/bin/env python3
"""Queries that are apt to be taken for others, and a corpus that holds most of them.

    awkward.py make DIRECTORY             writes the corpus, a document a file
    awkward.py ask DIRECTORY MOUNT        asks a mount for all of them, in every way to spell them
    awkward.py web DIRECTORY ADDRESS      asks a server of examples/web that has the one index

What is expected comes from the text itself.
"""

import functools
import http.client
import json
import os
import random
import re
import sys
import time
import urllib.parse

SEED = 23
HEX = "0123456789abcdefABCDEF"
# Bytes that something on the way from a person to an index may treat as its own.
ODD = b"%./\\ \t\n\r\0?#+&'\"-~\x7f\x80\xc3\xe2\xff$`*;aA0"

STRINGS = r"""
undefined
undef
null
NULL
(null)
nil
NIL
None
none
true
false
True
TRUE
hasOwnProperty
__proto__
constructor
then
0
1
-1
1.0
$1.00
1/2
1E2
1E+02
-0
+0
0x0
0xffffffff
0b11
0o17
00
007
08
1_000
1,000
1,000.00
1'000
1e309
4294967296
9223372036854775807
9223372036854775808
-9223372036854775808
18446744073709551616
123456789012345678901234567890
2.2250738585072011e-308
NaN
nan
Infinity
-Infinity
INF
1#INF
-1#IND
0/0
--1
..
.
...
....
../
../..
../../../../etc/passwd
..\..\windows\win.ini
....//....//
/
//
///
/etc/passwd
/dev/null
/proc/self/environ
./x
a/b
a//b
a/./b
a/../b
~
~root
$HOME
${HOME}
$ENV{'HOME'}
%HOME%
C:\
C:/
\\server\share
file:///etc/passwd
con
CON
nul
aux.txt
COM1
LPT1:
lost+found
%
%%
%%%
%2
%4
%4z
%z4
%zz
%00
%0a
%0D%0A
%20
%25
%2525
%252e%252e%252f
%2e
%2E%2E
%2f
%2F..%2F
%41
%c0%ae
%u0041
%FF
a%b
100%
100%25
100% sure
50%off
%d%d%d
%s%s%s%n
%n
%p%x
%*.*s
%99999999s
%-5d
{0}
{}
{{7*7}}
${7*7}
#{7*7}
<%= 7*7 %>
%{7}
%(x)s
$(id)
`id`
$((1+1))
;id
|id
||id
&&id
&
&amp;
>x
<x
>>x
2>&1
!!
!$
*
**
?
[a-z]
{a,b}
\
\\
\n
\t
\0
\x41
\u0041
\101
\e[31m
'
''
"
""
'"'
""''""'
it's
"quoted"
a"b'c`d
' OR 1=1 --
' OR '1'='1
1;DROP TABLE users
1'; DROP TABLE users--
Robert'); DROP TABLE students;--
" or ""="
/**/
--
#
-- -
' UNION SELECT NULL--
%' LIKE '%
_
x' AND email IS NULL; --
<script>alert(1)</script>
<img src=x onerror=alert(1) />
"><script>alert(1)</script>
javascript:alert(1)
<svg/onload=alert(1)>
</textarea>
<!--
-->
<![CDATA[
]]>
<?xml version="1.0"?>
<!ENTITY xxe SYSTEM "file:///etc/passwd">
&lt;
&#65;
&#x41;
&nbsp;
&;
?q=1&r=2#end
?
??
?q=
&q=
q=x
+
a+b
C++
1+1
+1
=
==
a=b
A=B
=cmd|'/C calc'!A0
@SUM(1)
-n
-e
-
--
--help
--version
-rf
-- x
- 
+x
@
@x
:
::
;
,
a,b
seed=1
escape=percent
case=fold,page=2
(
)
()
(){ :; }; echo
[
]
{
}
^
$
^$
.*
(?i)
(a+)+$
|
more
README
stats
count
batch
trace
with
docs
0.txt
0.json
.gitignore
.ignore
.git
.hidden
.env
Cargo.toml
package.json
rust-toolchain
desktop.ini
gitignore
.github
-rust-toolchain
index.html
robots.txt
favicon.ico
true.
error:
error: an empty query
0	x
naïve
naïve
é
é
ñ
Å
Å
Ω
Ω
ß
ẞ
İ
ı
ſ
K
ﬁ
fi
œ
中
中文
中文字符
田中さんにあげて下さい
社會科學院語學研究所
찦차를 타고 온
울란바토르
𠜎𠜱𠝹
表ポあA鷗
ｆｕｌｌ　ｗｉｄｔｈ
、。
「」
Ψ
Привет
ПРИВЕТ
ёж
Ёж
Ελληνικά
ς
σ
עברית
مرحبا
الكتاب
ﷺ
नमस्ते
ไทย
กรุงเทพ
አማርኛ
ᚻᛖ
😀
😀😀
👍🏽
👨‍👩‍👧‍👦
🇩🇪
🏳️‍🌈
❤️
❤
☃
™
©
€
£
¥
…
–
—
‘x’
“x”
«x»
⁄
½
٣
一二三
①
Ⅷ
ﾃ
┬─┻
(╯°□°）╯︵ ┻━┻
∀x∈ℝ
∑
Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮
˙ɐnbᴉlɐ
𝐓𝐡𝐞
""".strip("\n").split("\n")

# What cannot be seen, or cannot stand in a list of lines.
UNSEEN = [
    " ", "  ", " x", "x ", " x ", "\t", "\tx", "x\t", "a\tb", "\n", "\n\n", "x\ny", "\nx", "x\n", "\r", "\r\n", "x\r", "x\ry",
    "x\r\ny", "\0", "\0\0", "x\0", "\0x", "x\0y", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b", "\x1b[31m", "\x1f", "\x7f",
    "\x80", "\x85", "\x9f", "\xa0", "\xad", "x\xa0y", "\u061c", "\u180e", "\u1680", "\u2000", "\u2003", "\u2007", "\u2009",
    "\u200a", "\u200b", "x\u200by", "\u200c", "\u200d", "\u200e", "\u200f", "\u2028", "\u2029", "x\u2028y", "\u202a", "\u202b",
    "\u202d", "\u202e", "\u202ex", "\u202f", "\u205f", "\u2060", "\u2066test\u2067", "\u3000", "x\u3000", "\ufeff", "\ufeffx",
    "\ufffc", "\ufffd", "\ufffe", "\uffff", "\U000e0041", "\U000f0000", "\U0010ffff", "\ue000", "\u0301", "e\u0301",
    "x\u0300\u0301\u0302", "\u0345", "\u034f", "\u115f", "\u3164", "\ufe0f", "\u20e3", "1\ufe0f\u20e3",
]

# No UTF-8.
BROKEN = [b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xc3", b"na\xc3", b"\xafve", b"\xc3(", b"\xa0\xa1", b"\xe2\x82", b"\xe2(\xa1", b"\xf0\x9f",
          b"\xf0\x9f\x98", b"\x98\x80", b"\xc0\xaf", b"\xc0\x80", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xed\xa0\x80",
          b"\xed\xb0\x80", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfc", b"\xfd\xbf", b"\xff%ff",
          b"\x80abc", b"caf\xe9", b"\xef\xbb", b"\xef\xbb\xbf\xef"]


@functools.cache
def queries():
    """All of them, each once."""
    found = [text.encode() for text in STRINGS + UNSEEN] + BROKEN
    found += [bytes([c]) for c in range(256)]
    pairs = [bytes([a, b]) for a in ODD for b in ODD] + [f"%{a}{b}".encode() for a in HEX for b in HEX]
    found += pairs[::4] if os.environ.get("NG_TEST_BRIEF") else pairs
    found += [f"%25{a}{b}".encode() for a, b in zip("0245", "0fE1")]
    # As long as a name may be everywhere, in one way to write it or another.
    found += [b"x" * 255, b"x" * 256, b"%" * 300, b"." * 255, "中".encode() * 330, b"\xff" * 341, b" " * 1000, b"a-." * 300]
    return list(dict.fromkeys(query for query in found if query))


def make(directory):
    rng = random.Random(SEED)
    every = queries()
    os.mkdir(directory)
    # Pieces side by side make new ones across their borders; one in five never comes.
    usual = [query for i, query in enumerate(every) if i % 5]
    texts = [b"|".join(usual)]
    for _ in range(12):
        pieces = rng.choices([query for query in usual if len(query) < 100], k=700)
        texts.append(b"".join(piece + rng.choice([b"", b"", b" ", b"\n", b"\r\n", b"x"]) for piece in pieces))
    texts.append(bytes(range(256)) * 2)
    texts.append(b"x" * 600 + b"." * 300 + b" " * 1000 + "中".encode() * 1100)
    for number, text in enumerate(texts):
        with open(f"{directory}/{number:02}", "wb") as out:
            out.write(text)


def read_texts(directory):
    texts = []
    for name in sorted(os.listdir(directory)):
        with open(f"{directory}/{name}", "rb") as file:
            texts.append(file.read())
    return texts


def occurrences(query, text):
    count, at = 0, text.find(query)
    while at >= 0:
        count, at = count + 1, text.find(query, at + 1)
    return count


class Check:
    def __init__(self, directory):
        texts = read_texts(directory)
        self.want = {query: sum(occurrences(query, text) for text in texts) for query in queries()}
        self.docs = {query: sum(query in text for text in texts) for query in queries()}
        self.asked = self.wrong = 0
        # Nothing is shown by asking for what is all there, or not at all.
        absent = sum(count == 0 for count in self.want.values())
        assert 50 < absent < len(self.want) / 2 and len(set(self.want.values())) > 30, (absent, len(self.want))

    def same(self, what, query, got, want):
        self.asked += 1
        if got != want:
            self.wrong += 1
            if self.wrong < 30:
                print(f"FAILED: {what} of {query[:60]}: {got!r} instead of {want!r}", file=sys.stderr)

    def finish(self, least):
        print(f"{self.asked} answers, {self.wrong} wrong")
        assert self.asked >= least, (self.asked, least)
        return self.wrong > 0


def escaped(query, needed):
    return re.sub(needed, lambda found: b"%%%02X" % found[0][0], query)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def batch(path, lines):
    with open(path, "r+b", buffering=0) as session:
        rest = memoryview(b"".join(line + b"\n" for line in lines))
        while rest:
            rest = rest[session.write(rest):]
        answers = b""
        while more := session.read(1 << 16):
            answers += more
    # Lines hold tabs and carriage returns, but newlines end them.
    answers = answers.split(b"\n")
    assert answers.pop() == b"" and len(answers) == len(lines), (len(answers), len(lines))
    return answers


def ask_batches(check, mount):
    plain = [query for query in queries() if b"\n" not in query]
    for room, want in (("count", check.want), ("df", check.docs)):
        for top in ("", "with/escape=none/"):
            for query, answer in zip(plain, batch(f"{mount}/{top}batch/{room}", plain)):
                if query.endswith(b"\r"):
                    check.same(f"{top}batch/{room}", query, answer[:30], b"error: a carriage return ends ")
                else:
                    check.same(f"{top}batch/{room}", query, answer, b"%d\t%s" % (want[query], query))
        for needed in (rb"[%\n]|\r$", rb"[^a-z]", rb"(?s)."):
            lines = [escaped(query, needed) for query in queries()]
            for query, line, answer in zip(queries(), lines, batch(f"{mount}/with/escape=percent/batch/{room}", lines)):
                check.same(f"escape=percent/batch/{room}", query, answer, b"%d\t%s" % (want[query], line))


def ask_names(check, mount, most):
    top = os.fsencode(mount)
    with open(os.path.join(os.path.dirname(__file__), "../../fs/probes.c"), "rb") as source:
        probes = set(re.findall(rb'^\t"(.*)",$', source.read(), re.M))
    assert len(probes.intersection(queries())) > 5
    for query in queries():
        for needed in (rb"[%/\0.-]", rb"[^A-Za-z0-9]", rb"(?s)."):
            name = escaped(query, needed)
            if len(name) > most:
                continue
            check.same("count", name, int(read(b"%s/count/%s" % (top, name))), check.want[query])
        name = escaped(query, rb"[^A-Za-z0-9]")
        if len(name) <= most:
            check.same("docs", name, os.path.exists(b"%s/docs/%s" % (top, name)), check.want[query] > 0)
            check.same("df", name, int(read(b"%s/df/%s" % (top, name))), check.docs[query])
            check.same("kwic", name, read(b"%s/kwic/%s" % (top, name)).count(b"\n"), check.want[query])
        plain = b"%s/with/escape=none/count/%s" % (top, query)
        if re.fullmatch(rb"\.\.?|(?s:.*[/\0].*)", query) or len(query) > most:
            continue
        if os.path.exists(plain):
            check.same("escape=none/count", query, int(read(plain)), check.want[query])
        else:
            check.same("escape=none/count", query, query in probes, True)


def ask_web(check, address):
    host = urllib.parse.urlsplit(address).netloc
    connection = http.client.HTTPConnection(host, timeout=120)

    def get(path):
        while True:
            connection.putrequest("GET", path, skip_accept_encoding=True)
            connection.endheaders()
            response = connection.getresponse()
            status, body = response.status, response.read()
            if status != 429:
                return status, body
            time.sleep(0.1)

    climbs = 0
    for number, query in enumerate(queries()):
        once = urllib.parse.quote(query, safe="")
        # What Python writes, what JavaScript does, and everything escaped.
        others = {urllib.parse.quote(query, safe="!'()*~"), "%" + query.hex("%")}
        for spelled in {once, *(others if number % 4 == 0 else ())}:
            for path in (f"/count/{spelled}", f"/count/?q={spelled}"):
                status, body = get(path)
                if status == 200:
                    check.same(path, query, int(body), check.want[query])
                    continue
                # In a path, nginx takes neither NUL nor what climbs above the top.
                climbs += 1
                check.same(path, query, (status, "?q=" in path, b"\0" in query or b".." in query), (400, False, True))
        # Of what stream.py answers there are 20 a second.
        if number % 60:
            continue
        status, body = get(f"/docs/?q={once}")
        check.same("docs", query, body.count(b"\n") if status == 200 else status, check.docs[query] or 404)
        status, body = get(f"/df/?q={once}")
        check.same("df", query, (status, int(body)), (200, check.docs[query]))
    assert 0 < climbs < 400, climbs
    # Names that are too long with a URL's escapes. A whole document is not to be had so.
    long, once = next((text, urllib.parse.quote(text)) for text in ("中" * 1023, "中" * 255)
                      if get("/count/" + urllib.parse.quote(text))[0] == 200)
    check.same("count", long.encode(), int(get(f"/count/{once}")[1]), 1101 - len(long))
    status, body = get(f"/match//0.json?q={once}")
    check.same("match", long.encode(), (status, json.loads(body)["match_text"]), (200, long))
    document = json.loads(body)["document"]
    check.same("docs", long.encode(), get(f"/docs/{once}/{document}.txt")[0], 414)
    check.same("meta", long.encode(), get(f"/meta//{document}.json?q={once}")[0], 414)
    check.same("doc", long.encode(), long.encode() in get(f"/doc/{document}.txt")[1], True)


def main():
    if sys.argv[1] == "make":
        return make(sys.argv[2])
    check = Check(sys.argv[2])
    if sys.argv[1] == "ask":
        ask_batches(check, sys.argv[3])
        ask_names(check, sys.argv[3], os.statvfs(sys.argv[3]).f_namemax)
        return check.finish(10 * len(queries()))
    ask_web(check, sys.argv[3])
    return check.finish(2 * len(queries()))


if __name__ == "__main__":
    sys.exit(main())
