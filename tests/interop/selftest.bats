#!/usr/bin/env bats
# The second opinion on itself: stock git builds the feed of tests/data, the
# checker accepts it, and refuses every feed that breaks a rule. Nothing of
# Weald runs here.

bats_require_minimum_version 1.5.0

setup_file() {
	export HERE="$BATS_TEST_DIRNAME"
	export FEED="$BATS_FILE_TMPDIR/feed.git"
	export ALL="$BATS_FILE_TMPDIR/all"
	export PYTHONDONTWRITEBYTECODE=1
	export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
	"$HERE/build_feed.py" "$FEED" >"$BATS_FILE_TMPDIR/head"
	"$HERE/mutate.py" make-all "$ALL"
}

# The paths of the feeds that "mutate.py list $@" names.
repositories() {
	"$HERE/mutate.py" list "$@" | cut -f1 | sed "s|.*|$ALL/&.git|"
}

@test "build_feed: stock git comes to the ids of feed.json" {
	run -0 cat "$BATS_FILE_TMPDIR/head"
	[ "$output" = 8f7611f0f8957be07ad8afd32790e77dc04cac75 ]
	[ "$(git -C "$FEED" rev-list --count main)" = 7 ]
}

@test "build_feed: stock git and the checker accept the feed" {
	run -0 git -C "$FEED" fsck --strict
	[ -z "$output" ]
	# shellcheck disable=SC2046
	run -0 git -C "$FEED" verify-commit $(git -C "$FEED" rev-list main)
	[ "$(grep -c '^Good "git" signature for south-west@8369ccb9a6d5' \
		<<<"$output")" = 7 ]
	run -0 "$HERE/check_feed.py" "$FEED"
	[ "$output" = "ok south-west 7 updates $(cat "$BATS_FILE_TMPDIR/head")" ]
}

@test "build_feed: a clone is a folder to read, and checks as well" {
	git clone -q "$FEED" "$BATS_TEST_TMPDIR/clone"
	grep -q 'must_keep: \[sealed\]' "$BATS_TEST_TMPDIR/clone/\
intervention/2026-11/sepsis-first-dose-trolley/record.md"
	run -0 "$HERE/check_feed.py" "$BATS_TEST_TMPDIR/clone"
	[[ "$output" == "ok south-west 7 updates "* ]]
}

@test "build_feed: each shorter feed is one too" {
	for n in 1 2 3 4 5 6; do
		"$HERE/build_feed.py" --updates "$n" "$BATS_TEST_TMPDIR/$n.git"
		run -0 "$HERE/check_feed.py" "$BATS_TEST_TMPDIR/$n.git"
		[[ "$output" == "ok south-west $n updates "* ]]
	done
}

@test "feedkit: writes and signs the vectors byte for byte" {
	cd "$HERE"
	run -0 /usr/bin/python3 - <<-'END'
		import msgpack
		from feedkit import FIELDS, Chain, Draft, commit_bytes, signed_bytes
		import hashlib
		chain = Chain()
		for update in chain.vectors["updates"]:
		    payload = bytes.fromhex(update["payload"])
		    fields = msgpack.unpackb(payload)
		    draft = Draft(**dict(zip(FIELDS, fields)))
		    assert draft.payload() == payload
		    text = draft.text(payload)
		    assert text.decode() == update["commit_text"]
		    key = chain.keys[update["signed_by"]]
		    signature = key.sign(signed_bytes(b"git", text))
		    assert signature.hex() == update["signature"]
		    data = commit_bytes(text, key.public, signature)
		    data = b"commit %d\0" % len(data) + data
		    assert hashlib.sha1(data).hexdigest() == update["commit"]
	END
}

@test "check_feed: refuses every feed that breaks a rule, by its name" {
	"$HERE/mutate.py" list >"$BATS_TEST_TMPDIR/list"
	# shellcheck disable=SC2046
	run -1 "$HERE/check_feed.py" $(repositories)
	[ "${#lines[@]}" = "$(wc -l <"$BATS_TEST_TMPDIR/list")" ]
	[ "${#lines[@]}" -gt 300 ]
	n=0
	wrong=0
	while IFS=$'\t' read -r name codes at; do
		read -r verdict seq _ code _ <<<"${lines[n]}"
		case ",$codes," in
		*",${code%:},"*) ;;
		*) verdict=other ;;
		esac
		if [ "$verdict" != refused ] || [ "$seq" != "$at" ]; then
			echo "$name: update $at, $codes; but: ${lines[n]}"
			wrong=1
		fi
		n=$((n + 1))
	done <"$BATS_TEST_TMPDIR/list"
	[ "$wrong" = 0 ]
}

@test "check_feed: accepts every feed that is valid, as stock git does" {
	# shellcheck disable=SC2046
	run -0 "$HERE/check_feed.py" $(repositories --accepted)
	[ "${#lines[@]}" -gt 15 ]
	for feed in $(repositories --accepted); do
		run -0 git -C "$feed" fsck --strict
		# shellcheck disable=SC2046
		run -0 git -C "$feed" verify-commit \
			$(git -C "$feed" rev-list main)
	done
}

@test "check_feed: --json says the same to programs" {
	run -0 "$HERE/check_feed.py" --json "$FEED"
	[[ "$output" == '{"ok": true, '*'"slug": "south-west", '* ]]
	[[ "$output" == *'"updates": 7, "records": 2, '* ]]
	[[ "$output" == *'"signatures": 7}' ]]
	run -1 "$HERE/check_feed.py" --json "$ALL/seq-skipped.git"
	[[ "$output" == '{"ok": false, '*'"seq": 8, '* ]]
	[[ "$output" == *'"refusal": "seq-gap", '* ]]
}

@test "check_feed: fewer signatures where asked, but never fewer grants" {
	feed="$ALL/signature-of-update-7.git"
	run -1 "$HERE/check_feed.py" "$feed"
	run -0 "$HERE/check_feed.py" --no-signatures "$feed"
	run -1 "$HERE/check_feed.py" --sample 8 "$feed"
	run -0 "$HERE/check_feed.py" --sample 3 --json "$FEED"
	[[ "$output" == *'"signatures": 3'* ]]
	run -1 "$HERE/check_feed.py" --no-signatures \
		"$ALL/grant-for-another-key.git"
}

@test "check_feed: 2 where there is nothing to check" {
	run -2 "$HERE/check_feed.py" "$BATS_TEST_TMPDIR/none.git"
	[[ "$output" == "check_feed.py: "* ]]
	git init -q --bare -b main "$BATS_TEST_TMPDIR/empty.git"
	run -2 "$HERE/check_feed.py" "$BATS_TEST_TMPDIR/empty.git"
	[[ "$output" == *"no branch main"* ]]
	run -2 "$HERE/check_feed.py" --sample -1 "$FEED"
	run -2 "$HERE/check_feed.py"
}

@test "docs/PROTOCOL.md: its examples and its refusals are the real ones" {
	run -0 "$HERE/check_doc.py"
}
