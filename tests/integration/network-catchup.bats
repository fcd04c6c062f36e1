#!/usr/bin/env bats
#
# Catching up. CATCHUP is how many updates a node has missed, CATCHUP_KILLS how
# often it is killed on the way; `make soak` has more of both.

load helper
load node

CATCHUP=${CATCHUP:-1500}
CATCHUP_KILLS=${CATCHUP_KILLS:-8}

setup() {
	nodes_begin
	# the author of much, one that lives on, and the one that was away
	node_init author other away
	nodes_start author other away
	node_link author away
	node_link other away
	await_agreed author away
	await_agreed other away
}

teardown() {
	nodes_end
}

# The checker that knows nothing of weald takes 20 ms for a signature: here git
# checks the objects, and weald the signatures. The node is stopped first: it
# merges packs, and git fsck does not look for where an object has gone.
sound_large() {
	node_stop "$1"
	git -C "$(node_repo "$1" "$2")" fsck --strict --no-dangling
	# the feed's own node may be further on by now
	[[ "$(node "$1" verify "$2")" == "ok $2 "*" head $(node_head "$1" "$2")" ]]
}

publish_many() {
	many_records "$CATCHUP" "$BATS_TEST_TMPDIR/many"
	node author publish --paths-from "$BATS_TEST_TMPDIR/many.paths" \
		>"$BATS_TEST_TMPDIR/printed"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/printed")" -eq "$CATCHUP" ]
}

@test "what was missed is caught up while live updates arrive within a second" {
	node_stop away
	publish_many
	node_launch away
	await "$NODE_WAIT_S" test -S "$NODES/away/control"
	live=0
	until agreed author away 2>/dev/null; do
		live=$((live + 1))
		[ "$live" -lt 2000 ]
		node_publish other "live-$live" >/dev/null
		start=${EPOCHREALTIME/./}
		until agreed other away 2>/dev/null; do
			late=$(((${EPOCHREALTIME/./} - start) / 1000))
			if [ "$late" -gt $((1000 * $(slowness))) ]; then
				echo "live update $live is $late ms late"
				agreed other away || true
				return 1
			fi
		done
	done
	echo "# $live live updates during the catch-up of $CATCHUP" >&3
	# of a long one it can be said that they did
	[ "$live" -ge 1 ] || [ "$CATCHUP" -lt 5000 ]
	sound_large away author
}

@test "kill -9 in the middle of catching up loses nothing" {
	node_stop away
	publish_many
	kills=0
	while [ "$kills" -lt "$CATCHUP_KILLS" ]; do
		kills=$((kills + 1))
		node_launch away
		sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
		node_kill away
		# what is there is a beginning of the feed
		git -C "$(node_repo author author)" merge-base --is-ancestor \
			"$(node_head away author)" main
	done
	# and those that serve are killed, too
	node_launch away
	sleep "0.$((RANDOM % 4))"
	node_kill author
	node_start author
	await_agreed author away
	node_publish author after-all
	await_agreed author away
	sound_large away author
	run -0 node away verify
	[ "${#lines[@]}" -eq 3 ]
}

@test "SIGTERM under load stops in time, and what was printed is there" {
	many_records 3000 "$BATS_TEST_TMPDIR/load"
	node author publish --paths-from "$BATS_TEST_TMPDIR/load.paths" \
		>"$BATS_TEST_TMPDIR/printed" 2>"$BATS_TEST_TMPDIR/said" 3>&- &
	publisher=$!
	await 30 test -s "$BATS_TEST_TMPDIR/printed"
	node_stop author
	status=0
	wait "$publisher" || status=$?
	echo "publish ended with $status: $(cat "$BATS_TEST_TMPDIR/said")"
	[ "$status" -eq 0 ] || [ -s "$BATS_TEST_TMPDIR/said" ]
	node author log --json | grep -o '"ref":"[^"]*"' | cut -d'"' -f4 |
		sort >"$BATS_TEST_TMPDIR/have"
	sort "$BATS_TEST_TMPDIR/printed" >"$BATS_TEST_TMPDIR/sorted"
	[ "$(comm -23 "$BATS_TEST_TMPDIR/sorted" "$BATS_TEST_TMPDIR/have" |
		wc -l)" -eq 0 ]
	# nobody has more than the author
	git -C "$(node_repo author author)" merge-base --is-ancestor \
		"$(node_head away author)" main
	node_start author
	await_agreed author away
	sound_large away author
}
