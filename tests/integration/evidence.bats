#!/usr/bin/env bats
# weald evidence: what the figures of a record, or of a bare file, come to.

# bats sets stderr
# shellcheck disable=SC2154

load helper
load examples

setup_file() {
	make_library
}

setup() {
	borrow_reader
	export LC_ALL=C
}

TROLLEY=uclpartners/evidence/sepsis-trolley-2025

# sheet [SEPARATOR]: 24 months, as the spreadsheet of an English trust.
sheet() {
	local s=${1:-,} i

	echo "Month${s}Late${s}Seen"
	for ((i = 0; i < 24; i++)); do
		printf '%02d/%02d/%d%s%d%s%d\n' 28 $((i % 12 + 1)) \
			$((2024 + i / 12)) "$s" \
			$((30 + i * 7 % 5 - (i > 11 ? 9 : 0))) "$s" 100
	done
}

# file [OPTION...]: evidence of falls.csv as a proportion that should fall.
file() {
	weald evidence --csv falls.csv --shape proportion --direction decrease \
		"$@"
}

# ---- a record ------------------------------------------------------------

@test "evidence shows what a record's figures come to" {
	run -0 weald evidence $TROLLEY
	[ "${lines[0]}" = $TROLLEY@1 ]
	[[ $output == *"EXAMPLE  invented"* ]]
	[[ $output == *"uclpartners/measure/sepsis-antibiotics-after-60min@1"* ]]
	[[ $output == *"proportion, per 100; fewer is better"* ]]
	[[ $output == *"weald-evidence/1, rules mdc-7, chart xmr"* ]]
	[[ $output =~ before\ +12\ +515\ +1421\ +36\.2 ]]
	[[ $output =~ transition\ +1\ +35\ +123\ +28\.5 ]]
	[[ $output =~ after\ +11\ +298\ +1323\ +22\.5 ]]
	[[ $output == *"own trend       28 % fewer than the earlier trend would have given (range 4 % to 47 % fewer): improved"* ]]
	[[ $output == *"ratio 0.72 (95% interval 0.53 to 0.96)"* ]]
	[[ $output == *"not allowing for trend"* ]]
	tame "$output"
}

@test "evidence draws both charts, and says what the last point is" {
	run -0 weald evidence $TROLLEY
	[[ $output == *"Did it change? The limits of before, held on"*"Is it stable now? Limits of their own from the start on"* ]]
	[[ $output == *"last point      2025-12, 19.8: improvement, low (two of three near the lower limit)"*"last point      2025-12, 19.8: common cause (nothing stands out)"* ]]
	[[ $output == *"from 2024-01: centre 36.2, limits 16.7 to 55.6"*"from 2025-01: centre 23.1, limits 11.7 to 34.5 (trial)"* ]]
	[[ $output == *"trial limits"* ]]
	[[ $output == *"second opinion  of all months about their median (Anhoej): signal"* ]]
	[[ $output == *"^2025-01"*"X outside the limits"* ]]
	[[ $output != *[^[:print:][:space:]]* ]]
	LC_ALL=en_GB.UTF-8 run -0 weald evidence $TROLLEY
	[[ $output == *●*┄* ]]
}

@test "evidence says how sure one may be, and why" {
	run -0 weald evidence $TROLLEY
	[[ $output == *"certainty       very low"*"starts at low: an interrupted time series"*"down one: open to bias: other changes could explain the result"* ]]
	[[ $output == *"judged          low, by PSC measurement lead: one region, uncontrolled"* ]]
	[[ $output == *"the region says"* ]]
}

@test "evidence compares with regions that had not adopted it" {
	weald reindex >/dev/null 2>&1
	run -0 weald evidence $TROLLEY
	[[ $output == *"controlled      37 % fewer than regions without it would suggest"* ]]
	[[ $output == *"3 regions that had not adopted it:"*"east-midlands/priority/sepsis-antibiotics-in-time@1"* ]]
	rm -r "$WEALD_HOME/feeds/east-midlands.git"
	run -0 weald evidence $TROLLEY
	[[ $output == *"not shown: 2 regions can be held against it, and three are needed:"*"east-midlands/priority/sepsis-antibiotics-in-time@1  (not here)"* ]]
	[[ $output != *"regions without it would suggest"* ]]
	rm -r "$WEALD_HOME"/feeds/{kent-surrey-sussex,oxford-thames-valley}.git
	run -0 weald evidence $TROLLEY
	[[ $output == *"not shown: 0 regions can be held against it"* ]]
	run -0 weald evidence --json $TROLLEY
	json 'lines[0]["effects"]["controlled"] is None'
}

@test "evidence says where nobody knows who had adopted it" {
	exec 9<>"$WEALD_HOME/lock"
	flock 9
	rm -f "$WEALD_HOME"/index*
	run -0 --separate-stderr weald evidence $TROLLEY
	[[ $output == *"3 regions:"*"whether these regions have begun it is not known"* ]]
	run -0 --separate-stderr weald evidence --json $TROLLEY
	json 'not lines[0]["adopters_known"]'
	exec 9>&-
	run -0 weald evidence --json $TROLLEY
	json 'lines[0]["adopters_known"]'
}

# again REGION FOLDER...: publish these in the region's own home, and import it.
again() {
	local home=$BATS_TEST_TMPDIR/regions/$1

	if [ ! -d "$home" ]; then
		mkdir -p "$BATS_TEST_TMPDIR/regions"
		cp -r "$BATS_FILE_TMPDIR/regions/$1" "$home"
	fi
	weald --home "$home" publish --confirm-role Lead \
		--confirm-reason "Whole hospitals." "${@:2}" >/dev/null 2>&1
	weald import "$home/feeds/$1.git" >/dev/null
}

@test "evidence leaves out a comparator whose region has begun it, too" {
	own_adoption
	sed -i 's|^intervention: .*|intervention: uclpartners/intervention/sepsis-first-dose-trolley|
		s/^stage: .*/stage: considering/' popup/record.md
	again east-midlands popup
	weald reindex >/dev/null 2>&1
	run -0 weald evidence $TROLLEY
	[[ $output == *"3 regions that had not adopted it:"* ]]
	sed -i 's/^stage: .*/stage: testing/' popup/record.md
	again east-midlands popup
	weald reindex >/dev/null 2>&1
	run -0 weald evidence $TROLLEY
	[[ $output == *"not shown: 2 regions"*"(left out: its region has begun it, too)"* ]]
	run -0 weald evidence --json $TROLLEY
	json '[c["state"] for c in lines[0]["comparators"]].count("adopted") == 1'
	json 'lines[0]["effects"]["controlled"] is None'
}

@test "evidence reads a measure in its latest version, and says so" {
	run -0 weald evidence --json $TROLLEY
	json 'lines[0]["measure"]["named"] is None'
	cp -r "$EXAMPLES/uclpartners/measure/sepsis-antibiotics-after-60min" \
		"$EXAMPLES/$TROLLEY" .
	sed -i 's/^title: .*/title: Later than an hour/' \
		sepsis-antibiotics-after-60min/record.md
	sed -i 's/^measure: .*/&@1/' sepsis-trolley-2025/record.md
	again uclpartners sepsis-antibiotics-after-60min sepsis-trolley-2025
	run -0 weald evidence $TROLLEY
	[[ $output == *"Later than an hour"*"after-60min@2"*"its record names version 1 of the measure"* ]]
	run -0 weald evidence --json $TROLLEY
	json '(lines[0]["measure"]["version"], lines[0]["measure"]["named"]) == (2, 1)'
}

@test "evidence says that what it is of was withdrawn" {
	run -0 weald evidence $TROLLEY
	[[ $output != *WITHDRAWN* ]]
	run -0 weald evidence --json $TROLLEY
	json 'lines[0]["intervention_withdrawn"] is False'
	json 'lines[0]["intervention_withdrawn_by"] == ""'
	adopt_trolley
	withdraw_trolley
	for ref in $TROLLEY adoption/trolley-here; do
		run -0 weald evidence "$ref"
		[[ ${lines[2]} == "WITHDRAWN  the intervention: by the region that published it; weald show uclpartners/intervention/sepsis-first-dose-trolley says why"* ]]
		run -0 weald evidence --json "$ref"
		json 'lines[0]["intervention_withdrawn"] is True'
		json 'not lines[0]["withdrawn"]'
	done
}

@test "evidence says where it cannot know what was withdrawn" {
	exec 9<>"$WEALD_HOME/lock"
	flock 9
	rm -f "$WEALD_HOME"/index*
	run -0 --separate-stderr weald evidence --json $TROLLEY
	[[ $stderr == *"whether its intervention was withdrawn is not known"* ]]
	json 'lines[0]["intervention_withdrawn"] is None'
	exec 9>&-
}

@test "evidence says where the design is not stated" {
	run -0 weald evidence west-midlands/adoption/sepsis-trolley-ed
	[[ $output == *"design          its (not stated)"* ]]
	run -0 weald evidence $TROLLEY
	[[ $output =~ design\ +its && $output != *"(not stated)"* ]]
	run -0 weald evidence --json west-midlands/adoption/sepsis-trolley-ed
	json '(lines[0]["certainty"]["design"], lines[0]["certainty"]["design_stated"]) == ("its", False)'
}

@test "evidence --csv of means that never vary has no estimate, and says why" {
	sheet | sed 's/,[0-9]*,/,4100,/' >falls.csv
	run -0 weald evidence --csv falls.csv --shape mean --direction decrease \
		--numerator Late --denominator Seen --start 2025-01-01
	[[ $output == *"the figures do not vary at all, so nobody can say how sure a difference is; are these rounded or copied?"* ]]
	[[ $output != *improved* ]]
	run -0 weald evidence --csv falls.csv --shape mean --direction decrease \
		--numerator Late --denominator Seen --start 2025-01-01 --json
	json 'lines[0]["effects"]["own_trend"]["state"] == "no-scatter"'
}

@test "evidence is the same on every node" {
	run -0 weald evidence --json $TROLLEY
	mine=$output
	theirs=$(weald --home "$BATS_FILE_TMPDIR/regions/uclpartners" \
		evidence --json $TROLLEY | /usr/bin/python3 -c '
import json, sys
print(json.dumps(json.load(sys.stdin)["effects"]["own_trend"], sort_keys=True))')
	[ "$(/usr/bin/python3 -c '
import json, sys
print(json.dumps(json.load(sys.stdin)["effects"]["own_trend"], sort_keys=True))' <<<"$mine")" = "$theirs" ]
}

@test "evidence --json has all numbers" {
	run -0 weald evidence --json $TROLLEY
	json 'len(lines) == 1 and lines[0]["type"] == "evidence"'
	json 'lines[0]["source"] == "'$TROLLEY'@1"'
	json '(lines[0]["engine"], lines[0]["rules"]) == ("weald-evidence/1", "mdc-7")'
	json 'lines[0]["measure"]["version"] == 1 and lines[0]["measure"]["unit"] == "per 100"'
	json 'abs(lines[0]["effects"]["own_trend"]["ratio"] - 0.7155) < 0.001'
	json 'lines[0]["effects"]["own_trend"]["verdict"] == "improved"'
	json 'lines[0]["effects"]["own_trend"]["df"] == 20'
	json 'lines[0]["effects"]["season"]["state"] == "too-early"'
	json '[c["state"] for c in lines[0]["comparators"]] == ["used"] * 3'
	json 'lines[0]["certainty"]["level"] == "very-low"'
	json 'lines[0]["certainty"]["reasons"][0]["step"] == "design"'
	json 'lines[0]["certainty"]["judged"]["level"] == "low"'
	frozen='lines[0]["charts"]["frozen"]'
	json "len($frozen"'["points"]) == 24'
	json "$frozen"'["variation"] == "improvement" and not '"$frozen"'["high"]'
	json "abs($frozen"'["points"][0]["centre"] - 36.17614) < 1e-4'
	json "abs($frozen"'["points"][0]["lower"] - 16.716445) < 1e-4'
	json 'lines[0]["charts"]["rebased"]["groups"] == 2'
	json '{p["phase"]: p["rows"] for p in lines[0]["periods"]} == {"before": 12, "transition": 1, "after": 11}'
	json 'lines[0]["read"] is None'
}

@test "evidence --details adds phi, lag-1 and every point" {
	run -0 weald evidence --details $TROLLEY
	[[ $output =~ phi\ [0-9.]+,\ lag-1\ -?[0-9.]+,\ 20\ degrees\ of\ freedom ]]
	[[ $output =~ 2025-06\ +15\.[0-9]\ +36\.2\ +16\.7\ +55\.6\ +outside ]]
}

@test "evidence reads adoptions and baselines too" {
	run -0 weald evidence west-midlands/adoption/sepsis-trolley-ed
	[[ $output == *"ratio 0.76 (95% interval 0.61 to 0.95)"* ]]
	[[ $output == *"certainty       very low"*"fidelity is not known"* ]]
	run -0 weald evidence --json east-midlands/priority/sepsis-antibiotics-in-time
	json 'lines[0]["effects"] is None and lines[0]["charts"]["frozen"] is None'
	json 'lines[0]["measure"]["ref"].endswith("sepsis-antibiotics-after-60min")'
	run -0 weald evidence east-midlands/priority/sepsis-antibiotics-in-time
	[[ $output == *"Is it stable?"* && $output != *"own trend"* ]]
}

@test "evidence of a lesson or a withdrawal is a run chart only" {
	for ref in south-london/lesson/smoke-free-psychiatric-ward \
		wessex/withdrawal/gp-high-risk-prescribing-popup \
		kent-surrey-sussex/endorsement/discharge-medicines-referral-patient-partner; do
		run -0 weald evidence $ref
		[[ $output == *"a run chart only"*"chart run"*"Run chart, about the middle value"* ]]
		[[ $output != *"own trend"* && $output != *"certainty"* ]]
		[[ $output != *"limits from"* ]]
	done
}

@test "evidence says what to do where there are no figures" {
	run -1 --separate-stderr weald evidence uclpartners/intervention/sepsis-first-dose-trolley
	[[ $stderr == *"has no figures; weald compare"* ]]
	fails 1 weald evidence uclpartners/measure/sepsis-antibiotics-after-60min
	fails 1 weald evidence uclpartners/evidence/nothing
	fails 1 weald evidence $TROLLEY@7
	fails 1 weald evidence nowhere/evidence/nothing
	fails 3 weald evidence ../x
	fails 2 weald evidence
	fails 2 weald evidence $TROLLEY --csv x
	fails 2 weald evidence $TROLLEY --start 2025-01-01
}

@test "evidence without its measure has no effect, and says so" {
	rm -r "$WEALD_HOME/feeds/uclpartners.git"
	run -0 weald evidence wessex/evidence/sepsis-trolley-2025
	[[ $output == *"without it nobody knows what the figures mean"* ]]
	[[ $output == *"chart run"* && $output != *"own trend"* ]]
}

@test "evidence never shows what the privacy guard withholds" {
	import_odd
	for ref in $(weald --home "$WEALD_HOME" log odd-land --json |
		/usr/bin/python3 -c 'import json, sys
for line in sys.stdin:
    print(json.loads(line).get("ref", ""))'); do
		for option in --json --details; do
			run weald evidence $option "$ref"
			[[ $output != *zanzibar* && $output != *1950* ]]
			tame "$output"
		done
	done
}

@test "evidence shows an older version that was asked for as such" {
	rm -r "$WEALD_HOME"
	make_home
	record evidence trolley
	weald publish --confirm-role Lead --confirm-reason "Whole hospitals." \
		trolley >/dev/null 2>&1
	sed -i 's/^title: .*/title: Another title/' trolley/record.md
	weald publish --confirm-role Lead --confirm-reason "Whole hospitals." \
		trolley >/dev/null 2>&1
	run -0 weald evidence evidence/trolley@1
	[[ $output == *"NOT THE LATEST  there is a version 2"* ]]
	run -0 weald evidence evidence/trolley
	[[ $output == *"Another title"* && $output != *"NOT THE LATEST"* ]]
}

# ---- a bare file ---------------------------------------------------------

@test "evidence --csv needs no home, and says how it read the file" {
	rm -r "$WEALD_HOME"
	sheet >falls.csv
	run -0 file --start 2025-01-01 --transition 1
	[[ $output == *"parted by commas; dates with the day first"* ]]
	[[ $output == *'month: column 1 "Month"; events: column 2 "Late"; of: column 3 "Seen"'* ]]
	[[ $output == *"24 rows, 2024-01 to 2025-12"* ]]
	[[ $output == *"own trend       "*" % fewer than the earlier trend"* ]]
	[[ $output == *"certainty       not judged"* ]]
	[[ $output == *"Did it change?"*"Is it stable now?"*"Next: "*"weald new evidence"* ]]
	[ ! -e "$WEALD_HOME" ]
}

@test "evidence --csv reads what spreadsheets write, all the same" {
	sheet >falls.csv
	run -0 file --json
	want=$(json 'lines[0]["charts"]')
	mv falls.csv plain.csv
	sheet ';' | sed 's/$/\r/;1s/^/\xef\xbb\xbf/' >falls.csv
	run -0 file --json
	[ "$(json 'lines[0]["charts"]')" = "$want" ]
	json 'lines[0]["read"]["separator"] == ";"'
	sheet $'\t' | iconv -t UTF-16 >falls.csv
	run -0 file --json
	[ "$(json 'lines[0]["charts"]')" = "$want" ]
	json 'lines[0]["read"]["encoding"] == "utf-16"'
	sed 's/\([^,]*\)/"\1"/g;$a,,' plain.csv >falls.csv
	run -0 file --json
	[ "$(json 'lines[0]["charts"]')" = "$want" ]
	(head -n 1 plain.csv && tail -n +2 plain.csv | tac) >falls.csv
	run -0 file --json
	[ "$(json 'lines[0]["charts"]')" = "$want" ]
	run -0 weald evidence --csv - --shape proportion --direction decrease \
		--json <plain.csv
	[ "$(json 'lines[0]["charts"]')" = "$want" ]
	json 'lines[0]["source"] == "standard input"'
}

@test "evidence --csv asks where dates can be read in two ways" {
	sheet | sed 's/^28/01/' >falls.csv
	unchanged file
	[ "$status" -eq 3 ]
	[[ $stderr == "weald evidence: falls.csv:3: 01/02/2024 can be read in two ways: 1 February with --date-order dmy, 2 January with --date-order mdy" ]]
	run -0 file --date-order dmy
	[[ $output == *"2024-01 to 2025-12"* ]]
	run -3 --separate-stderr file --date-order mdy
	[[ $stderr == *"falls.csv:3: month: the same month as in line 2"* ]]
}

@test "evidence --csv asks a person at a terminal" {
	sheet | sed 's/^28/01/' >falls.csv
	run script -qec "PAGER= '$WEALD' evidence --csv falls.csv --shape proportion --direction decrease" \
		/dev/null <<<d
	[[ $output == *"falls.csv, line 3: which day is 01/02/2024?"* ]]
	[[ $output == *"d  1 February (the day first)"*"m  2 January (the month first)"* ]]
	[[ $output == *"2024-01 to 2025-12"* ]]
}

@test "evidence keeps within a terminal of sixty columns" {
	PAGER='' run script -qec "stty cols 60; '$WEALD' evidence $TROLLEY" /dev/null
	[[ $output == *"Did it change?"* ]]
	while IFS= read -r line; do
		line=${line%$'\r'}
		echo "${#line} $line"
		# a reference is never parted
		[ "${#line}" -le 60 ] || [[ $line =~ ^[a-z]*\ +[a-z/0-9@-]+$ ]]
	done <<<"$output"
}

@test "evidence --csv refuses with file, line, what is wrong and what to do" {
	sheet | sed '3s/,[0-9]*,/,38%,/;5s/^[^,]*/Total/;7s/^[^,]*/45292/' >falls.csv
	refused file
	[[ $stderr == *"falls.csv:3: numerator: a percentage; give the events, and those at risk"* ]]
	[[ $stderr == *"falls.csv:5: month: a row of totals, not of a month; take it out"* ]]
	[[ $stderr == *"falls.csv:7: month: a date as a number; in the spreadsheet"* ]]
	[[ ${stderr_lines[-1]} == *"falls.csv: 3 errors in it; put these right, and run it again" ]]
	run -3 --separate-stderr file --json
	json 'lines[0]["file"] == "falls.csv" and lines[0]["line"] == 3'
	json 'lines[0]["field"] == "numerator" and lines[0]["level"] == "error"'
}

@test "evidence --csv never says back what a cell holds" {
	sheet | sed '3s/,[0-9]*,/,zanzibar,/;5s/^[^,]*/John Zanzibar/' >falls.csv
	refused file
	[[ $stderr != *anzibar* ]]
}

@test "evidence --csv sends a workbook back to the spreadsheet" {
	printf 'PK\3\4abc' >falls.csv
	refused file
	[[ $stderr == *'save it as "CSV UTF-8"'* ]]
	printf '' >falls.csv
	refused file
	[[ $stderr == *"it is empty"* ]]
}

@test "evidence --csv says how to get a verdict on what is wanted" {
	local way="to get a verdict, count those without it (n - x) and say --direction decrease"

	sheet >falls.csv
	run -0 weald evidence --csv falls.csv --start 2025-01-01 \
		--shape proportion --direction increase
	[[ $output == *"so a ratio is neither good nor bad; $way"* ]]
	run -0 file --start 2025-01-01
	[[ $output != *"$way"* ]]
	# without cases there is nothing to take them from
	run -0 weald evidence --csv falls.csv --start 2025-01-01 \
		--shape rate --direction increase --denominator Seen
	[[ $output == *"so a ratio is neither good nor bad"* ]]
	[[ $output != *"$way"* ]]
	# and where neither is better there is no verdict either way
	run -0 weald evidence --csv falls.csv --start 2025-01-01 \
		--shape proportion --direction neutral
	[[ $output != *"$way"* ]]
}

@test "evidence --csv names the choices where an option is missing" {
	sheet >falls.csv
	run -2 --separate-stderr weald evidence --csv falls.csv
	[[ $stderr == *"proportion    events of so many cases"* ]]
	[[ $stderr == *"--shape is missing: rate, proportion, count, mean or time-between"* ]]
	run -2 --separate-stderr weald evidence --csv falls.csv --shape pie
	[[ $stderr == *"--shape pie: there are rate, proportion"* ]]
	fails 2 weald evidence --csv falls.csv --shape rate
	[[ $stderr == *"--direction is missing: decrease (fewer is better)"* ]]
	fails 2 weald evidence --csv falls.csv --shape rate --direction down
	fails 2 file --start soon
	fails 2 file --start 01/02/2025
	fails 2 file --transition 1
	fails 2 file --start 2025-01-01 --transition 4
	fails 2 file --per 0
	fails 2 file --per nan
	fails 2 file --target 1e9
	fails 2 file --date-order ymd
	fails 2 weald evidence --csv falls.csv --shape count --direction decrease \
		--denominator Seen
	fails 3 weald evidence --csv nothing.csv --shape rate --direction decrease
	fails 3 weald evidence --csv . --shape rate --direction decrease
}

@test "evidence --csv takes columns by their headings" {
	sheet | sed 's/$/,x/;1s/x$/Ward/' >falls.csv
	refused file
	[[ $stderr == *'which column is the numerator? Say it with --numerator; there are "Month", "Late", "Seen", "Ward"'* ]]
	run -0 file --month month --numerator late --denominator 3
	[[ $output == *'events: column 2 "Late"; of: column 3 "Seen"'* ]]
	refused file --numerator Early --denominator Seen
	[[ $stderr == *'there is no column "Early"; there are "Month", "Late"'* ]]
}

@test "evidence --csv follows --per and --target" {
	sheet >falls.csv
	run -0 weald evidence --csv falls.csv --shape rate --direction decrease \
		--per 1000 --target 150 --denominator Seen
	[[ $output == *"rate, per 1000"* ]]
	[[ $output == *"target          150.0: "* ]]
	run -0 file --target 90 --json
	json 'lines[0]["charts"]["rebased"]["assurance"] == "pass"'
}

@test "evidence --csv says when it is too early" {
	sheet >falls.csv
	run -0 file --start 2025-09-01
	[[ $output == *"own trend       too early to say: 4 months after, 6 are needed; look at the charts, and add months as they come"* ]]
	run -0 file --start 2026-06-01
	[[ $output == *"0 months after"* ]]
}

@test "evidence --csv of one row a month and no event says why" {
	sheet | sed 's/,[0-9]*,/,0,/' >falls.csv
	run -0 file --start 2025-01-01
	[[ $output == *"no ratio: nothing was counted before, or after"* ]]
	tame "$output"
	[[ ! ${output,,} =~ nan|inf[^o]|-0\.0 ]]
}

@test "evidence --csv escapes what a heading and a name hold" {
	sheet | sed $'1s/Late/La\x1b[31mte/' >$'fa\x1b[31mlls.csv'
	run -0 weald evidence --csv $'fa\x1b[31mlls.csv' --shape proportion \
		--direction decrease
	tame "$output"
	run -0 weald evidence --csv $'fa\x1b[31mlls.csv' --shape proportion \
		--direction decrease --json
	tame "$output"
	echo x >$'fa\x1b[31mlls.csv'
	run -3 weald evidence --csv $'fa\x1b[31mlls.csv' --shape proportion \
		--direction decrease
	tame "$output"
}
