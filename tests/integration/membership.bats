#!/usr/bin/env bats
# Who is a member: invites, joins, introductions, blocks, and what region.yaml
# says of it, among nodes that run.

# bats sets stderr and stderr_lines
# shellcheck disable=SC2154

load helper
load node

setup() {
	nodes_begin
}

teardown() {
	nodes_end
}

# follows NAME REGION BY: NAME follows REGION so.
follows() {
	[ "$(git config -f "$NODES/$1/members" \
		"follow.$(cat "$NODES/$2.id").by")" = "$3" ]
}

# Has the first region no section of this kind about the second?
has_no() {
	! git config -f "$NODES/$1/members" --get-regexp "^$3\.$(cat "$NODES/$2.id")"
}

# said_in NAME FEED TEXT: the region.yaml of FEED, as NAME holds it, has it.
said_in() {
	git -C "$(node_repo "$1" "$2")" show main:region.yaml | grep -qF -- "$3"
}

@test "a join makes both follow each other by hand, and both say so" {
	node_init aa bb
	nodes_start aa bb
	node_link aa bb
	follows aa bb hand
	follows bb aa hand
	await "$NODE_WAIT_S" said_in bb aa "feed: \"$(cat "$NODES/bb.id")\""
	await "$NODE_WAIT_S" said_in aa bb "feed: \"$(cat "$NODES/aa.id")\""
	said_in bb aa "slug: bb"
	said_in bb aa "key: \"$(cat "$NODES/aa.key")\""
	said_in bb aa "[\"$(cat "$NODES/aa.address")\"]"
	# no secret is left on either side
	run ! grep -q secret "$NODES/aa/members" "$NODES/bb/members"
	[ "$(stat -c %a "$NODES/aa/members")" = 600 ]
}

@test "a token is for one region, and who is refused follows nobody" {
	local token

	node_init aa bb cc
	nodes_start aa bb cc
	token=$(node aa invite)
	node bb join "$token"
	run ! --separate-stderr node cc join "$token"
	[[ $stderr == *"used by another region"*"token-used"* ]]
	has_no cc aa follow
	run ! grep -q '^\[peer' "$NODES/cc/members"
	has_no aa cc follow
	# nothing of it is shown, and nobody is dialled
	run -0 node cc feeds --json
	[ "${#lines[@]}" -eq 1 ]
	[ -z "$(node cc peers)" ]
	follows aa bb hand
}

@test "a token that has expired, of the own node, or cut short is refused" {
	local id token

	node_init aa bb
	nodes_start aa bb
	token=$(node aa invite)
	run ! --separate-stderr node aa join "$token"
	[[ $stderr == *"made by this node"* ]]
	run ! --separate-stderr node bb join "${token%?}"
	[[ $stderr == *"cut short or mistyped"* ]]
	# by the clock of the one who made it
	id=$(sed -n 's/^\[invite "\(.*\)"\]/\1/p' "$NODES/aa/members")
	git config -f "$NODES/aa/members" "invite.$id.expires" \
		2026-01-01T00:00:00Z
	kill -HUP "$(node_pid aa)"
	await "$NODE_WAIT_S" grep -q 'were read again' "$NODES/aa.log"
	run ! --separate-stderr node bb join "$token"
	[[ $stderr == *"has expired"*"token-expired"* ]]
	has_no aa bb follow
}

@test "a join goes on until the other node is there" {
	local token join

	node_init aa bb
	nodes_start aa bb
	token=$(node aa invite)
	node_stop aa
	node bb join "$token" 3>&- &
	join=$!
	await "$NODE_WAIT_S" grep -q 'secret = ' "$NODES/bb/members"
	node_start aa
	wait "$join"
	follows aa bb hand
	run ! grep -q secret "$NODES/bb/members"
}

@test "a refusal that comes late takes the join back too" {
	local join status=0 token

	node_init aa bb cc
	nodes_start aa bb cc
	token=$(node aa invite)
	node bb join "$token"
	node_stop aa
	node cc join "$token" 3>&- &
	join=$!
	await "$NODE_WAIT_S" grep -q 'secret = ' "$NODES/cc/members"
	# who waited is gone, and the node has forgotten what was there before
	node_stop cc
	wait "$join" || status=$?
	[ "$status" -ne 0 ]
	node_start cc
	node_start aa
	await "$NODE_WAIT_S" has_no cc aa follow
	run ! grep -q '^\[peer' "$NODES/cc/members"
	run -0 node cc feeds --json
	[ "${#lines[@]}" -eq 1 ]
}

@test "what a person follows is not taken back with a refused join" {
	local token

	node_init aa bb cc
	nodes_start aa bb cc
	token=$(node aa invite)
	node bb join "$token"
	node_follow cc aa
	run ! node cc join "$token"
	follows cc aa hand
	run ! grep -q '^\[peer' "$NODES/cc/members"
}

@test "members with a section without lines is refused, with its line" {
	node_init aa
	printf '[block "%064d"]\n' 0 >"$NODES/aa/members"
	run ! --separate-stderr node aa run
	[[ $stderr == *"/members:1: [block \"000"*"has no lines"* ]]
}

@test "a region that two of ours follow by hand is followed by itself" {
	node_init aa bb cc dd
	node_set cc introductions 2
	nodes_start aa bb cc dd
	node_link aa cc
	node_link bb cc
	node_link aa dd
	await "$NODE_WAIT_S" said_in cc aa "slug: dd"
	# one is not enough
	has_no cc dd follow
	node_link bb dd
	await "$NODE_WAIT_S" follows cc dd introduction
	[ "$(git config -f "$NODES/cc/members" --get-all \
		"follow.$(cat "$NODES/dd.id").introducedBy" | sort)" = \
		"$(sort "$NODES/aa.id" "$NODES/bb.id")" ]
	await "$NODE_WAIT_S" agreed dd cc
	# whom nobody introduces by hand is not introduced further
	await "$NODE_WAIT_S" said_in aa cc "by: introduction"
	has_no dd cc follow
}

@test "who was unfollowed or blocked does not come back by introduction" {
	node_init aa bb cc
	node_set cc introductions 1
	nodes_start aa bb cc
	node_link aa cc
	node_link aa bb
	await "$NODE_WAIT_S" follows cc bb introduction
	node cc unfollow bb
	has_no cc bb follow
	# something else of aa's comes, and cc has looked at it
	node aa peer add 127.0.0.1:1 "$(printf '01%.0s' {1..31})41"
	node aa block "$(printf '22%.0s' {1..32})"
	node aa follow "$(printf '33%.0s' {1..32})"
	await "$NODE_WAIT_S" said_in cc aa "$(printf '33%.0s' {1..32})"
	has_no cc bb follow
	node cc follow bb
	follows cc bb hand
	node cc block bb
	has_no cc bb follow
	run ! --separate-stderr node cc follow bb
	[[ $stderr == *"unblock it first"* ]]
	node cc unblock bb
	await "$NODE_WAIT_S" follows cc bb introduction
}

@test "a name that several regions have needs more words" {
	local id

	node_init aa bb cc dd
	# bb takes another region's slug
	rm -r "$NODES/bb"
	weald init --home "$NODES/bb" --region B --slug aa --listen none \
		--json >"$NODES/bb.json"
	sed -n 's/.*"feed_id":"\([0-9a-f]*\)".*/\1/p' "$NODES/bb.json" \
		>"$NODES/bb.id"
	nodes_start aa bb cc dd
	node bb join "$(node cc invite)"
	node_link cc aa
	await "$NODE_WAIT_S" test -d "$NODES/cc/feeds/aa.git"
	id=$(cat "$NODES/aa.id")
	await "$NODE_WAIT_S" test -d "$NODES/cc/feeds/aa-${id:0:12}.git"
	node_link cc dd
	await "$NODE_WAIT_S" said_in dd cc "$(cat "$NODES/bb.id")"
	await "$NODE_WAIT_S" said_in dd cc "$id"
	run ! --separate-stderr node dd follow aa
	[[ $stderr == *'2 regions are called "aa"'* ]]
	[[ $stderr == *"$id"* ]]
	[[ $stderr == *"$(cat "$NODES/bb.id")"* ]]
	node dd follow "aa-${id:0:12}"
	follows dd aa hand
	# what is stored under the name is what the name means from then on
	await "$NODE_WAIT_S" test -d "$NODES/dd/feeds/aa.git"
	node dd follow aa --topic sepsis
	[ "$(git config -f "$NODES/dd/members" "follow.$id.topic")" = sepsis ]
}
