# SPDX-License-Identifier: Apache-2.0
"""Queries that are apt to be taken for others, by shells, URLs, JSON, SQL, printf, terminals and people."""

import functools
import os

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
