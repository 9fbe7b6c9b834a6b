#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The packages of other systems, made here of what HEAD holds, without their tools for clean rooms: by rpmbuild
# with the macros that the spec needs, and by a few lines in place of makepkg. It shows that what they run works
# with this tree, and that what is installed is what they list; not that the names of what they depend on are right.
set -euo pipefail
export LC_ALL=C.UTF-8

usage() {
	cat <<'TEXT'
usage: tests/install/foreign.sh [fedora] [arch]

Builds each, in minutes, in DIR (environment; by default a temporary directory, which is removed). TESTS=yes runs
the unit tests, too, as the packages do. With --check it only looks whether both can be read, in a second.
TEXT
}

top=$(cd "$(dirname "$0")/../.." && pwd)
spec=$top/examples/packaging/fedora/ngramfs.spec
pkgbuild=$top/examples/packaging/arch/PKGBUILD
version=$(sed -n "s/.*version: *'\([0-9.]*\)'.*/\1/p" "$top/meson.build" | head -n 1)

# Of the page, what it doesn't do without.
web=(/usr/bin/ngramfs-web man1/ngramfs-web.1 /usr/share/ngramfs/web/{run.sh,nginx.conf,stream.py,index.html,app.js} /usr/share/ngramfs/api/api)

fail() {
	echo "foreign.sh: $*" >&2
	exit 1
}

# A value of a file of another language is read by that language.
check() {
	bash -n "$pkgbuild" || fail "PKGBUILD"
	[ "$(bash -c '. "$1"; echo "$pkgname $pkgver ${#source[@]} ${#sha256sums[@]}"; declare -F build check package | xargs' - "$pkgbuild")" = \
		"ngramfs $version 1 1
build check package" ] || fail "PKGBUILD: its version isn't $version, or something is missing"
	command -v rpmspec >/dev/null || { echo "no rpmspec: the spec isn't looked at"; return; }
	rpmspec --load="$top/tests/install/fedora.macros" -P "$spec" >/dev/null || fail "the spec"
	[ "$(rpmspec --load="$top/tests/install/fedora.macros" -q --qf '%{name} %{version}\n' "$spec" | sort -u | xargs)" = \
		"ngramfs $version ngramfs-web $version python3-ngramfs $version" ] || fail "the spec: packages, or a version that isn't $version"
	# What is left of a macro that isn't defined would be run by the shell.
	! rpmspec --load="$top/tests/install/fedora.macros" -P "$spec" | grep '%{\|%[a-z_]*meson' || fail "the spec: unknown macros"
}

source_of() { # DIR
	# What another run has left there would be looked at, too.
	rm -rf "${1%/SOURCES}/pkg" "${1%/SOURCES}/RPMS"
	mkdir -p "$1"
	git -C "$top" archive --prefix="ngramfs-$version/" HEAD | xz -T0 -1 >"$1/ngramfs-$version.tar.xz"
}

fedora() { # DIR
	source_of "$1/SOURCES"
	local with=(--load="$top/tests/install/fedora.macros" --define "_topdir $1" --nodeps)
	rpmbuild "${with[@]}" -bs --quiet "$spec"
	# Most of a whole build is that of the tests.
	[ "${TESTS:-}" = yes ] || with+=(--nocheck --define "meson_more -Dtests=false")
	rpmbuild "${with[@]}" -bb "$spec" >"$1/log" 2>&1 ||
		fail "rpmbuild: $(tail -n 20 "$1/log")"
	for package in "$1"/RPMS/*/*.rpm; do
		echo "== ${package##*/}"
		rpm -qp --requires "$package" | grep -v '^rpmlib\|^lib\|^rtld' | sed 's/^/needs /'
		rpm -qpl "$package"
	done >"$1/contents"
	holds "$1/contents" python3.99/site-packages/ngramfs.py python3.99/site-packages/__pycache__/ngramfs. ngramfs@.service "${web[@]}"
	# Those of the page are its own.
	! sed '/^== ngramfs-web/,/^== /d' "$1/contents" | grep '^needs .*bin/' | grep -v '/bin/sh$' || fail "examples make it need other programs"
}

# In place of makepkg: the functions, one after another, in a directory with the sources.
arch() { # DIR
	local step steps=(build package) plain=' -D tests=false'
	[ "${TESTS:-}" != yes ] || steps=(build check package) plain=
	source_of "$1"
	tar -C "$1" -xf "$1/ngramfs-$version.tar.xz"
	mkdir -p "$1/bin" "$1/pkg"
	printf '#!/bin/sh\nexec meson setup --prefix /usr --libexecdir lib --sbindir bin --buildtype plain %s "$@"\n' \
		"--auto-features enabled --wrap-mode nodownload -D b_pie=true$plain" >"$1/bin/arch-meson"
	# It is only asked where modules are.
	printf '#!/bin/sh\necho /usr/lib/python3.99/site-packages\n' >"$1/bin/python"
	chmod +x "$1"/bin/*
	for step in "${steps[@]}"; do
		(cd "$1" && PATH=$1/bin:$PATH srcdir=$1 pkgdir=$1/pkg bash -euc '. "$1"; "$2"' - "$pkgbuild" "$step") >"$1/log" 2>&1 ||
			fail "PKGBUILD, $step: $(tail -n 20 "$1/log")"
	done
	(cd "$1/pkg" && find . ! -type d | sed 's/^\.//' | sort) >"$1/contents"
	holds "$1/contents" /usr/lib/python3.99/site-packages/ngramfs.py /usr/share/licenses/ngramfs/LICENSE /usr/lib/systemd/system/ngramfs@.service "${web[@]}"
	! grep -v '^/usr/' "$1/contents" || fail "something is outside /usr"
}

holds() { # LIST NAME...
	local name
	for name in /usr/bin/mkngramfs /usr/bin/ngramfs /usr/bin/ngramfsck man1/ngramfs.1 man7/ngramfs-queries.7 man5/ngramfs-index.5 \
		zsh/site-functions/_ngramfs bash-completion/completions/ngramfs "${@:2}"; do
		grep -q -F -e "$name" "$1" || fail "$name isn't in it: $(cat "$1")"
	done
}

case ${1:-} in
-h | --help)
	usage
	exit 0
	;;
--check)
	check
	exit 0
	;;
esac
[ $# -gt 0 ] || set -- fedora arch
dir=$(realpath -m "${DIR:-$(mktemp -d)}")
[ -n "${DIR:-}" ] || trap 'rm -rf "$dir"' EXIT
check
for system; do
	case $system in
	fedora | arch)
		"$system" "$dir/$system"
		echo "$system: $(grep -c '^/' "$dir/$system/contents") files"
		;;
	*)
		usage >&2
		exit 2
		;;
	esac
done
