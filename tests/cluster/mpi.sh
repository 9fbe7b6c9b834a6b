#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/cluster/mpi.sh on three machines; and then each machine mounts parts of its own, and
# sum-batches asks them all, over ssh and by sshfs.
. "$(dirname "$0")/hosts.sh"
needs mpirun sshfs

make_text 9 100000
export TEXT=$work/text INDEX=$work/all.ngram PARTS=7 MEMORY=256M THREADS=1
export HOSTS=$work/machines
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_orte_tmpdir_base=$work
# Two processes each; the addresses of another test's namespaces, or of this machine, are not theirs.
printf '%s slots=2\n' "${hosts[@]}" >machines
echo '{"text": "cut off' >text/b/zz.jsonl
"$cluster/mpi.sh" >said 2>&1 && fail "with a part that cannot be built: $(cat said)"
parts=$(ls all.ngram.parts/*.list | wc -l)
[ "$parts" -ge 4 ] || fail "$parts parts are too few for this test"
last=$(printf %05d $((parts - 1)))
grep -q "all.ngram.parts/$last is not built" said && grep -q "^    .*/zz.jsonl:1: " said ||
	fail "does not tell what failed: $(cat said)"
is 1 "$(grep -c 'is not built' said)" "parts that are not built: $(cat said)"
[ ! -e all.ngram ] || fail "an index without one of its parts"
is "${hosts[*]}" "$(cat all.ngram.parts/*.log | grep -o 'host[1-9]' | sort -u | xargs)" "who built"
echo '{"text": "cut off no more"}' >text/b/zz.jsonl
"$cluster/mpi.sh" >said 2>&1 || fail "again: $(cat said)"
build_one

# ---- each machine asks what it has ----
for i in "${!hosts[@]}"; do
	host=${hosts[i]}
	own=()
	for ((part = i; part < parts; part += ${#hosts[@]})); do
		own+=("$(printf "$INDEX.parts/%05d.ngram" $part)")
	done
	mkdir -p "$host"/{batch,files} far/"$host"
	"$MKNGRAMFS" --quiet --join -o "own.$host.ngram" "${own[@]}" || fail "join for $host"
	# What is mounted on a machine is seen there only.
	ssh "$host" "$NGRAMFS $work/own.$host.ngram $work/$host/batch &&
		$NGRAMFS -o nostreams $work/own.$host.ngram $work/$host/files" || fail "mounts on $host"
	[ -z "$(ls "$host/batch")" ] || fail "a mount of $host is here"
	"$cluster/mount-sshfs.sh" "$host:$work/$host/files" "far/$host" || fail "sshfs of $host"
done
attach one.ngram one
python3 - text >queries <<'PYTHON'
import json, pathlib, random, sys
texts = [json.loads(line)["text"] for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.jsonl"))
         for line in open(path, encoding="utf-8")]
random.seed(9)
print("e", "100%", "a/b", "..", ".gitignore", "中文", "no such words", sep="\n")
for _ in range(300):
    text = random.choice(texts)
    at = random.randrange(len(text))
    print(text[at:at + random.randint(1, 40)])
PYTHON
for kind in count df; do
	exec 3<>one/batch/$kind
	cat queries >&3
	cat <&3 >want
	exec 3>&-
	[ "$(awk '$1 > 0' want | wc -l)" -gt 300 ] || fail "few queries occur"
	by_ssh=()
	for i in "${!hosts[@]}"; do
		by_ssh[i]=${hosts[i]}:$work/${hosts[i]}/batch
	done
	"$cluster/sum-batches" --kind=$kind "${by_ssh[@]}" <queries >got || fail "sums by ssh"
	cmp want got || fail "$kind by ssh: $(diff want got | head -n 5)"
	if [ $kind = df ]; then
		# What is frequent has a stream for an answer, which a mount for sshfs refuses.
		refuses "far/host1: e: " "$cluster/sum-batches" --kind=df far/* <queries
		for file in queries want; do
			grep -aE '[^	]{8}$' $file >rare && mv rare $file
		done
		[ "$(wc -l <queries)" -gt 100 ] && [ "$(wc -l <want)" = "$(wc -l <queries)" ] || fail "few queries are rare"
	fi
	"$cluster/sum-batches" --kind=$kind far/* <queries >got || fail "sums by sshfs"
	cmp want got || fail "$kind by sshfs: $(diff want got | head -n 5)"
done
is "$(cat one/count/the)" "$(cat far/*/count/the | awk '{ sum += $1 } END { print sum }')" "a count by sshfs"
# A line that is no query has the reason in place of a number, whichever way.
for mounts in "${by_ssh[*]}" "$(echo far/*)"; do
	# shellcheck disable=SC2086
	printf 'e\n\n' | "$cluster/sum-batches" $mounts >got && fail "status 0 with a line that is no query"
	is "$(cat one/count/e)	e
error: an empty query	" "$(cat got)" "a line that is no query"
done
detach one

# ---- one that goes away is missed, and no sum lacks its part ----
refuses "host3:$work/nothing: only 0 answers" "$cluster/sum-batches" "${by_ssh[0]}" "host3:$work/nothing" <queries
refuses "far: not a mount of an index" "$cluster/sum-batches" far <queries
pull_plug host2
refuses "${by_ssh[1]}: only 0 answers" env SUM_BATCHES_SSH="ssh -o ConnectTimeout=2" \
	"$cluster/sum-batches" "${by_ssh[@]}" <queries
"$cluster/sum-batches" "${by_ssh[0]}" "${by_ssh[2]}" <queries >got || fail "the others answer no more"
for i in "${!hosts[@]}"; do
	umount -l "far/${hosts[i]}"
done
same_as_one all.ngram
finish
