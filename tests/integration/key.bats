#!/usr/bin/env bats
# weald key: rotation, at once and in steps with stock ssh-keygen.

# bats sets stderr and stderr_lines
# shellcheck disable=SC2154

load helper

setup() {
	isolate
	make_home
	record problem a "One"
	weald publish a >/dev/null
}

key_now() {
	ssh-keygen -l -f "$WEALD_HOME/keys/feed" | cut -d' ' -f2
}

publish_next() {
	record problem a "Title $RANDOM $RANDOM"
	weald publish a >/dev/null
}

# Ask for a grant, and sign it as the person with the root key does.
request_and_sign() {
	weald key request --out statement >/dev/null
	ssh-keygen -q -Y sign -n weald-grant -f "$ROOT_KEY" statement
}

@test "key show prints the feed key and the root's digest" {
	run -0 weald key show
	[[ $output == *"feed key  $(key_now), since update 1"* ]]
	[[ $output == *"public    $(ssh-keygen -y -f "$WEALD_HOME/keys/feed" |
		cut -d' ' -f1,2)"* ]]
	root=$(ssh-keygen -y -f "$ROOT_KEY" | cut -d' ' -f2 | base64 -d |
		tail -c 32 | sha256sum | cut -d' ' -f1)
	[[ $output == *"root key  $root"* ]]
}

@test "key rotate --root-key puts a new key in place" {
	old=$(key_now)
	run -0 weald key rotate --root-key "$ROOT_KEY"
	[[ $output == "rotated south-west: update 4, new key $(key_now)" ]]
	[ "$(key_now)" != "$old" ]
	[ ! -e "$WEALD_HOME/keys/feed.next" ]
	[ "$(stat -c %a "$WEALD_HOME/keys/feed")" = 600 ]
	publish_next
	agree "$FEED"
	run -0 weald key show
	[[ $output == *"feed key  $(key_now), since update 4"* ]]
	[[ $output == *"before    $old, updates 1 to 3"* ]]
	run -0 weald key show --json
	json '[k["first_seq"] for k in lines[0]["keys"]] == [4, 1]'
}

@test "every commit verifies with stock git across many rotations" {
	for _ in 1 2 3 4; do
		weald key rotate --root-key "$ROOT_KEY" >/dev/null
		publish_next
	done
	agree "$FEED"
	run -0 git -C "$FEED" log --show-signature
	[ "$(grep -c '^Good "git" signature for south-west@' <<<"$output")" -eq 11 ]
	[ "$(grep -o 'SHA256:[^ ]*' <<<"$output" | sort -u | wc -l)" -eq 5 ]
}

@test "the steps with an offline root key, by the command that is printed" {
	old=$(key_now)
	run -0 weald key request
	[ -e south-west-rotate-4.statement ]
	command=$(grep -o 'ssh-keygen -Y sign .*' <<<"$output")
	[ "$command" = "ssh-keygen -Y sign -n weald-grant -f ROOTKEY \
south-west-rotate-4.statement" ]
	[[ $output == *"weald key rotate --grant south-west-rotate-4.statement.sig"* ]]
	run -0 weald key show
	[[ $output == *"requested SHA256:"* ]]
	[ "$(key_now)" = "$old" ]
	${command/ROOTKEY/$ROOT_KEY}
	run -0 weald key rotate --grant south-west-rotate-4.statement.sig
	[[ $output == "rotated south-west: update 4, new key $(key_now)" ]]
	[ "$(key_now)" != "$old" ]
	[ ! -e "$WEALD_HOME/keys/feed.next" ]
	publish_next
	agree "$FEED"
}

@test "asking again gives the same statement" {
	weald key request --out one >/dev/null
	weald key request --out two >/dev/null
	cmp one two
	run -0 weald key request --out one --json
	json 'lines[0]["statement"] == "one" and lines[0]["seq"] == 4'
	echo other >three
	fails 3 weald key request --out three
	[ "$(cat three)" = other ]
}

@test "a grant is void once the feed has moved on" {
	request_and_sign
	publish_next
	fails 3 weald key rotate --grant statement.sig
	[[ $stderr == *"the feed has moved on"*"weald key request" ]]
	rm statement*
	request_and_sign
	weald key rotate --grant statement.sig
	agree "$FEED"
}

@test "a grant is used once" {
	request_and_sign
	weald key rotate --grant statement.sig >/dev/null
	fails 1 weald key rotate --grant statement.sig
	weald key request --out next >/dev/null
	fails 3 weald key rotate --grant statement.sig
}

@test "a request can be taken back" {
	request_and_sign
	weald key request --discard
	[ ! -e "$WEALD_HOME/keys/feed.next" ]
	fails 1 weald key rotate --grant statement.sig
	fails 1 weald key request --discard
	publish_next
	agree "$FEED"
}

@test "publishing goes on while a request waits" {
	weald key request --out statement >/dev/null
	publish_next
	agree "$FEED"
}

@test "a rotation that was cut short is finished by the next command" {
	old=$(key_now)
	cp "$WEALD_HOME/keys/feed" feed.old
	weald key rotate --root-key "$ROOT_KEY" >/dev/null
	# as a kill between the update and the rename leaves it
	mv "$WEALD_HOME/keys/feed" "$WEALD_HOME/keys/feed.next"
	cp feed.old "$WEALD_HOME/keys/feed"
	[ "$(key_now)" = "$old" ]
	publish_next
	[ "$(key_now)" != "$old" ]
	[ ! -e "$WEALD_HOME/keys/feed.next" ]
	agree "$FEED"
}

@test "a rotation that was cut short is not taken for a request" {
	cp "$WEALD_HOME/keys/feed" feed.old
	weald key rotate --root-key "$ROOT_KEY" >/dev/null
	now=$(key_now)
	mv "$WEALD_HOME/keys/feed" "$WEALD_HOME/keys/feed.next"
	cp feed.old "$WEALD_HOME/keys/feed"
	run -1 weald key request --discard
	[ "$(key_now)" = "$now" ]
	publish_next
}

@test "the root key replaces a feed key that is lost or that another has" {
	rm "$WEALD_HOME/keys/feed"
	record problem a "Two"
	fails 4 weald publish a
	[[ $stderr == *"weald key rotate --root-key FILE"* ]]
	weald key rotate --root-key "$ROOT_KEY"
	weald publish a
	agree "$FEED"
	ssh-keygen -q -t ed25519 -N '' -f other
	cp other "$WEALD_HOME/keys/feed"
	record problem a "Three"
	fails 4 weald publish a
	weald key rotate --root-key "$ROOT_KEY"
	weald publish a
	agree "$FEED"
}

@test "key rotate refuses what is not this feed's root key" {
	ssh-keygen -q -t ed25519 -N '' -f other
	fails 3 weald key rotate --root-key other
	[[ $stderr == *"root key of south-west"* ]]
	fails 3 weald key rotate --root-key "$WEALD_HOME/keys/feed"
	fails 3 weald key rotate --root-key other.pub
	fails 3 weald key rotate --root-key nowhere
	fails 3 weald key rotate --root-key a
	ssh-keygen -q -t ecdsa -N '' -f ecdsa
	fails 3 weald key rotate --root-key ecdsa
	cp "$ROOT_KEY" locked
	ssh-keygen -q -p -P '' -N secret -f locked
	fails 3 weald key rotate --root-key locked
	[[ $stderr == *passphrase*"weald key request"* ]]
	fails 2 weald key rotate
	fails 2 weald key rotate --root-key "$ROOT_KEY" --grant x
	fails 2 weald key
	fails 2 weald key turn
}

@test "key rotate refuses signatures that are not the root's on the statement" {
	weald key request --out statement >/dev/null
	sign() {
		rm -f statement.sig
		ssh-keygen -q -Y sign "$@" statement
	}
	ssh-keygen -q -t ed25519 -N '' -f other
	sign -n weald-grant -f other
	fails 3 weald key rotate --grant statement.sig
	sign -n git -f "$ROOT_KEY"
	fails 3 weald key rotate --grant statement.sig
	sign -n weald-grant -O hashalg=sha256 -f "$ROOT_KEY"
	fails 3 weald key rotate --grant statement.sig
	sign -n weald-grant -f "$ROOT_KEY"
	sed 's/$/\r/' statement.sig >dos.sig
	fails 3 weald key rotate --grant dos.sig
	fails 3 weald key rotate --grant statement
	fails 3 weald key rotate --grant nowhere
	echo more >>statement
	sign -n weald-grant -f "$ROOT_KEY"
	fails 3 weald key rotate --grant statement.sig
}

@test "the grant of another feed is refused" {
	make_home other
	weald --home other key request --out statement >/dev/null
	ssh-keygen -q -Y sign -n weald-grant -f other/south-west-root-key statement
	weald key request --out mine >/dev/null
	fails 3 weald key rotate --grant statement.sig
}
