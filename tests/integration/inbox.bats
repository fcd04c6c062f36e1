#!/usr/bin/env bats
# weald inbox: what arrived and matters here.

# bats sets stderr
# shellcheck disable=SC2154

load helper
load examples

setup_file() {
	make_library
}

setup() {
	borrow_reader
}

@test "inbox says first what was withdrawn, then fixes, then topics" {
	run -0 weald inbox
	[[ ${lines[0]} == "WITHDRAWN  High-risk prescribing pop-up"*"you use this (reader-land/adoption/popup)" ]]
	[[ $output == *"Fixes for your problems and priorities"*"uclpartners/intervention/sepsis-first-dose-trolley"*"for your reader-land/priority/sepsis"*"On your topics"* ]]
	[[ $output != *reader-land/priority/sepsis\ \ * ]]
	[[ $output == *"weald inbox --mark-read"* ]]
	[ ! -e "$WEALD_HOME/inbox" ]
}

@test "inbox --mark-read shows it once, but for what is withdrawn" {
	run -0 weald inbox --mark-read
	[[ $output == *sepsis-first-dose-trolley* ]]
	[ "$(stat -c %a "$WEALD_HOME/inbox")" = 600 ]
	grep -qx 'uclpartners 6' "$WEALD_HOME/inbox"
	run -0 weald inbox
	[[ ${lines[0]} == "WITHDRAWN  "* && $output == *"nothing new"* ]]
	[[ $output != *sepsis-first-dose-trolley* ]]
	run -0 weald inbox --all
	[[ $output == *sepsis-first-dose-trolley* ]]
}

@test "inbox has what came after it was read" {
	weald inbox --mark-read >/dev/null
	region=$BATS_TEST_TMPDIR/region
	cp -r "$BATS_FILE_TMPDIR/regions/uclpartners" "$region"
	cp -r "$EXAMPLES/uclpartners/intervention/sepsis-first-dose-trolley" .
	echo "One more line." >>sepsis-first-dose-trolley/record.md
	weald --home "$region" publish sepsis-first-dose-trolley
	weald import "$region/feeds/uclpartners.git"
	run -0 weald inbox
	[[ $output == *sepsis-first-dose-trolley*"a new version; for your reader-land/priority/sepsis"* ]]
	[[ $output != *sepsis-late-antibiotics* ]]
}

@test "inbox --json" {
	run -0 weald inbox --json
	json 'lines[0]["type"] == "alert" and lines[0]["target"] == "wessex/intervention/gp-high-risk-prescribing-popup"'
	json 'lines[1]["type"] == "item" and lines[1]["reason"] == "fix"'
	json 'lines[1]["about"] == "reader-land/priority/sepsis" and lines[1]["new"]'
	json 'lines[-1]["type"] == "end" and lines[-1]["shown"] == len(lines) - 2'
	json 'all(x["region"] != "reader-land" for x in lines[1:-1])'
}

@test "inbox prints some under each heading, and marks all of it" {
	run -0 --separate-stderr weald inbox --limit 1
	[[ $output == *"Fixes for"*"On your topics"*"  ... and "*" more of these"* ]]
	[[ $output == *" of "*"--limit N shows so many under each heading"* ]]
	run -0 weald inbox --json --limit 1
	json '[x["reason"] for x in lines[:-1] if x["type"] == "item"].count("topic") == 1'
	json 'lines[-1]["shown"] < lines[-1]["total"]'
	run -0 --separate-stderr weald inbox --mark-read --limit 1
	[[ $stderr == *"that were not shown are marked as read too; weald inbox --all lists them"* ]]
	run -0 weald inbox
	[[ $output == *"nothing new"* ]]
}

@test "inbox is printed where thousands have arrived" {
	make_home many many Many
	mkdir many-records
	for i in $(seq 60); do
		(cd many-records && record problem "late-${i//[0-9]/x}$(tr 0-9 a-j <<<"$i")")
	done
	weald --home many publish many-records/*/ >/dev/null
	weald import many/feeds/many.git >/dev/null
	run -0 weald inbox
	[[ $output == *"On your topics"*"  ... and "*" more of these"* ]]
	[ "$(grep -c many/problem <<<"$output")" -le 50 ]
	run -0 --separate-stderr weald inbox --mark-read
	run -0 weald inbox
	[[ $output == *"nothing new"* && $output != *many/problem* ]]
}

@test "inbox with marks that are damaged shows all, and says so" {
	for text in 'rubbish' 'uclpartners 6' $'uclpartners x\n' $'\e[31m 1\n'; do
		printf '%s' "$text" >"$WEALD_HOME/inbox"
		run -0 --separate-stderr weald inbox
		[[ $stderr == *"the file inbox is damaged"* && ${#stderr_lines[@]} -eq 1 ]]
		tame "$stderr"
		[[ $output == *sepsis-first-dose-trolley* ]]
	done
	run -0 weald inbox --mark-read
	run -0 --separate-stderr weald inbox
	[[ -z $stderr && $output == *"nothing new"* ]]
}

@test "inbox of what others wrote plays no tricks, and withholds" {
	import_odd
	for option in --limit=1000 --all --json; do
		run -0 weald inbox "$option"
		[[ $output != *zanzibar* && $output != *1950* ]]
		[[ $output != *leak-only* ]]
		tame "$output"
	done
	fails 2 weald inbox more
}
