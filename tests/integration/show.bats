#!/usr/bin/env bats
# weald show: a record, one version, one file.

# bats sets stderr and stderr_lines
# shellcheck disable=SC2154

load helper
load examples

setup_file() {
	make_library
}

setup() {
	isolate
	make_home
	record problem a "First title" "First text."
	echo "some words" >a/notes.txt
	weald publish -m "Why one" a >/dev/null
	record problem a "Second title" "Second text."
	rm a/notes.txt
	weald publish a >/dev/null
}

@test "show prints the latest version with what is known of it" {
	run -0 weald show problem/a
	[ "${lines[0]}" = south-west/problem/a@2 ]
	[ "${lines[1]}" = "Second title" ]
	[[ $output == *"kind                  Problem"* ]]
	[[ $output == *"topics                Sepsis"* ]]
	[[ $output == *$'\n\nSecond text.\n\n'* ]]
	[[ $output == *"summary   Revise problem: Second title"* ]]
	[[ $output == *"version   2 of 2"* ]]
	[[ $output == *"commit    $(git -C "$FEED" rev-parse main)"* ]]
	[[ $output == *"files     record.md, "*" bytes"* ]]
	[[ $output == *"versions  2  "*"Revise problem: Second title"* ]]
	[[ $output == *"          1  "*"Publish problem: First title"* ]]
	[ "$(weald show south-west/problem/a)" = "$output" ]
}

@test "show @N prints that version" {
	run -0 weald show problem/a@1
	[ "${lines[0]}" = south-west/problem/a@1 ]
	[[ $output == *"NOT THE LATEST  there is a version 2"* ]]
	[[ $output == *"First text."* && $output != *"Second text."* ]]
	[[ $output == *$'note\n          Why one'* ]]
	[[ $output == *"files     notes.txt, 11 bytes"* ]]
}

@test "show --file and --raw print the bytes of a file" {
	run -0 weald show --file notes.txt problem/a@1
	[ "$output" = "some words" ]
	weald show --file record.md problem/a >out
	cmp out a/record.md
	weald show --raw problem/a >out
	cmp out a/record.md
	fails 1 weald show --file notes.txt problem/a
	fails 1 weald show --file ../x problem/a
	fails 1 weald show --file /etc/passwd problem/a
	fails 2 weald show --raw --file notes.txt problem/a@1
}

@test "show --json has everything" {
	run -0 weald show --json problem/a@1
	json 'lines[0]["ref"] == "south-west/problem/a@1"'
	json 'lines[0]["note"] == "Why one" and lines[0]["topics"] == ["sepsis"]'
	json '[f["name"] for f in lines[0]["files"]] == ["notes.txt", "record.md"]'
	json '[v["version"] for v in lines[0]["versions"]] == [2, 1]'
	json 'lines[0]["text"].endswith("First text.\n")'
	json 'lines[0]["title"] == "First title" and lines[0]["kind"] == "problem"'
	json 'lines[0]["fields"]["topics"] == ["sepsis"]'
	json 'lines[0]["derived"] is None and lines[0]["links"] == []'
}

@test "show resolves links both ways, and says how sure it is" {
	borrow_reader
	run -0 weald show uclpartners/intervention/sepsis-first-dose-trolley
	[[ $output == *"(uclpartners/problem/sepsis-late-antibiotics)"* ]]
	[[ $output == *"How sure is it? replicated: improved in 4 regions"* ]]
	[[ $output == *"tried in 6 regions, improved in 4, unclear in 2, worse in 0, not yet reported in 0"* ]]
	[[ $output == *"west-midlands: "*"3 of 5 sites, since 2025-01-01; improved: ratio 0.76 (95% interval 0.61 to 0.95)"* ]]
	[[ $output == *$'\nEvidence\n'*"(wessex/evidence/sepsis-trolley-2025)"* ]]
	[[ $output == *$'\nAdoptions\n'*"(west-midlands/adoption/sepsis-trolley-ed)"* ]]
	[[ $output == *"weald adopt uclpartners/intervention/sepsis-first-dose-trolley"* ]]
	run -0 weald show --json uclpartners/intervention/sepsis-first-dose-trolley
	json 'lines[0]["derived"]["improved"] == 4'
	json 'len(lines[0]["derived"]["uses"]) == 6'
	json '("west-midlands/adoption/sepsis-trolley-ed", "intervention") in [
		(l["ref"], l["rel"]) for l in lines[0]["links"] if l["incoming"]]'
}

@test "show leaves out what is not given" {
	borrow_reader
	run -0 weald show uclpartners/measure/sepsis-antibiotics-after-60min
	[[ $output == *$'\nmin denominator '* && $output != *$'\ntarget '* ]]
	run -0 weald show --json uclpartners/measure/sepsis-antibiotics-after-60min
	json 'lines[0]["fields"]["target"] == "null"'
}

@test "show says of every kind that its review date has passed" {
	local passed="its review date has passed"

	run -0 weald show problem/a
	[[ $output != *"$passed"* ]]
	sed -i '2i review_on: 2199-12-31' a/record.md
	weald publish a >/dev/null
	run -0 weald show --json problem/a
	json 'lines[0]["review_passed"] is False'
	sed -i 's/^review_on: .*/review_on: 2020-01-31/' a/record.md
	weald publish a >/dev/null
	run -0 weald show problem/a
	[ "${lines[2]}" = "$passed" ]
	run -0 weald show --json problem/a
	json 'lines[0]["review_passed"] is True'
	own_adoption
	sed -i 's/^started: .*/&\nnext_review: 2024-07-01/' popup/record.md
	weald publish popup >/dev/null 2>&1
	run -0 weald show adoption/popup
	[[ $output == *"$passed"* ]]
	# nobody looks again at what has ended
	sed -i 's/^stage: .*/stage: stopped/' popup/record.md
	weald publish popup >/dev/null 2>&1
	run -0 weald show adoption/popup@2
	[[ $output != *"$passed"* ]]
}

@test "show has the series as a table, long ones cut in the middle" {
	borrow_reader
	run -0 weald show west-midlands/adoption/sepsis-trolley-ed
	[[ $output == *"data.csv, 24 rows"* ]]
	[[ $output == *"2024-01            60           135  before"* ]]
	[[ $output == *"  ... 12 more"* ]]
	[[ $output == *"2025-12            44           140  after"* ]]
	[[ $output != *2024-09* ]]
}

@test "show says first that what we use was withdrawn" {
	borrow_reader
	for ref in wessex/intervention/gp-high-risk-prescribing-popup \
		wessex/withdrawal/gp-high-risk-prescribing-popup; do
		run -0 weald show "$ref"
		[[ ${lines[2]} == "WITHDRAWN  "*"you use this (reader-land/adoption/popup)" ]]
		[[ ${lines[4]} == *"weald ack wessex/withdrawal/gp-high-risk-prescribing-popup"* ]]
		run -0 weald show --json "$ref"
		json 'lines[0]["alerts"][0]["adoption"] == "reader-land/adoption/popup"'
	done
}

@test "show of an own adoption says first that what it uses was withdrawn" {
	borrow_reader
	run -0 weald show adoption/popup
	[[ ${lines[2]} == "WITHDRAWN  "*"you use this (reader-land/adoption/popup)" ]]
	[[ ${lines[4]} == *"weald ack wessex/withdrawal/gp-high-risk-prescribing-popup"* ]]
	run -0 weald show --json adoption/popup
	json '[a["adoption"] for a in lines[0]["alerts"]] == ["reader-land/adoption/popup"]'
	json 'not lines[0]["withdrawn"]'
	# it stays withdrawn when the region has said that it knows
	weald ack wessex/withdrawal/gp-high-risk-prescribing-popup >/dev/null
	run -0 weald show adoption/popup
	[[ ${lines[2]} == "WITHDRAWN  the intervention: "*"weald show wessex/withdrawal/gp-high-risk-prescribing-popup says why"* ]]
	[[ $output != *"you use this"* ]]
	run -0 weald show --json adoption/popup
	json 'lines[0]["alerts"] == []'
	json '[l["withdrawn"] for l in lines[0]["links"] if l["rel"] == "intervention"] == [True]'
}

@test "show of an adoption that has stopped says what was withdrawn" {
	borrow_reader
	own_adoption
	sed -i 's/^stage: .*/stage: stopped/' popup/record.md
	weald publish popup >/dev/null 2>&1
	run -0 weald show adoption/popup@2
	[[ ${lines[2]} == "WITHDRAWN  the intervention: "*"weald show wessex/withdrawal/gp-high-risk-prescribing-popup says why"* ]]
	run -0 weald inbox
	[[ $output != *WITHDRAWN* ]]
}

@test "show of what others found of a thing says that it was withdrawn" {
	borrow_reader
	withdraw_trolley
	for ref in west-midlands/adoption/sepsis-trolley-ed \
		wessex/evidence/sepsis-trolley-2025; do
		run -0 weald show "$ref"
		[[ ${lines[2]} == "WITHDRAWN  the intervention: by the region that published it; weald show uclpartners/intervention/sepsis-first-dose-trolley says why"* ]]
	done
}

@test "show wraps text at the edge of the terminal" {
	command -v script >/dev/null || skip "no script(1)"
	borrow_reader
	PAGER='' run script -qec "stty cols 64; '$WEALD' show uclpartners/intervention/sepsis-first-dose-trolley" /dev/null
	[ "$status" -eq 0 ]
	wrapped=0
	for line in "${lines[@]}"; do
		line=${line%$'\r'}
		if [[ $line == "                      "[a-z]*" "* ]]; then
			[ "${#line}" -le 64 ]
			wrapped=$((wrapped + 1))
		fi
	done
	[ "$wrapped" -gt 5 ]
}

@test "show --diff says what changed, word by word" {
	run -0 weald show --diff problem/a
	[ "${lines[0]}" = "south-west/problem/a, version 1 to 2" ]
	[[ $output == *"~ title: [-First-] {+Second+} title"* ]]
	[[ $output == *"~ [-First-] {+Second+} text."* ]]
	[[ $output == *"notes.txt, removed"*"- some words"* ]]
	weald show --diff problem/a 1..2 | cmp - <(echo "$output")
	weald show --diff 1.. problem/a | cmp - <(echo "$output")
	run -0 weald show --diff problem/a@1
	[[ $output == *"version 1, which is the first"*"+ title: First title"* ]]
	run -0 weald show --diff problem/a 2..1
	[[ $output == *"notes.txt, added"*"[-Second-] {+First+}"* ]]
	run -0 weald show --json --diff problem/a
	json 'lines[0]["from"] == 1 and lines[0]["to"] == 2'
	json '[(f["name"], f["change"]) for f in lines[0]["files"]] == [
		("record.md", "changed"), ("notes.txt", "removed")]'
	json '(lines[0]["files"][0]["lines"][1] ==
		{"op": "added", "text": "title: Second title"})'
	fails 2 weald show --diff problem/a 1..3
	fails 2 weald show --diff problem/a 0..1
	fails 2 weald show --diff problem/a 1..x
	fails 2 weald show problem/a 1..2
	fails 2 weald show --diff --raw problem/a
}

@test "show never shows a version that the privacy guard withholds" {
	borrow_reader
	import_odd
	run -0 weald show odd-land/problem/leak
	[ "${lines[0]}" = odd-land/problem/leak@1 ]
	[[ $output == *"version 2 is withheld by the privacy guard: date-of-birth"* ]]
	[[ $output == *"versions  2  "*"withheld by the privacy guard: date-of-birth"* ]]
	[[ $output == *"Words about kumquats."* ]]
	run -0 weald show --json odd-land/problem/leak
	json 'lines[0]["version"] == 1'
	json '"date-of-birth" in lines[0]["latest_withheld"]'
	json '"date-of-birth" in lines[0]["versions"][0]["withheld"]'
	run -0 weald show --file record.md odd-land/problem/leak
	[[ $output == *"Words about kumquats."* ]]
	for ref in problem/leak@2 intervention/leak-only problem/leak-file \
		problem/leak-note; do
		for option in "" --json --raw "--file record.md" \
			"--file list.csv" "--file notes.txt" --diff; do
			# shellcheck disable=SC2086
			run weald show $option "odd-land/$ref"
			[ "$status" -eq 3 ]
			[[ $output != *zanzibar* && $output != *1950* ]]
			[[ $output == *"withheld by the privacy guard: date-of-birth"* ]]
		done
	done
	for range in 1..2 2..1; do
		run weald show --diff odd-land/problem/leak "$range"
		[ "$status" -eq 3 ]
		[[ $output != *zanzibar* ]]
	done
}

@test "show needs no index, and withholds without one too" {
	borrow_reader
	import_odd
	exec 9<>"$WEALD_HOME/lock"
	flock 9
	rm -f "$WEALD_HOME"/index.sqlite*
	run -0 --separate-stderr weald show odd-land/problem/leak
	[[ $stderr == *"what other records say of it is not shown"* ]]
	[[ $output == *"Words about kumquats."* && $output != *zanzibar* ]]
	[[ $output == *"versions  2  "* ]]
	run -3 weald show odd-land/problem/leak@2
	[[ $output != *zanzibar* ]]
	exec 9>&-
	run -0 --separate-stderr weald show odd-land/problem/leak
	[ -z "$stderr" ]
	[ -e "$WEALD_HOME/index.sqlite" ]
}

@test "show of what others wrote plays no tricks on a terminal" {
	borrow_reader
	import_odd
	for kind in problem intervention adoption lesson withdrawal; do
		run -0 weald show "odd-land/$kind/tricks"
		tame "$output"
		[[ $output == *'\x1b[31mred'* ]]
		run -0 weald show --json "odd-land/$kind/tricks"
		tame "$output"
		json '"\x1b[31mred" in lines[0]["text"]'
	done
	run -0 weald show odd-land/problem/quoted
	tame "$output"
}

@test "show and log --json are printable ASCII, whatever is in it" {
	record problem b "A title" $'\u009b31m \u202e \u2066 \x7f\x7f caf\u00e9'
	weald publish b >/dev/null
	for asked in "show problem/b" log; do
		# shellcheck disable=SC2086
		run -0 weald $asked --json
		tame "$output"
		! LC_ALL=C grep -q '[^ -~]' <<<"$output"
	done
	run -0 weald show --json problem/b
	json '"\x9b31m \u202e \u2066 \x7f\x7f caf\xe9" in lines[0]["text"]'
}

@test "adopt and new take nothing that show withholds" {
	borrow_reader
	import_odd
	run -3 weald show odd-land/intervention/leak-only
	run -0 --separate-stderr weald adopt odd-land/intervention/leak-only --out lk1
	[[ $stderr == *"version 1 of odd-land/intervention/leak-only is withheld by the privacy guard: "*"nothing was taken from it"* ]]
	run -0 weald new evidence --intervention odd-land/intervention/leak-only --out lk2
	run -0 weald new endorsement --target odd-land/intervention/leak-only --out lk3
	run -0 --separate-stderr weald new lesson --about odd-land/problem/leak --out lk4
	[[ $stderr == *"version 2 of odd-land/problem/leak is withheld"*"version 1 is taken instead"* ]]
	for folder in lk1 lk2 lk3 lk4; do
		grep -q odd-land/ "$folder/record.md"
		! grep -riE 'zanzibar|1950|Fix with' "$folder"/
	done
	# its topics are withheld too; those of the version before are not
	run -1 grep -E '^(topics: .*|  *- )sepsis' lk1/record.md
	run -0 grep -E '^(topics: .*|  *- )sepsis' lk4/record.md
}

# narrow REGION RECORD: its feed is followed in part, and the file of the record
# as it stands last is not kept here.
narrow() {
	local theirs=$WEALD_HOME/feeds/$1.git blob pack

	blob=$(git -C "$theirs" rev-parse "main:$2/record.md")
	mkdir packs
	pack=$(git -C "$theirs" rev-list --objects main | cut -d ' ' -f 1 |
		grep -v "$blob" |
		git -C "$theirs" pack-objects -q "$PWD/packs/pack")
	find "$theirs/objects" -type f -delete
	mv packs/* "$theirs/objects/pack/"
	touch "$theirs/objects/pack/pack-$pack.promisor"
	git -C "$theirs" config remote.weald.url /nonexistent/narrow-replica
	git -C "$theirs" config remote.weald.promisor true
	git -C "$theirs" config remote.weald.partialclonefilter blob:none
	rm -f "$WEALD_HOME"/index.sqlite*
}

@test "what is not kept here is not called withheld" {
	region=$BATS_TEST_TMPDIR/region
	trolley=uclpartners/intervention/sepsis-first-dose-trolley
	borrow_reader
	cp -r "$BATS_FILE_TMPDIR/regions/uclpartners" "$region"
	cp -r "$EXAMPLES/$trolley" .
	echo "One more line." >>sepsis-first-dose-trolley/record.md
	weald --home "$region" publish sepsis-first-dose-trolley
	weald import "$region/feeds/uclpartners.git"
	narrow uclpartners "$(git -C "$region/feeds/uclpartners.git" \
		ls-tree -rd --name-only main |
		grep '^intervention/.*/sepsis-first-dose-trolley$')"
	run -0 --separate-stderr weald show "$trolley"
	[ "${lines[0]}" = "$trolley@1" ]
	[[ $output == *"NOT THE LATEST  version 2 is not kept here (followed in part)"* ]]
	[[ $output != *withheld* && $output != *"One more line"* ]]
	fails 1 weald show "$trolley@2"
	[[ $stderr == *"version 2 of it is not kept here (followed in part)"* ]]
	run -0 weald show --json "$trolley"
	json 'lines[0]["latest_absent"] and lines[0]["latest_withheld"] == ""'
	run -0 weald search first dose trolley
	[[ $output == *"; version 2 is not kept here (followed in part)"* ]]
	[[ $output != *withheld* ]]
	run -0 weald search --json first dose trolley
	json '["absent"] == [x["last_state"] for x in lines if x.get("ref") == "'$trolley'"]'
	run -0 --separate-stderr weald adopt "$trolley" --out mine
	[[ $stderr == *"version 2 of $trolley is not kept here (followed in part); version 1 is taken instead"* ]]
	grep -q '^version_seen: 1' mine/record.md
}

@test "show says what the numbers come to, beside what the region says" {
	borrow_reader
	run -0 weald show wessex/evidence/sepsis-trolley-2025
	[[ $output == *$'\ncomputed              ratio '*"% interval "*"(weald-evidence/1)"*$'\nthe region says '* ]]
	[[ $output != *$'\nconclusion '* ]]
	run -0 weald show west-midlands/adoption/sepsis-trolley-ed
	[[ $output == *$'\ncomputed              ratio 0.76 (95% interval 0.61 to 0.95): improved (weald-evidence/1)\n'* ]]
	run -0 weald show --json west-midlands/adoption/sepsis-trolley-ed
	json 'lines[0]["computed"]["verdict"] == "improved" and lines[0]["complete"]'
	run -0 weald show --json uclpartners/problem/sepsis-late-antibiotics
	json 'lines[0]["computed"] is None'
}

@test "show goes back over many versions that are withheld" {
	borrow_reader
	import_odd
	for index in away there; do
		[ "$index" = away ] && rm -f "$WEALD_HOME"/index.sqlite*
		run -0 weald show --raw odd-land/problem/leak
		[[ $output == *kumquats* && $output != *zanzibar* ]]
		weald topics >/dev/null
	done
}

@test "show lets no control character of others through" {
	record problem b "A title" $'\e]0;owned\a\e[31mred\u202e\ttab\r'
	weald publish b >/dev/null
	run -0 weald show problem/b
	[[ $output != *$'\e'* && $output != *$'\a'* && $output != *$'\r'* ]]
	[[ $output == *'\x1b]0;owned\x07\x1b[31mred\xe2\x80\xae'$'\ttab\x0d'* ||
		$output == *'\x1b]0;owned\x07\x1b[31mred\xe2\x80\xae'$'\ttab''\x0d'* ]]
	weald show --file record.md problem/b >out
	cmp out b/record.md
}

@test "show --file keeps control characters from a terminal" {
	command -v script >/dev/null || skip "no script(1)"
	record problem b "A title" $'\e[31mred'
	weald publish b >/dev/null
	run script -qec "'$WEALD' show --file record.md problem/b" /dev/null
	[ "$status" -eq 1 ]
	[[ $output != *$'\e[31m'* ]]
	[[ $output == *"could play tricks on a terminal"* ]]
	run script -qec "'$WEALD' show --file record.md problem/a" /dev/null
	[ "$status" -eq 0 ]
}

@test "show on a terminal goes through the pager" {
	command -v script >/dev/null || skip "no script(1)"
	PAGER='sed "s/^/paged: /"' \
		run script -qec "'$WEALD' show problem/a" /dev/null
	[ "$status" -eq 0 ]
	[[ $output == *"paged: south-west/problem/a@2"* ]]
	PAGER='' run script -qec "'$WEALD' show problem/a" /dev/null
	[[ $output == *"south-west/problem/a@2"* && $output != *paged* ]]
}

@test "show says what is not there" {
	fails 1 weald show problem/b
	fails 1 weald show problem/a@3
	fails 1 weald show north/problem/a
	[[ $stderr == *south-west* ]]
	fails 3 weald show problem
	fails 3 weald show ../problem/a
	fails 3 weald show problem/a@0
	fails 3 weald show problem/a@x
	fails 3 weald show 'a/b/c/d'
	fails 2 weald show
	fails 2 weald show problem/a problem/a
}
