#!/usr/bin/env bats
#
# Node keys: one that two nodes use, and one that a node uses no longer.

load helper
load node

setup() {
	nodes_begin
}

teardown() {
	nodes_end
}

says() {
	grep -q "$2" "$NODES/$1.log"
}

allowed() {
	node "$1" status | grep -q '^signing *allowed'
}

# alder has the region.yaml in which birch names its old key no longer.
old_key_gone() {
	! git -C "$(node_repo alder birch)" show main:region.yaml |
		grep -q "$(cat "$NODES/birch.key")"
}

# keeps_receipt NAME OF: NAME has a receipt by the node of OF.
keeps_receipt() {
	/usr/bin/python3 -c 'import sys
sys.exit(bytes.fromhex(sys.argv[2]) not in open(sys.argv[1], "rb").read())' \
		"$NODES/$1/receipts" "$(cat "$NODES/$2.key")"
}

@test "two copies of a home are both told, and neither signs" {
	node_init alder birch
	nodes_start alder birch
	node_link alder birch
	node_publish alder one
	await_agreed alder birch
	cp -a "$NODES/birch" "$NODES/twin"
	rm -f "$NODES/twin/control"
	node_set twin listen none
	node_start twin
	await 60 says birch "another node runs with our node key"
	await 60 says twin "another node runs with our node key"
	for name in birch twin; do
		run node_publish "$name" of-a-twin
		[ "$status" -ne 0 ]
		[[ "$output" == *"stop one of the two"* ]]
	done
}

@test "a node key that was replaced is not waited for" {
	node_init alder birch
	nodes_start alder birch
	node_link alder birch
	node_publish alder one
	await_agreed alder birch
	await 30 test -s "$NODES/alder/receipts"
	node_stop birch
	rm "$NODES/birch/keys/node"
	node_start birch
	node birch invite >"$NODES/token"
	node alder join "$(cat "$NODES/token")"
	await 60 allowed birch
	node_publish birch with-a-new-key
	await_agreed alder birch
	await 30 old_key_gone
	node_stop alder
	node_start alder
	await 45 allowed alder
}

# birch has a receipt by its old key, which it names in its region.yaml until it
# may sign the next; nobody else has that receipt, to say it for the old key.
@test "an own node key that was replaced is not waited for" {
	node_init alder birch
	nodes_start alder birch
	node_link alder birch
	node_publish alder one
	await_agreed alder birch
	await 30 keeps_receipt birch birch
	node_stop birch
	node_stop alder
	rm "$NODES/birch/keys/node" "$NODES/alder/receipts"
	nodes_start alder birch
	node birch invite >"$NODES/token"
	node alder join "$(cat "$NODES/token")"
	await 60 allowed birch
}

@test "a feed key that comes late: region.yaml is published after a reload" {
	node_init alder
	mv "$NODES/alder/keys/feed" "$BATS_TEST_TMPDIR/feed-key"
	node_set alder address localhost:1
	node_start alder --i-am-first
	await 30 grep -q "region.yaml is not published by this node" \
		"$NODES/alder.log"
	mv "$BATS_TEST_TMPDIR/feed-key" "$NODES/alder/keys/feed"
	kill -HUP "$(node_pid alder)"
	await 30 grep -q "region.yaml was published" "$NODES/alder.log"
}

@test "a feed key that comes late: region.yaml follows what a person signs" {
	node_init alder
	mv "$NODES/alder/keys/feed" "$BATS_TEST_TMPDIR/feed-key"
	node_set alder address localhost:1
	node_start alder --i-am-first
	await 30 grep -q "region.yaml is not published by this node" \
		"$NODES/alder.log"
	mv "$BATS_TEST_TMPDIR/feed-key" "$NODES/alder/keys/feed"
	node_publish alder night-board
	await 30 grep -q "region.yaml was published" "$NODES/alder.log"
}
