#!/usr/bin/env bats
# The control socket: commands that write go through the running daemon.

# bats sets stderr and stderr_lines; other quotes are meant
# shellcheck disable=SC2016,SC2154

load helper
load node

setup() {
	nodes_begin
	node_init south-west
	export WEALD_HOME=$NODES/south-west
	export FEED=$WEALD_HOME/feeds/south-west.git
	export ROOT_KEY=$WEALD_HOME/south-west-root-key
}

teardown() {
	nodes_end
}

key_now() {
	ssh-keygen -l -f "$WEALD_HOME/keys/feed" | cut -d' ' -f2
}

# rpc METHOD [PARAMETER...]: by a client that is not ours; each parameter is a
# Python expression, and what is printed is [error, result] in JSON.
rpc() {
	/usr/bin/python3 - "$WEALD_HOME/control" "$@" <<-'EOF'
		import json, msgpack, socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		params = [eval(p) for p in sys.argv[3:]]
		s.sendall(msgpack.packb([0, 7, sys.argv[2], params]))
		unpacker = msgpack.Unpacker()
		while True:
		    data = s.recv(65536)
		    if not data:
		        sys.exit("the daemon has closed the connection")
		    unpacker.feed(data)
		    for kind, msgid, error, result in unpacker:
		        assert (kind, msgid) == (1, 7)
		        print(json.dumps([error, result]))
		        sys.exit()
	EOF
}

# same COMMAND...: what it prints, with everything that differs from one run to
# the next made alike.
same() {
	"$@" 2>&1 | sed -E 's/"commit":"[0-9a-f]{40}"/COMMIT/g
		s/SHA256:[A-Za-z0-9+\/]{43}/KEY/g'
}

# What publish, withdraw and key say from the first update on.
story() {
	record problem a "One"
	record problem b "Two"
	record lesson c "Three"
	same weald publish a b
	same weald publish --json c a
	same weald publish a
	echo more >>a/record.md
	same weald publish --json -m "A note" a
	same weald withdraw --reason "It was wrong" problem/b
	same weald withdraw --reason "It was wrong" problem/b
	same weald withdraw --json --reason "No" lesson/c
	same weald withdraw --reason "No" lesson/none
	same weald withdraw --json --reason "No" lesson/none
	same weald withdraw --reason "No" other/lesson/c
	same weald publish nowhere
	same weald key rotate --root-key "$ROOT_KEY"
	weald key request --out "$1/statement" >/dev/null
	ssh-keygen -q -Y sign -n weald-grant -f "$ROOT_KEY" "$1/statement"
	same weald key rotate --json --grant "$1/statement.sig"
	same weald key rotate --grant "$1/statement.sig"
	same weald key request --discard
	ssh-keygen -q -t ed25519 -N '' -f "$1/other"
	(cd "$1" && same weald key rotate --root-key other)
	same weald import "$1/none"
	same weald verify | sed 's/head .*/head/'
}

@test "commands say the same with a daemon and without one" {
	mkdir 1 2
	(cd 1 && story "$PWD" | sed "s|$PWD|DIR|g") >without
	rm -r "$WEALD_HOME"
	weald init --slug south-west --region "Region south-west" \
		--listen none >/dev/null
	node_start south-west --i-am-first
	(cd 2 && story "$PWD" | sed "s|$PWD|DIR|g") >with
	diff without with
	[ "$(wc -l <with)" -ge 20 ]
	node_stop south-west
	agree "$FEED"
}

@test "the daemon is the only writer, and others read meanwhile" {
	node_start south-west --i-am-first
	for i in {1..8}; do
		record problem "w-$i"
		weald publish "w-$i" >"out-$i" &
		pids[i]=$!
	done
	weald log >/dev/null
	weald verify >/dev/null
	for i in {1..8}; do
		wait "${pids[i]}"
	done
	[ "$(cat out-* | sort -u | wc -l)" -eq 8 ]
	agree "$FEED"
	node_stop south-west
	agree "$FEED"
}

@test "many records go in batches, in order, and one problem stops all" {
	node_start south-west --i-am-first
	for i in $(seq 600); do
		record problem "r-$i" "Number $i" >/dev/null
		echo "r-$i"
	done >paths
	LC_ALL=C tr -dc g-z </dev/urandom | head -c 1000000 >r-5/big.txt
	run -0 weald publish --paths-from paths
	[ "${#lines[@]}" -eq 600 ]
	[ "${lines[0]}" = south-west/problem/r-1@1 ]
	[ "${lines[599]}" = south-west/problem/r-600@1 ]
	echo "Bad Name" >r-7/"Bad Name"
	echo more >>r-1/record.md
	run -3 weald publish --paths-from paths
	[ "$(git -C "$FEED" rev-list --count main)" -eq 602 ]
	node_stop south-west
	[ "$(weald verify | cut -d' ' -f1-4)" = "ok south-west 602 updates" ]
}

@test "records of every size go through" {
	node_start south-west --i-am-first
	for i in 1 2 3 4 5; do
		record problem "big-$i"
		for j in 1 2 3; do
			head -c 1048576 /dev/urandom >"big-$i/f$j.bin"
		done
	done
	run -0 --separate-stderr weald publish --confirm-role "Sepsis lead" \
		--confirm-reason "random bytes" big-*
	[ "${#lines[@]}" -eq 5 ]
	agree "$FEED"
	cmp big-3/f2.bin <(weald show --file f2.bin problem/big-3)
}

@test "a rotation through the daemon that fails leaves no key behind" {
	node_start south-west --i-am-first
	ssh-keygen -q -t ed25519 -N '' -f other
	run -3 weald key rotate --root-key other
	[ ! -e "$WEALD_HOME/keys/feed.next" ]
	rm "$WEALD_HOME/keys/feed"
	record problem a
	run -4 weald publish a
	weald key rotate --root-key "$ROOT_KEY"
	run -0 weald publish a
	agree "$FEED"
	[[ $(weald key show) == *"feed key  $(key_now), since update 3"* ]]
}

@test "import goes through the daemon, by a path as seen from here" {
	make_home other wessex Wessex
	(record problem w && weald --home other publish w)
	git clone -q --mirror other/feeds/wessex.git clone.git
	node_start south-west --i-am-first
	run -0 weald import clone.git
	[[ $output == "imported wessex: 3 updates, head "* ]]
	run -0 weald import --json clone.git
	json 'lines[0]["added"] == 0 and lines[0]["seq"] == 3'
	[ "$(git -C "$WEALD_HOME/feeds/wessex.git" rev-parse main)" = \
		"$(git -C other/feeds/wessex.git rev-parse main)" ]
	git -C clone.git update-ref refs/heads/main main~1
	run -0 weald import clone.git
	record problem a
	weald publish a
}

@test "a closed guard is told, and opened by the admin's word" {
	node_start south-west
	record problem a
	run --separate-stderr weald publish a
	[ "$status" -eq 10 ]
	[[ $stderr == *"weald publish --i-am-first"*"never after a restore"* ]]
	run --separate-stderr weald publish --json a
	json 'lines[-1]["error"]["code"] == "guard"'
	run -0 weald publish --i-am-first a
	record problem b
	run -0 weald publish b
}

@test "a home of the network writes without a daemon only if told to" {
	record problem a
	weald publish a
	echo x >"$WEALD_HOME/receipts"
	echo more >>a/record.md
	fails 10 weald publish a
	[[ $stderr == *"weald run"*"weald publish --i-am-first"*"never after a restore"* ]]
	fails 10 weald withdraw --reason x problem/a
	fails 10 weald key rotate --root-key "$ROOT_KEY"
	run -0 weald publish --i-am-first a
	run -0 weald withdraw --i-am-first --reason x problem/a
	run -0 weald key rotate --i-am-first --root-key "$ROOT_KEY"
	# nothing is signed by these
	run -0 weald key request
	run -0 weald log
}

@test "what needs the daemon says so where there is none" {
	for command in watch invite "join x" "follow x" "unfollow x" "block x" \
		"unblock x" "peer add h:1 00" "peer remove 00"; do
		# shellcheck disable=SC2086
		fails 10 weald $command
		[[ $stderr == *"no daemon runs for"*"weald run" ]]
	done
	record problem a
	fails 10 weald publish --replicas 1 a
	[[ $stderr == *"weald run" ]]
	# a socket that nobody listens on any more is the same
	node_start south-west --i-am-first
	node_kill south-west
	[ -S "$WEALD_HOME/control" ]
	fails 10 weald watch
	weald publish a
	node_start south-west --i-am-first
	weald invite
}

@test "two daemons on one home: the second gives up, the first goes on" {
	node_start south-west --i-am-first
	run --separate-stderr weald run
	[ "$status" -eq 5 ]
	[ "$stderr" = "weald run: weald already runs for \"$WEALD_HOME\"\
 (pid $(node_pid south-west)); stop it first" ]
	record problem a
	weald publish a
}

@test "follow, block and peers change the members, and slips are told" {
	local id key

	id=$(printf 'ab%.0s' {1..32})
	key=$(cut -d' ' -f2 < <(ssh-keygen -y -f "$ROOT_KEY") | base64 -d |
		tail -c 32 | od -An -tx1 | tr -d ' \n')
	node_start south-west --i-am-first
	weald follow --topic sepsis --topic falls --kind lesson "$id"
	run -0 git config -f "$WEALD_HOME/members" --get-all "follow.$id.topic"
	[ "$output" = $'falls\nsepsis' ]
	weald follow --whole "$id"
	run -1 git config -f "$WEALD_HOME/members" --get-all "follow.$id.topic"
	weald unfollow "$id"
	run -1 weald unfollow "$id"
	weald block "$id"
	run -0 git config -f "$WEALD_HOME/members" "block.$id.since"
	run -3 weald follow "$id"
	weald unblock "$id"
	weald peer add 127.0.0.1:9 "$key"
	run -0 git config -f "$WEALD_HOME/members" "peer.$key.address"
	weald peer remove "$key"
	run -1 weald follow nowhere
	run -2 weald follow --whole --topic x "$id"
	run -2 weald follow
	run -2 weald peer
	run -2 weald peer turn
	run -2 weald invite --expires 7w
	run -2 weald publish --timeout 3s x
	run -3 weald join weald-join:rubbish
	run -3 weald join - <<<"  rubbish  "
}

@test "follow says which topics and kinds nobody knows, and keeps them" {
	local id

	id=$(printf 'ab%.0s' {1..32})
	node_start south-west --i-am-first
	run -0 --separate-stderr weald follow --topic sepsis --kind lesson "$id"
	[ -z "$output$stderr" ]
	run -0 --separate-stderr weald follow --topic sepsus \
		--kind interventions "$id"
	[ -z "$output" ]
	[[ ${stderr_lines[0]} == 'weald follow: note: there is no topic "sepsus": did you mean sepsis; '* ]]
	[[ ${stderr_lines[1]} == 'weald follow: note: there is no kind "interventions"; did you mean intervention; '* ]]
	[ "${#stderr_lines[@]}" -eq 2 ]
	run -0 git config -f "$WEALD_HOME/members" --get-all "follow.$id.kind"
	[ "$output" = interventions ]
}

@test "a token joins two regions, and replicas are waited for" {
	node_init wessex
	node_start south-west --i-am-first
	node_start wessex --i-am-first
	weald invite >token 2>how
	[ "$(wc -l <token)" -eq 1 ]
	grep -q '^  weald join TOKEN$' how
	node wessex join - <token
	run -3 node wessex join - <<<"${token:-x}"
	record problem a
	run --separate-stderr weald publish --json --replicas 1 --timeout 30s a
	[ "$status" -eq 0 ]
	json 'lines[-1]["held_by"] == ["wessex"] and lines[-1]["reached"]'
	await_agreed south-west wessex
	record problem b
	# more than there are: told at once, and nothing is published
	run --separate-stderr weald publish --replicas 2 b
	[ "$status" -eq 10 ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"only 1 other region is known here"*"nothing is published" ]]
	run -1 weald show south-west/problem/b
	node_stop wessex
	run --separate-stderr weald publish --replicas 1 --timeout 2s b
	[ "$status" -eq 9 ]
	[ "$output" = south-west/problem/b@1 ]
	[[ $stderr == *"published, but after 2 s only 0 of 1 regions"* ]]
	node_start wessex
}

@test "publish --replicas warns where too few regions follow us" {
	node_init wessex
	node_start south-west --i-am-first
	node_start wessex --i-am-first
	node_link south-west wessex
	node wessex unfollow south-west
	await "$NODE_WAIT_S" eval "weald status | grep 'follow us: wessex'"
	record problem a
	run --separate-stderr weald publish --replicas 1 --timeout 1s a
	[ "$status" -eq 9 ]
	[[ ${stderr_lines[0]} == "weald publish: warning: "*"0 of the 1 region "* ]]
}

@test "watch prints what is published and what arrives, line by line" {
	node_init wessex
	node_start south-west --i-am-first
	node_start wessex --i-am-first
	"$WEALD" watch >lines 2>ended 3>&- &
	text=$!
	"$WEALD" watch --json >json 3>&- &
	objects=$!
	node wessex join "$(weald invite)"
	record problem a "Own"
	weald publish a
	node_publish wessex from-afar
	await "$NODE_WAIT_S" grep -q wessex/problem/from-afar@1 lines
	grep -q 'south-west/problem/a@1 Publish problem: Own$' lines
	grep -Eq '^[0-9-]{10}T[0-9:]{8}Z wessex/problem/from-afar@1 Pub' lines
	await "$NODE_WAIT_S" grep -q '"feed":"wessex"' json
	kill -INT "$objects"
	wait "$objects"
	output=$(cat json)
	json 'any(l["event"] == "update" and l["feed"] == "wessex" for l in lines)'
	node_stop south-west
	status=0
	wait "$text" || status=$?
	[ "$status" -eq 10 ]
	grep -q "the daemon is stopping" ended
}

@test "any client of MessagePack-RPC can call" {
	node_start south-west --i-am-first
	[[ $(rpc hello) == '[null, {'*'"protocol": 1'* ]]
	[[ $(rpc nonsense) == '[{'*'"code": "format-unknown"'*'no method'* ]]
	[[ $(rpc status) == '[null, {'* ]]
	[[ $(rpc withdraw '"problem"') == '[{'*'takes 3 parameters'* ]]
	[[ $(rpc publish '""' '[["problem", "x", "T", [], [["record.md", b"x"]]]]') \
		== '[null, {"records": [{'*'"seq": 3'* ]]
	run rpc status '{}'
	[ "$status" -ne 0 ]
	[[ $(rpc status) == '[null, {'* ]]
}

@test "the socket is the owner's alone" {
	node_start south-west --i-am-first
	[ "$(stat -c '%a %F' "$WEALD_HOME/control")" = "600 socket" ]
	[ "$(id -u)" = 0 ] || skip "needs root"
	chmod 711 "$NODES" "$WEALD_HOME"
	chmod 666 "$WEALD_HOME/control"
	run setpriv --reuid 65534 --clear-groups /usr/bin/python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
try:
    s.connect(sys.argv[1])
except PermissionError:
    sys.exit(0)
s.sendall(b"\x94\x00\x01\xa6status\x90")
sys.exit(len(s.recv(1000)))' "$WEALD_HOME/control"
	[ "$status" -eq 0 ]
	weald status
}

@test "a command waits for a daemon that starts" {
	local daemon invite

	node_start south-west --i-am-first
	daemon=$(node_pid south-west)
	# it has the home, and does not listen: so it looks while it starts
	mv "$WEALD_HOME/control" "$WEALD_HOME/hidden"
	weald invite >token 2>error 3>&- &
	invite=$!
	run -124 timeout 1 tail --pid="$invite" -f /dev/null
	[ ! -s token ]
	mv "$WEALD_HOME/hidden" "$WEALD_HOME/control"
	wait "$invite"
	grep -q '^weald-join:' token
	kill -0 "$daemon"
}

@test "join - with nothing on standard input says so" {
	run -3 --separate-stderr weald join - </dev/null
	[[ $stderr == *"standard input was empty"* ]]
}

@test "a home with a long path has a socket too" {
	local long

	long=$BATS_TEST_TMPDIR/$(printf 'h%.0s' {1..150})
	mv "$WEALD_HOME" "$long"
	ln -s "$long" "$WEALD_HOME"
	export WEALD_HOME=$long
	ln -s "$long" "$NODES/long"
	"$WEALD" run --i-am-first 2>log 3>&- </dev/null &
	echo $! >"$NODES/long.pid"
	await "$NODE_WAIT_S" weald status
	record problem a
	weald publish a
	kill "$(cat "$NODES/long.pid")"
	wait "$(cat "$NODES/long.pid")"
	rm "$NODES/long.pid"
	[ ! -e "$long/control" ]
}
