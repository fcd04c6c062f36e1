#!/usr/bin/env bats
# weald adoptions: who uses what, where, at which stage.

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

@test "adoptions lists who uses what, by intervention" {
	run -0 weald adoptions
	[[ $output == *"Sepsis trolley with a nurse-led first dose"$'\n'"uclpartners/intervention/sepsis-first-dose-trolley"$'\n'"west-midlands  "*"  3 of 5  2025-01-01  improved: ratio 0.76"* ]]
	[[ $output == *"wessex/intervention/gp-high-risk-prescribing-popup"$'\n'"reader-land  "*"  2 of 6  2024-06-01  OVERDUE: no result after "*" months"* ]]
	[[ $output == *"1 without a result after 12 months"* ]]
}

@test "adoptions of one intervention, and those that never reported" {
	run -0 weald adoptions uclpartners/intervention/sepsis-first-dose-trolley
	[[ $output == *west-midlands* && $output != *popup* ]]
	run -0 weald adoptions --overdue
	[[ $output == *reader-land* && $output != *west-midlands* ]]
	run -0 weald adoptions --overdue uclpartners/intervention/sepsis-first-dose-trolley
	[ "$output" = "none is overdue" ]
	run -0 weald adoptions south-london/intervention/smoke-free-psychiatric-ward
	[ "$output" = "nobody has registered that they use it" ]
}

@test "adoptions --json" {
	run -0 weald adoptions --json --overdue
	json 'len(lines) == 2 and lines[0]["region"] == "reader-land"'
	json 'lines[0]["overdue"] and lines[0]["own"] and not lines[0]["acknowledged"]'
	json 'lines[0]["intervention"] == "wessex/intervention/gp-high-risk-prescribing-popup"'
	json 'lines[1] == {"type": "end", "shown": 1, "total": 1, "overdue": 1, "complete": True}'
	run -0 weald adoptions --json
	json 'lines[-1]["shown"] == lines[-1]["total"] == len(lines) - 1 > 1'
	json 'lines[-1]["overdue"] == sum(x.get("overdue") is True for x in lines)'
	run -0 weald adoptions --json uclpartners/intervention/sepsis-first-dose-trolley
	json 'any(x.get("verdict") == "improved" and x["low"] < x["ratio"] < x["high"] < 1 for x in lines)'
}

@test "adoptions marks what was withdrawn, or is warned of" {
	run -0 weald adoptions
	[[ $output == *"WITHDRAWN  High-risk prescribing pop-up"* ]]
	[[ $output != *"WITHDRAWN  Sepsis"* ]]
	record withdrawal doubt "Doses lie about"
	sed -i 's|^target: .*|target: uclpartners/intervention/sepsis-first-dose-trolley|' \
		doubt/record.md
	weald publish doubt >/dev/null
	run -0 weald adoptions
	[[ $output == *"uclpartners/intervention/sepsis-first-dose-trolley"$'\n'"WARNING  "*", says reader-land; weald show reader-land/withdrawal/doubt "* ]]
	withdraw_trolley
	run -0 weald adoptions
	[[ $output == *"WITHDRAWN  Sepsis trolley with a nurse-led first dose"* ]]
	run -0 weald adoptions --json
	json '{x["intervention"]: (x["intervention_withdrawn"],
		x["intervention_withdrawn_by"]) for x in lines[:-1]
		if x["intervention_withdrawn"]} == {
		"uclpartners/intervention/sepsis-first-dose-trolley":
		(True, "reader-land/withdrawal/doubt"),
		"wessex/intervention/gp-high-risk-prescribing-popup":
		(True, "wessex/withdrawal/gp-high-risk-prescribing-popup")}'
}

@test "adoptions refuses what is not there" {
	run -1 --separate-stderr weald adoptions wessex/intervention/nothing
	[[ $stderr == *"there is no record"*"weald search"* ]]
	fails 3 weald adoptions nothing
	fails 2 weald adoptions a/b c/d
}

@test "adoptions of what others wrote plays no tricks, and withholds" {
	import_odd
	run -0 weald adoptions
	tame "$output"
	[[ $output != *zanzibar* ]]
	run -0 weald adoptions --json
	tame "$output"
}
