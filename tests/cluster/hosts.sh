# SPDX-License-Identifier: Apache-2.0
# Three machines, host1 to host3: each a network namespace with an address, a name and an sshd of its own,
# on the one disk of this machine as if it were shared. Sourced instead of lib.sh, which it sources; it runs
# the test again in namespaces of mounts and of the network, so that nothing of them is left.
# shellcheck shell=bash
if [ -z "${IN_HOSTS:-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "skipped: for root"; exit 77; }
	unshare --mount --net true 2>/dev/null || { echo "skipped: no namespaces"; exit 77; }
	IN_HOSTS=1 exec unshare --mount --net "$BASH" "$0"
fi
. "$(dirname "$0")/../lib/own_mounts.sh"
. "$(dirname "$0")/lib.sh"
needs ip /usr/sbin/sshd ssh ssh-keygen

hosts=(host1 host2 host3)
mount -t tmpfs none /run && mkdir /run/sshd || skip "no /run of its own"
ip link set lo up
ip link add name hub type bridge 2>/dev/null || skip "no network bridge"
ip address add 10.77.0.254/24 dev hub
ip link set hub up

# Keys, and what ssh and sshd read, of the test's own.
mkdir ssh
chmod 700 ssh
ssh-keygen -q -t ed25519 -N '' -f ssh/key
ssh-keygen -q -t ed25519 -N '' -f ssh/host
cp ssh/key.pub ssh/authorized
cat >ssh/sshd_config <<CONF
HostKey $work/ssh/host
AuthorizedKeysFile $work/ssh/authorized
StrictModes no
PermitRootLogin yes
UsePAM no
PidFile none
MaxStartups 100
Subsystem sftp internal-sftp
CONF
cat >ssh/config <<CONF
Host host*
    User root
    IdentityFile $work/ssh/key
    UserKnownHostsFile $work/ssh/known
    LogLevel ERROR
CONF
{
	echo 127.0.0.1 localhost "$(hostname)"
	for i in "${!hosts[@]}"; do
		echo "10.77.0.$((i + 1)) ${hosts[i]}"
	done
} >etc-hosts
mount --bind etc-hosts /etc/hosts && mount --bind ssh/config /etc/ssh/ssh_config || skip "no bind mounts"

for i in "${!hosts[@]}"; do
	host=${hosts[i]}
	ip netns add "$host" || { fail "ip netns add"; finish; }
	ip link add "$host" type veth peer name eth0 netns "$host"
	ip link set "$host" master hub up
	ip -n "$host" address add "10.77.0.$((i + 1))/24" dev eth0
	ip -n "$host" link set eth0 up
	ip -n "$host" link set lo up
	echo "$host $(cat ssh/host.pub)" >>ssh/known
	serve "sshd.$host" ip netns exec "$host" unshare --uts sh -c "hostname $host; exec /usr/sbin/sshd -D -e -f $work/ssh/sshd_config"
done
at_end() {
	local host
	for host in "${hosts[@]}"; do
		ip netns pids "$host" | xargs -r kill -9
	done
}
for host in "${hosts[@]}"; do
	wait_for ssh "$host" true || { fail "no ssh to $host: $(cat "sshd.$host")"; finish; }
	is "$host" "$(ssh "$host" hostname)" "a machine's name"
done

# As if its plug had been pulled: it is silent, and then all that ran on it is no more.
pull_plug() { # HOST
	ip link set "$1" down
	ip netns pids "$1" | xargs -r kill -9
}
