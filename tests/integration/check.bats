#!/usr/bin/env bats
# weald check and the strictness of weald publish: the schema, the references,
# the series.

# bats sets stderr and stderr_lines; other quotes are meant
# shellcheck disable=SC2016,SC2154

load helper

EXAMPLES=$ROOT/tests/data/examples
# laparotomies are few, so the guard asks a person about one example
CONFIRM=(--confirm-role "Patient safety lead" --confirm-reason "invented figures")

setup() {
	isolate
	make_home
}

@test "every example publishes in its region" {
	for region in "$EXAMPLES"/*/; do
		region=$(basename "$region")
		make_home "$region" "$region" "$region"
		run -0 --separate-stderr weald --home "$region" publish \
			"${CONFIRM[@]}" "$EXAMPLES/$region"/*/*/
		[ "${#lines[@]}" -eq "$(find "$EXAMPLES/$region" \
			-name record.md | wc -l)" ]
		# what has not arrived is a warning, and nothing else is said
		run ! grep -v -e ": warning: .* is not here; " \
			-e "(confirmed)$" -e "^$" <<<"$stderr"
		agree_in "$region"
	done
}

# agree_in REGION: its feed is sound, by weald and by the second opinion.
agree_in() {
	WEALD_HOME=$PWD/$1 agree "$1/feeds/$1.git"
}

@test "an example that is damaged in one place is refused at that line" {
	count=0
	for region in "$EXAMPLES"/*/; do
		region=$(basename "$region")
		make_home "$region" "$region" "$region"
		run -0 env WEALD="$WEALD" WEALD_HOME="$PWD/$region" \
			"$ROOT/tests/integration/damage.py" "$EXAMPLES" "$region"
		count=$((count + output))
	done
	[ "$count" -ge 200 ]
}

@test "check says what publish says, and publishes nothing" {
	record problem a
	record problem b
	sed -i 's/^scale: .*/scale: /' b/record.md
	unchanged weald check a b
	[ "$status" -eq 3 ]
	[ -z "$output" ]
	said=$stderr
	[[ $said == "b/record.md:10: scale: "* ]]
	refused weald publish a b
	[ "${said//weald check: it would not be/weald publish: nothing is}" = \
		"$stderr" ]
	unchanged weald check a
	[ "$status" -eq 0 ]
	[ "$output" = south-west/problem/a ]
	[ -z "$stderr" ]
	run -0 --separate-stderr weald check --json a
	json 'lines == [{"path": "a", "ref": "south-west/problem/a", "state": "good"}]'
	fails 2 weald check
}

@test "check needs no lock, and no daemon" {
	record problem a
	exec 9<>"$WEALD_HOME/lock"
	flock 9
	run -0 weald check a
	exec 9>&-
}

@test "a reference to an own record: published, in the same call, or not" {
	record intervention trolley
	sed -i 's|^problem: .*|problem: south-west/problem/late|' \
		trolley/record.md
	refused weald publish trolley
	[[ $stderr == "trolley/record.md:7: problem: south-west/problem/late "* ]]
	record problem late
	# in whatever order
	run -0 --separate-stderr weald check trolley late
	[ -z "$stderr" ]
	run -0 weald publish late
	run -0 --separate-stderr weald check trolley
	[ -z "$stderr" ]
	# a version that is there, will be, or will not be
	sed -i 's|^problem: .*|problem: south-west/problem/late@2|' \
		trolley/record.md
	refused weald check trolley
	record problem late "Another title"
	run -0 weald check trolley late
	sed -i 's|^problem: .*|problem: south-west/problem/late@3|' \
		trolley/record.md
	refused weald check trolley late
}

@test "a reference to another region: here, not here, not at that version" {
	make_home other wessex Wessex
	record problem late
	weald --home other publish late >/dev/null
	record intervention trolley
	sed -i 's|^problem: .*|problem: wessex/problem/late@1|' \
		trolley/record.md
	run -0 --separate-stderr weald check trolley
	[[ $stderr == "trolley/record.md:7: warning: problem: wessex/problem/late "* ]]
	weald import other/feeds/wessex.git >/dev/null
	run -0 --separate-stderr weald check trolley
	[ -z "$stderr" ]
	sed -i 's|^problem: .*|problem: wessex/problem/late@2|' \
		trolley/record.md
	run -0 --separate-stderr weald check trolley
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *": warning: problem: "* ]]
	# one that can never fit is wrong wherever it is
	sed -i 's|^problem: .*|problem: wessex/measure/late|' trolley/record.md
	refused weald check trolley
}

@test "errors come before warnings, and both are objects of JSON" {
	record intervention a
	record problem b
	sed -i 's/^how_known: .*/how_known: [rumours]/' b/record.md
	refused weald publish a b
	[ "${#stderr_lines[@]}" -eq 3 ]
	[[ ${stderr_lines[0]} == "b/record.md:9: how_known"* ]]
	[[ ${stderr_lines[1]} == "a/record.md:7: warning: problem: "* ]]
	unchanged weald publish --json a b
	json '[l.get("level") for l in lines] == ["error", "warning", None]'
	json 'lines[2]["error"]["exit"] == 3'
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "series: the row that is wrong" {
	record evidence a
	run -0 weald check a
	for row in '2024-05,x,100' '2024-13,1,100' '2024-05' \
		'2024-01,30,100' '2024-05,30,100,before,more'; do
		record evidence a
		sed -i "6s/.*/$row/" a/data.csv
		refused weald check a
		[[ $stderr == *"a/data.csv:6: "* ]]
	done
	record evidence a
	rm a/data.csv
	refused weald check a
	[[ $stderr == "a/record.md:11: series: "* ]]
}

@test "a call that is larger than what is kept in memory" {
	for i in {1..70}; do
		record problem "r-$i"
		head -c 1000000 /dev/zero | tr '\0' 'x' >"r-$i/notes.txt"
	done
	run -0 --separate-stderr weald publish r-*
	[ "${#lines[@]}" -eq 70 ]
	[ -z "$stderr" ]
	agree "$FEED"
}

# digest FILE: what pins a reference to that text.
digest() {
	sha256sum "$1" | cut -c-16
}

@test "a reference that is pinned is held against the text it names" {
	local first second other

	make_home other wessex Wessex
	record problem late
	weald --home other publish late >/dev/null
	weald import other/feeds/wessex.git >/dev/null
	other=$(digest late/record.md)
	record problem q1 "Another title"
	first=$(digest q1/record.md)
	weald publish q1 >/dev/null
	echo more >>q1/record.md
	second=$(digest q1/record.md)
	weald publish q1 >/dev/null
	record problem q2
	sed -i "2i links: [{rel: about, id: ID}]" q2/record.md
	cp q2/record.md template
	for id in "south-west/problem/q1@1:$first" \
		"south-west/problem/q1@2:$second" \
		"wessex/problem/late@1:$other"; do
		sed "s,ID,$id," template >q2/record.md
		run -0 --separate-stderr weald check q2
		[ -z "$stderr" ]
	done
	sed "s,ID,wessex/problem/late@1:$first," template >q2/record.md
	run -0 --separate-stderr weald check q2
	[[ $stderr == *"q2/record.md:2: warning: about: version 1 of wessex/problem/late has another text"* ]]
	sed "s,ID,south-west/problem/q1@2:$first," template >q2/record.md
	refused weald publish q2
	[[ ${stderr_lines[0]} == *"version 2 of south-west/problem/q1 has another text"* ]]
	# what this call publishes has no text in the feed yet
	echo more >>q1/record.md
	sed "s,ID,south-west/problem/q1@3:$(digest q1/record.md)," template >q2/record.md
	run -0 weald publish q1 q2
}

@test "what has not changed is no version that others may refer to" {
	record problem q1
	record problem q2
	weald publish q1 >/dev/null
	sed -i '2i links: [{rel: follows, id: south-west/problem/q1@2}]' q2/record.md
	refused weald check q1 q2
	[[ ${stderr_lines[0]} == "q2/record.md:"*"problem/q1 has no version 2 here"* ]]
	refused weald publish q1 q2
	[ "$(git -C "$FEED" rev-list --count main)" -eq 3 ]
	echo more >>q1/record.md
	run -0 weald publish q1 q2
	# twice the same in one call is one version
	echo more >>q1/record.md
	cp -r q1 other
	mkdir again
	cp -r q1 again/q1
	sed -i 's/q1@2/q1@4/' q2/record.md
	refused weald check q1 again/q1 q2
	sed -i 's/q1@4/q1@3/' q2/record.md
	run -0 weald check q1 again/q1 q2
}

@test "check says that a record was withdrawn, as publish does" {
	record problem a
	weald publish a >/dev/null
	weald withdraw --reason "it was wrong" problem/a >/dev/null
	refused weald check a
	[[ ${stderr_lines[0]} == "a: withdrawn in version 2; "* ]]
	run -0 weald check --bring-back a
}
