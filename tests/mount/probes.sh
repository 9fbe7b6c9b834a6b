#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Names that programs look for by themselves are not taken for queries: neither by the mount, nor by
# ripgrep, fd and git beside one.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
for tool in fdfind git rg; do
	command -v $tool >/dev/null || skip "no $tool"
done
# Nothing of whoever runs this.
export HOME=$work XDG_CONFIG_HOME=$work GIT_CONFIG_NOSYSTEM=1
unset RIPGREP_CONFIG_PATH

# The manual lists them.
sed -n 's/^\t"\([^"]*\)",$/\1/p' "$here/../../fs/tree/probes.c" >probes
sed -n '/^\\&/p' "$here/../../fs/ngramfs-queries.7" | tr -s ', ' '\n' | sed 's/^\\&//; s/\.$//; s/\\-/-/g' | sed '/^$/d' |
	cmp - probes || fail "ngramfs-queries(7) lists others"

# A text that has all of them, in lines that are patterns, too.
[ "$(wc -l <probes)" -gt 50 ] || fail "too few names: $(cat probes)"
sed 's/.*/see & and HEAD\n*.txt/' probes >text
build text.ngram --format lines text
mkdir tree
git -C tree init -q
echo ignored >tree/.gitignore
echo zebra | tee tree/f.txt tree/ignored >tree/g.txt
attach text.ngram tree/mnt

# ---- the mount ----
cat >ask.py <<'PYTHON'
import os, re, sys

bad = 0
def check(what, holds):
    global bad
    if not holds:
        print("FAILED:", what, file=sys.stderr)
        bad += 1

text = open("text", "rb").read().split(b"\n")
probes = open("probes", "rb").read().split()
# Names near to them are queries like any others.
near = [p + b" " for p in probes] + [b"HEAD", b"Makefile", b"node_modules", b".github", b".txt", b"*.txt", b"cargo.toml"]
for top in (b"mnt/", b"mnt/with/page=7/", b"mnt/with/escape=none/"):
    top = b"tree/" + top
    for name in probes:
        for room in (b"count", b"find", b"docs", b"meta", b"match", b"kwic", b"df", b"next", b"prev"):
            check((top, room, name), not os.path.lexists(top + room + b"/" + name))
    for name in near:
        want = sum(len(re.findall(b"(?=" + re.escape(name) + b")", line)) for line in text)
        check((top, name), int(open(top + b"count/" + name).read()) == want)
for name in probes:
    want = sum(len(re.findall(b"(?=" + re.escape(name) + b")", line)) for line in text)
    check((name, "occurs"), want > 0)
    for spelled in (b"%%%02x" % name[0] + name[1:], re.sub(rb"[^A-Za-z0-9]", lambda m: b"%%%02X" % m[0][0], name),
                    re.sub(rb"[.-]", lambda m: b"%%%02X" % m[0][0], name, count=1)):
        check((spelled, "count"), int(open(b"tree/mnt/count/" + spelled).read()) == want)
        check((spelled, "docs"), len(os.listdir(b"tree/mnt/docs/" + spelled)) > 0)
        check((spelled, "kwic"), len(open(b"tree/mnt/kwic/" + spelled).readlines()) == want)
# A line of a batch needs no escape.
with open("tree/mnt/batch/count", "r+b", buffering=0) as batch:
    batch.write(b"\n".join(probes) + b"\n")
    answers = b""
    while more := batch.read(1 << 16):
        answers += more
for name, line in zip(probes, answers.split(b"\n"), strict=False):
    want = sum(len(re.findall(b"(?=" + re.escape(name) + b")", line)) for line in text)
    check((name, "in a batch", line), line == b"%d\t%s" % (want, name))
sys.exit(bad > 0)
PYTHON
python3 ask.py || fail "names"

# ---- beside the mount, and in it ----
cd tree || exit 1
rg --no-mmap zebra . 2>said | sort >found
is "./f.txt:zebra
./g.txt:zebra" "$(cat found)" "what rg finds"
is "" "$(cat said)" "what rg complains of"
is "./f.txt" "$(fdfind f.txt . 2>&1 | sed 's,^\([^.]\),./\1,')" "what fd finds"
is "?? .gitignore
?? f.txt
?? found
?? g.txt
?? mnt.log
?? mnt/
?? said" "$(git status --porcelain 2>&1)" "git status"
is "$(sort -u ../text | grep -c 'see .git')" "$(cd mnt/docs/see && rg --no-ignore-parent -l 'see .git' | wc -l)" "rg in a query's directory"
is "$(sort -u ../text | grep -c 'see .git')" "$(cd mnt/docs/see && rg -l 'see .git' 2>&1 | wc -l)" "rg there, with what lies above"
# A directory of a query is in no repository, as the mount itself.
for room in '' count kwic docs docs/see next; do
	refuses "not a git repository" git -C "mnt/$room" status
	is "$PWD" "$(GIT_DISCOVERY_ACROSS_FILESYSTEM=1 git -C "mnt/$room" rev-parse --show-toplevel)" "git in '$room'"
done
cd "$work" || exit 1
detach tree/mnt

# ---- nothing is read as patterns: a daemon that logs every request was asked for nothing ----
attach -d text.ngram mnt
reads() {
	grep -c 'opcode: READ (' mnt.log
}
before=$(reads)
cat mnt/kwic/see >seen
[ "$(reads)" -gt "$before" ] && [ -s seen ] || fail "the log doesn't show what is read"
before=$(reads)
rg zebra mnt/kwic mnt/count mnt/next mnt/docs
fdfind zebra mnt/kwic mnt/count mnt/next mnt/docs
is "$before" "$(reads)" "reads by programs that look for what configures them"
detach mnt .
finish
