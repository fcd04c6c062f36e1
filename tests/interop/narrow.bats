#!/usr/bin/env bats
#
# A node that follows a feed by kind, and peers of another make that
# answer as they like when it asks them for files: net_narrow.py.

bats_require_minimum_version 1.5.0

load ../integration/helper
load ../integration/node

HERE=$BATS_TEST_DIRNAME
# The bound of docs/PROTOCOL.md, "What a node bears", for two peers.
BOUND_KIB=$(((64 + 2 * 6) * 1024))

setup() {
	export PYTHONDONTWRITEBYTECODE=1
	nodes_begin
	node_init wessex
	nodes_start wessex
	"$HERE/net_narrow.py" make play >made
	node wessex peer add 127.0.0.1:1 "$(sed -n 's/^key //p' made)"
	node wessex follow --kind problem "$(sed -n 's/^feed //p' made)"
}

teardown() {
	[ ! -d "${NODES:-}" ] || nodes_end
}

play() {
	run "$HERE/net_narrow.py" "$1" "$(cat "$NODES/wessex.address")" \
		"$(cat "$NODES/wessex.key")" play
	echo "$output"
	[ "$status" -eq 0 ]
}

# has_files N: so many files of that kind are in the node's repository.
has_files() {
	local repo

	repo=$(node_repo wessex play-one)
	[ "$(git -C "$repo" ls-tree -r main:problem | cut -c 13-52 | sort -u |
		GIT_NO_LAZY_FETCH=1 git -C "$repo" cat-file --batch-check |
		grep -c ' blob ')" -eq "$1" ]
}

@test "contents that were not asked for cost a peer its session, no memory" {
	play flood
	[ "${lines[0]}" = "flood flood" ]
	[ "${lines[1]}" = "served 8" ]
	await "$NODE_WAIT_S" has_files 8
	# a sanitizer takes memory of its own
	if [ "$(slowness)" = 1 ]; then
		peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB$/\1/p' \
			"/proc/$(node_pid wessex)/status")
		echo "peak $peak KiB"
		[ "$peak" -le "$BOUND_KIB" ]
	fi
	node_stop wessex
}

@test "files that nobody has do not keep those behind them from coming" {
	play withhold
	[ "${lines[0]}" = "served 52" ]
	[ "${lines[1]}" = "withheld 256" ]
	[ "${lines[2]}" = "served 256" ]
	await "$NODE_WAIT_S" has_files 308
	node_stop wessex
}
