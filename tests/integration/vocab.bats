#!/usr/bin/env bats
#
# The vocabulary's data files, which people edit: scripts/vocab.awk names each
# mistake with its file and line, and what is right gives C that compiles.

bats_require_minimum_version 1.5.0

ROOT=$BATS_TEST_DIRNAME/../..

setup() {
	cp -r "$ROOT/store/record/vocab" "$BATS_TEST_TMPDIR/vocab"
	cd "$BATS_TEST_TMPDIR" || return 1
}

generate() {
	awk -f "$ROOT/scripts/vocab.awk" vocab/*.txt </dev/null
}

# refuses FILE SED MESSAGE: after the change FILE:LINE and MESSAGE are told,
# and nothing is generated.
refuses() {
	local file=vocab/$1 line
	cp "$ROOT/store/record/$file" "$file"
	sed -i "$2" "$file"
	run -1 cmp -s "$file" "$ROOT/store/record/$file"
	line=$(diff "$ROOT/store/record/$file" "$file" |
		sed -n '1s/.*[acd]\([0-9]*\).*/\1/p')
	run -1 --separate-stderr generate
	[ -z "$output" ]
	[[ $stderr == *"$file:${4:-$line}: $3"* ]] || {
		echo "$stderr"
		return 1
	}
	cp "$ROOT/store/record/$file" "$file"
}

# line_of FILE PATTERN: the number of the line that holds PATTERN
line_of() {
	grep -n -m1 -- "$2" "$ROOT/store/record/vocab/$1" | cut -d: -f1
}

@test "the data files are right, and the same files give the same tables" {
	run -0 --separate-stderr generate
	[ -z "$stderr" ]
	generate | cmp - <(generate)
}

@test "lines of Windows, empty lines and remarks change nothing" {
	generate >before
	sed -i 's/$/\r/; 5i\
\
# a remark' vocab/*.txt
	generate >after
	cmp before after
}

@test "a mistake in a code list is named with file and line" {
	refuses codes.txt 's/^fatal .*/fatal/' 'code "fatal" has no label'
	refuses codes.txt 's/^fatal /severe /' \
		'code "severe" stands twice in list "harm_physical"'
	refuses codes.txt 's/^list design$/list checked/' \
		'list "checked" stands here twice' "$(line_of codes.txt '^list checked')"
	refuses codes.txt 's/^list design$/list De-sign/' '"De-sign" is no name for a list'
	refuses codes.txt 's/^too-early /too_early /' '"too_early" is no code'
	refuses codes.txt '0,/^list/s/^list.*//' 'a code before the first "list NAME"' \
		"$(line_of codes.txt '^none')"
	refuses codes.txt '/^OGL-UK/d' 'list "licence" is empty' \
		"$(line_of codes.txt '^list licence')"
	refuses settings.txt 's/^custody .*/custody/' 'code "custody" has no label'
}

@test "a mistake in topics and regions is named with file and line" {
	refuses topics.txt 's/^topic falls .*/topic falls/' 'topic "falls" has no name for people'
	refuses topics.txt 's/^topic falls /topic sepsis /' 'topic "sepsis" stands here twice'
	refuses topics.txt 's/^topic falls /topic Falls /' '"Falls" is no short name'
	refuses topics.txt '0,/^  sensitive/s/^  sensitive/  sensitiv/' '"sensitiv" cannot stand here'
	refuses topics.txt '0,/septic;/s/septic;/septic;;/' '"also" needs words'
	refuses topics.txt '0,/septic;/s/septic;/septic; SEPTIC;/' '"septic" stands twice'
	refuses regions.txt 's/^region wessex .*/region wessex/' 'region "wessex" has no name for people'
	refuses regions.txt '0,/^region/s/^region.*//' 'before the first topic or region' \
		"$(line_of regions.txt '^  also em')"
}

@test "a mistake in kinds and fields is named with file and line" {
	refuses kinds.txt 's/^field scale text/field scale txt/' 'type "txt" is not known'
	refuses kinds.txt 's/^field scale text required/field scale text must/' \
		'need "must" is not known'
	refuses kinds.txt 's/^field scale text required words=20/&0x/' \
		'limit "words=200x" is not known'
	refuses kinds.txt 's/codes=incident_type/codes=incidents/' \
		'list "incidents" is not known'
	refuses kinds.txt 's/^field incident_type code required codes=incident_type/field incident_type code required/' \
		'codes need codes=LIST'
	refuses kinds.txt 's/to=priority,evidence pinned/to=priority,proof pinned/' \
		'kind "proof" is not known'
	refuses kinds.txt 's/if-given=judged_certainty/if-given=certainty/' \
		'field "certainty" is not of this kind'
	refuses kinds.txt 's/^field aim map/field aim text/' \
		'a map, and nothing else, has parts'
	refuses kinds.txt 's/^field why_here /field problem /' '"problem" stands here twice'
	refuses kinds.txt 's/^field why_here /field Why /' '"Why" is no field'
	refuses kinds.txt 's/^kind lesson Lesson/kind lesson/' 'kind "lesson" has no label'
	refuses kinds.txt 's/^kind lesson Lesson/kind measure Lesson/' \
		'kind "measure" stands here twice'
	refuses kinds.txt 's/^  ask How bad is .*/  says so/' '"says" cannot stand here'
	refuses kinds.txt '/^  ask How bad is /d' 'no line "ask ..."' \
		"$(line_of kinds.txt '^field harm')"
	refuses kinds.txt '0,/^use kind title topics settings$/s//use kind title topics/' \
		'the common field "settings" is not used' \
		"$(line_of kinds.txt '^kind problem')"
	refuses kinds.txt '0,/^use kind title topics settings$/s//& colour/' \
		'"colour" is no common field'
	refuses kinds.txt '0,/^use kind title topics settings$/s//& title/' \
		'"title" is used twice'
}

@test "all mistakes are told at once, and a file that is not known is one" {
	sed -i 's/^fatal .*/fatal/; s/^too-early .*/too-early/' vocab/codes.txt
	touch vocab/colours.txt
	echo red >vocab/colours.txt
	run -1 --separate-stderr generate
	[[ $stderr == *'code "fatal"'*'code "too-early"'* ]]
	[[ $stderr == *'vocab/colours.txt:1: no such file of the vocabulary'* ]]
}
