#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/cluster/slurm.sh on a cluster of three nodes, all of them on this machine: a task that is
# requeued in its midst goes on, one that cannot be built stops the joining by its name, and what comes of
# it is what one build gives.
. "$(dirname "$0")/lib.sh"
as_root
needs munged slurmctld slurmd sbatch scontrol

# ---- three nodes, and a controller ----
chmod 711 "$work" # munged's socket has to be reached by everybody
mkdir -p munge state spool log
chmod 700 state
(umask 077 && head -c 128 /dev/urandom >key)
serve munge.log munged --foreground --key-file="$work/key" --socket="$work/munge/socket" \
	--pid-file="$work/munge/pid" --log-file="$work/munge/log" --seed-file="$work/munge/seed" --num-threads=10
host=$(hostname -s)
controller=$(free_port)
nodes=(node1 node2 node3)
cat >slurm.conf <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$controller
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool/%n
SlurmctldPidFile=$work/state/slurmctld.pid
SlurmdPidFile=$work/spool/slurmd.%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1
ReturnToService=2
KillWait=5
CONF
for node in "${nodes[@]}"; do
	echo "NodeName=$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$(free_port) CPUs=1 RealMemory=1000"
done >>slurm.conf
echo "PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP" >>slurm.conf
export SLURM_CONF=$work/slurm.conf
wait_for test -S munge/socket || { fail "munged: $(cat munge.log)"; finish; }
serve log/slurmctld slurmctld -D
for node in "${nodes[@]}"; do
	serve "log/$node" slurmd -D -N "$node"
done
idle() {
	[ "$(sinfo -h -N -t idle -o %N | wc -l)" = ${#nodes[@]} ]
}
wait_for idle || { fail "no cluster: $(tail -n 5 log/*)"; finish; }

over() { # JOB: it, and all tasks of its array, have ended
	local states
	states=$(scontrol -o show job "$1" | grep -o ' JobState=[A-Z_]*') || return 1
	! grep -qE 'PENDING|RUNNING|COMPLETING|CONFIGURING|REQUEUED|SUSPENDED' <<<"$states"
}
state() { # JOB
	scontrol -o show job "$1" | grep -o ' JobState=[A-Z_]*' | cut -d = -f 2 | sort -u | tr '\n' ' '
}

# ---- build ----
make_text 9 200000
export TEXT=$work/text INDEX=$work/all.ngram PARTS=7 MEMORY=256M THREADS=1 OPTIONS=--batch-size=64K
# A build that stops in its midst, at its first try, with something finished and something not.
cat >mkngramfs <<SH
#!/bin/bash
restarts=\${SLURM_RESTART_COUNT:-0}
steps=\$(grep -c segment $work/all.ngram.parts/00003.ngram.building/journal 2>/dev/null)
echo "\$SLURMD_NODENAME \${SLURM_ARRAY_TASK_ID:-join} \$restarts \${steps:-0}" >>$work/ran
case "\$restarts \$*" in
"0 "*"-o $work/all.ngram.parts/00003.ngram"*) [ ! -e $work/held ] || exec $MKNGRAMFS "\$@" ;;
*) exec $MKNGRAMFS "\$@" ;;
esac
$MKNGRAMFS "\$@" &
until grep -qs segment $work/all.ngram.parts/00003.ngram.building/journal; do
	kill -0 \$! || exit 1
done
kill -STOP \$! && : >$work/held
wait
SH
chmod +x mkngramfs
tool=$MKNGRAMFS
export MKNGRAMFS=$work/mkngramfs
echo '{"text": "cut off' >text/b/zz.jsonl
said=$("$cluster/slurm.sh") || { fail "slurm.sh"; finish; }
parts=$(ls all.ngram.parts/*.list | wc -l)
[ "$parts" -ge 5 ] || fail "$parts parts are too few for this test"
array=$(grep -oP 'job \K[0-9]+(?= builds)' <<<"$said")
join=$(grep -oP 'job \K[0-9]+(?= joins)' <<<"$said")
wait_for test -e held || fail "part 3 was not begun: $(squeue)"
# Slurm waits two minutes before it runs again what was requeued, unless it is told to.
scontrol requeue "${array}_3" && sleep 1 && scontrol update "JobId=${array}_3" StartTime=now || fail "cannot requeue"
wait_for over "$join" || { fail "the joining does not end: $(squeue)"; finish; }
last=$(printf %05d $((parts - 1)))
is "FAILED " "$(state "$join")" "the joining of parts of which one failed"
[ ! -e all.ngram ] || fail "an index without one of its parts"
grep -q "all.ngram.parts/$last is not built" all.ngram.parts/join.log &&
	grep -q "^    .*/zz.jsonl:1: " all.ngram.parts/join.log ||
	fail "join.log does not tell what failed: $(cat all.ngram.parts/join.log)"
is 1 "$(grep -c 'is not built' all.ngram.parts/join.log)" "parts that are not built"

# What was requeued began with what its first try had finished.
[[ $(grep -oE ' 3 1 [0-9]+$' ran) =~ " 3 1 "[1-9] ]] || fail "what was requeued began anew: $(cat ran)"

# ---- mend it, and go on ----
rm text/b/zz.jsonl
"$cluster/slurm.sh" >said 2>&1 && fail "goes on with other files than it began with: $(cat said)"
grep -q "are not those that" said || fail "says nothing of the files: $(cat said)"
echo '{"text": "cut off no more"}' >text/b/zz.jsonl
: >ran
said=$("$cluster/slurm.sh") || fail "slurm.sh again"
join=$(grep -oP 'job \K[0-9]+(?= joins)' <<<"$said")
wait_for over "$join" || { fail "the joining does not end: $(squeue)"; finish; }
is "COMPLETED " "$(state "$join")" "the joining: $(cat all.ngram.parts/join.log)"
is $((parts + 1)) "$(wc -l <ran)" "times that mkngramfs ran"
[ "$(cut -d ' ' -f 1 ran | sort -u | wc -l)" -gt 1 ] || fail "all on one node: $(cat ran)"

export MKNGRAMFS=$tool
build_one --batch-size=64K
same_as_one all.ngram
stop_servers
finish
