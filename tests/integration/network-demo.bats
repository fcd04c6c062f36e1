#!/usr/bin/env bats
#
# scripts/demo: 15 regions from nothing, and nothing left of them.

load helper
load node

setup() {
	nodes_begin
	# where its folder is made
	export TMPDIR=$BATS_TEST_TMPDIR/t
	mkdir "$TMPDIR"
	export WEALD
}

teardown() {
	nodes_end
}

# Neither a folder nor a process of the demo is there.
nothing_left() {
	[ -z "$(ls "$TMPDIR")" ] && ! pgrep -f -- "--home $TMPDIR/" >/dev/null
}

@test "the demo: all records arrive everywhere, all heads are the same" {
	run -0 "$ROOT/scripts/demo" --once
	[ "${lines[-1]}" = "all arrived" ]
	[ "$(grep -c 'the same in all 15' <<<"$output")" -eq 15 ]
	[ "$(grep -c ' 15/15 ' <<<"$output")" -ge 10 ]
	[ "$(grep -c ' 14/15 ' <<<"$output")" -ge 1 ]
	[ "$(grep -c 'Good "git" signature' <<<"$output")" -eq 2 ]
	nothing_left
}

@test "the demo leaves nothing behind when it is stopped halfway" {
	"$ROOT/scripts/demo" >said 2>&1 3>&- &
	demo=$!
	await "$NODE_WAIT_S" grep -q invitations said
	kill "$demo"
	status=0
	wait "$demo" || status=$?
	[ "$status" -eq 0 ]
	nothing_left
}
