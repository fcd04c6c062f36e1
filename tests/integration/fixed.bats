#!/usr/bin/env bats
# weald fixed: has anyone fixed this?

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

@test "fixed says what was tried for a problem, where, and how surely" {
	run -0 weald fixed uclpartners/problem/sepsis-late-antibiotics
	[[ $output == *"Has anyone fixed this? Antibiotics start too late"* ]]
	[[ $output == *$'\nSepsis trolley with a nurse-led first dose\n'* ]]
	[[ $output == *"uclpartners/intervention/sepsis-first-dose-trolley  (linked; example)"* ]]
	[[ $output == *"replicated: improved in 4 regions"* ]]
	[[ $output == *"tried in 6 regions, improved in 4, unclear in 2, worse in 0, not yet reported in 0"* ]]
	[[ $output == *"west-midlands: "*"3 of 5 sites, since 2025-01-01; improved: ratio 0.76 (95% interval 0.61 to 0.95)"* ]]
	[[ $output == *"weald show uclpartners/intervention/sepsis-first-dose-trolley"* ]]
	[[ $output == *"weald adopt uclpartners/intervention/sepsis-first-dose-trolley"* ]]
}

@test "fixed lists regions by name, not by how they did" {
	run -0 weald fixed uclpartners/problem/sepsis-late-antibiotics
	regions=$(sed -n 's/^      \([a-z-]*\): .*/\1/p' <<<"$output")
	[ "$(wc -l <<<"$regions")" -ge 6 ]
	LC_ALL=C sort -c <<<"$regions"
}

@test "fixed takes words, and forgives what is mistyped" {
	run -0 weald fixed antibiotics too late in sepsis
	[[ $output == *"uclpartners/intervention/sepsis-first-dose-trolley"* ]]
	run -0 weald fixed smokng on wards
	[[ $output == *"nothing for 'smokng on wards'; showing 'smoking on wards'"* ]]
	[[ $output == *"south-london/intervention/smoke-free-psychiatric-ward"* ]]
}

@test "fixed shows what did not work, and why" {
	run -0 weald fixed south-london/problem/smoking-on-psychiatric-wards
	[[ $output == *"tried and did not work"*"Going smoke-free without same-day nicotine replacement stalled twice  south-london/lesson/smoke-free-psychiatric-ward"* ]]
}

@test "fixed marks what was withdrawn, and offers no adoption of it" {
	run -0 weald fixed wessex/problem/alert-overload
	[[ $output == *$'\nWITHDRAWN  High-risk prescribing pop-up in general practice\n'* ]]
	[[ $output == *"reader-land: "*"no result after "*" months"* ]]
	[[ $output != *"weald adopt wessex/intervention/gp-high-risk-prescribing-popup"* ]]
}

@test "fixed for what nobody has fixed says what to do" {
	run -0 weald fixed quantum chromodynamics
	[[ $output == *"Nobody has shared a fix for this yet."* ]]
	[[ $output == *"weald search"*"weald new intervention"* ]]
}

@test "fixed --json has all of it" {
	run -0 weald fixed --json uclpartners/problem/sepsis-late-antibiotics
	json 'lines[0]["type"] == "alert"'
	json 'lines[-1]["problem"] == "uclpartners/problem/sepsis-late-antibiotics"'
	fix='next(x for x in lines if x["type"] == "fix")'
	json "$fix"'["ref"] == "uclpartners/intervention/sepsis-first-dose-trolley"'
	json "$fix"'["why"] == "linked"'
	json "$fix"'["derived"]["maturity"] == "replicated"'
	json '[u["region"] for u in '"$fix"'["derived"]["uses"]] == sorted(
		u["region"] for u in '"$fix"'["derived"]["uses"])'
	json 'lines[-1]["type"] == "end" and lines[-1]["total"] >= 1'
}

@test "fixed refuses what is not there" {
	run -1 --separate-stderr weald fixed wessex/problem/nothing
	[[ $stderr == *"there is no record wessex/problem/nothing here; ask in words"* ]]
	fails 2 weald fixed
	fails 3 weald fixed ../x
	fails 2 weald fixed --limit 0 x
}

@test "fixed never shows what the privacy guard withholds" {
	import_odd
	for what in odd-land/problem/leak kumquats "late kumquats" sepsis; do
		for option in --json -n100; do
			run -0 weald fixed "$option" "$what"
			[[ $output != *zanzibar* && $output != *1950* ]]
			[[ $output != *leak-only* ]]
			tame "$output"
		done
	done
}

@test "what another region warns of is a warning, not a withdrawal" {
	trolley=uclpartners/intervention/sepsis-first-dose-trolley
	make_home kent kent Kent
	record withdrawal doubts "Doubts about the trolley"
	sed -i "s|^target: .*|target: $trolley|" doubts/record.md
	weald --home kent publish doubts >/dev/null
	weald import kent/feeds/kent.git >/dev/null
	run -0 weald fixed uclpartners/problem/sepsis-late-antibiotics
	[[ $output == *"    WARNING  "*", says kent: weald show kent/withdrawal/doubts"* ]]
	[[ $output != *"WITHDRAWN  Sepsis"* && $output == *"weald adopt $trolley"* ]]
	run -0 weald show "$trolley"
	[[ $output == *$'\nWARNING  '*", says kent; weald show kent/withdrawal/doubts"* ]]
	[[ $output == *"To start with it: weald adopt $trolley"* ]]
	run -0 weald search --json first dose trolley
	json '[(False, "kent/withdrawal/doubts")] == [(x["withdrawn"], x["withdrawn_by"])
		for x in lines if x.get("ref") == "'$trolley'"]'
	run -0 --separate-stderr weald adopt "$trolley" --out mine
	[[ $stderr == *"warning: "*": weald show kent/withdrawal/doubts says why"* ]]
}
