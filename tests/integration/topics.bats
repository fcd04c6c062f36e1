#!/usr/bin/env bats
# weald topics, weald regions; and the privacy guard in weald log.

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

@test "topics counts the records of each" {
	run -0 weald topics
	grep -qE '^sepsis +13  1  1  1  20[0-9-]+$' <<<"$output"
	grep -qE '^falls +0  0  0  0  -$' <<<"$output"
	run -0 weald topics --json
	json 'len(lines) >= 23'
	json 'next(x for x in lines if x["topic"] == "sepsis")["evidence"] == 5'
	json 'next(x for x in lines if x["topic"] == "falls")["latest"] is None'
	fails 2 weald topics more
}

@test "regions counts what each shares, and what is withheld of it" {
	import_odd
	run -0 weald regions
	[[ $output == *"wessex  "* && $output == *"Odd Land"* ]]
	run -0 weald regions --json
	json '[x["region"] for x in lines] == sorted(x["region"] for x in lines)'
	odd='next(x for x in lines if x["region"] == "odd-land")'
	json "$odd"'["withheld"] == 9 and not '"$odd"'["own"]'
	json 'next(x for x in lines if x["own"])["region"] == "reader-land"'
	json 'next(x for x in lines if x["region"] == "wessex")["records"] == 4'
	fails 2 weald regions more
}

@test "topics and regions on a terminal have headings" {
	command -v script >/dev/null || skip "no script(1)"
	PAGER='' run script -qec "stty cols 80; '$WEALD' topics" /dev/null
	[[ ${lines[0]} == topic*records*problems*fixes*uses*latest* ]]
	PAGER='' run script -qec "stty cols 80; '$WEALD' regions" /dev/null
	[[ ${lines[0]} == region*records*fixes*withheld*overrides*latest*name* ]]
	for line in "${lines[@]}"; do
		line=${line%$'\r'}
		[ "${#line}" -le 80 ]
	done
}

@test "log never shows what the privacy guard withholds" {
	import_odd
	for index in there away; do
		[ "$index" = there ] || rm -f "$WEALD_HOME"/index.sqlite*
		for option in -n99 -v --json; do
			run -0 weald log "$option" odd-land
			[[ $output != *zanzibar* && $output != *1950* ]]
			tame "$output"
		done
		run -0 weald log odd-land
		[ "$(grep -c 'withheld by the privacy guard: date-of-birth' <<<"$output")" -eq 9 ]
		[[ $output == *"Publish problem: leak"* ]]
		run -0 weald log --json odd-land
		json 'sum("withheld" in x for x in lines) == 9'
		json 'all(x["summary"] == "" for x in lines if "withheld" in x)'
		weald topics >/dev/null
	done
}
