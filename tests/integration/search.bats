#!/usr/bin/env bats
# weald search: records of all regions by words.

# bats sets stderr, and each test has an environment of its own
# shellcheck disable=SC2030,SC2031,SC2154

load helper
load examples

setup_file() {
	make_library
}

setup() {
	borrow_reader
}

@test "search finds by words in any order and form, from every region" {
	run -0 weald search trolleys sepsis
	[[ $output == *"uclpartners/intervention/sepsis-first-dose-trolley  Intervention; Replicated: tried in 6 regions, improved in 4"* ]]
	[[ $output == *"west-midlands/adoption/sepsis-trolley-ed"* ]]
	[[ $output != *custody* ]]
	run -0 weald search sealed raided
	[[ $output == *"sepsis-first-dose-trolley"*"it was raided for fluids"* ]]
	run -0 weald search AKI
	[[ $output == *"north-west-coast/problem/hospital-acquired-aki"* ]]
}

@test "search says first that what we use was withdrawn" {
	run -0 weald search trolley
	[[ ${lines[0]} == "WITHDRAWN  High-risk prescribing pop-up"*"you use this (reader-land/adoption/popup)" ]]
	[[ ${lines[2]} == *"weald ack wessex/withdrawal/gp-high-risk-prescribing-popup"* ]]
	run -0 weald search --json trolley
	json 'lines[0]["type"] == "alert" and lines[0]["level"] == "stop-and-review"'
	json 'all(x["type"] == "hit" for x in lines[1:-1])'
	json 'lines[-1]["type"] == "end" and lines[-1]["shown"] == len(lines) - 2'
}

@test "search forgives what is mistyped, and says so" {
	run -0 weald search antibiotcs
	[[ $output == *"nothing for 'antibiotcs'; showing 'antibiotics'"* ]]
	[[ $output == *"uclpartners/problem/sepsis-late-antibiotics"* ]]
	run -0 weald search --json antibiotcs
	json 'lines[-1]["corrected"] == "antibiotics"'
	run -0 weald search --json antibiotics
	json 'lines[-1]["corrected"] is None'
}

@test "search by topic, setting, kind, region and time" {
	run -0 weald search --json --topic sepsis --kind evidence
	json 'len(lines) == 7 and all("/evidence/" in x["ref"] for x in lines[1:-1])'
	run -0 weald search --json --setting mental-health-inpatient --kind lesson
	json '[x["ref"] for x in lines[1:-1]] == ["south-london/lesson/smoke-free-psychiatric-ward"]'
	run -0 weald search --json --region wessex
	json 'len(lines) == 6 and all(x["region"] == "wessex" for x in lines[1:-1])'
	run -0 weald search --json --since 7d --region wessex
	json 'len(lines) == 6'
	run -0 weald search --json --since 2199-01-01 --region wessex
	json 'len(lines) == 2 and lines[-1]["total"] == 0'
	run -0 weald search --json --limit 3 sepsis
	json 'lines[-1]["shown"] == 3 and lines[-1]["total"] > 3'
	run -0 weald search --limit 3 sepsis
	[[ ${lines[-1]} == "3 of "*"--limit N shows more" ]]
}

@test "search that finds nothing says what to try next" {
	run -0 weald search --topic falls quantum chromodynamics
	[[ $output == *"nothing found"*"without --topic"*"weald topics"* ]]
	run -0 weald search --json quantum chromodynamics
	json 'lines[-1]["total"] == 0'
}

@test "search refuses codes that there are not, with the nearest" {
	run -1 --separate-stderr weald search --topic sepsus x
	[[ $stderr == *'no topic "sepsus": did you mean sepsis; weald topics lists them' ]]
	run -1 --separate-stderr weald search --setting emergency x
	[[ $stderr == *"did you mean emergency-department; there are: "*care-home* ]]
	run -1 --separate-stderr weald search --kind fixes x
	[[ $stderr == *"there are: "*problem*intervention* ]]
	run -1 --separate-stderr weald search --region wesex x
	[[ $stderr == *"did you mean wessex; weald regions lists those there are" ]]
	fails 2 weald search
	fails 2 weald search --since yesterday x
	fails 2 weald search --since 2026-02-30 x
	fails 2 weald search "$(printf 'a%.0s' {1..5000})"
}

@test "search takes any signs for words" {
	for words in '"' "'" 'a"b' '*' '(' 'NEAR(' 'sepsis AND' 'title:x' \
		'^' '-' '{' 'a* OR' $'\e[31m' $'\xff' 'ünïcode' '%' ';--'; do
		run weald search -- "$words"
		[ "$status" -eq 0 ]
		tame "$output"
	done
}

@test "search never shows what the privacy guard withholds" {
	import_odd
	for words in zanzibar leak spring "fix with" tell 1950 DOB; do
		run -0 weald search "$words"
		[[ $output != *"in the text"* && $output != *1950* ]]
		[[ $output != *"Leak of"* && $output != *"Fix with"* ]]
		[[ ${output//"'zanzibar'"/} != *zanzibar* ]]
		[[ $output != *leak-only* ]]
	done
	run -0 weald search kumquats
	[[ $output == *"odd-land/problem/leak  Problem; version 2 is withheld"* ]]
	for option in --json ""; do
		# shellcheck disable=SC2086
		run -0 weald search $option --region odd-land --limit 100
		[[ $output != *zanzibar* && $output != *1950* ]]
		tame "$output"
	done
	run -0 weald search --json kumquats
	json 'lines[-2]["last_state"] == "withheld"'
}

@test "search of what others wrote plays no tricks on a terminal" {
	import_odd
	run -0 weald search --region odd-land --limit 100
	tame "$output"
	[[ $output == *odd-land/intervention/tricks* ]]
}

remove() {
	rm "$1"
}

cut() {
	truncate -s 100 "$1"
}

garble() {
	head -c "$(stat -c %s "$1")" /dev/zero | tr '\0' x >"$1.new"
	mv "$1.new" "$1"
}

@test "the index heals, whatever became of it" {
	run -0 weald search trolley
	want=$output
	for damage in remove cut garble; do
		for file in "$WEALD_HOME"/index.sqlite*; do
			"$damage" "$file"
		done
		run -0 --separate-stderr weald search trolley
		[ "$output" = "$want" ]
	done
}

@test "search reads while another process writes to the home" {
	run -0 weald search trolley
	want=$output
	exec 9<>"$WEALD_HOME/lock"
	flock 9
	run -0 --separate-stderr weald search trolley
	[[ $output == "$want" && -z $stderr ]]
	rm "$WEALD_HOME"/index.sqlite*
	run --separate-stderr weald search trolley
	[ "$status" -eq 4 ]
	[[ $stderr == *"there is no index yet; the daemon makes it"* ]]
	exec 9>&-
	run -0 weald search trolley
	[ "$output" = "$want" ]
}

@test "search says that the index is behind, where it may not write it" {
	run -0 weald search trolley
	exec 9<>"$WEALD_HOME/lock"
	sleep 0.01 # a later time than the index has, whatever the file system
	weald import "$BATS_FILE_TMPDIR/odd.git" >/dev/null
	flock 9
	run -0 --separate-stderr weald search trolley
	[[ $stderr == *"the newest 24 updates are not in the index yet"*"what was withdrawn may be among them"* ]]
	run -0 --separate-stderr weald search --json trolley
	json 'lines[-1]["complete"] is False'
	exec 9>&-
}

@test "search says that the index is not complete, and withdrawals may lack" {
	run -0 weald search --json trolley
	json 'lines[-1]["complete"] is True'
	python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("DELETE FROM complete")
db.commit()' "$WEALD_HOME/index.sqlite"
	exec 9<>"$WEALD_HOME/lock"
	flock 9
	for command in "search trolley" "fixed sepsis" inbox adoptions; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr weald $command
		[[ $stderr == *"the index is not complete"*"what was withdrawn too"* ]]
		# shellcheck disable=SC2086
		run -0 --separate-stderr weald $command --json
		json 'lines[-1]["complete"] is False'
	done
	exec 9>&-
	run -0 --separate-stderr weald search --json trolley
	json 'lines[-1]["complete"] is True'
	[ -z "$stderr" ]
}

# what is quoted is for another shell
# shellcheck disable=SC2016
@test "a full disk stops no reading where there is an index" {
	mkdir disk
	unshare -rm mount -t tmpfs -o size=8m t disk ||
		skip "no mount namespaces here"
	weald search trolley >/dev/null
	export WEALD
	run -0 unshare -rm bash -euc 'mount -t tmpfs -o size=16m t disk
		cp -r "$WEALD_HOME" disk/home
		export WEALD_HOME=$PWD/disk/home
		"$WEALD" import "$1" >/dev/null
		cat /dev/zero >disk/filler 2>/dev/null || true
		"$WEALD" search trolley 2>err
		grep -q "could not be brought up to date.*free some space" err
		"$WEALD" show wessex/problem/alert-overload
		rm "$WEALD_HOME"/index.sqlite*
		cat /dev/zero >>disk/filler 2>/dev/null || true
		code=0
		"$WEALD" search trolley 2>err || code=$?
		[ "$code" -eq 6 ]
		grep -q "free some space" err
		"$WEALD" show wessex/problem/alert-overload 2>/dev/null' - \
		"$BATS_FILE_TMPDIR/odd.git"
	[[ $output == *sepsis-first-dose-trolley*wessex/problem/alert-overload@1*wessex/problem/alert-overload@1* ]]
}
