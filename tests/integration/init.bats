#!/usr/bin/env bats
# weald init: the home, the keys, the first two updates.

# bats sets stderr and stderr_lines
# shellcheck disable=SC2154

load helper

setup() {
	isolate
}

@test "init makes a home whose feed stock git verifies" {
	run -0 weald init --region "South West" --slug south-west
	[[ $output == *"home      $WEALD_HOME"* ]]
	[[ $output == *"Move the root key away from this machine now"* ]]
	[[ $output == *"Next: weald run "*"weald join TOKEN"*"weald invite"* ]]
	[ "$(git -C "$FEED" rev-list --count main)" -eq 2 ]
	agree "$FEED"
}

@test "init's first two updates create and describe the feed" {
	make_home
	run -0 git -C "$FEED" log --reverse --format='%s|%an|%ce' --name-only
	id=$(git -C "$FEED" log --reverse --format=%ce | head -1)
	[[ $id =~ ^south-west@[0-9a-f]{12}$ ]]
	[ "${lines[0]}" = "Create the feed of South West|south-west|$id" ]
	[ "${lines[1]}" = "Describe the region|south-west|$id" ]
	[ "${lines[2]}" = .gitattributes ]
	[ "${lines[3]}" = region.yaml ]
	[ "${#lines[@]}" -eq 4 ]
	run -0 git -C "$FEED" show main:region.yaml
	[ "$output" = "name: South West
nodes:
  - key: \"$(node_key)\"
    addresses: []
follows: []" ]
}

# The public key in keys/node, in hex, as stock ssh-keygen reads it.
node_key() {
	ssh-keygen -y -f "${1:-$WEALD_HOME}/keys/node" | cut -d' ' -f2 |
		base64 -d | tail -c 32 | od -An -v -tx1 | tr -d ' \n'
}

@test "init makes a node key and tells it" {
	run -0 weald init --region A --slug aa --json
	[ "$(json 'lines[0]["node"]')" = "$(node_key)" ]
	[ "$(stat -c %a "$WEALD_HOME/keys/node")" = 600 ]
	run ! cmp "$WEALD_HOME/keys/node" "$WEALD_HOME/keys/feed"
	run -0 weald init --home other --region B --slug bb
	[[ $output == *"node key  $(node_key other)"$'\n'* ]]
	[ "$(node_key)" != "$(node_key other)" ]
}

@test "init --listen and --address go to the config and to region.yaml" {
	weald init --region A --slug south-west --listen '[::]:7411' \
		--address 'weald.example.org:7411,[2001:db8::1]:99' >/dev/null
	[ "$(git config -f "$WEALD_HOME/config" node.listen)" = '[::]:7411' ]
	run -0 git config -f "$WEALD_HOME/config" --get-all node.address
	[ "${lines[0]}" = weald.example.org:7411 ]
	[ "${lines[1]}" = '[2001:db8::1]:99' ]
	run -0 git -C "$FEED" show main:region.yaml
	[ "${lines[3]}" = \
		'    addresses: ["weald.example.org:7411", "[2001:db8::1]:99"]' ]
	agree "$FEED"
	weald init --home quiet --region A --slug aa --listen none >/dev/null
	[ "$(git config -f quiet/config node.listen)" = none ]
	[ "$(git config -f quiet/config node.address)" = "" ]
}

@test "init refuses addresses that are none" {
	mkdir "$WEALD_HOME"
	for address in a ',' 'a:1,' a:0 a:70000 http://a:1 ::1:7411 'a b:1' \
		a:1,a:2,a:3,a:4,a:5,a:6,a:7,a:8,a:9; do
		fails 3 weald init --region A --slug aa --address "$address"
	done
	for listen in a :7411 7411 0.0.0.0:70000; do
		fails 3 weald init --region A --slug aa --listen "$listen"
	done
}

@test "init writes contact and names as YAML that means what was said" {
	weald init --region 'No: "7" & #1' --slug south-west \
		--contact-role 'Lead, patient safety' \
		--contact-mailbox safety@example.nhs.uk >/dev/null
	run -0 git -C "$FEED" show main:region.yaml
	[ "${lines[0]}" = 'name: "No: \"7\" & #1"' ]
	[ "${lines[5]}" = \
		'contact: {role: "Lead, patient safety", mailbox: safety@example.nhs.uk}' ]
	weald init --home yes --region Yes --slug yes >/dev/null
	run -0 git -C yes/feeds/yes.git show main:region.yaml
	[ "${lines[0]}" = 'name: "Yes"' ]
}

@test "init's keys are files of their own that only the owner can read" {
	make_home
	[ "$(stat -c %a "$WEALD_HOME")" = 700 ]
	[ "$(stat -c %a "$WEALD_HOME/keys/feed")" = 600 ]
	[ "$(stat -c %a "$ROOT_KEY")" = 600 ]
	# stock ssh-keygen reads both
	run -0 ssh-keygen -y -f "$ROOT_KEY"
	[[ $output == "ssh-ed25519 "*" south-west root key" ]]
	run -0 ssh-keygen -y -f "$WEALD_HOME/keys/feed"
	run -0 ssh-keygen -y -f "$WEALD_HOME/keys/node"
	ssh-keygen -y -f "$ROOT_KEY" | cut -d' ' -f2 >root
	run ! grep -qF "$(cat root)" "$FEED/allowed_signers"
}

@test "init --root-key writes the root key there and nowhere else" {
	mkdir stick
	weald init --region South --slug south-west --root-key stick/key \
		>/dev/null
	ssh-keygen -y -f stick/key
	[ "$(stat -c %a stick/key)" = 600 ]
	[ -z "$(find "$WEALD_HOME" -name '*root*')" ]
}

@test "two homes have two feeds" {
	make_home one
	make_home two
	[ "$(git -C one/feeds/south-west.git rev-parse main)" != \
		"$(git -C two/feeds/south-west.git rev-parse main)" ]
	run ! cmp one/keys/feed two/keys/feed
	run ! cmp one/south-west-root-key two/south-west-root-key
}

@test "the home is --home, else WEALD_HOME, else XDG_DATA_HOME, else HOME" {
	make_home
	weald --home before init --region A --slug aa >/dev/null
	weald init --region A --slug aa --home behind >/dev/null
	[ -e before/config ]
	[ -e behind/config ]
	[ -e "$WEALD_HOME/config" ]
	unset WEALD_HOME
	XDG_DATA_HOME=$PWD/xdg weald init --region A --slug aa >/dev/null
	[ -e xdg/weald/config ]
	weald init --region A --slug aa >/dev/null
	[ -e "$HOME/.local/share/weald/config" ]
	run -0 weald feeds
	[[ $output == aa* ]]
}

@test "init says in JSON what it made" {
	run -0 weald init --region A --slug aa --json
	json 'lines[0]["feed"] == "aa" and lines[0]["seq"] == 2'
	[ "$(json 'lines[0]["head"]')" = \
		"$(git -C "$WEALD_HOME/feeds/aa.git" rev-parse main)" ]
	[ "$(json 'lines[0]["root_key_file"]')" = "$WEALD_HOME/aa-root-key" ]
}

@test "init refuses to write over a home" {
	make_home
	fails 4 weald init --region "South West" --slug south-west
	fails 4 weald init --region Other --slug other
}

@test "init refuses a folder that holds something" {
	mkdir "$WEALD_HOME"
	touch "$WEALD_HOME/letter"
	fails 4 weald init --region "South West" --slug south-west
}

@test "init takes an empty folder" {
	mkdir "$WEALD_HOME"
	make_home
	agree "$FEED"
}

@test "init refuses to write over a root key, and makes nothing" {
	echo mine >key
	run -3 --separate-stderr weald init --region A --slug aa --root-key key
	[[ $stderr == "weald init: "*exists* ]]
	[ "$(cat key)" = mine ]
	[ ! -e "$WEALD_HOME" ]
}

@test "init takes back what it made where it cannot go on" {
	run -3 --separate-stderr weald init --region A --slug aa \
		--root-key nowhere/key
	[ "${#stderr_lines[@]}" -eq 1 ]
	[ ! -e "$WEALD_HOME" ]
	mkdir "$WEALD_HOME"
	run -3 weald init --region A --slug aa --root-key nowhere/key
	[ -z "$(ls -A "$WEALD_HOME")" ]
	make_home
}

@test "init refuses names that are none" {
	mkdir "$WEALD_HOME"
	for slug in A a -a a- a_b "a b" "$(printf 'a%.0s' {1..41})" ../a; do
		fails 3 weald init --region A --slug "$slug"
	done
	for region in ' a' 'a ' $'a\nb' $'a\e[31m' $'a\xff' \
		"$(printf 'a%.0s' {1..101})"; do
		fails 3 weald init --region "$region" --slug aa
	done
	fails 2 weald init --region A
	fails 2 weald init --slug aa
	fails 2 weald init --region "" --slug aa
	fails 2 weald init --region A --slug aa more
	fails 2 weald init --region A --slug aa --contact-role Lead
	fails 3 weald init --region A --slug aa --contact-role Lead \
		--contact-mailbox nobody
}

@test "init names nobody, for what is signed cannot be called back" {
	for role in "Jane, mob 07700 900123" "Lead DOB 12/03/1951" \
		"Mr John Smith"; do
		run -3 --separate-stderr weald init --region A --slug aa \
			--contact-role "$role" \
			--contact-mailbox safety@example.nhs.uk
		[[ $stderr == "weald init: contact.role: privacy: "* ]]
		[[ $stderr != *900123* ]]
		[ ! -e "$WEALD_HOME" ]
	done
	for mailbox in jane@gmail.com john.smith@nhs.net; do
		run -3 --separate-stderr weald init --region A --slug aa \
			--contact-role Lead --contact-mailbox "$mailbox"
		[[ $stderr == "weald init: contact.mailbox: privacy: "* ]]
		[ ! -e "$WEALD_HOME" ]
	done
	run -3 weald init --region "Jane, 07700 900123" --slug aa
	[ ! -e "$WEALD_HOME" ]
}
