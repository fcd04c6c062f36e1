#!/usr/bin/env bats
#
# Figures that the privacy guard withholds, and what was made of them: no
# command shows them. tests/interop/odd_feed.py has them: each text of such a
# version holds "zanzibar", and its series 7777 and 6131 of 9973.

# bats sets output and stderr
# shellcheck disable=SC2154

load helper
load examples

ODD=odd-land

setup_file() {
	isolate
	make_odd
	export WEALD_HOME=$BATS_FILE_TMPDIR/reader
	make_home "$WEALD_HOME" reader-land Reader
	import_odd
}

setup() {
	borrow_reader
}

# discreet TEXT: nothing that is withheld in it: no word, no figure, no sum.
# What stands in a hexadecimal number is none.
discreet() {
	if [[ ${1,,} == *zanzibar* || $1 == *1950* ]] ||
		grep -E '(^|[^0-9a-f])(7777|6131|9973|93324|73572|119676)([^0-9a-f]|$)' \
			<<<"$1"; then
		echo "it says: $1"
		return 1
	fi
}

# withheld COMMAND...: refused for that, and nothing of it said.
withheld() {
	run weald "$@"
	[ "$status" -eq 3 ]
	discreet "$output"
	[[ $output == *"withheld by the privacy guard: date-of-birth"* ]]
}

# allowed COMMAND...: done, and nothing of what is withheld said.
allowed() {
	run -0 --separate-stderr weald "$@"
	discreet "$output"
	discreet "$stderr"
}

# each_reading DO REF: all that reads the figures of one record.
each_reading() {
	"$1" evidence "$2"
	"$1" evidence --json "$2"
	"$1" evidence --details "$2"
	"$1" chart -o - "$2"
	"$1" show "$2"
	"$1" show --json "$2"
	"$1" show --file data.csv "$2"
	"$1" show --raw "$2"
}

@test "what is looked for would be found" {
	run ! discreet "7777"
	run ! discreet '{"events":93324,"of":119676}'
	run ! discreet "born in 1950"
	run ! discreet "A Zanzibar of them"
	discreet "a7777f 67777 30 20 100"
}

@test "figures of a version that is withheld are not shown, those before it are" {
	local ref=$ODD/evidence/figures-leak

	each_reading withheld $ref@2
	each_reading allowed $ref@1
	each_reading allowed $ref
	run -0 --separate-stderr weald evidence $ref
	[ "${lines[0]}" = $ref@1 ]
	[[ $output == *"version 2 is withheld by the privacy guard: date-of-birth"* ]]
	[[ $output == *"before          12         360        1200"* ]]
	run -0 --separate-stderr weald chart $ref -o x.svg
	[[ $stderr == *"version 2 is withheld by the privacy guard"*"this is version 1"* ]]
	discreet "$(cat x.svg)"
	withheld show --diff $ref 1..2
}

@test "figures of a record that has no other version are not shown" {
	local slug

	for slug in figures-leak-only figures-leak-file; do
		each_reading withheld $ODD/evidence/$slug
		each_reading withheld $ODD/evidence/$slug@1
		withheld chart $ODD/evidence/$slug -o x.svg
		withheld chart $ODD/evidence/$slug -o x.png --json
		withheld show --file notes.txt $ODD/evidence/$slug
	done
	[ ! -e x.svg ]
	[ ! -e x.png ]
}

@test "figures by a measure that is withheld come to no effect" {
	local ref=$ODD/evidence/by-leak

	each_reading allowed $ref
	each_reading allowed $ref@1
	run -0 weald evidence $ref
	[[ $output == *"withheld by the privacy guard: without it"*"a run chart only"* ]]
	[[ $output != *"own trend"* ]]
	withheld show $ODD/measure/figures-leak
	withheld show --json $ODD/measure/figures-leak@1
	withheld evidence $ODD/measure/figures-leak
	withheld chart $ODD/measure/figures-leak -o -
}

@test "the effect of an intervention that is withheld names it by its reference" {
	local ref=$ODD/evidence/of-leak

	each_reading allowed $ref
	each_reading allowed $ref@1
	withheld show $ODD/intervention/figures-leak
	withheld show --json $ODD/intervention/figures-leak@1
	allowed compare $ODD/intervention/figures-leak
	allowed compare --json --details $ODD/intervention/figures-leak
	allowed chart $ODD/intervention/figures-leak -o -
}

@test "nothing that is withheld is compared, listed or found" {
	local fix=$ODD/intervention/figures options

	for options in "" --json --details "--json --details"; do
		# shellcheck disable=SC2086
		allowed compare $options $fix
	done
	run -0 weald compare --json --details $fix
	json 'any("figures-leak@2" in str(l) for l in lines) is False'
	allowed chart $fix --measure $ODD/measure/figures -o -
	for options in "" --json; do
		# shellcheck disable=SC2086
		allowed measures $options
		[[ $output == *$ODD/measure/figures* ]]
		[[ $output != *$ODD/measure/figures-leak* ]]
		# shellcheck disable=SC2086
		allowed show $options $fix
	done
	for options in radishes sepsis zanzibox $fix; do
		allowed fixed "$options"
		allowed fixed --json "$options"
	done
	run -0 weald fixed radishes
	[[ $output == *"$fix"* && $output != *$fix-leak* ]]
	allowed fixed $ODD/intervention/figures-leak
	[[ $output == *"Nobody has shared a fix for this yet."* ]]
}
