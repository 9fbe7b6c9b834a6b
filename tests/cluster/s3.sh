#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An index in an object store that speaks S3, which here is OpenStack's Swift, read by way of rclone and of
# s3fs; the server is stopped and started again under each.
if [ -z "${IN_NAMESPACE:-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "skipped: for root"; exit 77; }
	command -v swift-proxy-server >/dev/null || { echo "skipped: no Swift here"; exit 77; }
	unshare --mount --net --pid --fork true 2>/dev/null || { echo "skipped: no namespaces"; exit 77; }
	# Whatever Swift starts ends with its namespace of processes.
	IN_NAMESPACE=1 exec unshare --mount --net --pid --fork --kill-child --mount-proc "$BASH" "$0"
fi
. "$(dirname "$0")/../lib/own_mounts.sh"
. "$(dirname "$0")/lib.sh"
needs ip rclone s3fs memcached swift-ring-builder swift-account-server swift-container-server swift-object-server
ip link set lo up
# Whoever runs this may have the keys or the proxy of another store in the environment.
for variable in ${!AWS_*} http_proxy HTTP_PROXY all_proxy ALL_PROXY; do
	unset "$variable"
done

# ---- the store ----
mkdir etc node remote cache
printf '[swift-hash]\nswift_hash_path_suffix = test\n[storage-policy:0]\nname = one\ndefault = yes\n' >etc/swift.conf
mount --bind etc /etc/swift || skip "no /etc/swift of its own"
for server in account:6202 container:6201 object:6200; do
	port=${server#*:} server=${server%:*}
	cat >etc/$server-server.conf <<CONF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $port
user = root
workers = 0
devices = $work/node
mount_check = false
fallocate_reserve = 0
[pipeline:main]
pipeline = $server-server
[app:$server-server]
use = egg:swift#$server
CONF
	mkdir -p node/disk
	for command in "create 4 1 0" "add r1z1-127.0.0.1:$port/disk 1" rebalance; do
		# shellcheck disable=SC2086
		swift-ring-builder etc/$server.builder $command >>ring.log 2>&1 || { fail "ring: $(cat ring.log)"; finish; }
	done
done
cat >etc/proxy-server.conf <<CONF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = 8080
user = root
workers = 0
[pipeline:main]
pipeline = catch_errors gatekeeper cache s3api tempauth proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:11211
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
CONF
serve memcached.log memcached -u root -l 127.0.0.1
for server in account container object; do
	serve $server.log swift-$server-server etc/$server-server.conf -v
done
cat >start-proxy <<SH
swift-proxy-server $work/etc/proxy-server.conf -v >>$work/proxy.log 2>&1 </dev/null &
echo \$! >$work/proxy.pid
until (exec 3<>/dev/tcp/127.0.0.1/8080) 2>/dev/null; do sleep 0.1; done
SH
bash start-proxy
at_end() {
	kill "$(cat proxy.pid)" 2>/dev/null
}
for port in 6200 6201 6202; do
	wait_for listens $port || { fail "no store: $(tail -n 3 ./*.log)"; finish; }
done

# ---- an index in it ----
make_text 4 "$([ -n "${NG_TEST_BRIEF:-}" ] && echo 3000000 || echo 5000000)"
build_one
export RCLONE_CONFIG=$work/rclone.conf HOME=$work
cat >rclone.conf <<CONF
[store]
type = s3
provider = Other
access_key_id = test:tester
secret_access_key = testing
endpoint = http://127.0.0.1:8080
region = us-east-1
CONF
rclone mkdir store:corpus && rclone copy one.ngram store:corpus/one.ngram || { fail "no index there"; finish; }
export AWSACCESSKEYID=test:tester AWSSECRETACCESSKEY=testing

stopped() { # NAME: the index in remote/
	attach remote/one.ngram mnt
	python3 "$here/stopped.py" "$1" mnt text "kill -9 $(cat proxy.pid)" "bash start-proxy" ||
		fail "a server that was stopped, by $1"
	detach mnt "cannot be read"
	umount -l remote
}
"$cluster/mount-rclone.sh" store:corpus remote || { fail "mount-rclone.sh"; finish; }
stopped "rclone, S3"
# s3fs keeps what it fetched, 5 MB at a time: of an index as small as this one, soon all.
s3fs_mount() {
	"$cluster/mount-s3fs.sh" corpus remote cache -o url=http://127.0.0.1:8080,use_path_request_style
}
s3fs_mount || { fail "mount-s3fs.sh"; finish; }
NG_TEST_CACHED=1 stopped "s3fs"
# So it is stopped before anything is read, too: an index that isn't to be had, and then is.
rm -rf cache
s3fs_mount || { fail "mount-s3fs.sh"; finish; }
# It looks at the bucket once it is in the background, and ends if there is none.
wait_for test -e remote/one.ngram/shard-00000.ngs || fail "s3fs shows nothing"
kill -9 "$(cat proxy.pid)"
mkdir -p mnt
refuses "ngramfs: remote/one.ngram" "$NGRAMFS" remote/one.ngram mnt
bash start-proxy
wait_for test -s remote/one.ngram/index.json || fail "s3fs doesn't find the index again"
attach remote/one.ngram mnt
attach one.ngram one
for query in e tea 'the no such words' 100%; do
	is "$(cat "one/count/${query/\%/%25}")" "$(cat "mnt/count/${query/\%/%25}")" "by s3fs: $query"
done
detach one
detach mnt
umount -l remote
finish
