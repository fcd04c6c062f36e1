#!/usr/bin/env bats
# The index: kept by the daemon, lost in every way, and made again.

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

# in_index NAME: what the index of that node holds, one record a line.
in_index() {
	/usr/bin/python3 - "$NODES/$1/index.sqlite" <<-'EOF'
		import sqlite3, sys
		db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
		rows = db.execute(
		    "SELECT ref, version, last, title FROM record"
		    " UNION ALL SELECT name, seq, own, '' FROM feed ORDER BY 1")
		for row in rows:
		    print(*row)
	EOF
}

# says NAME EXPRESSION: weald status --json makes it true, with `s` the answer
# and `index` what it says of the index.
says() {
	node "$1" status --json | /usr/bin/python3 -c 'import json, sys
s = json.load(sys.stdin)
index = s["index"]
sys.exit(not eval(f"({sys.argv[1]})"))' "$2"
}

await_says() {
	await "$NODE_WAIT_S" says "$@"
}

# await_index NAME: all that is here is in it, and it says so.
await_index() {
	await_says "$1" 'index["state"] == "up-to-date" and index["complete"] and
		index["indexed"] == index["updates"] > 0'
}

# put NAME SLUG...: records of that node; no numbers, which the privacy guard
# may take for a person's.
put() {
	local name=$1 slug

	shift
	mkdir -p "$BATS_TEST_TMPDIR/records-$name"
	for slug; do
		(cd "$BATS_TEST_TMPDIR/records-$name" &&
			record problem "$slug" "About $slug" "What is said of $slug.")
	done
	node "$name" publish \
		"${@/#/$BATS_TEST_TMPDIR/records-$name/}"
}

await_log() {
	await "$NODE_WAIT_S" grep "$2" "$NODES/$1.log"
}

# What must be the same after everything: the feeds.
heads() {
	git -C "$(node_repo "$1" "$1")" rev-parse main
}

# A node with some records, all in the index; $before is what it holds.
one_with_records() {
	node_init kent
	nodes_start kent
	put kent fall sepsis stroke >/dev/null
	await_index kent
	before=$(in_index kent)
	head=$(heads kent)
	[[ $before == *kent/problem/fall*kent/problem/sepsis* ]]
}

same_as_before() {
	await_index kent
	[ "$(in_index kent)" = "$before" ]
	[ "$(heads kent)" = "$head" ]
}

@test "what is published and what arrives is in the index" {
	node_init kent wessex
	nodes_start kent wessex
	node_link kent wessex
	put kent fall >/dev/null
	await_agreed kent wessex
	for name in kent wessex; do
		await_index "$name"
		await "$NODE_WAIT_S" eval "in_index $name | grep kent/problem/fall"
	done
	[[ $(node wessex status) == *$'\nindex       up to date, '* ]]
}

@test "what came while the index was not kept is taken in at the start" {
	one_with_records
	node_stop kent
	mv "$NODES/kent/index.sqlite" kept.sqlite
	rm -f "$NODES"/kent/index.sqlite-*
	node_start kent --i-am-first
	await_index kent
	put kent later >/dev/null
	await_index kent
	wanted=$(in_index kent)
	node_stop kent
	# the older one again: behind, and not wrong
	cp kept.sqlite "$NODES/kent/index.sqlite"
	rm -f "$NODES"/kent/index.sqlite-*
	node_start kent
	await_index kent
	[ "$(in_index kent)" = "$wanted" ]
	[ "$(grep -c 'the index is made from' "$NODES/kent.log")" -eq 2 ]
}

@test "an index that is lost while the node is stopped is made anew" {
	one_with_records
	for how in 'rm "$1"' ': >"$1"' 'truncate -s 5000 "$1"' \
		'truncate -s 100 "$1"' \
		'head -c "$(stat -c %s "$1")" /dev/urandom >"$1"' \
		'dd if=/dev/urandom of="$1" bs=4096 seek=2 count=20 conv=notrunc' \
		'/usr/bin/python3 -c "import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute(\"PRAGMA user_version = 99\")
db.commit()" "$1"'; do
		echo "$how"
		node_stop kent
		bash -euc "$how" - "$NODES/kent/index.sqlite" 2>/dev/null
		made=$(grep -c 'the index is made from' "$NODES/kent.log")
		node_start kent
		same_as_before
		[ "$(grep -c 'the index is made from' "$NODES/kent.log")" -gt "$made" ]
	done
}

@test "an index that is removed or cut while the node runs is made anew" {
	one_with_records
	for how in 'rm "$1"' 'rm "$1" "$1"-*' ': >"$1"' 'truncate -s 100 "$1"' \
		'cp "$1" other && mv other "$1"'; do
		echo "$how"
		made=$(grep -c 'the index is made from' "$NODES/kent.log")
		bash -euc "$how" - "$NODES/kent/index.sqlite"
		await "$NODE_WAIT_S" eval \
			"[ \$(grep -c 'the index is made from' '$NODES/kent.log') -gt $made ]"
		same_as_before
	done
	# and the node has gone on all the while
	put kent after >/dev/null
	await "$NODE_WAIT_S" eval "in_index kent | grep kent/problem/after"
}

@test "an index that another process holds rests, and goes on" {
	one_with_records
	mkfifo hold
	/usr/bin/python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("BEGIN IMMEDIATE")
open("hold").read()' "$NODES/kent/index.sqlite" 3>&- &
	# it is there, and holds the index, once it opens this
	exec 4>hold
	put kent after >/dev/null
	await_says kent 'index["state"] == "waiting" and
		index["error"] == "locked"'
	[[ $(node kent status) == *"waits, and is tried again"* ]]
	exec 4>&-
	wait $!
	await_index kent
	in_index kent | grep kent/problem/after
	grep "the index goes on" "$NODES/kent.log"
	run ! grep "given up" "$NODES/kent.log"
}

# spoil NAME REGION: of that region's records none goes into the index.
spoil() {
	/usr/bin/python3 - "$NODES/$1/index.sqlite" "$2" <<-'EOF'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		db.execute(f"""CREATE TRIGGER spoiled BEFORE INSERT ON record
		    WHEN NEW.ref LIKE '{sys.argv[2]}/%'
		    BEGIN SELECT abs(-9223372036854775807 - 1); END""")
		db.commit()
	EOF
}

@test "a feed that cannot be taken in is left out, and others are not" {
	node_init kent wessex
	nodes_start kent wessex
	node_link kent wessex
	put kent fall >/dev/null
	await_agreed kent wessex
	await_index wessex
	spoil wessex kent
	put kent sepsis >/dev/null
	await_says wessex 'index["without"] == ["kent"] and
		index["state"] == "up-to-date"'
	put wessex stroke >/dev/null
	await "$NODE_WAIT_S" eval "in_index wessex | grep wessex/problem/stroke"
	run ! grep "given up" "$NODES/wessex.log"
	# anew it is whole again
	node wessex reindex >/dev/null
	await_index wessex
	in_index wessex | grep kent/problem/sepsis
	says wessex 'index["without"] == []'
}

@test "an index that lacks a feed does not say that it is complete" {
	node_init kent wessex
	nodes_start kent wessex
	node_link kent wessex
	put kent fall >/dev/null
	await_agreed kent wessex
	await_index wessex
	node_stop wessex
	rm "$NODES"/wessex/index.sqlite*
	mv "$(node_repo wessex kent)/HEAD" HEAD
	node_start wessex
	await_log wessex "the index is made updates"
	await_says wessex 'index["state"] == "up-to-date" and
		not index["complete"]'
	[[ $(node wessex status) == *"not all of it is in: answers may lack records"* ]]
	node_stop wessex
	mv HEAD "$(node_repo wessex kent)/HEAD"
	node_start wessex
	await_index wessex
	in_index wessex | grep kent/problem/fall
}

@test "rubbish over an index while the node runs costs no record" {
	one_with_records
	dd if=/dev/urandom of="$NODES/kent/index.sqlite" bs=4096 count=40 \
		conv=notrunc 2>/dev/null
	put kent after >/dev/null
	head=$(heads kent)
	node_runs kent
	# found at the next start, where nothing has found it before
	node_stop kent
	node_start kent
	await_index kent
	in_index kent | grep kent/problem/after
	[ "$(in_index kent | grep -vc problem/after)" -eq "$(wc -l <<<"$before")" ]
	[ "$(heads kent)" = "$head" ]
}

# many_published NAME N
many_published() {
	many_records "$2" "$BATS_TEST_TMPDIR/many"
	xargs "$WEALD" --home "$NODES/$1" publish \
		<"$BATS_TEST_TMPDIR/many.paths" >/dev/null
}

@test "kill -9 while the index is filled: it goes on from there" {
	node_init kent
	nodes_start kent
	many_published kent "${INDEX_RECORDS:-600}"
	await_index kent
	wanted=$(in_index kent)
	node_stop kent
	for round in 1 2 3; do
		rm -f "$NODES"/kent/index.sqlite*
		node_launch kent
		await "$NODE_WAIT_S" test -e "$NODES/kent/index.sqlite"
		sleep "0.0$((round * 2))"
		node_kill kent
		node_start kent
		await_index kent
		[ "$(in_index kent)" = "$wanted" ]
		node_stop kent
	done
}

@test "SIGTERM while the index is filled does not wait for all of it" {
	node_init kent
	nodes_start kent
	many_published kent "${INDEX_RECORDS:-600}"
	"$WEALD" --home "$NODES/kent" reindex >/dev/null 2>&1 3>&- &
	await_log kent "the index is to be made anew"
	node_stop kent # within five seconds, with 0
	wait
	node_start kent
	await_index kent
}

@test "weald reindex, with a daemon and without" {
	one_with_records
	# what only the index holds is gone afterwards
	/usr/bin/python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE record SET title = ?", ("wrong",))
db.commit()' "$NODES/kent/index.sqlite"
	run -0 --separate-stderr node kent reindex
	[[ $output =~ ^indexed\ 5\ updates\ of\ 1\ feed\ in\ [0-9.]+\ s,\ [0-9]+\ a\ second$ ]]
	[ -z "$stderr" ]
	same_as_before
	run -0 node kent reindex --json
	json '(lines[0]["feeds"] == 1 and lines[0]["updates"] == 5 and
		lines[0]["rate"] > 0 and lines[0]["ms"] >= 0)'
	node_stop kent
	rm "$NODES/kent/index.sqlite"
	run -0 --separate-stderr node kent reindex
	[[ $output == "indexed 5 updates of 1 feed in "* ]]
	[ "$(in_index kent)" = "$before" ]
	[ ! -e "$NODES/kent/control" ]
}

@test "weald reindex tells how far it is, and the node serves meanwhile" {
	node_init kent
	nodes_start kent
	many_published kent "${INDEX_RECORDS:-2000}"
	await_index kent
	# progress is for a terminal only
	SECONDS=0
	script -qefc "'$WEALD' --home '$NODES/kent' reindex" typed >/dev/null 3>&- &
	await_says kent 'index["state"] == "making" and
		0 < index["indexed"] < index["updates"] and
		not index["complete"]'
	[[ $(node kent status) == *"being made anew, "* ]]
	put kent meanwhile >/dev/null
	wait $!
	grep -a "updates of 1 feed in" typed
	# what takes less than a second has no progress
	if [ "$SECONDS" -gt 2 ]; then
		grep -aE "indexed: [0-9]+ of [0-9]+" typed
	fi
	await_index kent
	in_index kent | grep kent/problem/meanwhile
}

# patient_data [N]: the feed of south-west in ./feed.git, by a node that has no
# privacy guard: version 2 of a record, and N - 1 after it, hold a mobile number
# (one of those that are kept for films). Prints the feed's id.
patient_data() {
	/usr/bin/python3 - "$ROOT/tests/interop" "${1:-1}" <<-'EOF'
		import sys
		sys.path.insert(0, sys.argv[1])
		import feedkit

		def record(title, text):
		    return {"record.md": (
		        "---\nexample: true\nkind: problem\ntitle: %s\n"
		        "topics: [sepsis]\nsettings: [general-practice]\n---\n\n%s\n"
		        % (title, text)).encode()}

		chain = feedkit.Chain()
		chain.create()
		chain.profile()
		chain.step(record("Calls come late", "Nobody calls back."),
		           record="problem/2026-11/call-back",
		           summary="Publish problem: Calls come late",
		           topics=["sepsis"])
		for i in range(int(sys.argv[2])):
		    chain.step(record("Calls come late, secretly",
		                      "Ring 07700 900123." + " Do." * i),
		               record="problem/2026-11/call-back", action="revise",
		               summary="Revise problem: Calls come late, secretly",
		               topics=["sepsis"])
		chain.store("feed.git")
		print(chain.feed.hex())
	EOF
}

@test "a version with patient data is kept, named by no command, and told" {
	patient_data >/dev/null
	node_init kent
	nodes_start kent
	"$WEALD" --home "$NODES/kent" watch >lines 2>/dev/null 3>&- &
	echo $! >"$NODES/watch.pid"
	node kent import feed.git >/dev/null
	await_index kent
	# in git it is
	git -C "$(node_repo kent south-west)" show \
		main:problem/2026-11/call-back/record.md | grep 07700
	# one warning, which says nothing of it
	await_log kent 'a version is withheld.*feed=south-west seq=4 kinds=mobile$'
	[ "$(grep -c 'a version is withheld' "$NODES/kent.log")" -eq 1 ]
	run ! grep -r "07700\|secretly" "$NODES/kent.log" lines
	# the version before it is what is shown
	in_index kent | grep -x 'south-west/problem/call-back 1 2 Calls come late'
	run ! grep -a "07700\|secretly" "$NODES"/kent/index.sqlite*
	# a region that is not its origin has nothing to do about it
	says kent 's["withheld"]["n"] == 0'
	node_stop kent
	node_start kent
	await_index kent
	[ "$(grep -c 'a version is withheld' "$NODES/kent.log")" -eq 1 ]
}

@test "a version with patient data that arrives is told without its words" {
	id=$(patient_data)
	node_init kent wessex
	nodes_start kent wessex
	node_link kent wessex
	node kent import feed.git >/dev/null
	node kent follow "$id"
	"$WEALD" --home "$NODES/wessex" watch >lines 2>/dev/null 3>&- &
	echo $! >"$NODES/watch.pid"
	"$WEALD" --home "$NODES/wessex" watch --json >json 2>/dev/null 3>&- &
	echo $! >"$NODES/watch-json.pid"
	node wessex follow "$id"
	await "$NODE_WAIT_S" grep "south-west update 4 is withheld" lines
	grep "south-west/problem/call-back@1 Publish problem" lines
	run ! grep "secretly\|07700" lines json "$NODES/wessex.log"
	await "$NODE_WAIT_S" grep '"withheld":true' json
	await_log wessex 'a version is withheld.*feed=south-west seq=4 kinds=mobile$'
}

# told NAME: so many versions are withheld, says its log.
told() {
	/usr/bin/python3 - "$NODES/$1.log" <<-'EOF'
		import re, sys
		text = open(sys.argv[1]).read()
		seqs = re.findall(r"a version is withheld.* seq=(\d+)", text)
		assert len(seqs) == len(set(seqs))
		held = re.findall(r"lines were held back count=(\d+)", text)
		print(len(seqs) + sum(map(int, held)))
	EOF
}

@test "of many versions with patient data the log tells how many" {
	patient_data 130 >/dev/null
	node_init kent
	nodes_start kent
	node kent import feed.git >/dev/null
	await_index kent
	await "$NODE_WAIT_S" eval '[ "$(told kent)" -eq 130 ]'
	[ "$(grep -c 'a version is withheld' "$NODES/kent.log")" -lt 60 ]
	# and each is told once, whatever comes later
	put kent fall >/dev/null
	await_index kent
	[ "$(told kent)" -eq 130 ]
	node kent reindex >/dev/null
	await_log kent 'the index is made .*withheld=130 '
	await_index kent
	[ "$(told kent)" -eq 130 ]
}

@test "the origin of a version with patient data is told in its status" {
	id=$(patient_data)
	node_init south-west
	rm -rf "$(node_repo south-west south-west)"
	git config -f "$NODES/south-west/config" weald.feed "$id"
	node south-west import feed.git >/dev/null
	node_start south-west
	await_says south-west 's["withheld"]["n"] == 1'
	says south-west 's["withheld"]["list"] == [{
		"ref": "south-west/problem/call-back", "version": 2, "seq": 4,
		"why": "mobile"}]'
	run -0 node south-west status
	[[ $output == *"withheld    1 version of ours is shown by no node"* ]]
	[[ $output == *"south-west/problem/call-back@2, update 4: mobile"* ]]
	[[ $output != *secretly* ]]
}

# What is due is named where it is told: no other command lists it.
@test "status names what is due, and how many more" {
	local slug

	node_init kent
	nodes_start kent
	for slug in alarm bed chart drip exit; do
		record problem "$slug" "About $slug" "What is said of it."
		sed -i '2i review_on: 2025-02-01' "$slug/record.md"
	done
	record problem first "The first of all" "What is said of it."
	sed -i '2i review_on: 2025-01-01' first/record.md
	node kent publish alarm bed chart drip exit first >/dev/null
	await_says kent 's["due"]["n"] == 6'
	run -0 node kent status
	[[ $output == *$'\n'"due         6 results or reviews of ours"$'\n'* ]]
	[[ $output == *" kent/problem/first: to be looked at again since 2025-01-01"$'\n'* ]]
	[[ $output == *" kent/problem/drip: to be looked at again since 2025-02-01"$'\n'* ]]
	[[ $output == *" and 1 more: --json names them"$'\n'*"weald edit"* ]]
	[[ $output != *kent/problem/exit* && $output != *--overdue* ]]
}

@test "contents that come late are all in the index, looked at seldom" {
	local n=${INDEX_LATE:-150}

	node_init kent wessex
	git config -f "$NODES/wessex/config" node.logLevel debug
	nodes_start kent wessex
	node_link kent wessex
	node wessex follow --kind endorsement kent
	mkdir slow
	for ((i = 0; i < n; i++)); do
		echo "$BATS_TEST_TMPDIR/slow/late-$i"
		(cd slow && record problem "late-$i" "Late $i" "What is said.")
	done | xargs "$WEALD" --home "$NODES/kent" publish >/dev/null
	await_agreed kent wessex
	await_index wessex
	[ "$(in_index wessex | grep -c "Late ")" -eq 0 ]
	node_stop wessex
	cp "$NODES/wessex/index.sqlite" before.sqlite
	node_start wessex
	node wessex follow --whole kent
	await "$NODE_WAIT_S" eval \
		"[ \$(in_index wessex | grep -c 'Late ') -eq $n ]"
	await_index wessex
	# not once for each that came
	[ "$(grep -c 'late contents are looked at' "$NODES/wessex.log")" -le 5 ]
	# the node ended before it had looked; what else there is may still grow
	wanted=$(in_index wessex | grep 'Late ')
	node_stop wessex
	cp before.sqlite "$NODES/wessex/index.sqlite"
	rm -f "$NODES"/wessex/index.sqlite-*
	node_start wessex
	await "$NODE_WAIT_S" eval \
		'[ "$(in_index wessex | grep "Late ")" = "$wanted" ]'
}

# The trolley of UCLPartners, in use in West Midlands.
adopted() {
	node_init uclpartners west-midlands
	nodes_start uclpartners west-midlands
	node_link uclpartners west-midlands
	node uclpartners publish "$ROOT"/tests/data/examples/uclpartners/*/* \
		>/dev/null
	node west-midlands publish \
		"$ROOT"/tests/data/examples/west-midlands/*/* >/dev/null
	await_agreed uclpartners west-midlands
	await_index west-midlands
}

@test "the withdrawal of what is used here comes first, and live" {
	local trolley=uclpartners/intervention/sepsis-first-dose-trolley

	adopted
	says west-midlands 's["alerts"] == {"n": 0, "list": []}'
	"$WEALD" --home "$NODES/west-midlands" watch >lines 2>/dev/null 3>&- &
	echo $! >"$NODES/watch.pid"
	"$WEALD" --home "$NODES/west-midlands" watch --json >json 2>/dev/null 3>&- &
	echo $! >"$NODES/watch-json.pid"
	await "$NODE_WAIT_S" eval "grep -q . lines ||
		{ put west-midlands nudge-\$RANDOM; false; }"
	node uclpartners withdraw --reason "the seal can be bypassed" \
		"$trolley" >/dev/null
	await_says west-midlands 's["alerts"]["n"] == 1'
	says west-midlands 's["alerts"]["list"][0]["ref"] == "'"$trolley"'"
		and s["alerts"]["list"][0]["adoption"] ==
			"west-midlands/adoption/sepsis-trolley-ed"'
	run -0 node west-midlands status
	[[ ${lines[0]} == "withdrawn   "*"$trolley"* ]]
	[[ $output == *"we use it: west-midlands/adoption/sepsis-trolley-ed"* ]]
	await "$NODE_WAIT_S" grep "WITHDRAWN, and used here: $trolley" lines
	await "$NODE_WAIT_S" grep '"event":"inbox".*"reason":"withdrawn"' json
	# told once
	put uclpartners other >/dev/null
	await_agreed uclpartners west-midlands
	await_index west-midlands
	[ "$(grep -c WITHDRAWN lines)" -eq 1 ]
	# until it is acknowledged
	node west-midlands ack "$trolley" -m "sealed by hand" >/dev/null
	await_says west-midlands 's["alerts"]["n"] == 0'
}

@test "a withdrawal comes to whom follows the region by another topic" {
	local trolley=uclpartners/intervention/sepsis-first-dose-trolley

	adopted
	node_init kent
	nodes_start kent
	node_link kent west-midlands
	node west-midlands follow --topic stroke kent
	await_says west-midlands 's["feeds"]["narrow"] == 1'
	record withdrawal stop-the-trolley "Stop the trolley"
	sed -i -e "s,^target: .*,target: $trolley," -e "s,sepsis],falls]," \
		stop-the-trolley/record.md
	(cd "$BATS_TEST_TMPDIR" && record problem other "Something else")
	node kent publish other stop-the-trolley >/dev/null
	await_agreed kent west-midlands
	await_says west-midlands 's["alerts"]["n"] == 1'
	says west-midlands '(lambda a: a["ref"] == "'"$trolley"'" and
		a["by"] == "kent/withdrawal/stop-the-trolley" and
		a["level"] == "stop-now" and a["adoption"] ==
			"west-midlands/adoption/sepsis-trolley-ed")(
			s["alerts"]["list"][0])'
	run -0 node west-midlands show kent/withdrawal/stop-the-trolley
	[[ $output == *"the wrong dose lay ready"* ]]
	# of the rest only what was chosen is here
	run -0 node west-midlands verify kent --json
	json 'lines[0]["narrow"] and lines[0]["absent"] == 1'
}
