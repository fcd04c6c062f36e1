#!/usr/bin/env bats
#
# A node and the mistakes of people: said clearly where somebody can act, and
# whatever runs goes on.

# bats sets status and output
# shellcheck disable=SC2030,SC2031

load helper
load node

setup() {
	nodes_begin
}

teardown() {
	nodes_end
}

# cannot_run NAME WORD...: `weald run` ends with an error that has the words.
cannot_run() {
	local name=$1 word

	shift
	run timeout 30 "$WEALD" run --home "$NODES/$name"
	echo "status $status: $output"
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
	[ "$status" -lt 128 ]
	for word; do
		[[ "$output" == *"$word"* ]]
	done
}

@test "a second daemon on one home is refused, the first goes on" {
	node_init alder
	nodes_start alder
	cannot_run alder "already runs"
	node_runs alder
	node_publish alder one
	[ "$(node alder log --json | grep -c '"action":"publish"')" -eq 1 ]
}

@test "a port in use is said, with what to do" {
	node_init alder birch
	nodes_start alder
	node_set birch listen "$(cat "$NODES/alder.address")"
	cannot_run birch "$(cat "$NODES/alder.address")" "in use"
	node_runs alder
}

@test "a mistake in config: the file, the line, and what is allowed" {
	node_init alder
	config=$NODES/alder/config
	cp "$config" good
	node_set alder connections many
	line=$(grep -n many "$config" | cut -d: -f1)
	cannot_run alder "config:$line" connections "0 to 64"
	cp good "$config"
	printf '[node]\n\tlissen = 127.0.0.1:1\n' >>"$config"
	line=$(grep -n lissen "$config" | cut -d: -f1)
	cannot_run alder "config:$line" lissen
	cp good "$config"
	node_set alder listen no-port
	line=$(grep -n no-port "$config" | cut -d: -f1)
	cannot_run alder "config:$line" listen
	cp good "$config"
	nodes_start alder
}

@test "SIGHUP: a good change is taken over, a bad one told and left" {
	node_init alder birch
	nodes_start alder birch
	port=$(free_ports 1)
	node_set alder listen "127.0.0.1:$port"
	kill -HUP "$(node_pid alder)"
	await 20 listens "$port"
	node_set alder listen nonsense
	kill -HUP "$(node_pid alder)"
	await 20 grep -q "not reloaded" "$NODES/alder.log"
	node_runs alder
	listens "$port"
	# the new port serves
	node alder peer add "$(cat "$NODES/birch.address")" "$(cat "$NODES/birch.key")"
	node birch peer add "127.0.0.1:$port" "$(cat "$NODES/alder.key")"
	node_follow birch alder
	node_publish alder one
	await_agreed alder birch
}

listens() {
	/usr/bin/python3 -c 'import socket, sys
socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5).close()' "$1"
}

# not_joined NAME TOKEN WORD: join fails and says why.
not_joined() {
	run node "$1" join "$2"
	echo "status $status: $output"
	[ "$status" -ne 0 ]
	[[ "$output" == *"$3"* ]]
}

@test "tokens: expired, used twice, damaged, one's own" {
	node_init alder birch cedar
	nodes_start alder birch cedar
	expired=$(node alder invite)
	members=$NODES/alder/members
	git config -f "$members" "$(git config -f "$members" --name-only \
		--get-regexp '^invite.*expires')" \
		"$(date -u -d '1 hour ago' +%FT%TZ)"
	kill -HUP "$(node_pid alder)"
	await 20 grep -q "read again" "$NODES/alder.log"
	token=$(node alder invite)
	node birch join "$token"
	# the same region may show it again: an answer may be lost
	node birch join "$token"
	not_joined cedar "$token" used
	not_joined cedar "${token%?}" token
	not_joined cedar nonsense token
	not_joined cedar "$expired" expired
	[ ! -e "$(node_repo alder cedar)" ]
	# its own token
	not_joined alder "$(node alder invite)" "this node"
	# c is no worse for it
	node cedar join "$(node alder invite)"
	await_agreed cedar alder
}

@test "a token whose node is not at its address joins nobody" {
	node_init alder birch elsewhere
	nodes_start alder birch elsewhere
	token=$(node elsewhere invite)
	node_stop elsewhere
	# another node has its address now, and another key
	node_set alder listen "$(cat "$NODES/elsewhere.address")"
	kill -HUP "$(node_pid alder)"
	await 20 listens "$(sed 's/.*://' "$NODES/elsewhere.address")"
	node birch join "$token" >said 2>&1 3>&- &
	joiner=$!
	await 20 tried_in_vain birch
	[ ! -e "$(node_repo alder birch)" ]
	[ ! -e "$(node_repo birch alder)" ]
	# it is tried on: when the node is back, it is joined
	node_set alder listen "$(cat "$NODES/alder.address")"
	kill -HUP "$(node_pid alder)"
	await 20 listens "$(sed 's/.*://' "$NODES/alder.address")"
	node_start elsewhere
	wait "$joiner"
	await_agreed elsewhere birch
	await_agreed birch elsewhere
}

# tried_in_vain NAME: a peer of it could not be reached, and why is said.
tried_in_vain() {
	node "$1" peers --json | grep -q '"message":"..*"tries":[1-9]'
}
