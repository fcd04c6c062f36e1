#!/usr/bin/env bats
#
# Imports while the daemon goes on: what peers send meanwhile, and repositories
# that are not what they were when it began.

load helper
load node

setup() {
	nodes_begin
	mkdir bin
	# git for birch's imports: it waits while ./hold is there
	cat >bin/git <<-EOF2
		#!/bin/sh
		case " \$* " in
		*" fetch "*)
			: >"$PWD/held"
			while [ -e "$PWD/hold" ]; do
				sleep 0.05
			done
			;;
		esac
		exec "$(command -v git)" "\$@"
	EOF2
	chmod +x bin/git
	node_init alder birch cedar
	nodes_start alder cedar
	PATH=$PWD/bin:$PATH nodes_start birch
	make_home other other Other
	git -C other/feeds/other.git bundle create -q "$PWD/other.bundle" main
}

teardown() {
	rm -f hold
	nodes_end
}

# import_begin SOURCE: birch imports it, and is held in the middle of it.
import_begin() {
	rm -f held
	: >hold
	node birch import "$1" >imported 2>&1 3>&- &
	IMPORT=$!
	await 20 test -e held
}

import_end() {
	rm hold
	wait "$IMPORT"
	grep -q "^imported\|^nothing new" imported
}

# state FEED WORD: what birch says of that feed.
state() {
	node birch feeds --json | grep "\"feed_id\":\"$1\"" |
		grep -q "\"state\":\"$2\""
}

# named NAME ID: birch has a feed of that name and id.
named() {
	node birch feeds --json | grep "\"feed_id\":\"$2\"" |
		grep -q "\"feed\":\"$1\""
}

@test "a feed that is imported while peers send it is kept" {
	local id repo

	id=$(cat "$NODES/alder.id")
	repo=$(node_repo birch alder)
	node_link alder cedar
	await_agreed alder cedar
	node_link cedar birch
	await_agreed cedar birch
	git -C "$(node_repo alder alder)" bundle create -q "$PWD/a.bundle" main
	import_begin a.bundle
	node_follow birch alder
	# it has come, and waits to be stored
	await 20 named alder "$id"
	import_end
	: >"$repo/mark"
	node_publish alder more
	await_agreed alder cedar birch
	[ -e "$repo/mark" ]
	run ! grep "not stored" "$NODES/birch.log"
	state "$id" ok
}

@test "another feed that is imported under the name meanwhile is kept" {
	local id hex repo

	id=$(cat "$NODES/alder.id")
	hex=${id:0:12}
	repo=$(node_repo birch alder)
	make_home twin alder Twin
	node_link alder cedar
	await_agreed alder cedar
	node_link cedar birch
	await_agreed cedar birch
	import_begin twin/feeds/alder.git
	node_follow birch alder
	await 20 named alder "$id"
	import_end
	: >"$repo/mark"
	await "$NODE_WAIT_S" named "alder-$hex" "$id"
	await "$NODE_WAIT_S" state "$id" ok
	[ -e "$repo/mark" ]
	[ "$(git -C "$repo" rev-parse main)" = \
		"$(git -C twin/feeds/alder.git rev-parse main)" ]
	[ "$(node_head birch "alder-$hex")" = "$(node_head alder)" ]
	[ "$(node birch feeds --json | grep -c '"feed":"alder"')" -eq 1 ]
}

# twin NAME: a home of a feed with the slug alder; its feed id.
twin() {
	make_home "$1" alder Twin
	weald --home "$1" feeds --json |
		sed -n 's/.*"feed_id":"\([0-9a-f]*\)".*/\1/p'
}

@test "a damaged folder is not taken for another feed of its slug" {
	local first second id repo

	repo=$(node_repo birch alder)
	# members are in the order of their ids
	{
		echo "$(twin one) one"
		echo "$(twin two) two"
	} | sort >twins
	while read -r id home; do
		node birch import "$home/feeds/alder.git"
		node birch follow "$id"
	done <twins
	{
		read -r first _
		read -r second _
	} <twins
	named alder "$first"
	named "alder-${second:0:12}" "$second"
	node_stop birch
	echo broken >"$repo/refs/heads/main"
	node_start birch
	named alder "$first"
	state "$first" damaged
	state "$second" ok
}

@test "a feed that comes first while something is imported is sound" {
	local id

	id=$(cat "$NODES/alder.id")
	node_link cedar birch
	await_agreed cedar birch
	node_follow birch alder
	import_begin other.bundle
	node_link alder cedar
	await 20 named alder "$id"
	import_end
	await_agreed alder cedar birch
	state "$id" ok
	# and what is chosen of it reaches the engine
	node birch block "$id"
	node_publish alder unseen
	await_agreed alder cedar
	node_publish cedar seen
	await_agreed cedar birch
	run ! agreed alder birch
}

@test "a feed that an import cannot open again is asked for no more" {
	local id repo

	id=$(cat "$NODES/alder.id")
	repo=$(node_repo birch alder)
	node_link alder birch
	await_agreed alder birch
	await_agreed birch alder
	import_begin other.bundle
	mv "$repo/refs/heads/main" main
	echo broken >"$repo/refs/heads/main"
	import_end
	state "$id" damaged
	grep "a feed is damaged and is left alone feed=alder" "$NODES/birch.log"
	node_publish alder unseen
	node_publish birch seen
	await_agreed birch alder
	run ! grep "not stored" "$NODES/birch.log"
	# the next import finds it again
	mv main "$repo/refs/heads/main"
	node birch import other.bundle
	await_agreed alder birch
	state "$id" ok
}
