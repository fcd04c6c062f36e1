#!/usr/bin/env bats
# weald withdraw: a record says first that it is withdrawn.

# bats sets stderr and stderr_lines
# shellcheck disable=SC2154

load helper

setup() {
	isolate
	make_home
	record problem a "A title" "The text."
	echo 'what else there is' >a/notes.txt
	weald publish a >/dev/null
}

@test "withdraw makes a version that says so first, for a clone too" {
	run -0 weald withdraw --reason "Counted twice." problem/a
	[ "$output" = south-west/problem/a@2 ]
	run -0 git -C "$FEED" log -1 --format=%s%n%b
	[ "${lines[0]}" = "Withdraw problem: A title" ]
	[ "${lines[1]}" = "Counted twice." ]
	git clone -q "$FEED" clone
	run -0 sed -n '/^---$/,/^---$/!p' clone/problem/*/a/record.md
	[ "$output" = $'\n> Withdrawn: Counted twice.\n\nThe text.' ]
	cmp a/notes.txt clone/problem/*/a/notes.txt
	agree "$FEED"
}

@test "withdraw for the same reason again is no new version" {
	weald withdraw --reason "Counted twice." problem/a >/dev/null
	unchanged weald withdraw --reason "Counted twice." south-west/problem/a
	[ "$status" -eq 0 ]
	[ "$stderr" = "unchanged south-west/problem/a@2" ]
	run -0 weald withdraw --reason "Wrong hospital." problem/a
	[ "$output" = south-west/problem/a@3 ]
	run -0 weald show problem/a
	[[ $output == *"> Withdrawn: Wrong hospital."* ]]
	[ "$(grep -c '> Withdrawn' <<<"$output")" -eq 1 ]
}

@test "a withdrawn record comes back by publishing it, and saying so" {
	weald withdraw --reason "Counted twice." problem/a >/dev/null
	unchanged weald publish a
	[ "$status" -eq 3 ]
	[[ $stderr == *withdrawn*--bring-back* ]]
	run -0 weald publish --bring-back a
	[ "$output" = south-west/problem/a@3 ]
	run -0 weald show --file record.md problem/a
	[[ $output != *Withdrawn* ]]
	agree "$FEED"
}

@test "withdraw reads the reason beside what the record is about" {
	sed -i 's/^settings: .*/settings: [custody]/' a/record.md
	grep -qF 'settings: [custody]' a/record.md
	weald publish a >/dev/null
	unchanged weald withdraw --reason "the family of a1234aa asked" \
		problem/a
	[ "$status" -eq 3 ]
	[[ $stderr == "weald withdraw: the reason:1: privacy: prison-number "* ]]
	[[ $stderr != *1234* ]]
	run -0 weald withdraw --reason "the family asked" problem/a
	[ "$output" = south-west/problem/a@3 ]
}

@test "withdraw says in JSON what it did" {
	run -0 weald withdraw --json --reason "Counted twice." problem/a
	json 'lines[0]["state"] == "withdrawn" and lines[0]["version"] == 2'
	[ "$(json 'lines[0]["commit"]')" = "$(git -C "$FEED" rev-parse main)" ]
	run -0 weald log -n 1 --json
	json 'lines[0]["action"] == "withdraw" and lines[0]["topics"] == ["sepsis"]'
}

@test "withdraw refuses what it cannot withdraw" {
	make_home other other Other
	(cd "$HOME" && record problem b && weald --home ../other publish b) \
		>/dev/null
	weald import other/feeds/other.git >/dev/null
	fails 1 weald withdraw --reason Why problem/b
	fails 1 weald withdraw --reason Why other/problem/b
	fails 2 weald withdraw --reason Why problem/a@1
	fails 2 weald withdraw problem/a
	fails 2 weald withdraw --reason Why
	fails 3 weald withdraw --reason Why problem
	fails 3 weald withdraw --reason $'Two\nlines' problem/a
	fails 3 weald withdraw --reason ' ' problem/a
	fails 3 weald withdraw --reason $'\e[31m' problem/a
}
