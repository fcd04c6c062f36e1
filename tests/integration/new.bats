#!/usr/bin/env bats
# weald new and weald edit: from the form to the published record.

# bats sets stderr and stderr_lines; what is quoted is for the editor
# shellcheck disable=SC2016,SC2154

load helper

KINDS="problem priority intervention measure evidence adoption lesson withdrawal endorsement"

setup() {
	isolate
	make_home
}

# field FOLDER NAME: what stands behind that field, at the first level.
field() {
	sed -n "s/^$2: //p" "$1/record.md"
}

# an_editor SCRIPT...: $EDITOR, which runs sed on the file.
an_editor() {
	printf '#!/bin/sh\nset -e\n%s\n' "$1" >"$BATS_TEST_TMPDIR/my editor"
	chmod +x "$BATS_TEST_TMPDIR/my editor"
	export EDITOR="'$BATS_TEST_TMPDIR/my editor' --wait"
	unset VISUAL
}

@test "the form of every kind: written, refused as it is, never published" {
	for kind in $KINDS; do
		run -0 --separate-stderr weald new "$kind" --slug "a-$kind"
		[ "$output" = "./a-$kind" ]
		[[ $stderr == *"weald check ./a-$kind"*"weald publish ./a-$kind"* ]]
		refused weald publish "a-$kind"
		grep -q "^kind: $kind$" "a-$kind/record.md"
		# one line a field that is still to be filled in
		[[ $stderr == *"a-$kind/record.md:"*": title: is empty; "* ]]
		[ "${#stderr_lines[@]}" -ge 10 ]
	done
	[ -e a-evidence/data.csv ]
	[ ! -e a-problem/data.csv ]
	[ "$(git -C "$FEED" rev-list --count main)" -eq 2 ]
}

@test "a problem from the form to the feed, by what the errors say" {
	weald new problem --title "Pumps: nobody hears them at night" 2>/dev/null
	cd pumps-nobody-hears-them-at-night
	grep -q '^title: "Pumps: nobody hears them at night"$' record.md
	refused weald check .
	# what each line asks for, written where it says
	sed -i -e 's/^topics: .*/topics: [devices]/' \
		-e 's/^settings: .*/settings: [acute-ward]/' \
		-e 's/^  physical: .*/  physical: moderate/' \
		-e 's/^  psychological: .*/  psychological: low/' \
		-e 's/^incident_type: .*/incident_type: medical-device/' \
		-e 's/^how_known: .*/how_known: [staff-concern]/' \
		-e 's/^scale: .*/scale: every other night on four wards/' \
		-e 's/^  level: .*/  level: none/' \
		-e 's/^  role: .*/  role: Devices lead/' \
		-e 's/^  mailbox: .*/  mailbox: devices@example.nhs.uk/' record.md
	run -0 --separate-stderr weald check .
	[ -z "$stderr" ]
	run -0 weald publish .
	[ "$output" = south-west/problem/pumps-nobody-hears-them-at-night@1 ]
}

@test "the folder is never overwritten, nor a record begun twice" {
	record problem a
	fails 3 weald new problem --slug a
	[[ $stderr == *"is there already"* ]]
	weald publish a >/dev/null
	fails 3 weald new problem --out else/a
	[[ $stderr == *"weald edit problem/a"* ]]
	# of another kind it is another record
	mkdir else
	run -0 weald new measure --out else/a
	[ -e else/a/record.md ]
	fails 3 weald new measure --out nowhere/b
	fails 3 weald new measure --slug "A b"
	fails 2 weald new measure --slug b --out c
	fails 2 weald new measure
	[[ $stderr == *"--title TEXT, --slug NAME"* ]]
	fails 2 weald new recipe --slug b
	[[ $stderr == *"the kinds are problem, priority, "* ]]
	fails 2 weald new
	fails 2 weald new measure --title "???"
}

@test "the folder is as others of the person, not as the home's" {
	(umask 022 && weald new problem --slug a 2>/dev/null)
	[ "$(stat -c %a a)" = 755 ]
	[ "$(stat -c %a a/record.md)" = 644 ]
}

@test "what the linked record knows is filled in" {
	record problem late
	sed -i 's/^topics: .*/topics: [sepsis, deterioration]/
		s/^settings: .*/settings: [ambulance]/' late/record.md
	weald publish late >/dev/null
	weald new intervention --problem problem/late --slug trolley 2>/dev/null
	[ "$(field trolley problem)" = south-west/problem/late ]
	[ "$(field trolley topics)" = "[sepsis, deterioration]" ]
	[ "$(field trolley settings)" = "[ambulance]" ]
	# where the kind has no such field it is what the record is about
	weald new lesson --problem problem/late@1 --slug learnt 2>/dev/null
	[ "$(field learnt about)" = south-west/problem/late@1 ]
	weald new measure --problem problem/late --slug count 2>/dev/null
	grep -A 2 '^links:$' count/record.md | grep -q 'id: south-west/problem/late$'
	weald new endorsement --target problem/late --slug read 2>/dev/null
	# an endorsement is of one version, and tied to its text
	pin=$(sha256sum late/record.md | cut -c-16)
	[ "$(field read target)" = "\"south-west/problem/late@1:$pin\"" ]
	[ "$(field read target_version)" = 1 ]
	run -3 --separate-stderr weald check read
	[[ $stderr != *": target"* ]]
	weald new withdrawal --target problem/late --slug stop 2>/dev/null
	[ "$(field stop target)" = south-west/problem/late ]
	# its name, where no other is given
	mv late published
	[ "$(weald new priority --problem problem/late 2>/dev/null)" = ./late ]
}

@test "what this region said last time is filled in" {
	record adoption a
	sed -i 's/^contact: .*/contact: {role: Ward lead, mailbox: ward@example.nhs.uk}/' \
		a/record.md
	weald publish a >/dev/null 2>&1
	weald new adoption --slug b 2>/dev/null
	[ "$(field b sponsor_role)" = "Medical director" ]
	[ "$(field b settings)" = "[acute-ward]" ]
	grep -q '^  role: Ward lead$' b/record.md
	grep -q '^  mailbox: ward@example.nhs.uk$' b/record.md
	[ "$(field b licence)" = OGL-UK-3.0 ]
	[[ $(field b review_on) == "$(($(date -u +%Y) + 1))"-* ]]
}

@test "the contact of the region, where no record has one" {
	weald init --home other --slug wessex --region Wessex --contact-role \
		"Safety office" --contact-mailbox safety@example.nhs.uk >/dev/null
	weald --home other new problem --slug a 2>/dev/null
	grep -q '^  role: Safety office$' a/record.md
	grep -q '^  mailbox: safety@example.nhs.uk$' a/record.md
}

@test "links that do not fit, or are not here" {
	record measure late
	weald publish late >/dev/null
	fails 3 weald new intervention --problem measure/late --slug a
	[[ $stderr == *"a record of the kind measure"* ]]
	fails 1 weald new intervention --problem problem/none --slug a
	fails 3 weald new intervention --problem nonsense --slug a
	run -0 --separate-stderr weald new intervention \
		--problem wessex/problem/x --slug a
	[[ $stderr == *"wessex/problem/x has not arrived here"* ]]
	[ "$(field a problem)" = wessex/problem/x ]
}

@test "new says in JSON what it wrote" {
	run -0 --separate-stderr weald new problem --slug a --json
	json 'lines == [{"path": "./a", "slug": "a", "state": "written"}]'
}

@test "at a terminal the editor is opened, and the record checked" {
	an_editor '[ "$1" = --wait ]
sed -i "s/^scale: .*/scale: often/" "$2"'
	run script -qec "'$WEALD' new problem --slug a" /dev/null
	[ "$status" -eq 3 ]
	grep -q '^scale: often$' a/record.md
	[[ $output == *"a/record.md:"*": incident_type: "* ]]
	[[ $output != *": scale: "* ]]
	[[ $output == *"./a is kept, and cannot be published yet"* ]]
	# with --out it is not
	an_editor 'exit 1'
	mkdir out
	script -qec "'$WEALD' new problem --out out/b" /dev/null
	run script -qec "'$WEALD' new problem --slug c" /dev/null
	[ "$status" -eq 3 ]
	[[ $output == *"the editor"*"failed; the form is ./c/record.md"* ]]
}

@test "edit writes the files of the latest version, or of one" {
	record problem a
	mkdir a/attachments
	echo more >a/attachments/more.txt
	weald publish a >/dev/null
	mv a one
	record problem a "Another title"
	weald publish a >/dev/null
	mv a two
	run -0 --separate-stderr weald edit problem/a
	[ "$output" = ./a ]
	diff -r --exclude=.weald a two
	[ "$(<a/.weald)" = south-west/problem/a@2 ]
	fails 3 weald edit problem/a
	[[ $stderr == *"is there already"* ]]
	mkdir out
	run -0 --separate-stderr weald edit problem/a@1 --out out/a
	diff -r --exclude=.weald out/a one
	[[ $stderr == "this is version 1; published, it takes the place of version 2"* ]]
	[ "$(<out/a/.weald)" = south-west/problem/a@2 ]
	fails 2 weald edit problem/a --out out/b
	fails 1 weald edit problem/none
	fails 1 weald edit problem/a@9
	fails 3 weald edit nonsense
}

@test "edit at a terminal: change, check, publish" {
	record problem a
	weald publish a >/dev/null
	mv a before
	an_editor 'sed -i "s/^title: .*/title: A better title/" "$2"'
	run -0 script -qec "'$WEALD' edit problem/a" /dev/null
	[[ $output == *"it can be published: weald publish ./a"* ]]
	run -0 weald publish a
	[ "$output" = south-west/problem/a@2 ]
}

@test "edit refuses what others wrote, and says what to do instead" {
	fails 1 weald edit wessex/intervention/trolley
	[[ $stderr == *"weald adopt wessex/intervention/trolley"* ]]
	[[ $stderr == *"weald new lesson --about wessex/intervention/trolley" ]]
	fails 1 weald edit wessex/problem/late
	[[ $stderr == *"weald new endorsement --target wessex/problem/late" ]]
}

@test "a withdrawn record is brought back by edit and publish" {
	record problem a
	weald publish a >/dev/null
	weald withdraw --reason "it was wrong" problem/a >/dev/null
	mv a before
	run -0 --separate-stderr weald edit problem/a
	[[ $stderr == "it is withdrawn, "* ]]
	sed -i '/^> Withdrawn: /,+1d' a/record.md
	diff a/record.md before/record.md
	refused weald publish a
	[[ ${stderr_lines[0]} == "a: withdrawn in version 2; "*" --bring-back" ]]
	[ "$(weald publish --bring-back a)" = south-west/problem/a@3 ]
	[ "$(<a/.weald)" = south-west/problem/a@3 ]
}

@test "what others published since it was begun is not lost" {
	record problem a
	weald publish a >/dev/null
	mkdir one two
	weald edit problem/a --out one/a >/dev/null 2>&1
	weald edit problem/a --out two/a >/dev/null 2>&1
	sed -i 's/^title: .*/title: From one/' one/a/record.md
	sed -i 's/^title: .*/title: From two/' two/a/record.md
	# not in one call either
	refused weald publish one/a two/a
	[[ ${stderr_lines[0]} == "two/a: made from version 1, and version 2 is there since; "* ]]
	run -0 --separate-stderr weald publish one/a
	[ "$output" = south-west/problem/a@2 ]
	[ "$(<one/a/.weald)" = south-west/problem/a@2 ]
	refused weald check two/a
	refused weald publish two/a
	[[ ${stderr_lines[0]} == "two/a: made from version 1, and version 2 is there since; weald edit problem/a anew, or delete .weald "* ]]
	run -0 weald show --file record.md problem/a
	[[ $output == *"title: From one"* ]]
	# the same folder goes on, and so does one that may replace it
	echo more >>one/a/record.md
	[ "$(weald publish one/a)" = south-west/problem/a@3 ]
	rm two/a/.weald
	[ "$(weald publish two/a)" = south-west/problem/a@4 ]
	# one that holds just what stands is told so, whatever it was made from
	echo south-west/problem/a@1 >two/a/.weald
	unchanged weald publish two/a
	[ "$status" -eq 0 ]
	[ "$(<two/a/.weald)" = south-west/problem/a@4 ]
}

@test "the mark of a folder is not published, and must be one" {
	record problem a
	weald publish a >/dev/null
	echo south-west/problem/a@1 >a/.weald
	unchanged weald publish a
	[ "$status" -eq 0 ]
	echo nonsense >a/.weald
	refused weald publish a
	[[ ${stderr_lines[0]} == "a/.weald: not as weald edit writes it "* ]]
	rm a/.weald
	ln -s /etc/passwd a/.weald
	refused weald publish a
	[[ $stderr != *root* ]]
	rm a/.weald
	# a copy is another record
	cp -r a b
	echo south-west/problem/a@9 >b/.weald
	[ "$(weald publish b)" = south-west/problem/b@1 ]
	[ "$(<b/.weald)" = south-west/problem/b@1 ]
	git -C "$FEED" ls-tree -r --name-only main >files
	run ! grep -F .weald files
}
