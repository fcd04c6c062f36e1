#!/usr/bin/env bats
#
# The own-feed guard, and what is done where a key was used twice in spite of
# it.

load helper
load node

setup() {
	nodes_begin
}

teardown() {
	nodes_end
}

copy_home() {
	cp -a "$NODES/$1" "$2"
}

restore_home() {
	rm -rf "${NODES:?}/$1"
	cp -a "$2" "$NODES/$1"
	rm -f "$NODES/$1/control"
}

# refused NODE: publishing there is refused, with a word on what to do, and
# nothing is signed.
refused() {
	local head

	head=$(node_head "$1")
	run node_publish "$1" refused-now
	echo "status $status: $output"
	[ "$status" -ne 0 ]
	[[ "$output" == *"--i-am-first"* ]]
	[ "$(node_head "$1")" = "$head" ]
}

# disputed NODE FEED: that node says so of that feed.
disputed() {
	node "$1" feeds --json | grep "\"feed\":\"$2\"" |
		grep -q '"disputed_from":[1-9]'
}

@test "a restored home takes its own updates back before it signs" {
	node_init alder birch
	nodes_start alder birch
	node_link alder birch
	node_publish alder one
	await_agreed alder birch
	node_stop alder
	copy_home alder backup
	node_start alder
	node_publish alder two three
	await_agreed alder birch
	newest=$(node_head birch alder)
	node_stop alder
	restore_home alder backup
	[ "$(node_head alder)" != "$newest" ]
	node_start alder
	# the first that goes through goes on from what b held
	await "$NODE_WAIT_S" node_publish alder four
	git -C "$(node_repo alder alder)" merge-base --is-ancestor "$newest" main
	await_agreed alder birch
	sound birch alder
	run -0 node alder log --json
	[ "$(grep -c '"action":"publish"' <<<"$output")" -eq 4 ]
}

@test "with nobody to ask signing is refused, and --i-am-first allows it" {
	node_init alder birch
	nodes_start alder birch
	node_link alder birch
	node_publish alder one
	await_agreed alder birch
	node_stop birch
	node_stop alder
	node_start alder
	refused alder
	# nor does the command go round the node
	refused alder
	node_stop alder
	node_start alder --i-am-first
	run -0 node_publish alder two
	[ "$output" = alder/problem/two@1 ]
	node_start birch
	await_agreed alder birch
}

@test "a key used twice: all say so, keep their line, and go on with others" {
	node_init alder birch cedar
	nodes_start alder birch cedar
	node_link alder birch
	node_link birch cedar
	node_follow cedar alder
	node_publish alder one
	await_agreed alder birch cedar
	node_stop alder
	node_stop birch
	node_stop cedar
	copy_home alder copy
	# one line reaches b, the other c
	node_start alder --i-am-first
	node_publish alder mine
	node_start birch
	await_agreed alder birch
	mine=$(node_head alder)
	node_stop alder
	node_stop birch
	restore_home alder "$BATS_TEST_TMPDIR/copy"
	node_start alder --i-am-first
	node_publish alder other
	other=$(node_head alder)
	[ "$mine" != "$other" ]
	node_start cedar
	node cedar peer add "$(cat "$NODES/alder.address")" "$(cat "$NODES/alder.key")"
	node alder peer add "$(cat "$NODES/cedar.address")" "$(cat "$NODES/cedar.key")"
	await_agreed alder cedar
	# now b and c meet
	node_start birch
	for name in alder birch cedar; do
		await "$NODE_WAIT_S" disputed "$name" alder
	done
	[ "$(node_head birch alder)" = "$mine" ]
	[ "$(node_head cedar alder)" = "$other" ]
	# its author signs no more
	run node_publish alder after
	[ "$status" -ne 0 ]
	# and the others go on
	node_publish cedar still
	await_agreed cedar birch
	# what is known of the fork outlives a restart
	node_stop birch
	node_start birch
	disputed birch alder
	[ "$(node_head birch alder)" = "$mine" ]
	sound birch alder
}

# clock_ahead DAYS: what starts with LD_PRELOAD=$CLOCK has its clock so far
# ahead.
clock_ahead() {
	CLOCK=$BATS_TEST_TMPDIR/clock.so
	cat >"$BATS_TEST_TMPDIR/clock.c" <<-'EOF'
		#define _GNU_SOURCE
		#include <sys/syscall.h>
		#include <time.h>
		#include <unistd.h>

		int clock_gettime(clockid_t id, struct timespec *out)
		{
			long r = syscall(SYS_clock_gettime, id, out);

			out->tv_sec += id == CLOCK_REALTIME ? DAYS * 86400L : 0;
			return (int)r;
		}
	EOF
	cc -shared -fPIC -DDAYS="$1" -o "$CLOCK" "$BATS_TEST_TMPDIR/clock.c"
}

@test "a clock that jumps ahead signs nothing until another node bears it out" {
	local head

	[ "$(slowness)" -eq 1 ] || skip "a sanitizer has to be loaded first"
	clock_ahead 400
	node_init alder birch
	head=$(node_head alder)
	node_set alder address "localhost:$(sed s/.*:// "$NODES/alder.address")"
	LD_PRELOAD=$CLOCK node_start alder --i-am-first
	await 30 grep -q "region.yaml is not published yet: the clock" \
		"$NODES/alder.log"
	[ "$(node_head alder)" = "$head" ]
	# so much time has really passed, and all were at rest
	LD_PRELOAD=$CLOCK node_start birch --i-am-first
	node_link alder birch
	await 30 grep -q "region.yaml was published" "$NODES/alder.log"
	[ "$(grep -c "published yet: the clock" "$NODES/alder.log")" -eq 1 ]
	node_stop alder
	# or it was wrong after all: it is said how long that bars the feed
	node_start alder --i-am-first
	run ! node_publish alder night-board
	[[ "$output" == *"more than a day ahead of this machine's clock"* ]]
	[[ "$output" == *"if the clock is right"* ]]
}
