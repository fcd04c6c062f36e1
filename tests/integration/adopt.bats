#!/usr/bin/env bats
# weald adopt and weald ack: what another region made is used here, and what it
# withdraws is acknowledged.

# bats sets stderr and stderr_lines
# shellcheck disable=SC2154

load helper

# Wessex has an intervention with its measure and evidence for it.
setup() {
	isolate
	make_home
	make_home wessex wessex Wessex
	mkdir theirs
	cd theirs || return 1
	record problem late
	record measure late-doses
	record intervention trolley "A trolley for the first dose"
	record evidence trolley-2025
	sed -i 's|^problem: .*|problem: wessex/problem/late|
		s|^settings: .*|settings: [ambulance]|' trolley/record.md
	sed -i 's|^intervention: .*|intervention: wessex/intervention/trolley|
		s|^measure: .*|measure: wessex/measure/late-doses|' \
		trolley-2025/record.md
	weald --home ../wessex publish late late-doses trolley trolley-2025 \
		>/dev/null
	cd ..
	fetch
}

# What Wessex has now, here.
fetch() {
	weald import wessex/feeds/wessex.git >/dev/null
}

# Answer what the form of an adoption leaves open.
answer() {
	sed -i -e 's/^  using: .*/  using: 1/' -e 's/^  planned: .*/  planned: 3/' \
		-e 's/^kept_must_keep: .*/kept_must_keep: yes/' \
		-e 's/^changes: .*/changes: []/' \
		-e 's/^sponsor_role: .*/sponsor_role: Chief nurse/' \
		-e 's/^  level: .*/  level: none/' \
		-e 's/^  role: .*/  role: Sepsis lead/' \
		-e 's/^  mailbox: .*/  mailbox: sepsis@example.nhs.uk/' \
		"$1/record.md"
}

adopt() {
	weald adopt --stage testing wessex/intervention/trolley >/dev/null 2>&1
	answer trolley
	weald publish trolley >/dev/null
}

# withdraw_theirs: a withdrawal record of Wessex, for their own trolley.
withdraw_theirs() {
	record withdrawal trolley-harm "Stop using the trolley"
	sed -i 's|^target: .*|target: wessex/intervention/trolley|' \
		trolley-harm/record.md
	weald --home wessex publish trolley-harm >/dev/null
	fetch
}

@test "an adoption is filled in from the intervention, and published in a minute" {
	run -0 --separate-stderr weald adopt --stage testing \
		wessex/intervention/trolley
	[ "$output" = ./trolley ]
	for line in "title: A trolley for the first dose" "topics: [sepsis]" \
		"settings: [ambulance]" "stage: testing" "version_seen: 1" \
		"intervention: wessex/intervention/trolley" \
		"measure: wessex/measure/late-doses" \
		"started: $(date -u +%F)"; do
		grep -qxF "$line" trolley/record.md
	done
	answer trolley
	run -0 --separate-stderr weald publish trolley
	[ "$output" = south-west/adoption/trolley@1 ]
	[ -z "$stderr" ]
}

@test "adopt says what it cannot do" {
	fails 2 weald adopt
	fails 2 weald adopt --stage finished wessex/intervention/trolley
	[[ $stderr == *"considering, planning, testing, "* ]]
	fails 3 weald adopt wessex/problem/late
	fails 3 weald adopt nonsense
	adopt
	fails 3 weald adopt wessex/intervention/trolley
	[[ $stderr == *"weald edit adoption/trolley"* ]]
	run -0 weald adopt --slug trolley-in-wards wessex/intervention/trolley
	[ -e trolley-in-wards/record.md ]
}

@test "what its author withdrew is refused, with the reason" {
	weald --home wessex withdraw --reason "the wrong dose lay ready" \
		intervention/trolley >/dev/null
	fetch
	fails 1 weald adopt wessex/intervention/trolley
	[[ $stderr == *"was withdrawn by wessex: the wrong dose lay ready; "* ]]
	run -0 weald adopt --anyway wessex/intervention/trolley
	grep -qxF "version_seen: 2" trolley/record.md
}

@test "what a withdrawal record targets is refused, with who and why" {
	withdraw_theirs
	fails 1 weald adopt wessex/intervention/trolley
	[[ $stderr == *"by wessex/withdrawal/trolley-harm, stop-now: Stop using the trolley; "* ]]
	run -0 weald adopt --anyway wessex/intervention/trolley
}

@test "ack links the own adoption to the withdrawal, and keeps every other byte" {
	adopt
	withdraw_theirs
	run -0 --separate-stderr weald ack -m "Taken away on all wards" \
		wessex/withdrawal/trolley-harm
	[ "$output" = south-west/adoption/trolley@2 ]
	weald show --file record.md adoption/trolley >now
	run diff trolley/record.md now
	[ "${#lines[@]}" -eq 3 ]
	[ "${lines[1]}" = "> links:" ]
	[ "${lines[2]}" = "> "$'  - {rel: acknowledges, id: wessex/withdrawal/trolley-harm@1}' ]
	run -0 weald log -n 1 --json
	json 'lines[0]["note"] == "Taken away on all wards"'
	agree "$FEED"
	# once is enough, and it may be named by what was withdrawn
	run -0 --separate-stderr weald ack wessex/intervention/trolley
	[ -z "$output" ]
	[ "$stderr" = "unchanged south-west/adoption/trolley@2" ]
}

@test "ack of what its author withdrew names the version that says so" {
	adopt
	weald --home wessex withdraw --reason "the wrong dose lay ready" \
		intervention/trolley >/dev/null
	fetch
	run -0 weald ack --json wessex/intervention/trolley
	json 'lines[0]["ref"] == "south-west/adoption/trolley@2"'
	weald show --file record.md adoption/trolley |
		grep -qxF "  - {rel: acknowledges, id: wessex/intervention/trolley@2}"
}

@test "ack keeps the links that there are, however they are written" {
	weald adopt --stage testing wessex/intervention/trolley >/dev/null 2>&1
	answer trolley
	sed -i '2i links: [{rel: follows, id: wessex/problem/late}] # why' \
		trolley/record.md
	weald publish trolley >/dev/null
	withdraw_theirs
	run -0 weald ack wessex/withdrawal/trolley-harm
	weald show --file record.md adoption/trolley | grep -qxF \
		"links: [{rel: acknowledges, id: wessex/withdrawal/trolley-harm@1}, {rel: follows, id: wessex/problem/late}] # why"
}

@test "ack goes through the same gate as publish" {
	adopt
	withdraw_theirs
	refused weald ack -m "ask 07700 900123" wessex/withdrawal/trolley-harm
	[[ $stderr == "note:1: privacy: mobile "* ]]
	refused weald ack -m "Mrs Smith asked" wessex/withdrawal/trolley-harm
	run -0 weald ack -m "Mrs Smith asked" --confirm-role Lead \
		--confirm-reason "she agreed" wessex/withdrawal/trolley-harm
}

@test "ack says when there is nothing to acknowledge" {
	fails 1 weald ack wessex/intervention/trolley
	[[ $stderr == *"nothing to acknowledge; "* ]]
	adopt
	run -1 weald ack wessex/intervention/trolley
	run -3 weald ack nonsense
	fails 2 weald ack
}

@test "a folder from before ack does not undo it" {
	adopt
	withdraw_theirs
	weald ack wessex/withdrawal/trolley-harm >/dev/null
	echo more >>trolley/record.md
	refused weald publish trolley
	[[ ${stderr_lines[0]} == "trolley: version 2, which this would replace, acknowledges wessex/withdrawal/trolley-harm@1, and this does not; "* ]]
	# with the link it may be published, and without it where that is meant
	mkdir out
	weald edit adoption/trolley --out out/trolley 2>/dev/null
	echo more >>out/trolley/record.md
	[ "$(weald publish out/trolley)" = south-west/adoption/trolley@3 ]
	sed -i '/rel: acknowledges/d; /^links:$/d' out/trolley/record.md
	[ "$(weald publish out/trolley)" = south-west/adoption/trolley@4 ]
}
