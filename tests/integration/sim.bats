#!/usr/bin/env bats
#
# The simulator: many nodes, virtual time, faults. See tests/sim/sim_tool.c.
# A seed that fails is printed; SIM_SEED=N SIM_TRACE=1 sim_tool faults tells
# its story. SIM_SEEDS=10000 and SIM_NODES=1000 are the long forms.

bats_require_minimum_version 1.5.0

GOLDEN=$BATS_TEST_DIRNAME/../sim/golden

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# at_most NAME LIMIT: the number after NAME in what was printed.
at_most() {
	awk -v name="$1" -v limit="$2" '{
		for (i = 1; i < NF; i++) {
			if ($i == name) {
				found = 1
				over = over || $(i + 1) + 0 > limit
			}
		}
	}
	END { exit !found || over }' <<<"$output"
}

@test "a tree forms, breaks and heals, as the golden story tells" {
	"$SIM_TOOL" trace tree >tree.txt
	diff -u "$GOLDEN/tree.txt" tree.txt
}

@test "a restored node takes its own updates back, as the story tells" {
	"$SIM_TOOL" trace restore >restore.txt
	diff -u "$GOLDEN/restore.txt" restore.txt
}

@test "15 nodes, 30 links: redundancy, control frames and times" {
	run -0 "$SIM_TOOL" figures
	echo "$output"
	at_most redundancy 0.2
	at_most frames/update 25
	at_most p99 160
}

@test "all faults: no wrong feed, no queue over its bound, all converge" {
	run -0 "$SIM_TOOL" faults "${SIM_SEEDS:-200}"
}

@test "hostile nodes: honest ones with an honest path between them converge" {
	run -0 "$SIM_TOOL" hostile "${SIM_SEEDS:-200}"
}

@test "narrow nodes keep no whole one from the contents, nor slow it down" {
	run -0 "$SIM_TOOL" narrow "${SIM_SEEDS:-100}"
	echo "$output"
	at_most redundancy 0.2
	at_most frames/update 25
	at_most p99 300
}

@test "one author publishes 5,000 at once: all get them, others do not wait" {
	run -0 "$SIM_TOOL" flood
	echo "$output"
}

@test "one seed runs twice in the same way" {
	SIM_SEED=77 SIM_TRACE=1 "$SIM_TOOL" faults 2>one.txt
	SIM_SEED=77 SIM_TRACE=1 "$SIM_TOOL" faults 2>two.txt
	[ "$(wc -l <one.txt)" -gt 1000 ]
	cmp one.txt two.txt
}

@test "10,000 updates are caught up while others arrive within a second" {
	run -0 "$SIM_TOOL" catchup
	echo "$output"
}

@test "many nodes with a feed each converge" {
	run -0 "$SIM_TOOL" large "${SIM_NODES:-60}"
}
