#!/usr/bin/env bats
# weald import, weald verify: feeds brought by stock means, whole and altered.
#
# The altered feeds are those of tests/interop/mutate.py: each breaks one rule.

# bats sets stderr and stderr_lines
# shellcheck disable=SC2154

load helper

setup_file() {
	export ALTERED=$BATS_FILE_TMPDIR/altered
	"$BATS_TEST_DIRNAME/../interop/mutate.py" make-all "$ALTERED"
	# ALTERED_STEP=N tries every Nth of them only
	"$BATS_TEST_DIRNAME/../interop/mutate.py" list |
		awk -v n="${ALTERED_STEP:-1}" 'NR % n == 0' >"$ALTERED/refused"
	"$BATS_TEST_DIRNAME/../interop/mutate.py" list --accepted \
		>"$ALTERED/accepted"
}

setup() {
	isolate
	make_home "$WEALD_HOME" reader Reader
	export FEED=$WEALD_HOME/feeds/south-west.git
}

# A feed of South West in ./writer, with some history.
make_writer() {
	make_home writer
	weald --home writer publish "$RECORDS"/problem/* >/dev/null
	weald --home writer key rotate \
		--root-key writer/south-west-root-key >/dev/null
	export SOURCE=$PWD/writer/feeds/south-west.git
}

publish_more() {
	record problem a "Title $RANDOM $RANDOM"
	weald --home writer publish a >/dev/null
}

# nobody_knows_where NAME CODE: which update it is cannot be told, as the chain
# cannot be walked to its begin: a commit is missing, or is not read for its
# size, or git refused it all.
nobody_knows_where() {
	case $2 in
	invalid | not-found | corrupt) true ;;
	*) [ "$1" = header-huge ] ;;
	esac
}

same_refs() {
	[ "$(git -C "$1" for-each-ref)" = "$(git -C "$2" for-each-ref)" ]
}

@test "import takes in a repository, and the refs are the same bytes" {
	make_writer
	head=$(git -C "$SOURCE" rev-parse main)
	run -0 weald import "$SOURCE"
	[ "$output" = "imported south-west: 5 updates, head $head" ]
	same_refs "$SOURCE" "$FEED"
	cmp "$SOURCE/allowed_signers" "$FEED/allowed_signers"
	agree "$FEED"
}

@test "import takes in a clone, a bare clone and a bundle" {
	make_writer
	git clone -q "$SOURCE" clone
	git clone -q --bare "$SOURCE" bare.git
	git -C "$SOURCE" bundle create -q "$PWD/feed.bundle" main
	for source in clone bare.git feed.bundle; do
		make_home "home-$source" reader Reader
		weald --home "home-$source" import "$source" >/dev/null
		same_refs "$SOURCE" "home-$source/feeds/south-west.git"
	done
}

@test "import extends a feed by what is new, and by nothing where nothing is" {
	make_writer
	weald import "$SOURCE" >/dev/null
	unchanged weald import "$SOURCE"
	[ "$status" -eq 0 ]
	[[ $output == "nothing new for south-west: 5 updates, head "* ]]
	publish_more
	publish_more
	run -0 weald import "$SOURCE" --json
	json 'lines[0]["added"] == 2 and lines[0]["seq"] == 7'
	json 'lines[0]["created"] is False and lines[0]["feed"] == "south-west"'
	same_refs "$SOURCE" "$FEED"
	agree "$FEED"
}

@test "import of less than what is here is nothing new" {
	make_writer
	git clone -q --bare "$SOURCE" old.git
	publish_more
	weald import "$SOURCE" >/dev/null
	unchanged weald import old.git
	[ "$status" -eq 0 ]
	[[ $output == "nothing new for south-west: 6 updates, head "* ]]
}

@test "import takes back the own feed from a copy" {
	make_writer
	git clone -q --bare "$SOURCE" copy.git
	cp -a writer restored
	publish_more
	git clone -q --bare "$SOURCE" newer.git
	run -0 weald --home restored import newer.git
	[[ $output == "imported south-west: 1 update more, head "* ]]
	same_refs "$SOURCE" restored/feeds/south-west.git
}

@test "import of another history of a feed is refused" {
	make_writer
	cp -a writer twin
	publish_more
	weald import "$SOURCE" >/dev/null
	record problem b
	weald --home twin publish b >/dev/null
	fails 1 weald import twin/feeds/south-west.git
	run -1 --separate-stderr weald import --json twin/feeds/south-west.git
	json 'lines[0]["error"]["code"] == "diverged"'
}

@test "another feed with a slug that is taken is kept under slug and id" {
	make_writer
	weald import "$SOURCE" >/dev/null
	make_home other
	id=$(git -C other/feeds/south-west.git log -1 --format=%ce)
	run -0 weald import other/feeds/south-west.git
	[[ $output == "imported south-west-${id#*@}: 2 updates, "* ]]
	run -0 weald feeds
	[ "${#lines[@]}" -eq 3 ]
	run -0 weald log "south-west-${id#*@}"
	run -0 weald verify
	[ "${#lines[@]}" -eq 3 ]
}

@test "two homes that import the same feed hold the same refs" {
	make_writer
	make_home second second Second
	git -C "$SOURCE" bundle create -q "$PWD/feed.bundle" main
	weald import "$SOURCE" >/dev/null
	weald --home second import feed.bundle >/dev/null
	same_refs "$FEED" second/feeds/south-west.git
	cmp "$FEED/allowed_signers" second/feeds/south-west.git/allowed_signers
}

@test "the feed of tests/data, built by stock git, imports" {
	"$ROOT/tests/interop/build_feed.py" vectors.git
	run -0 weald import vectors.git
	[[ $output == "imported south-west: 7 updates, head \
8f7611f0f8957be07ad8afd32790e77dc04cac75" ]]
	agree "$FEED"
	run -0 weald log south-west -v
	run -0 weald show south-west/evidence/sepsis-trolley-2025
}

@test "import refuses what holds no feed" {
	git init -q -b main empty
	git init -q -b main plain
	git -C plain -c user.name=a -c user.email=a@b \
		commit -q --allow-empty -m x
	mkdir folder
	echo text >file
	head -c 100 /dev/urandom >noise
	mkfifo pipe
	for source in nowhere empty folder file noise pipe /dev/null ""; do
		run --separate-stderr timeout 20 "$WEALD" import "$source"
		[ "$status" -eq 3 ] || [[ $status -eq 2 && -z $source ]]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == "weald import: "* ]]
	done
	fails 1 weald import plain
	fails 2 weald import
	fails 2 weald import plain plain
}

@test "import reads no program out of the source" {
	make_writer
	git clone -q "$SOURCE" clone
	mkdir -p clone/.git/hooks
	for hook in post-checkout pre-auto-gc reference-transaction; do
		printf '#!/bin/sh\ntouch "%s/pwned"\n' "$PWD" \
			>"clone/.git/hooks/$hook"
		chmod +x "clone/.git/hooks/$hook"
	done
	git -C clone config core.fsmonitor "touch $PWD/pwned"
	git -C clone config uploadpack.packObjectsHook "touch $PWD/pwned"
	weald import clone >/dev/null
	[ ! -e pwned ]
	same_refs "$SOURCE" "$FEED"
}

@test "import takes a path, not an address or an option" {
	for source in https://example.invalid/feed ext::sh ssh://x/y \
		git@example.invalid:feed --upload-pack=touch; do
		run timeout 20 "$WEALD" import -- "$source"
		[ "$status" -eq 3 ]
	done
}

@test "every altered feed is refused with its reason, and nothing is taken in" {
	local name codes at bad=0

	before=$(fingerprint "$WEALD_HOME")
	while IFS=$'\t' read -r name codes at; do
		run --separate-stderr "$WEALD" import --json \
			"$ALTERED/$name.git"
		said=$(sed -n 's/.*"code":"\([a-z0-9-]*\)".*/\1/p' \
			<<<"${lines[0]}")
		wanted=1 where="update $at (commit "
		# git itself refused it, or found no branch in it
		if [ "$said" = invalid ] || [ "$said" = not-found ]; then
			wanted=3
		fi
		if nobody_knows_where "$name" "$said"; then
			where=
		fi
		if [ "$status" -ne "$wanted" ] || [ -z "$said" ] ||
			[[ ,$codes, != *,$said,* || $output != *"$where"* ]]; then
			echo "$name: exit $status, wanted $codes at $at: $output"
			bad=$((bad + 1))
		fi
	done <"$ALTERED/refused"
	[ "$bad" -eq 0 ]
	[ "$(fingerprint "$WEALD_HOME")" = "$before" ]
}

@test "every odd but valid feed is taken in" {
	local name bad=0

	while read -r name; do
		cp -a "$WEALD_HOME" "$name"
		if ! weald --home "$name" import "$ALTERED/$name.git" ||
			! weald --home "$name" verify >/dev/null; then
			bad=$((bad + 1))
		fi
	done <"$ALTERED/accepted"
	[ "$bad" -eq 0 ]
}

@test "verify names the update and the rule where a feed here was altered" {
	local name codes at bad=0 good=0

	while IFS=$'\t' read -r name codes at; do
		rm -rf "$FEED"
		cp -a "$ALTERED/$name.git" "$FEED"
		git -C "$FEED" repack -adfq 2>/dev/null || continue
		run --separate-stderr "$WEALD" verify south-west
		said=$(sed -n 's/^FAILED south-west: \(.*): \)\?\([a-z0-9-]*\): .*/\2/p' \
			<<<"${lines[0]}")
		where=": update $at (commit "
		if nobody_knows_where "$name" "$said"; then
			where=
		fi
		if [ "$status" -ne 1 ] || [ -z "$said" ] ||
			[[ ,$codes, != *,$said,* || $output != *"$where"* ]]; then
			echo "$name: exit $status, wanted $codes at $at: $output"
			bad=$((bad + 1))
		else
			good=$((good + 1))
		fi
	done < <(awk 'NR % 5 == 1 || NR < 3' "$ALTERED/refused")
	[ "$bad" -eq 0 ]
	[ "$good" -gt 0 ]
}
