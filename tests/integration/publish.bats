#!/usr/bin/env bats
# weald publish: folders become versions of records.

# bats sets stderr and stderr_lines; other quotes are meant
# shellcheck disable=SC2016,SC2154

load helper

setup() {
	isolate
	make_home
}

# The folder of a record in the clone in ./clone.
cloned() {
	find clone -type d -path "clone/$1/????-??/$2"
}

@test "publish makes every folder a record, in the order given" {
	run -0 weald publish "$RECORDS"/*/*/
	[ "${#lines[@]}" -eq 12 ]
	[ "${lines[0]}" = south-west/adoption/first-dose-box-community@1 ]
	[ "${lines[11]}" = south-west/problem/late-antibiotics@1 ]
	agree "$FEED"
}

@test "a clone of the feed is a folder that a person can read" {
	weald publish "$RECORDS"/*/* >/dev/null
	git clone -q "$FEED" clone
	[ -z "$(git -C clone status --porcelain)" ]
	for folder in "$RECORDS"/*/*; do
		diff -r "$folder" "$(cloned "$(basename \
			"$(dirname "$folder")")" "$(basename "$folder")")"
	done
	grep -q '^name: South West$' clone/region.yaml
}

@test "git log --stat reads like a lab book" {
	weald publish "$RECORDS/problem/handover-lost-at-night" >/dev/null
	weald publish -m "For the autumn review" \
		"$RECORDS/intervention/night-handover-board" >/dev/null
	run -0 git -C "$FEED" log -1 --stat=200 --format=%B
	[ "${lines[0]}" = "Publish intervention: A board for the night handover" ]
	[ "${lines[1]}" = "For the autumn review" ]
	[[ ${lines[2]} == "Record: intervention/"????-??"/night-handover-board" ]]
	[ "${lines[3]}" = "Version: 1" ]
	[ "${lines[4]}" = "Topics: transitions-of-care" ]
	[[ ${lines[5]} == "Update: 4 "* ]]
	[[ $output == *"/night-handover-board/record.md "*"| "*" +++"* ]]
	[[ $output == *"/night-handover-board/attachments/columns.txt "* ]]
	[[ ${lines[-1]} == " 3 files changed, "* ]]
}

@test "git log --show-signature says Good, with no flag" {
	weald publish "$RECORDS/problem/late-antibiotics" >/dev/null
	run -0 git -C "$FEED" log --show-signature
	[ "$(grep -c '^Good "git" signature for south-west@' <<<"$output")" -eq 3 ]
}

@test "publish says that a record has not changed, and makes no version" {
	record problem a
	weald publish a >/dev/null
	unchanged weald publish a
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ "$stderr" = "unchanged south-west/problem/a@1" ]
	run -0 weald publish --json a
	json 'lines[0]["state"] == "unchanged" and lines[0]["version"] == 1'
}

@test "publish makes the next version: changed, added and removed files" {
	record problem a
	echo 1 >a/one.txt
	echo 2 >a/two.txt
	mkdir a/attachments
	echo 3 >a/attachments/three.txt
	weald publish a >/dev/null
	rm -r a/one.txt a/attachments
	echo 22 >a/two.txt
	echo 4 >a/four.txt
	run -0 weald publish -m "tidied up" a
	[ "$output" = south-west/problem/a@2 ]
	run -0 git -C "$FEED" log -1 --format=%s%n%b --name-status
	[ "${lines[0]}" = "Revise problem: A title" ]
	[ "${lines[1]}" = "tidied up" ]
	[[ $output == *D*/a/attachments/three.txt*A*/a/four.txt* ]]
	[[ $output == *D*/a/one.txt*M*/a/two.txt ]]
	git clone -q "$FEED" clone
	diff -r a "$(cloned problem a)"
	agree "$FEED"
}

@test "a record stays in the month of its first version" {
	record problem a
	weald publish a >/dev/null
	first=$(git -C "$FEED" ls-tree -rd --name-only main problem | tail -1)
	record problem a "A title" "Another text."
	weald publish a >/dev/null
	[ "$(git -C "$FEED" ls-tree -rd --name-only main problem | tail -1)" = \
		"$first" ]
	[[ $first == problem/$(date -u +%Y)-??/a ]]
}

@test "the same slug in two kinds is two records" {
	mkdir one two
	(cd one && record problem a)
	(cd two && record measure a)
	run -0 weald publish one/a two/a
	[ "$output" = $'south-west/problem/a@1\nsouth-west/measure/a@1' ]
}

@test "two folders of one record are two versions, and that is said" {
	mkdir one two
	(cd one && record problem a "One")
	(cd two && record problem a "Two")
	run -0 --separate-stderr weald publish one/a two/a
	[ "$output" = $'south-west/problem/a@1\nsouth-west/problem/a@2' ]
	[[ $stderr == "weald publish: note: one/a and two/a are both"* ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
	agree "$FEED"
}

@test "the folder's own name is the slug, however the path is written" {
	record problem a
	ln -s a b
	[ "$(weald publish a/)" = south-west/problem/a@1 ]
	record problem a "Two"
	[ "$(cd a && weald publish .)" = south-west/problem/a@2 ]
	record problem a "Three"
	[ "$(weald publish b)" = south-west/problem/a@3 ]
	record problem a "Four"
	[ "$(weald publish "./a/../a//.")" = south-west/problem/a@4 ]
}

@test "paths come from a file and from standard input too" {
	for slug in a b c; do
		record problem "$slug"
	done
	printf 'b\n\nc\n' >list
	run -0 weald publish --paths-from list a
	[ "$output" = $'south-west/problem/a@1\nsouth-west/problem/b@1\nsouth-west/problem/c@1' ]
	record problem c Two
	run -0 weald publish --paths-from - <list
	[[ $output == *south-west/problem/c@2 ]]
}

@test "publish in bulk makes few packs and loses nothing" {
	for i in {1..600}; do
		record problem "r-$i" "Record $i"
	done
	run -0 weald publish r-*
	[ "${#lines[@]}" -eq 600 ]
	[ "$(find "$FEED/objects/pack" -name '*.pack' | wc -l)" -lt 12 ]
	[ -z "$(find "$FEED/objects" -regex '.*/objects/[0-9a-f][0-9a-f]/.*')" ]
	git -C "$FEED" fsck --strict
	[[ $(weald verify) == "ok south-west 602 updates head "* ]]
}

@test "single publishes keep the number of packs bounded" {
	for i in {1..80}; do
		record problem a "Title $i"
		weald publish a >/dev/null
	done
	[ "$(find "$FEED/objects/pack" -name '*.pack' | wc -l)" -lt 30 ]
	[[ $(weald verify) == "ok south-west 82 updates head "* ]]
	git -C "$FEED" fsck --strict
}

@test "a long title is cut at a word in the summary" {
	# ninety characters of three bytes each are allowed
	record problem a "$(printf '€€€€ %.0s' {1..17})end"
	weald publish a >/dev/null
	summary=$(git -C "$FEED" log -1 --format=%s)
	[ "$(printf %s "$summary" | wc -c)" -le 200 ]
	[ "$(printf %s "$summary" | wc -c)" -gt 180 ]
	[[ $summary == "Publish problem: €€€€ "*" €€€€…" ]]
	record problem b "$(printf '€%.0s' {1..90})"
	weald publish b >/dev/null
	summary=$(git -C "$FEED" log -1 --format=%s)
	[ "$(printf %s "$summary" | wc -c)" -le 200 ]
	[[ $summary == "Publish problem: €€"*"€€…" ]]
	agree "$FEED"
}

@test "a note loses the blank ends that a shell gives it, and keeps its lines" {
	record problem a
	weald publish -m $'\n Why.\n\nAnd how.\n\n' a >/dev/null
	run -0 weald log -n 1 --json
	json 'lines[0]["note"] == "Why.\n\nAnd how."'
}

@test "publish says in JSON what it did" {
	record problem a
	run -0 weald publish --json a
	json 'lines[0]["ref"] == "south-west/problem/a@1"'
	json 'lines[0]["state"] == "published" and lines[0]["seq"] == 3'
	[ "$(json 'lines[0]["commit"]')" = "$(git -C "$FEED" rev-parse main)" ]
	[[ $(json 'lines[0]["record"]') == problem/????-??/a ]]
}

@test "publish goes on where nobody reads what it prints" {
	for i in {1..20}; do
		record problem "r-$i" "Record $i"
	done
	run -0 bash -c 'exec 3> >(exec true)
		wait $!
		"$1" publish r-* >&3' - "$WEALD"
	[ -z "$output" ]
	[[ $(weald verify) == "ok south-west 22 updates head "* ]]
}

@test "problems with some records: all are told, nothing is published" {
	record problem a
	record problem b
	record problem c
	echo 'title: none' >b/record.md
	sed -i '/^scale: /d; s/audit/audits/' c/record.md
	touch c/.DS_Store
	refused weald publish a b c
	[ "${stderr_lines[0]%%: *}" = "b/record.md:1" ]
	[[ ${stderr_lines[1]} == "c/.DS_Store: "*"remove it" ]]
	[[ ${stderr_lines[2]} == "c/record.md:"*": scale: "* ]]
	[[ ${stderr_lines[3]} == "c/record.md:9: how_known[1]: "*audits* ]]
	[[ ${stderr_lines[4]} == "weald publish: nothing is published: 4 errors in 2 records; "* ]]
	unchanged weald publish --json a b c
	[ "$status" -eq 3 ]
	json 'len(lines) == 5 and lines[4]["error"]["exit"] == 3'
	json 'lines[3]["path"] == "c" and lines[3]["file"] == "record.md"'
	json 'lines[3]["line"] == 9 and lines[3]["field"] == "how_known[1]"'
	json 'all(l["level"] == "error" and l["problem"] for l in lines[:4])'
}

@test "what was withdrawn stays so, unless somebody says --bring-back" {
	record problem a
	record problem b
	weald publish a b >/dev/null
	weald withdraw --reason "it was wrong" problem/a >/dev/null
	refused weald publish a b
	[[ ${stderr_lines[0]} == "a: withdrawn in version 2; to bring it back for all, say --bring-back" ]]
	run -0 --separate-stderr weald publish --bring-back a b
	[ "$output" = south-west/problem/a@3 ]
	# from then on it is a record as any other
	echo more >>a/record.md
	[ "$(weald publish a)" = south-west/problem/a@4 ]
	agree "$FEED"
}

@test "many problems are counted, not all listed" {
	for i in {1..210}; do
		mkdir "r-$i"
	done
	refused weald publish r-*
	[ "${#stderr_lines[@]}" -eq 202 ]
	[ "${stderr_lines[200]}" = "and 10 more like these" ]
	[[ ${stderr_lines[201]} == *": 210 errors in 210 records; "* ]]
}

@test "hostile text in a record reaches the history only as text" {
	record problem a '"$(touch pwned) `id` %s %n & <b>"' \
		$'\e]0;title\a\e[31mred'
	weald publish -m '-----BEGIN SSH SIGNATURE-----' a >/dev/null
	agree "$FEED"
	[ ! -e pwned ]
	[ "$(git -C "$FEED" log -1 --format=%s)" = \
		'Publish problem: $(touch pwned) `id` %s %n & <b>' ]
}
