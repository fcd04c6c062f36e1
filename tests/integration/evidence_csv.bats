#!/usr/bin/env bats
# weald evidence --csv: a spreadsheet's export is never read wrongly in silence.

# bats sets stderr
# shellcheck disable=SC2154

load helper

setup() {
	export WEALD_HOME=$BATS_TEST_TMPDIR/none LC_ALL=C
	cd "$BATS_TEST_TMPDIR" || return 1
}

# sheet [HEADING]: 24 months, the days first; about 30 of 100.
sheet() {
	local i

	echo "${1:-Month,Late,Seen}"
	for ((i = 0; i < 24; i++)); do
		printf '28/%02d/%d,%d,100\n' $((i % 12 + 1)) \
			$((2024 + i / 12)) $((30 + i * 7 % 5))
	done
}

# file SHAPE [OPTION...]: evidence of falls.csv.
file() {
	weald evidence --csv falls.csv --shape "$1" --direction decrease \
		"${@:2}"
}

# ask ANSWERS: a person at a terminal, who is asked for the order.
ask() {
	sheet | sed 's/^28/01/' >falls.csv
	printf '%b' "$1" >answers
	run script -qec "PAGER= '$WEALD' evidence --csv falls.csv --shape proportion --direction decrease" \
		/dev/null <answers
}

@test "which column is which is asked, not guessed" {
	sheet 'Month,Falls,Rate per 1000' >falls.csv
	run -3 --separate-stderr file rate
	[[ $stderr == *'falls.csv:1: denominator: which column is the denominator? Say it with --denominator; there are "Month", "Falls", "Rate per 1000"'* ]]
	run -3 --separate-stderr file rate --numerator Falls
	[[ $stderr == *"which column is the denominator?"* ]]
	sheet 'Month,Occupied nights,Falls' >falls.csv
	run -3 --separate-stderr file rate
	run -0 file rate --numerator Falls
	[[ $output == *'events: column 3 "Falls"; of: column 2 "Occupied nights"'* ]]
	sheet 'Month,Late,Cases' >falls.csv
	run -0 file proportion
	[[ $output == *'events: column 2 "Late"; of: column 3 "Cases"'* ]]
}

@test "dates that are read over many years are refused" {
	printf 'Month,num,of\nJan-01,1,9\nJan-08,1,9\nJan-15,1,9\n' >falls.csv
	run -3 --separate-stderr file proportion
	[[ $stderr == *"falls.csv: month: 3 rows from 2001-01 to 2015-01, which are 169 months: they seem to be read wrongly; Jan-08 was read as January 2008; where 08 is a day, write 2026-01-08"* ]]
	printf 'Month,num,of\n2002/03,1,9\n2003/04,1,9\n' >falls.csv
	run -3 --separate-stderr file proportion
	[[ $stderr == *"financial years"* ]]
	printf 'Month,num,of\n25/01/01,1,9\n25/02/01,1,9\n' >falls.csv
	run -3 --separate-stderr file proportion
	[[ $stderr == *"the year has two digits"* ]]
}

@test "the answer at the terminal is d or m, and nothing else" {
	ask ' D \n'
	[[ $output == *"2024-01 to 2025-12"* ]]
	ask 'day\nd\n'
	[[ $output == *"Answer d or m: [d/m] "*"2024-01 to 2025-12"* ]]
	ask 'dunno\nmaybe\n'
	[ "$status" -eq 3 ]
	[[ $output == *"can be read in two ways: 1 February with --date-order dmy"* ]]
	[[ $output != *"2024-01 to 2025-12"* ]]
}

@test "a folder and a pipe are told what to do instead" {
	run -3 --separate-stderr weald evidence --csv . --shape rate \
		--direction decrease
	[[ $stderr == *".: it is a folder"* ]]
	mkfifo falls.csv
	run -3 --separate-stderr file rate
	[[ $stderr == *"pipe it in: ... | weald evidence --csv -"* ]]
}

@test "a start that parts nothing, or a month, is told" {
	sheet >falls.csv
	run -0 --separate-stderr file proportion --start 2026-06-01
	[[ $stderr == "falls.csv: note: start: nothing is after it: the file ends with 2025-12; look at the date, or add later months" ]]
	run -0 --separate-stderr file proportion --start 2015-01
	[[ $stderr == *"nothing is before it: the file begins with 2024-01"* ]]
	run -0 --separate-stderr file proportion --start 2025-01-15
	[[ $stderr == *"January 2025 is partly before; --transition 1 leaves it out"* ]]
	run -0 --separate-stderr file proportion --start 2025-01-15 --transition 1
	[ -z "$stderr" ]
	run -0 --separate-stderr file proportion --start 2025-01
	[ -z "$stderr" ]
}

@test "a target that cannot be is refused, one far away is told" {
	sheet >falls.csv
	run -2 --separate-stderr file proportion --target 150
	[[ $stderr == *"--target 150: a proportion is at most 100 per 100"* ]]
	run -2 --separate-stderr file proportion --per 1 --target 30
	run -0 --separate-stderr file proportion --target 30
	[ -z "$stderr" ]
	run -0 --separate-stderr file proportion --target 0
	[ -z "$stderr" ]
	run -0 --separate-stderr file proportion --target 0.3
	[[ $stderr == "falls.csv: note: target: 0.3 is more than 10 times below all points; it must be in the unit of the values, such as per 100 or per 1000" ]]
	run -0 --separate-stderr file rate --denominator Seen --target 300
	[[ $stderr == *"300 is more than 10 times above all points"* ]]
}

@test "lines that are alike are told five times" {
	sheet | sed '2,$s/,[0-9]*,/,x,/;2,$s/^[^,]*/soon/' >falls.csv
	run -3 --separate-stderr file proportion
	[ "$(grep -c 'numerator: not a number' <<<"$stderr")" -eq 5 ]
	[ "$(grep -c 'month: not a month' <<<"$stderr")" -eq 5 ]
	[[ $stderr == *"falls.csv: numerator: and 19 more lines alike"* ]]
	[[ $stderr == *"falls.csv: month: and 19 more lines alike"* ]]
	[[ $stderr == *"48 errors in it"* ]]
}
