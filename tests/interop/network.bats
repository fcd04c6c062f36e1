#!/usr/bin/env bats
#
# A running node and a node of another make: net_client.py, written from
# docs/PROTOCOL.md, reads from it, brings it feeds, joins it; net_hostile.py
# attacks it. One node for the whole file, on loopback.

bats_require_minimum_version 1.5.0

load ../integration/helper

HERE=$BATS_TEST_DIRNAME

# await SECONDS COMMAND...: until it succeeds; false if it never does.
await() {
	local end=$((SECONDS + $1))

	shift
	until "$@" >"$BATS_FILE_TMPDIR/await" 2>&1; do
		if [ "$SECONDS" -ge "$end" ]; then
			echo "never true: $*" >&2
			cat "$BATS_FILE_TMPDIR/await" >&2
			return 1
		fi
		sleep 0.2
	done
}

free_port() {
	/usr/bin/python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

client() {
	"$HERE/net_client.py" "$@"
}

# What the node's own repository of a feed has as its head.
head_of() {
	git -C "$WEALD_HOME/feeds/$1.git" rev-parse main
}

head_is() {
	[ "$(head_of "$1")" = "$2" ]
}

says() {
	grep -q "$1" "$2"
}

# A key that the node knows because its admin typed it in.
known_key() {
	weald peer add "127.0.0.1:1" "$(client key "$1")"
}

start_node() {
	"$WEALD" run --home "$WEALD_HOME" --i-am-first \
		>"$BATS_FILE_TMPDIR/node.log" 2>&1 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/node.pid"
	await 20 weald status
}

# SIGTERM, and SIGKILL where that does not do.
stop_node() {
	local pid

	pid=$(cat "$BATS_FILE_TMPDIR/node.pid")
	kill "$pid" || return 1
	if ! await 15 eval "! kill -0 $pid"; then
		kill -9 "$pid"
		return 1
	fi
}

setup_file() {
	export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
	isolate
	export WEALD_HOME ADDRESS NODE OWN
	ADDRESS=127.0.0.1:$(free_port)
	make_home "$WEALD_HOME" wessex Wessex
	git config -f "$WEALD_HOME/config" node.listen "$ADDRESS"
	git config -f "$WEALD_HOME/config" node.address "$ADDRESS"
	start_node
	weald invite >token
	client token "$(cat token)" >said
	NODE=$(sed -n 's/^node //p' said)
	OWN=$(sed -n 's/^feed //p' said)
	[ "$(sed -n 's/^address //p' said)" = "$ADDRESS" ]
}

teardown_file() {
	if [ -e "$BATS_FILE_TMPDIR/node.pid" ]; then
		stop_node || true
		rm -f "$BATS_FILE_TMPDIR/node.pid"
	fi
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	export PYTHONDONTWRITEBYTECODE=1
}

# What the node said, where a test failed.
teardown() {
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		tail -n 30 "$BATS_FILE_TMPDIR/node.log"
	fi
}

@test "fetch: the client reads a feed, checks all of it, and has its head" {
	record intervention sepsis-trolley
	weald publish sepsis-trolley
	known_key key
	run -0 client fetch "$ADDRESS" "$NODE" --key key --feed "$OWN"
	[ "${lines[-1]}" = "ok wessex 3 updates $(head_of wessex)" ]
	run -0 client fetch "$ADDRESS" "$NODE" --key key --feed "$OWN" --headers
	[ "${lines[-1]}" = "ok wessex 3 updates $(head_of wessex)" ]
}

@test "fetch: an update that is published meanwhile is pushed" {
	known_key key
	seq=$(($(git -C "$WEALD_HOME/feeds/wessex.git" rev-list --count main) + 1))
	client fetch "$ADDRESS" "$NODE" --key key --feed "$OWN" --until "$seq" \
		>fetched 3>&- &
	pid=$!
	await 20 says "^update $((seq - 1)) " fetched
	record intervention falls-huddle
	weald publish falls-huddle
	wait "$pid"
	[ "$(tail -n 1 fetched)" = "ok wessex $seq updates $(head_of wessex)" ]
}

@test "fetch: who pins another key says nothing, and learns nothing" {
	client key key
	other=$(client key other)
	run -1 client fetch "$ADDRESS" "$other" --key key --feed "$OWN"
	[[ "$output" == "pin: "* ]]
}

@test "fetch: a stranger is refused as one of no region" {
	client key key
	run -1 client fetch "$ADDRESS" "$NODE" --key key --feed "$OWN"
	[[ "$output" == "refused error unknown-region: "* ]]
}

@test "serve: the node takes a feed in, old updates and new ones" {
	"$HERE/build_feed.py" feed.git >wanted
	known_key key
	weald follow 8369ccb9a6d5cb2054451848f4a9e1709b85cdc9828764b901ef6c8ead63d743
	client serve "$ADDRESS" "$NODE" --key key --repo feed.git --live 3 \
		--seconds 60 >served 3>&- &
	pid=$!
	await 30 head_is south-west "$(cat wanted)"
	# and says so by its receipt
	wait "$pid"
	says "^held 8369ccb9a6d5.* 7 $(cat wanted)\$" served
	run -0 git -C "$WEALD_HOME/feeds/south-west.git" fsck --strict
	run -0 "$HERE/check_feed.py" "$WEALD_HOME/feeds/south-west.git"
}

@test "join: a token lets its holder in, and its region is followed" {
	"$HERE/net_hostile.py" make play >/dev/null
	client key key
	weald invite >token
	client join "$(cat token)" --key key --repo play/play-one.git \
		--seconds 60 >joined 3>&- &
	pid=$!
	await 30 head_is play-one "$(git -C play/play-one.git rev-parse main)"
	wait "$pid"
	says "^hello $NODE\$" joined
	# again, as the first answer may have been lost
	run -0 client join "$(cat token)" --key key --repo play/play-one.git
	# but not for another region
	client key other
	run -1 client join "$(cat token)" --key other --repo play/play-two.git
	[[ "$output" == "refused error token-used: "* ]]
}

@test "attacks: each gets the answer it should, and the node goes on" {
	"$HERE/net_hostile.py" make play >made
	weald peer add "127.0.0.1:1" "$(sed -n 's/^key //p' made)"
	while read -r word feed; do
		if [ "$word" = feed ]; then
			weald follow "$feed"
		fi
	done <made
	weald invite >used
	client key joiner
	"$HERE/build_feed.py" --updates 2 joiner.git >/dev/null
	run client join "$(cat used)" --key joiner --repo joiner.git --seconds 5
	says '^hello ' <(echo "$output")
	weald invite --expires 1s >expired
	run "$HERE/net_hostile.py" run "$ADDRESS" "$NODE" play \
		--used "$(cat used)" --expired "$(cat expired)"
	grep -v '^ok ' <<<"$output" || true
	[ "$status" = 0 ]
	[ "$(grep -c '^ok ' <<<"$output")" -gt 50 ]
	run -0 client fetch "$ADDRESS" "$NODE" --key joiner --feed "$OWN"
}

@test "stop: what was published is there, and the node ends in time" {
	record intervention last-words
	weald publish last-words
	head=$(head_of wessex)
	stop_node
	rm "$BATS_FILE_TMPDIR/node.pid"
	head_is wessex "$head"
	run -0 weald verify
}
