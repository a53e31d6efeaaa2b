#!/usr/bin/env bash
# Installs what running and testing databalancer take and this machine lacks:
#   - MariaDB's server programs: the local servers of `make run` and the tests
#   - MariaDB's client: only the benchmarks compare with it
#   - a C compiler: Go's race detector needs one
# and downloads the Go modules. Where apt-get cannot be used it says what to
# install. It removes no package: a machine with MySQL's server keeps it.
set -euo pipefail

# Distributions put servers where only root's PATH leads.
PATH="$PATH:/usr/sbin:/usr/local/sbin:/usr/libexec:/opt/homebrew/bin"

have() { command -v "$1" >/dev/null 2>&1; }

if ! have go; then
	echo "deps: Go is missing; install the version that go.mod names, or newer, from https://go.dev/dl/" >&2
	exit 1
fi

missing=()
have mariadbd || have mysqld || missing+=(mariadb-server-core)
have mariadb || missing+=(mariadb-client-core)
have gcc || have clang || missing+=(gcc libc6-dev)

as_root=()
if [ "$(id -u)" != 0 ]; then
	as_root=(sudo -n)
fi

install() {
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get install --yes --no-install-recommends --no-remove "$@"
}

can_install() {
	have apt-get && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

advise() {
	cat >&2 <<-TEXT
		deps: this machine lacks: $*
		deps: that is what Debian and Ubuntu call them. Elsewhere:
		deps:   Fedora:  dnf install mariadb-server gcc
		deps:   macOS:   brew install mariadb
		deps: or use servers in containers, and neither make run nor local tests:
		deps:   docker compose up -d && make build && bin/databalancer
		deps:   DATABALANCER_TEST_SHARDS=127.0.0.1:3306,127.0.0.1:3307 make test
	TEXT
}

if [ ${#missing[@]} -gt 0 ]; then
	if ! can_install; then
		advise "${missing[@]}"
		# Given servers will do for the tests.
		[ -n "${DATABALANCER_TEST_SHARDS:-}" ] || exit 1
	else
		echo "deps: installing ${missing[*]}"
		# The package lists may be absent or old.
		install "${missing[@]}" || { "${as_root[@]}" apt-get update && install "${missing[@]}"; } || {
			advise "${missing[@]}"
			exit 1
		}
	fi
fi

go mod download
