#!/usr/bin/env bash
# tidb.sh start|setup|stop COMMAND...
#
# Starts a TiDB for development, prepares it for databalancer, stops it. With a
# container engine that is what COMMAND does. Without one, or with
# TIDB_DATA set, it is done with the program that TIDB_SERVER names: one
# process with the store in it, its data and its pid in the folder TIDB_DATA
# (default: data/tidb), SQL on the loopback interface at TIDB_PORT (default:
# 4000). The setup needs MySQL's or MariaDB's client.
set -euo pipefail

action=$1
shift
data=${TIDB_DATA:-data/tidb}
port=${TIDB_PORT:-4000}

have() { command -v "$1" >/dev/null 2>&1; }
answers() { (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null; }

if [ -z "${TIDB_SERVER:-}" ] || { [ -z "${TIDB_DATA:-}" ] && have docker && docker info >/dev/null 2>&1; }; then
	exec "$@"
fi

# running reports whether the process that this script started is still there:
# its number may be another program's by now.
running() {
	[ -f "$data/pid" ] && [ "$(ps -o args= -p "$(cat "$data/pid")" 2>/dev/null)" = "$(cat "$data/args")" ]
}

start() {
	if running; then
		echo "TiDB runs already, with pid $(cat "$data/pid")"
		return
	fi
	if answers; then
		echo "tidb: something else listens on port $port; choose another as TIDB_PORT" >&2
		exit 1
	fi
	mkdir -p "$data"
	local command=("$TIDB_SERVER" -store unistore -path "$data/store" -host 127.0.0.1 -P "$port"
		-status "$((port + 10000))" -log-file "$data/log")
	setsid "${command[@]}" >"$data/out" 2>&1 </dev/null &
	echo $! >"$data/pid"
	echo "${command[*]}" >"$data/args"
	wait_for
	echo "TiDB runs on 127.0.0.1:$port, with pid $(cat "$data/pid")"
}

# wait_for waits until the server answers, for a minute.
wait_for() {
	for _ in $(seq 240); do
		answers && return
		sleep 0.25
		running || break
	done
	echo "tidb: it does not answer on port $port; see $data/out and $data/log" >&2
	exit 1
}

# setup runs the statements of the containers' setup.
setup() {
	local client=mysql
	have mysql || client=mariadb
	wait_for
	sed -n '/--execute/,/^$/p' docker-compose.tidb.yml | grep -E '^ +(CREATE|GRANT) ' |
		"$client" --host=127.0.0.1 --port="$port" --user=root
}

stop() {
	if ! running; then
		echo "TiDB does not run"
		return
	fi
	local pid
	pid=$(cat "$data/pid")
	kill "$pid"
	for _ in $(seq 120); do
		running || break
		sleep 0.25
	done
	if running; then
		echo "tidb: pid $pid does not end" >&2
		exit 1
	fi
	rm -f "$data/pid" "$data/args"
}

case $action in
start | setup | stop) "$action" ;;
*)
	echo "usage: tidb.sh start|setup|stop COMMAND..." >&2
	exit 2
	;;
esac
