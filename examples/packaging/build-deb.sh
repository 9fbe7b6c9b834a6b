#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Build the Debian package, have lintian check it, and, if asked to, try it on this system.
set -euo pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

usage() {
	cat <<'TEXT'
usage: examples/packaging/build-deb.sh [--try] [DIR]

Installs the packages that are missing (as examples/quickstart.sh --install does), builds
ngramfs_VERSION_ARCH.deb, and python3-ngramfs and ngramfs-web for all architectures, in DIR (by default
build-deb/ at the top), with the unit tests unless DEB_BUILD_OPTIONS has nocheck, and has lintian check
them: errors and warnings are failures.

  --try       then install them, run examples/quickstart.sh with the programs installed, ask the page for
              a count, and purge them again: nothing of them may be left. As root, where ngramfs isn't
              installed.
  -h, --help  print this
TEXT
}

fail() {
	echo "build-deb: $*" >&2
	exit 1
}

top=$(cd "$(dirname "$0")/../.." && pwd)
try=false
case ${1:-} in
--try)
	try=true
	shift
	;;
-h | --help)
	usage
	exit 0
	;;
-*)
	usage >&2
	exit 2
	;;
esac
if $try; then
	[ "$(id -u)" = 0 ] || fail "--try is for root"
	[ -z "$(dpkg-query -W -f '${db:Status-Status}' ngramfs 2>/dev/null)" ] ||
		fail "--try removes ngramfs at its end, and it is installed here"
fi
dir=$(realpath -m "${1:-$top/build-deb}")

# ---- build ----
"$top/examples/quickstart.sh" --install build-essential debhelper dh-python dpkg-dev lintian mandoc nginx-light python3
# debian/ has to stand at the top of what dpkg-buildpackage builds: of a copy.
tree=$dir/ngramfs
rm -rf "$tree" "$dir"/{,python3-}ngramfs{,-dbgsym,-web}_*.{deb,changes,buildinfo}
mkdir -p "$tree"
cp -R "$top"/{engine,examples,fs,tests,LICENSE,README.md,meson.build,meson_options.txt} "$tree"
cp -R "$top/examples/packaging/debian" "$tree"
version=$(cd "$tree" && dpkg-parsechangelog -S Version)
grep -q "^  version: '$version',$" "$tree/meson.build" ||
	fail "meson.build and debian/changelog don't agree on the version"
(cd "$tree" && dpkg-buildpackage -us -uc -b) >"$dir/build.log" 2>&1 || {
	cat "$dir/build.log"
	fail "dpkg-buildpackage failed"
}
deb=$(echo "$dir/ngramfs_$version"_*.deb)
debs=("$deb" "$dir"/{python3-ngramfs,ngramfs-web}_"${version}_all.deb")
printf 'built %s\n' "${debs[@]}"

# ---- check ----
# It runs as root where the build does, which lintian would rather not.
said=$(lintian --allow-root --fail-on error,warning "$dir"/*.changes 2>&1) || fail "lintian: $said"
echo "lintian: ${said:-nothing to say}"
$try || exit 0

# ---- try ----
remains() {
	local path
	for path in $(<"$dir/contents"); do
		# What others use, such as /usr, stays.
		[[ $path == *ngram* ]] && [ -e "$path" ] && echo "$path"
	done
	find /etc /lib/systemd /usr /var/lib /var/log /mnt -xdev -iname '*ngramfs*' \
		-not -path "$top/*" -not -path "$dir/*" 2>/dev/null
	dpkg-query -W -f '${Package} ${db:Status-Status}\n' ngramfs python3-ngramfs ngramfs-web 2>/dev/null
	return 0
}

for file in "${debs[@]}"; do
	dpkg-deb --fsys-tarfile "$file" | tar -t | sed 's,^\.,,'
done >"$dir/contents"
before=$(remains)
purge() {
	dpkg --purge ngramfs-web python3-ngramfs ngramfs >/dev/null
}
trap purge EXIT
dpkg -i "${debs[@]}" >/dev/null
echo "installed: $(ngramfs --version | head -n 1)"
(cd / && python3 -c 'import ngramfs; ngramfs.Mount') || fail "import ngramfs"
for page in mkngramfs.1 ngramfs.1 ngramfsck.1 ngramfs-web.1 ngramfs-index.5 ngramfs-cluster.7 ngramfs-examples.7 ngramfs-queries.7; do
	grep -qx "/usr/share/man/man${page##*.}/$page.gz" "$dir/contents" || fail "no page $page"
done

# The quickstart looks for programs in a build directory first; this one has none, and nothing to
# build, so that those of the package answer.
mkdir -p "$dir/none"
printf 'build %s: phony\n' engine/mkngramfs fs/ngramfs >"$dir/none/build.ninja"
BUILD=$dir/none "$top/examples/quickstart.sh" --size 8 >"$dir/quickstart.log" || {
	cat "$dir/quickstart.log"
	fail "the quickstart failed"
}
grep -A 2 'cat .mnt/count/free software' "$dir/quickstart.log"

# The page, with the index of a text whose counts are known.
printf 'one fish\ntwo fish\n' >"$dir/fish.txt"
mkngramfs --quiet --force -o "$dir/fish.ngram" --format=lines "$dir/fish.txt"
(cd / && exec ngramfs-web --api "$dir/fish.ngram") >"$dir/web.log" 2>&1 &
web=$!
trap 'kill $web; wait $web || :; purge' EXIT
for _ in {1..300}; do
	address=$(grep -o 'http://127[^ ]*[0-9]' "$dir/web.log" | head -n 1) && break
	kill -0 $web 2>/dev/null || fail "ngramfs-web: $(<"$dir/web.log")"
	sleep 0.1
done
ask() { python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], *map(str.encode, sys.argv[2:])).read().decode())' "$@"; }
[ "$(ask "$address/count/fish")" = 2 ] || fail "the page's count of fish"
[[ $(ask "$address/") = *'<script'* ]] || fail "the page"
[[ $(ask "$address/" '{"index": "fish", "query_type": "count", "query": "fish"}') =~ '"count":'\ *2 ]] || fail "the API's count of fish"
echo "ngramfs-web: 2 fish at $address"
kill $web
wait $web || :

trap - EXIT
purge
left=$(comm -13 <(sort <<<"$before") <(remains | sort))
[ -z "$left" ] || fail "left behind: $left"
echo "purged: nothing is left"
