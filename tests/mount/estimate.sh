#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mkngramfs --estimate beside the build that it is about, and what it says of awkward input.
# MKNGRAMFS: the tool. Exit status: 0 passed, 1 failed, 77 skipped.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# estimate ARGUMENT...: what it says is in out and err, and nothing else is left
estimate() {
	local before after
	before=$(ls -A . tmp)
	TMPDIR=$work/tmp "$MKNGRAMFS" --estimate "$@" >out 2>err </dev/null || return 1
	after=$(ls -A . tmp)
	is "$before" "$after" "what --estimate leaves"
}

says() { # TEXT FILE
	grep -qF -e "$1" "$2" || fail "it should say '$1': $(cat "$2")"
}

mkdir tmp in
: >out
: >err

# ---- many compressed files, merged from batches, beside what that takes ----
python3 - <<'PYTHON'
import gzip, json, random
random.seed(3)
words = [''.join(random.choices('etaoinshrdlu', k=random.randint(2, 9))) for _ in range(4000)]
weights = [1 / (i + 1) for i in range(4000)]
for n in range(20):
    with gzip.open(f'in/{n:02}.jsonl.gz', 'wt', 1) as f:
        text = random.choices(words, weights, k=20000)
        for i in range(0, 20000, 200):
            print(json.dumps({'text': ' '.join(text[i:i + 200]), 'year': 1900 + n}), file=f)
PYTHON
build_options=(--memory=256M --threads=2 --batch-size=512K --text-store)
estimate --progress=json -o i.ngram "${build_options[@]}" in || fail "--estimate: $(cat err)"
cat >peak.py <<'PYTHON'
# Run a build, and tell its summary, and the peak of its files, named and not.
import json, os, subprocess, sys
out, command = sys.argv[1], sys.argv[2:]
peak, status = 0, None
with subprocess.Popen(command, stderr=subprocess.PIPE) as p:
    while status is None:
        files = {}
        for where in (out + '.building', out, f'/proc/{p.pid}/fd'):
            try:
                names = os.listdir(where)
            except OSError:
                continue
            for name in names:
                try:
                    st = os.stat(os.path.join(where, name))
                except OSError:
                    continue
                # By descriptor, only what has no name.
                if '/fd' not in where or not st.st_nlink:
                    files[st.st_dev, st.st_ino] = st.st_blocks * 512
        peak = max(peak, sum(files.values()))
        try:
            status = p.wait(0.003)
        except subprocess.TimeoutExpired:
            pass
    last = p.stderr.read().decode().splitlines()[-1]
print(json.dumps(json.loads(last) | {'peak_disk_bytes': peak}))
sys.exit(status)
PYTHON
python3 peak.py i.ngram "$MKNGRAMFS" --progress=json -o i.ngram "${build_options[@]}" in >built ||
	fail "the build: $(cat built)"
python3 - out built <<'PYTHON' || fail "the estimate and the build: $(cat out built)"
import json, sys
said, built = (json.load(open(name)) for name in sys.argv[1:])
def near(name, was, percent):
    low, likely, high = said[name]
    assert low <= likely <= high, name
    assert abs(likely - was) <= was * percent / 100, (name, likely, was)
assert said['files'] == 20 and said['sample_is_all'] and said['shards'] == 1
assert said['batches'] >= built['text_bytes'] // (512 << 10)
near('text_bytes', built['text_bytes'], 0)
near('documents', built['documents'], 0)
near('index_bytes', built['index_bytes'], 2)
# The peak is looked for now and then, and may be missed by a little.
peak = built['peak_disk_bytes']
assert peak <= said['disk_bytes'][2] * 1.15 and peak >= said['disk_bytes'][0] * 0.85, peak
assert said['memory_bytes'][2] <= 256 << 20 and said['seconds'][1] > 0
PYTHON
rm -rf i.ngram built peak.py

# ---- for people ----
estimate -o x/y.ngram --tmp=tmp in/00.jsonl.gz || fail "--estimate of one file: $(cat err)"
for text in "files                1, " "read                 all of them" "documents                     100" \
	"index  " "time  " "peak memory  " "disk, beside it" "disk, temporary" "free in tmp: "; do
	says "$text" out
done
is "" "$(cat err)" "what one good file makes it say"
# Without an index named nothing is said of where it would be.
estimate -q in/00.jsonl.gz && says "disk meanwhile" out
! grep -q "free in" out || fail "free in what was not named"

# ---- awkward input ----
: >empty.txt
printf '{"text": "one"}\n{bad\n{"text": "two"}\n{"no": 1}\n' >bad.jsonl
printf '{bad\n' >worse.jsonl
mkfifo fifo
mkdir nothing bins
printf 'a\0b' >bins/one
echo text >bins/two
estimate empty.txt && says "read                 all of them: 0 bytes of text" out
estimate bad.jsonl && says "bad input, which ends a build without --skip-bad=FILE, 2 lines or files: bad.jsonl:2: " err
estimate --skip-bad=bad bad.jsonl && says "bad input is left out, 2 lines or files: bad.jsonl:2: " err
estimate bins && says "binary files are passed over: 1" err
refuses "bad input: worse.jsonl:1: " "$MKNGRAMFS" --estimate --format=jsonl worse.jsonl
refuses "into a file" "$MKNGRAMFS" --estimate - </dev/null
refuses "into a file" "$MKNGRAMFS" --estimate fifo
refuses "no document in the sources" "$MKNGRAMFS" --estimate nothing
refuses "nowhere: No such file" "$MKNGRAMFS" --estimate nowhere
refuses "see --tmp" "$MKNGRAMFS" --estimate --tmp=nowhere in/00.jsonl.gz
refuses "no SOURCE" "$MKNGRAMFS" --estimate
estimate --allow-empty nothing && says "documents                       0" out
for option in --append --merge --join --remove --resume; do
	refuses "--estimate is of an index that is made from its beginning" "$MKNGRAMFS" --estimate $option in
done

# Nothing is left where there is no room either.
mkdir full
if mount -t tmpfs -o size=64K none full 2>/dev/null; then
	refuses "name another place (--tmp)" "$MKNGRAMFS" --estimate --tmp=full in
	is "" "$(ls -A full)" "what is left without room"
	umount full
fi

# It is interrupted as a build is.
TMPDIR=$work/tmp "$MKNGRAMFS" --estimate --text-store in >out 2>err &
trial_begins() { compgen -G 'tmp/mkngramfs-estimate-*/index.building' >/dev/null; }
wait_for trial_begins
kill -TERM $!
wait $! && fail "it was not interrupted"
is "" "$(ls -A tmp)" "what an interrupted one leaves"
finish
