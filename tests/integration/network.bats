#!/usr/bin/env bats
#
# Real nodes on loopback: what one region publishes, all the others have.

load helper
load node

setup() {
	nodes_begin
}

teardown() {
	nodes_end
}

@test "a chain of 15 nodes delivers from end to end, both ways" {
	names=()
	for i in $(seq -w 15); do
		names+=("n$i")
	done
	node_init "${names[@]}"
	nodes_start "${names[@]}"
	jobs=()
	for i in $(seq 1 14); do
		node_link "${names[i - 1]}" "${names[i]}" 3>&- &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do
		wait "$job"
	done
	# what is not linked is followed by its id
	for name in "${names[@]:2}"; do
		node_follow "$name" n01
	done
	for name in "${names[@]:0:13}"; do
		node_follow "$name" n15
	done
	await_agreed n01 "${names[@]}"
	await_agreed n15 "${names[@]}"
	run -0 node_publish n01 first second third
	[ "${#lines[@]}" -eq 3 ]
	node_publish n15 fourth
	await_agreed n01 "${names[@]}"
	await_agreed n15 "${names[@]}"
	sound n15 n01
	sound n01 n15
	run -0 node n15 show n01/problem/third
	[[ "$output" == *"About third"* ]]
	for name in "${names[@]}"; do
		node_stop "$name"
	done
	agreed n01 "${names[@]}"
}

@test "while its author is away, a feed spreads from those who hold it" {
	node_init author holder relay late
	nodes_start author holder relay
	node_link author holder
	node_link holder relay
	node_follow relay author
	node_publish author one two three
	await_agreed author holder relay
	node_stop author
	# the newcomer is linked with one that never met the author
	nodes_start late
	node_link relay late
	node_follow late author
	await_agreed author late
	every_commit_verifies "$(node_repo late author)"
	sound late author
	# and the author comes back to what all of them know
	node_start author
	run -0 node_publish author four
	await_agreed author holder relay late
}

@test "a graph with a ring loses a node, and goes on delivering" {
	node_init alder birch cedar dogwood
	nodes_start alder birch cedar dogwood
	node_link alder birch
	node_link birch cedar
	node_link cedar dogwood
	node_link dogwood alder
	node_follow cedar alder
	node_publish alder one
	await_agreed alder birch cedar dogwood
	node_kill birch
	node_publish alder two
	await_agreed alder cedar dogwood
	node_start birch
	await_agreed alder birch
	sound birch alder
}

@test "an admin who types addresses and keys needs no invitation" {
	node_init alder birch
	nodes_start alder birch
	node alder peer add "$(cat "$NODES/birch.address")" "$(cat "$NODES/birch.key")"
	node birch peer add "$(cat "$NODES/alder.address")" "$(cat "$NODES/alder.key")"
	node_follow birch alder
	node_publish alder one
	await_agreed alder birch
	# b follows a, and not the other way round
	[ ! -e "$(node_repo alder birch)" ]
}
