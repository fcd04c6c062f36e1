#!/usr/bin/env bats
# weald verify: what it says of good feeds and of damaged ones.

# bats sets stderr and stderr_lines
# shellcheck disable=SC2154

load helper

setup() {
	isolate
	make_home
	weald publish "$RECORDS"/problem/* >/dev/null
}

@test "verify has a line for each feed" {
	make_home other other Other
	weald import other/feeds/other.git >/dev/null
	run -0 weald verify
	[ "${lines[0]}" = \
		"ok south-west 4 updates head $(git -C "$FEED" rev-parse main)" ]
	[[ ${lines[1]} == "ok other 2 updates head "* ]]
	run -0 weald verify other
	[ "${#lines[@]}" -eq 1 ]
	run -0 weald verify --json other south-west
	json '[x["feed"] for x in lines] == ["other", "south-west"]'
	json 'all(x["ok"] and x["good"] == x["updates"] for x in lines)'
}

@test "verify refuses a feed that is not there, and checks nothing" {
	fails 1 weald verify south-west nowhere
	fails 1 weald verify ../south-west
}

@test "verify finds every damaged byte of a pack" {
	pack=$(find "$FEED/objects/pack" -name '*.pack' -size -5k | head -1)
	size=$(stat -c %s "$pack")
	chmod u+w "$pack"
	for at in 0 8 $((size / 3)) $((size / 2)) $((size - 30)) $((size - 1)); do
		cp "$pack" saved
		byte=$(dd if="$pack" bs=1 skip="$at" count=1 status=none | od -An -tu1)
		printf %b "\\x$(printf %x $((byte ^ 1)))" |
			dd of="$pack" bs=1 seek="$at" conv=notrunc status=none
		run timeout 60 "$WEALD" verify
		[ "$status" -eq 1 ] || [ "$status" -eq 7 ]
		cp saved "$pack"
	done
	run -0 weald verify
}

@test "verify says which feed is bad, and goes on with the others" {
	make_home other other Other
	weald import other/feeds/other.git >/dev/null
	rm "$FEED"/objects/pack/*
	run --separate-stderr weald verify
	[ "$status" -eq 1 ]
	[[ ${lines[0]} == "FAILED south-west: "* ]]
	[[ ${lines[1]} == "ok other "* ]]
	[[ $stderr == "weald verify: feed south-west is not good"* ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
	run -1 --separate-stderr weald verify --json
	json 'lines[0]["ok"] is False and lines[1]["ok"] is True'
	json 'lines[2]["error"]["exit"] == 1'
}

@test "a main that was moved back by hand is seen or healed, never hidden" {
	head=$(git -C "$FEED" rev-parse main)
	git -C "$FEED" update-ref refs/heads/main main~1
	run weald verify
	[ "$status" -eq 0 ] || [ "$status" -eq 1 ]
	record problem a
	run weald publish a
	git -C "$FEED" merge-base --is-ancestor "$head" main
	agree "$FEED"
}

@test "a commit that somebody added with git is refused" {
	tree=$(git -C "$FEED" rev-parse 'main^{tree}')
	id=$(git -C "$FEED" -c user.name=a -c user.email=a@b \
		commit-tree -p main -m 'Not signed' "$tree")
	git -C "$FEED" update-ref refs/heads/main "$id"
	run -1 weald verify
	[[ $output == "FAILED south-west: "*"$id"* ]]
	git -C "$FEED" repack -dq
	run -1 weald verify
	[[ $output == "FAILED south-west: update 5 (commit $id): "* ]]
	record problem a
	run --separate-stderr weald publish a
	[ "$status" -eq 7 ]
	[ "$(git -C "$FEED" rev-parse main)" = "$id" ]
}
