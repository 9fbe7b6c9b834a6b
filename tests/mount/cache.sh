#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the kernel remembers, and what it costs to ask: no request reaches the daemon for what has
# been asked before, and as few as can be for what hasn't.
. "$(dirname "$0")/lib.sh"

printf 'one fish\ntwo fish\nred fish\nblue fish\n%200000s\n' x >fish
build fish.ngram --format lines fish
# With one thread requests are written to the log in the order in which they come.
attach -d -s -o ro,nostreams fish.ngram mnt

# How much of the log there is, with all that has been asked before, also what the kernel reads ahead:
# a name never asked comes behind that.
logged() { # NAME
	[ ! -e "mnt/$1" ] || fail "mnt/$1"
	wc -l <mnt.log
}

# Requests that the daemon got, by kind, while a command ran, without the last one, which is ours.
# Memory that the kernel gives back is no concern of the test's.
requests() { # COMMAND...
	local before after
	before=$(logged "before-$BASHPID")
	"$@" >out || fail "status $?: $*"
	after=$(logged "after-$BASHPID")
	sed -n "$((before + 1)),${after}p" mnt.log | grep -oP '^unique: \d+, opcode: \K[A-Z_]+' |
		grep -vE '^(FORGET|BATCH_FORGET|INTERRUPT)$' | sed '$d' | tr '\n' ' '
}

# The first open, opendir, close and getxattr teach the kernel not to ask for those.
cat mnt/README >/dev/null
ls -l mnt mnt/docs/red mnt/match/red >/dev/null

is "LOOKUP READ " "$(requests cat mnt/count/fish)" "a count never asked"
is 4 "$(cat out)" "count"
is "" "$(requests cat mnt/count/fish)" "the same count again"
is 4 "$(cat out)" "count again"
is "LOOKUP " "$(requests cat mnt/count/h)" "another query with a count already read"
is "LOOKUP " "$(requests test ! -e mnt/docs/nonesuch)" "what doesn't exist"
is "" "$(requests test ! -e mnt/docs/nonesuch)" "what doesn't exist, again"
is "LOOKUP " "$(requests test -d mnt/docs/fish)" "a query's directory"
[[ $(requests ls -l mnt/docs/fish) =~ ^(READDIRPLUS )+$ ]] || fail "ls -l: more than reading the directory"
is 4 "$(grep -c txt out)" "names"
is "" "$(requests ls -l mnt/docs/fish)" "ls -l again"
is 4 "$(grep -c txt out)" "names again"
is "READ " "$(requests cat mnt/docs/fish/1.txt)" "a document that was listed"
is "" "$(requests cat mnt/docs/fish/1.txt)" "the same document again"
is "LOOKUP LOOKUP LOOKUP " "$(requests cat mnt/docs/two/1.txt mnt/doc/1.txt)" "the same document elsewhere"
is "two fish two fish" "$(tr '\0\n' '  ' <out | sed 's/fishtwo/fish two/')" "the document"
# What the kernel reads ahead may come behind the first cat; the second waits for it.
cat mnt/doc/4.txt mnt/doc/4.txt >/dev/null
is "" "$(requests md5sum mnt/doc/4.txt)" "a long document again"
[[ $(requests ls -l mnt/match/fish) =~ READDIRPLUS ]] || fail "matches"
is "" "$(requests ls -l mnt/match/fish)" "matches again"
for path in find/fish match/fish/0.json meta/fish/0.json doc/0.json stats README; do
	requests cat mnt/$path >/dev/null
	is "" "$(requests cat mnt/$path)" "$path again"
done
is "" "$(requests find mnt/docs/fish mnt/match/fish -type f -size +1c)" "find over what is known"
# The log of -d shows refusals as errors; there is nothing to be learnt from it.
detach mnt .

# ---- a mount that can be written ----
# There the kernel takes the time of access for changed when it has read something, and asks for
# attributes once more if somebody wants them; what opens and reads doesn't.
attach -d -s -o nostreams fish.ngram mnt
cat mnt/README >/dev/null
ls -l mnt >/dev/null
read_only() { # FILE: without asking for its attributes
	python3 -c 'import os, sys; os.write(1, os.read(os.open(sys.argv[1], os.O_RDONLY), 100))' "$1"
}
is "LOOKUP READ " "$(requests read_only mnt/count/fish)" "a count never asked"
is "" "$(requests read_only mnt/count/fish)" "the same count again"
is "GETATTR " "$(requests cat mnt/count/fish)" "the same count again, and its attributes"
is "" "$(requests cat mnt/count/fish)" "and again"
is 4 "$(cat out)" "count"
detach mnt .

# ---- with streams: files are opened, and nothing else is asked twice ----
attach -d -s fish.ngram mnt
cat mnt/README >/dev/null
ls -l mnt >/dev/null
is "LOOKUP OPEN READ RELEASE " "$(requests read_only mnt/count/fish)" "a count never asked"
is "OPEN RELEASE " "$(requests read_only mnt/count/fish)" "the same count again"
is "LOOKUP OPEN RELEASE " "$(requests read_only mnt/count/h)" "another query with a count already read"
requests cat mnt/kwic/fish >/dev/null
is "OPEN RELEASE " "$(requests read_only mnt/kwic/fish)" "a short concordance again"
is 4 "$(wc -l <out)" "its lines"
is "" "$(requests test ! -e mnt/docs/nonesuch -a ! -e mnt/docs/nonesuch | sed 's/LOOKUP //')" "what doesn't exist"
# A stream is looked up each time, and read by the daemon.
[ "$(stat -c %s mnt/kwic/%20)" -gt 1000000 ] || fail "a long concordance"
requests head -c 10 mnt/kwic/%20 >/dev/null
[[ $(requests head -c 10 mnt/kwic/%20) =~ LOOKUP.*OPEN.*READ.*RELEASE ]] || fail "a stream"
detach mnt .

# ---- a count is one inode, whatever the query; equal numbers share pages ----
attach fish.ngram mnt
is "$(stat -c %i mnt/count/one)" "$(stat -c %i mnt/count/two)" "inodes of equal counts"
[ "$(stat -c %i mnt/count/one)" != "$(stat -c %i mnt/count/fish)" ] || fail "inodes of different counts"
is "1 1 4" "$(cat mnt/count/{one,two,fish} | tr '\n' ' ' | sed 's/ $//')" "counts"
is 1 "$(stat -c %h mnt/count/one)" "links of a count"
detach mnt
finish
