#!/usr/bin/env bats
#
# The memory of a node while net_load.py does its worst, and whether the node
# answers meanwhile. What the bounds are made of: docs/PROTOCOL.md, "What a
# node bears".

load ../integration/helper
load ../integration/node

HERE=$BATS_TEST_DIRNAME

setup() {
	# a sanitizer takes memory of its own
	[ "$(slowness)" = 1 ] || skip "a build for tests takes more memory"
	nodes_begin
	node_init wessex
	nodes_start wessex
}

teardown() {
	[ ! -d "${NODES:-}" ] || nodes_end
}

# large_feed N: records with 700 KB each, so that there is much to ask for.
large_feed() {
	local i

	for ((i = 0; i < $1; i++)); do
		record problem "large-$i"
		head -c 700000 /dev/urandom >"large-$i/data.bin"
	done
	node wessex publish --confirm-role "Sepsis lead" \
		--confirm-reason "random bytes" large-*/ >/dev/null
}

# What a hostile client has to know, and the node of it.
make_play() {
	"$HERE/net_load.py" make play >made
	node wessex peer add 127.0.0.1:1 "$(sed -n 's/^key //p' made)"
	sed -n 's/^feed //p' made | xargs "$WEALD" --home "$NODES/wessex" follow
}

load_node() {
	"$HERE/net_load.py" run "$(cat "$NODES/wessex.address")" \
		"$(cat "$NODES/wessex.key")" play "$(node_pid wessex)" \
		--own "$(cat "$NODES/wessex.id")" \
		--repo "$(node_repo wessex wessex)" "$@"
}

@test "memory stays bounded whatever hostile peers send, and the node answers" {
	record problem meanwhile
	cat >publish <<-EOF
		#!/bin/bash
		set -e
		cp -r meanwhile "meanwhile-\$1"
		"$WEALD" --home "$NODES/wessex" publish "meanwhile-\$1"
	EOF
	chmod +x publish
	large_feed 30
	make_play
	run load_node --publish ./publish
	echo "$output"
	grep -E '^(load|available) ' <<<"$output" | sed 's/^/# /' >&3
	[ "$status" -eq 0 ]
	[ "$(grep -c ' ok$' <<<"$output")" -eq 7 ]
	node_stop wessex
	run -0 node wessex verify
}
