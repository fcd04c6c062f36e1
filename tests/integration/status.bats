#!/usr/bin/env bats
# weald status, peers, feeds and why, with real nodes.

# the scripts are for another shell; bats sets what seems not to be set
# shellcheck disable=SC2016,SC2154

load helper
load node

setup() {
	nodes_begin
}

teardown() {
	nodes_end
}

# says NAME EXPRESSION COMMAND...: a weald command of that node with --json
# makes the Python expression over `lines` true.
says() {
	local name=$1 expression=$2 output

	shift 2
	output=$(node "$name" "$@" --json) || return 1
	json "bool($expression)"
}

await_says() {
	await "$NODE_WAIT_S" says "$@"
}

# three nodes: kent in the middle, in sync.
three_in_sync() {
	node_init kent sussex wessex
	nodes_start kent sussex wessex
	node_link kent sussex
	node_link kent wessex
	await_says kent 'lines[0]["state"] == "in-sync" and
		len(lines[0]["latest"]["holders"]) == 2' status
}

# Then the region.yaml of all of them is out, and kent has signed word of both
# others that they hold all of its feed.
receipts_in() {
	local name

	for name in sussex wessex; do
		await_says kent '[r for r in lines[0]["receipts"]
			if r["ours"] == lines[0]["our_seq"] > 2
			and r["theirs"] > 2]' why "$name"
	done
}

# two that follow each other and are connected.
two_linked() {
	node_init kent sussex
	nodes_start kent sussex
	node_link kent sussex
	await_says kent 'lines[0]["state"] == "in-sync"' status
	await_says sussex 'lines[0]["state"] == "in-sync"' status
}

@test "without a daemon only feeds has an answer" {
	local command

	node_init kent
	export WEALD_HOME=$NODES/kent
	for command in status peers 'why kent'; do
		# shellcheck disable=SC2086
		fails 10 weald $command
		[[ $stderr == *"weald run"* ]]
	done
	run weald feeds --json
	[ "$status" -eq 0 ]
	json 'lines[0]["feed"] == "kent" and lines[0]["own"]'
}

@test "a node that nobody knows says that it is alone" {
	node_init kent
	nodes_start kent
	run node kent status
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "alone: no peer is connected" ]
	run node kent why kent
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} == "What to do: weald invite here and weald join"* ]]
}

@test "three nodes in sync: who holds what, who is connected" {
	three_in_sync
	node_publish kent pump
	await_says kent 'lines[0]["latest"]["holders"] == ["sussex", "wessex"]
		and lines[0]["latest"]["seq"] == lines[0]["seq"]' status
	run node kent status
	[[ ${lines[0]} =~ ^in\ sync:\ all\ 2\ regions,\ as\ of\ [0-9]+\ s\ ago$ ]]
	[[ $output == *"is held by 2 of 2 regions: sussex, wessex"* ]]
	# what another admin types to dial us, to be copied
	[[ $output == *$'\n'"node key    $(cat "$NODES/kent.key")"$'\n'* ]]
	says kent 'sorted(l["region"] for l in lines) == ["sussex", "wessex"] and
		all(l["state"] == "connected" for l in lines) and
		all(l["bytes_in"] > 0 and l["bytes_out"] > 0 for l in lines)' peers
	await_says kent 'all(l["in_sync"] for l in lines)' peers
	says sussex 'lines[0]["direction"] in ("in", "out") and
		len(lines) == 1' peers
	says kent '[l["feed"] for l in lines] == ["kent", "sussex", "wessex"] and
		[l["followed"] for l in lines] == ["own", "whole", "whole"] and
		all(l["state"] == "ok" for l in lines) and
		lines[0]["holders"] == 2 and lines[0]["records"] == 1 and
		all(l["head"] and l["time"] and l["feed_id"] for l in lines)' feeds
	run node kent why kent
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "What to do: nothing: all is well" ]
	# what stands on disk says the same
	[ "$(node kent feeds --json |
		sed -n 's/.*"feed":"sussex".*"head":"\([0-9a-f]*\)".*/\1/p')" = \
		"$(node_head sussex)" ]
}

@test "a feed that is only heard of is listed, with whom to thank" {
	three_in_sync
	await_says sussex '[l for l in lines if l["feed"] == "wessex" and
		l["state"] == "heard-of" and l["heard_by"] == ["kent"]]' feeds
	run node sussex feeds
	[[ $output == *"wessex"*"heard of by kent; weald follow it"* ]]
	run node sussex why wessex
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} == "What to do: weald follow it"* ]]
	run --separate-stderr node sussex why nowhere
	[ "$status" -eq 1 ]
	[[ $stderr == *'no region "nowhere" is known here'* ]]
}

# What is pushed to a peer it does not say again in the connection.
@test "why says of a peer what its receipt says, as peers does" {
	local name

	three_in_sync
	await_says wessex '[l for l in lines if l["feed"] == "sussex"]' feeds
	node wessex follow sussex
	await_agreed sussex kent wessex
	for name in pump drip bed; do
		node_publish sussex "$name"
		await_agreed sussex kent wessex
	done
	await_says kent 'sorted((p["region"], p["seq"] == lines[0]["seq"])
		for p in lines[0]["peers"]) ==
		[("sussex", True), ("wessex", True)]' why sussex
	# a region.yaml may be on its way
	await_says kent 'all(l["in_sync"] for l in lines) and
		len(lines) == 2' peers
}

@test "who is down is behind, and cannot be reached" {
	three_in_sync
	receipts_in
	node_stop wessex
	node_publish kent pump
	await_says kent '(lambda s: s["latest"]["holders"] == ["sussex"] and
		[b["region"] for b in s["latest"]["behind"]] == ["wessex"] and
		s["latest"]["behind"][0]["seq"] < s["seq"] and
		s["latest"]["behind"][0]["since"] == s["time"] and
		not s["latest"]["behind"][0]["connected"])(lines[0])' status
	await_says kent '[l for l in lines if l["region"] == "wessex" and
		l["error"] == "io" and "refused" in l["message"]]' peers
	says kent '[s for s in lines[0]["steps"] if s["step"] == "link" and
		"refused" in s["text"]]' why wessex
	says kent '[r for r in lines[0]["regions"] if r["region"] == "wessex" and
		not r["connected"] and r["said"] and r["since"]]' why kent
	# it comes back, and takes what it lacks
	node_start wessex
	await_says kent 'lines[0]["latest"]["holders"] == ["sussex", "wessex"]' \
		status
}

@test "who does not follow us is not behind, and is named" {
	three_in_sync
	receipts_in
	node sussex unfollow kent
	await_says kent '[s for s in lines[0]["steps"]
		if s["step"] == "their-policy" and s["result"] == "problem"]' \
		why sussex
	node_publish kent pump
	await_says kent '(lambda l: l["holders"] == ["wessex"] and
		l["behind"] == [] and l["unheard"] == [] and
		l["not_following"] == ["sussex"] and
		l["regions"] == 2)(lines[0]["latest"])' status
	run -0 node kent status
	[[ $output == *$'\n'"            does not follow us: sussex"$'\n'* ]]
	says kent '[s for s in lines[0]["steps"]
		if s["step"] == "receipts" and s["result"] == "none" and
		"does not follow us" in s["text"]]' why sussex
	says kent '[s for s in lines[0]["steps"] if s["step"] == "receipts" and
		s["result"] == "ok"] and
		[r["follows_us"] for r in lines[0]["regions"]
			if r["region"] == "sussex" and "since" not in r] == [False]' \
		why kent
	run -0 node kent why kent
	[[ $output == *"  sussex holds "*", does not follow us, "* ]]
}

@test "a node that starts again waits with signing, and says for whom" {
	three_in_sync
	receipts_in
	node_stop sussex
	node_stop wessex
	node_stop kent
	node_start kent
	says kent 'lines[0]["state"] == "alone" and
		not lines[0]["signing"]["allowed"] and
		lines[0]["signing"]["state"] == "waiting" and
		sorted(w["region"] for w in lines[0]["signing"]["waits_for"]) ==
		["sussex", "wessex"]' status
	node_start sussex
	await_says kent 'lines[0]["state"] == "held-back" and
		[w["region"] for w in lines[0]["signing"]["waits_for"]] ==
		["wessex"]' status
	run node kent status
	[ "${lines[0]}" = "signing is held back: waiting for other nodes to\
 say what they hold of our feed" ]
	[[ $output == *"weald run --i-am-first"*"never after a restore"* ]]
	run node kent why kent
	[[ ${lines[-1]} == *"after a restore never --i-am-first"* ]]
	node_start wessex
	await_says kent 'lines[0]["signing"]["allowed"] and
		lines[0]["state"] == "in-sync"' status
}

@test "a blocked region: each end says what it is" {
	two_linked
	node kent block sussex
	await_says kent '[l["state"] for l in lines if l["feed"] == "sussex"] ==
		["blocked"]' feeds
	await_says sussex '"weald unblock there" in lines[0]["todo"]' why kent
	says kent 'lines[0]["feeds"]["blocked"] == 1' status
	says kent 'lines[0]["todo"].startswith("weald unblock")' why sussex
	await_says sussex '[s for s in lines[0]["steps"] if s["step"] == "tls" and
		s["result"] == "problem" and "blocked" in s["text"]]' why kent
	await_says sussex '[l for l in lines if l["region"] == "kent" and
		l["error"] == "denied" and "blocked" in l["message"]]' peers
}

@test "another node answers at an address: why says so" {
	two_linked
	node sussex peer add "$(cat "$NODES/kent.address")" \
		"$(printf 'ab%.0s' {1..32})"
	await_says sussex '[l for l in lines if l["node"].startswith("abab") and
		l["error"] == "denied" and
		"another node answers" in l["message"]]' peers
	says sussex '[s for s in lines[0]["steps"] if s["step"] == "tls" and
		s["result"] == "problem" and "another node" in s["text"]]' \
		why sussex
}

@test "a node whose key has changed: why says so at both ends" {
	two_linked
	node_stop kent
	rm -f "$NODES/kent/keys/node" "$NODES/kent/receipts"
	node_start kent
	await_says sussex '[l for l in lines if l["region"] == "kent" and
		"another node answers" in l["message"]]' peers
	await_says sussex '"ask its admin for the node key" in
		lines[0]["todo"]' why kent
	await_says kent '"weald follow there" in lines[0]["todo"]' why sussex
}

@test "a narrow feed says by what it is followed" {
	two_linked
	node kent follow --topic sepsis --kind problem sussex
	await_says kent '[l for l in lines if l["feed"] == "sussex" and
		l["followed"] == "narrow" and l["topics"] == ["sepsis"] and
		l["kinds"] == ["problem"] and l["by"] == "hand"]' feeds
	run node kent feeds
	[[ $output == *"sussex"*"narrow"*"topics sepsis, kinds problem"* ]]
	says kent 'lines[0]["feeds"]["narrow"] == 1' status
}

@test "verify counts what a narrow replica has not got, and calls it good" {
	node_init kent sussex
	nodes_start kent sussex
	(cd "$BATS_TEST_TMPDIR" && record lesson other)
	node sussex publish "$BATS_TEST_TMPDIR/other"
	node kent follow --kind problem "$(cat "$NODES/sussex.id")"
	node_link sussex kent
	await_agreed sussex kent
	says kent 'lines[0]["ok"] and lines[0]["narrow"] and
		lines[0]["absent"] == 1' verify sussex
	run -0 node kent verify sussex
	[[ $output =~ ^ok\ sussex\ [0-9]+\ updates\ absent\ 1\ head\ [0-9a-f]{40}$ ]]
	says sussex 'not lines[0]["narrow"] and lines[0]["absent"] == 0' \
		verify sussex
	run -0 node sussex verify sussex
	[[ $output != *absent* ]]
}

@test "a damaged feed of another region is named, and the node goes on" {
	two_linked
	node_stop kent
	echo rubbish >"$(node_repo kent sussex)/refs/heads/main"
	node_start kent
	says kent '[t for t in lines[0]["trouble"] if t["feed"] == "sussex" and
		t["state"] == "damaged" and t["message"]]' status
	run node kent status
	[[ $output == *"damaged     sussex: "* ]]
	says kent '[s for s in lines[0]["steps"] if s["step"] == "rejection" and
		s["result"] == "problem" and "sussex" in s["text"]]' why sussex
	# that, and not that a feed which cannot be read is not followed
	says kent '"is fetched anew" in lines[0]["todo"]' why sussex
}

@test "a feed whose key was used twice is named at both ends" {
	local twin=$BATS_TEST_TMPDIR/twin

	two_linked
	await_says kent 'lines[0]["seq"] == 3' status
	node_stop kent
	cp -a "$NODES/kent" "$twin"
	node_start kent --i-am-first
	node_publish kent pump
	await_agreed kent sussex
	node_stop kent
	# the older copy takes its place, and signs
	mv "$NODES/kent" "$BATS_TEST_TMPDIR/first"
	mv "$twin" "$NODES/kent"
	(cd "$BATS_TEST_TMPDIR" && record lesson other)
	node kent publish --i-am-first "$BATS_TEST_TMPDIR/other"
	node_start kent
	await_says sussex '[t for t in lines[0]["trouble"] if t["feed"] == "kent"
		and t["state"] == "disputed" and t["seq"] == 4]' status
	run node sussex status
	[[ ${lines[0]} == "nothing more is taken of kent (disputed); in sync: "* ]]
	[[ $output == *"disputed    kent from update 4 on: "* ]]
	says sussex '[l for l in lines if l["feed"] == "kent" and
		l["state"] == "disputed" and l["disputed_from"] == 4]' feeds
	says sussex 'lines[0]["state"] == "stopped"' status
	says sussex 'lines[0]["todo"].startswith("tell its region")' why kent
	await_says kent 'lines[0]["state"] == "disputed" and
		lines[0]["signing"]["state"] == "disputed"' status
	# nobody holds our update 4: theirs is another one
	await_says kent '[(o["region"], o["seq"]) for o in
		lines[0]["latest"]["other"]] == [("sussex", 4)] and
		lines[0]["seq"] == 4 and not lines[0]["latest"]["holders"] and
		not lines[0]["latest"]["behind"]' status
	await_says kent '[l for l in lines if l["region"] == "sussex" and
		l["forked"] and not l["in_sync"]]' peers
	run node kent status
	[[ $output == *"held by 0 of 1 region"*"sussex holds another update 4"* ]]
	says kent 'all("tell its region" not in d["todo"]
		for d in lines[0]["dropped"])' status
	# there is nobody to tell, and no command that mends it
	says kent '"cannot recover" in lines[0]["todo"]' why kent
	says kent '"cannot recover" in lines[0]["todo"]' why sussex
	run -0 node kent status
	[[ $output != *"weald recover"* ]]
}

@test "a full disk is the first thing that status says" {
	unshare -rm true 2>/dev/null || skip "no mount namespaces here"
	node_init kent sussex
	mv "$NODES/sussex" "$NODES/moved"
	mkdir "$NODES/sussex"
	export NODES NODE_WAIT_S WEALD ROOT BATS_TEST_TMPDIR
	while read -r _ _ name; do
		export -f "${name?}"
	done < <(declare -F | grep -E ' (node|await|weald|says|json|record|fields_of)')
	unshare -rm bash -euc '
		mount -t tmpfs -o size=3m t "$NODES/sussex"
		cp -a "$NODES/moved/." "$NODES/sussex"
		nodes_start kent sussex
		trap "kill -9 $(node_pid kent) $(node_pid sussex)" EXIT
		node_link kent sussex
		await_says sussex "lines[0][\"state\"] == \"in-sync\"" status
		head -c 900000 /dev/zero >"$NODES/sussex/filler"
		mkdir -p "$BATS_TEST_TMPDIR/big"
		for i in 1 2 3 4; do
			(cd "$BATS_TEST_TMPDIR/big" && record problem "big-$i" &&
				head -c 900000 /dev/urandom >"big-$i/noise.bin")
			node kent publish --confirm-role "Safety lead" \
				--confirm-reason "random bytes" \
				"$BATS_TEST_TMPDIR/big/big-$i"
		done
		await_says sussex "lines[0][\"state\"] == \"disk\" and
			not lines[0][\"disk\"][\"ok\"] and
			lines[0][\"trouble\"][0][\"error\"] == \"no-space\"" status
		node sussex status | grep -q "^disk: updates cannot be stored (kent)"
		await_says sussex "[l for l in lines if
			l[\"state\"] == \"store-failed\"]" feeds
		says sussex "\"free some space\" in lines[0][\"todo\"]" why kent
		# nor is it others who keep ours back
		says sussex "\"free some space\" in lines[0][\"todo\"]" why sussex
	'
	rm -f "$NODES"/*.pid
}
