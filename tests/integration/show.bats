#!/usr/bin/env bats
# weald show: a record, one version, one file.

# bats sets stderr and stderr_lines
# shellcheck disable=SC2154

load helper

setup() {
	isolate
	make_home
	record problem a "First title" "First text."
	echo 'month,numerator' >a/data.csv
	weald publish -m "Why one" a >/dev/null
	record problem a "Second title" "Second text."
	rm a/data.csv
	weald publish a >/dev/null
}

@test "show prints the latest version with what is known of it" {
	run -0 weald show problem/a
	[ "${lines[0]}" = south-west/problem/a@2 ]
	[[ $output == *"summary   Revise problem: Second title"* ]]
	[[ $output == *"version   2 of 2"* ]]
	[[ $output == *"commit    $(git -C "$FEED" rev-parse main)"* ]]
	[[ $output == *"files     record.md, "*" bytes"* ]]
	[[ $output == *"versions  2  "*"Revise problem: Second title"* ]]
	[[ $output == *"          1  "*"Publish problem: First title"* ]]
	[ "${lines[-1]}" = "Second text." ]
	[ "$(weald show south-west/problem/a)" = "$output" ]
}

@test "show @N prints that version" {
	run -0 weald show problem/a@1
	[ "${lines[0]}" = south-west/problem/a@1 ]
	[[ $output == *$'note\n          Why one'* ]]
	[[ $output == *"files     data.csv, 16 bytes"* ]]
	[ "${lines[-1]}" = "First text." ]
}

@test "show --file prints the bytes of a file" {
	run -0 weald show --file data.csv problem/a@1
	[ "$output" = month,numerator ]
	weald show --file record.md problem/a >out
	cmp out a/record.md
	fails 1 weald show --file data.csv problem/a
	fails 1 weald show --file ../x problem/a
	fails 1 weald show --file /etc/passwd problem/a
}

@test "show --json has everything" {
	run -0 weald show --json problem/a@1
	json 'lines[0]["ref"] == "south-west/problem/a@1"'
	json 'lines[0]["note"] == "Why one" and lines[0]["topics"] == ["sepsis"]'
	json '[f["name"] for f in lines[0]["files"]] == ["data.csv", "record.md"]'
	json '[v["version"] for v in lines[0]["versions"]] == [2, 1]'
	json 'lines[0]["text"].endswith("First text.\n")'
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
