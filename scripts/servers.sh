#!/usr/bin/env bash
# servers.sh mysql|mariadb
#
# Prints the path of a server program of the series that the tests want, which
# they take as DATABALANCER_TEST_SERVER. The packages of Debian's archive, with
# all that they need, are unpacked into a cache folder: nothing is installed, no
# root is needed, and the machine's own servers are left alone. A newer series
# than the one wanted is used, and said.
#
# Environment:
#   DATABALANCER_TEST_MYSQL, _MARIADB  a program that is there already
#   DATABALANCER_SERVERS               the cache folder, instead of
#                                      databalancer/servers below XDG_CACHE_HOME
#   DEBIAN_MIRROR                      instead of http://deb.debian.org/debian
set -euo pipefail

say() { echo "servers: $*" >&2; }

die() {
	say "$@"
	say "or name a program of your own: $named=/path/of/$program"
	exit 1
}

case ${1:-} in
mysql) series=9.7 suite=sid package=mysql-server-core program=mysqld named=DATABALANCER_TEST_MYSQL ;;
mariadb) series=11.8 suite=trixie package=mariadb-server-core program=mariadbd named=DATABALANCER_TEST_MARIADB ;;
*)
	say "which: mysql or mariadb?"
	exit 2
	;;
esac
cache=${DATABALANCER_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/databalancer/servers}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# download FOLDER: the packages, by an apt that knows of nothing installed.
download() {
	local apt=$1
	mkdir -p "$apt"/{sources,state,lists/partial,cache/archives/partial}
	: >"$apt/state/status"
	echo "deb [signed-by=$keyring] $mirror $suite main" >"$apt/sources/debian.list"
	local options=(
		-q --yes --no-install-recommends
		-o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$apt/sources"
		-o "Dir::State=$apt/state" -o "Dir::State::lists=$apt/lists" -o "Dir::State::status=$apt/state/status"
		-o "Dir::Cache=$apt/cache" -o "Debug::NoLocking=1" -o "APT::Sandbox::User=root"
	)
	apt-get "${options[@]}" update >&2 && apt-get "${options[@]}" --download-only install "$package" >&2
}

# starter ROOT FILE: a script that runs the unpacked program with its own
# libraries and files, and otherwise takes what the program takes.
starter() {
	local root=$1 lib share=$1/usr/share/${package%%-*}
	lib=$root/usr/lib/$(uname -m)-linux-gnu
	cat >"$2" <<-SCRIPT
		#!/bin/sh
		[ "\${1:-}" != --no-defaults ] || shift # passed below: it must come first, and once
		exec $(echo "$lib"/ld-linux-*.so.*) --library-path $lib:$root/usr/lib/mysql/private \\
			$root/usr/sbin/$program --no-defaults --basedir=$root/usr --lc-messages-dir=$share \\
			--character-sets-dir=$share/charsets --plugin-dir=$root/usr/lib/mysql/plugin "\$@"
	SCRIPT
	chmod +x "$2"
}

# unpack FOLDER: makes FOLDER/program, and FOLDER only when it is whole.
unpack() {
	for tool in apt-get dpkg-deb; do
		command -v "$tool" >/dev/null || die "this machine has no $tool to unpack Debian's packages with"
	done
	[ -r "$keyring" ] || die "Debian's keys are missing (apt-get install debian-archive-keyring)"
	mkdir -p "$cache"
	unfinished=$(mktemp -d "$cache/unfinished.XXXXXX")
	trap 'rm -rf "$unfinished"' EXIT
	say "unpacking $package of Debian $suite into $1"
	download "$unfinished/apt" || die "$package can't be had from $mirror"
	for deb in "$unfinished"/apt/cache/archives/*.deb; do
		dpkg-deb -x "$deb" "$unfinished/root"
	done
	rm -rf "$unfinished/apt"
	starter "$1/root" "$unfinished/$program"
	mv -T "$unfinished" "$1" 2>/dev/null || [ -x "$1/$program" ] # another process may have been first
}

path=${!named:-}
if [ -z "$path" ]; then
	path=$cache/$1/$program
	[ -x "$path" ] || unpack "$cache/$1"
fi
version=$("$path" -V | sed -nE 's/.* Ver ([0-9]+\.[0-9]+)\.[0-9]+.*/\1/p')
[ -n "$version" ] || die "$path does not say its version"
if [ "$(printf '%s\n' "$series" "$version" | sort -V | head -1)" != "$series" ]; then
	die "$path is of the series $version, and $series or newer is wanted"
fi
[ "$version" = "$series" ] || say "NOTE: $path is of the series $version, newer than $series"
echo "$path"
