#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/cluster/parallel.sh on three machines, one of which goes away in the midst of a part: another
# goes on with it. Bad input stops the joining by the name of the part.
. "$(dirname "$0")/hosts.sh"
needs parallel

make_text 9 200000
export TEXT=$work/text INDEX=$work/all.ngram PARTS=7 MEMORY=256M THREADS=1 OPTIONS=--batch-size=64K
export HOSTS=$work/hosts
printf '1/%s\n' "${hosts[@]}" >hosts
export HOME=$work # what parallel keeps for its user
# On host2 a build stops when something of it is finished, and something isn't.
cat >mkngramfs <<SH
#!/bin/bash
part=\$(grep -o '[0-9]\+\.ngram' <<<"\$*" | head -n 1)
echo "\$(hostname) \$part" >>$work/ran
[ "\$(hostname)" = host2 ] && [ ! -e $work/held ] || exec $MKNGRAMFS "\$@"
$MKNGRAMFS "\$@" &
until grep -qs segment $work/all.ngram.parts/\$part.building/journal; do
	kill -0 \$! || exit 1
done
kill -STOP \$! && echo \$part >$work/held
wait
SH
chmod +x mkngramfs
tool=$MKNGRAMFS
export MKNGRAMFS=$work/mkngramfs
echo '{"text": "cut off' >text/b/zz.jsonl
# A silent machine is noticed after a second, here.
PARALLEL_SSH="ssh -o ServerAliveInterval=1 -o ServerAliveCountMax=3" "$cluster/parallel.sh" >said 2>&1 &
run=$!
wait_for test -s held || fail "host2 builds nothing: $(cat said)"
pull_plug host2
wait $run
is 1 $? "status with a part that cannot be built"
parts=$(ls all.ngram.parts/*.list | wc -l)
[ "$parts" -ge 5 ] || fail "$parts parts are too few for this test"
last=$(printf %05d $((parts - 1)))
grep -q "all.ngram.parts/$last is not built" said && grep -q "^    .*/zz.jsonl:1: " said ||
	fail "does not tell what failed: $(cat said)"
is 1 "$(grep -c 'is not built' said)" "parts that are not built: $(cat said)"
[ ! -e all.ngram ] || fail "an index without one of its parts"
is 2 "$(grep -c " $(cat held)$" ran)" "times that the part of the machine that went away was begun"
is 1 "$(grep -c " $last.ngram$" ran)" "times that bad input was tried"

# ---- mend it, and go on with two machines ----
echo '{"text": "cut off no more"}' >text/b/zz.jsonl
printf '1/%s\n' host1 host3 >hosts
"$cluster/parallel.sh" >said 2>&1 || fail "again: $(cat said)"
export MKNGRAMFS=$tool
build_one --batch-size=64K
same_as_one all.ngram
finish
