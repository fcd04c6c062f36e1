#!/usr/bin/env bats
# weald log, weald feeds: what has happened, and where.

# what is quoted is meant so
# shellcheck disable=SC2016

load helper

setup() {
	isolate
	make_home
	record problem a "One"
	record measure b "Two"
	weald publish -m "Because." a b >/dev/null
	record problem a "Three"
	weald publish a >/dev/null
}

@test "log lists the updates, the newest first" {
	run -0 weald log
	[ "${#lines[@]}" -eq 5 ]
	[[ ${lines[0]} == "5  "????-??-??" "??:??"  revise "*" problem/a@2  "* ]]
	[[ ${lines[0]} == *"  Revise problem: Three" ]]
	[[ ${lines[2]} == "3  "*"  publish "*" problem/a@1  "* ]]
	[[ ${lines[4]} == "1  "*"  create-feed "*"Create the feed of South West" ]]
	[ "$(weald log south-west)" = "$output" ]
}

@test "log takes the newest N, in either direction" {
	run -0 weald log -n 2
	[[ ${#lines[@]} -eq 2 && ${lines[0]} == 5* && ${lines[1]} == 4* ]]
	run -0 weald log --limit 2 --reverse
	[[ ${#lines[@]} -eq 2 && ${lines[0]} == 4* && ${lines[1]} == 5* ]]
	run -0 weald log --reverse
	[[ ${#lines[@]} -eq 5 && ${lines[0]} == 1* && ${lines[4]} == 5* ]]
	[ "$(weald log -n 9 | wc -l)" -eq 5 ]
}

@test "log of one record" {
	run -0 weald log --record problem/a
	[[ ${#lines[@]} -eq 2 && ${lines[0]} == 5* && ${lines[1]} == 3* ]]
	run -0 weald log --record south-west/problem/a --reverse -n 1
	[[ ${#lines[@]} -eq 1 && ${lines[0]} == 5* ]]
	run -0 weald log --record problem/a --reverse
	[[ ${#lines[@]} -eq 2 && ${lines[0]} == 3* ]]
	fails 1 weald log --record problem/c
	fails 2 weald log --record problem/a@1
	fails 3 weald log --record problem
}

@test "log -v has note, commit and key" {
	run -0 weald log -v -n 3
	key=$(ssh-keygen -l -f "$WEALD_HOME/keys/feed" | cut -d' ' -f2)
	[[ $output == *"update 3  "*"publish  problem/a@1"* ]]
	[[ $output == *"commit $(git -C "$FEED" rev-parse main~2)"* ]]
	[[ $output == *"key    $key"* ]]
	[[ $output == *$'    Publish problem: One\n\n    Because.'* ]]
}

@test "log --json has a line for each update" {
	run -0 weald log --json
	json '[x["seq"] for x in lines] == [5, 4, 3, 2, 1]'
	json 'lines[0]["action"] == "revise" and lines[0]["version"] == 2'
	json 'lines[0]["ref"] == "south-west/problem/a@2"'
	json '"ref" not in lines[4] and lines[4]["action"] == "create-feed"'
	[ "$(json 'lines[0]["commit"]')" = "$(git -C "$FEED" rev-parse main)" ]
	[ "$(json 'lines[4]["commit"]')" = "$(git -C "$FEED" rev-parse main~4)" ]
}

@test "log marks a time that is ahead of this clock, and orders nothing by it" {
	make_home other aa-other Other
	"$ROOT/tests/interop/mutate.py" make times-anyhow odd.git
	weald --home other import odd.git >/dev/null
	run -0 weald --home other log south-west
	git -C odd.git log --format=%ct >ahead.list
	[ "${#lines[@]}" -eq "$(wc -l <ahead.list)" ]
	i=0
	while read -r time; do
		if [ "$time" -gt "$(($(date +%s) + 86400))" ]; then
			[[ ${lines[i]} == *[0-9]'!  '* ]]
			ahead=yes
		else
			[[ ${lines[i]} != *[0-9]'!  '* ]]
			past=yes
		fi
		i=$((i + 1))
	done <ahead.list
	[ "$ahead$past" = yesyes ]
	run -0 weald --home other log south-west --json
	json 'any(x["time_ahead"] for x in lines)'
	json 'not all(x["time_ahead"] for x in lines)'
}

@test "log on a terminal has headings and is cut at its edge" {
	command -v script >/dev/null || skip "no script(1)"
	PAGER='' run script -qec "stty cols 60; '$WEALD' log" /dev/null
	[[ ${lines[0]} == seq*"time (UTC)"*action*record*summary* ]]
	[[ $output == *"…"* ]]
	for line in "${lines[@]}"; do
		line=${line%$'\r'}
		[ "${#line}" -le 60 ]
	done
}

@test "log that nobody reads to its end is no failure" {
	run -0 bash -c '"$1" log -v | head -1; exit "${PIPESTATUS[0]}"' - "$WEALD"
	[[ $output == "update 5"* ]]
}

@test "feeds lists the own feed first" {
	make_home other aa-other Other
	weald import other/feeds/aa-other.git >/dev/null
	run -0 weald feeds
	[ "${#lines[@]}" -eq 2 ]
	head=$(git -C "$FEED" rev-parse main)
	[[ ${lines[0]} == "south-west  own "*" 5  2  ${head:0:12}  "* ]]
	[[ ${lines[1]} == "aa-other "*other*" 2  0  "* ]]
	run -0 weald feeds --json
	json '[x["own"] for x in lines] == [True, False]'
	json 'lines[0]["records"] == 2 and lines[0]["seq"] == 5'
	[ "$(json 'lines[0]["head"]')" = "$head" ]
}

@test "log and feeds refuse what is not there" {
	fails 1 weald log nowhere
	fails 1 weald log ../south-west
	fails 2 weald log -n 0
	fails 2 weald log -n x
	fails 2 weald log -n
	fails 2 weald feeds more
}
