#!/usr/bin/env bats
#
# The transport against stock `openssl s_client` and `s_server`: who gets in,
# who does not, and what is said then. CONN_TOOL is tests/interop/conn_tool.

bats_require_minimum_version 1.5.0

OUR_SEED=a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1

setup_file() {
	[ -n "${CONN_TOOL:-}" ] || skip "make check builds CONN_TOOL"
	command -v openssl >/dev/null || skip "needs openssl"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	export OPENSSL_CONF=/dev/null
	openssl req -x509 -newkey ed25519 -nodes -subj /CN=any -days 1 \
		-keyout node.key -out node.crt 2>/dev/null
	openssl pkey -in node.key -pubout -outform DER | tail -c 32 |
		od -An -v -tx1 | tr -d ' \n' >node.hex
	pids=()
}

teardown() {
	local pid

	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

# await FILE PATTERN: until a line matches; prints it.
await() {
	local i

	for ((i = 0; i < 500; i++)); do
		grep -a -m1 -E "$2" "$1" 2>/dev/null && return 0
		sleep 0.02
	done
	echo "no line '$2' in: $(cat "$1")" >&2
	return 1
}

listen() {
	"$CONN_TOOL" listen "$OUR_SEED" >tool.out 2>&1 3>&- &
	pids+=($!)
	port=$(await tool.out '^port ')
	port=${port#port }
}

# client ARGUMENT...: s_client as a node is, but for the arguments; it hangs up
# once the tool has written what is expected.
client() {
	openssl s_client -connect "127.0.0.1:$port" "$@" <hold \
		>client.out 2>&1 3>&- &
	pids+=($!)
	exec 4>hold
}

good=(-cert node.crt -key node.key -alpn weald/1 -tls1_3)

# refuses PATTERN ARGUMENT...: such a client is never up, and the tool says why.
refuses() {
	local pattern=$1

	shift
	mkfifo hold
	listen
	client "$@"
	await tool.out "$pattern"
	exec 4>&-
	run ! grep '^up' tool.out
}

@test "a client with an Ed25519 certificate is up, with its key" {
	mkfifo hold
	listen
	client "${good[@]}"
	await tool.out '^up '
	[ "$(await tool.out '^up ')" = "up $(cat node.hex)" ]
	# it gets our ping, and may send one
	printf '\0\0\0\3\x92\x0c\1' >&4
	await tool.out '^frame ping 7'
	exec 4>&-
	await tool.out '^down '
	await client.out 'ALPN protocol: weald/1'
	await client.out 'Server Temp Key: X25519'
	await client.out 'Peer signature type: ed25519'
	run ! grep -i 'session ticket' client.out
}

@test "a client without a certificate is refused" {
	refuses '^down denied the peer shows no certificate' \
		-alpn weald/1 -tls1_3
	await client.out 'certificate required'
}

@test "a client with an RSA certificate is refused" {
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=any -days 1 \
		-keyout rsa.key -out rsa.crt 2>/dev/null
	refuses '^down denied the peer shows no certificate' \
		-cert rsa.crt -key rsa.key -alpn weald/1 -tls1_3
}

@test "a client of TLS 1.2 is refused" {
	refuses '^down invalid the peer speaks an older TLS' \
		-cert node.crt -key node.key -alpn weald/1 -tls1_2
	await client.out 'alert protocol version'
}

@test "a client of another protocol is refused" {
	refuses '^down invalid the peer speaks another protocol.* weald/1' \
		-cert node.crt -key node.key -alpn h2,http/1.1 -tls1_3
	await client.out 'no application protocol'
}

@test "a client without a protocol is refused" {
	refuses '^down invalid .*does not offer ALPN weald/1' \
		-cert node.crt -key node.key -tls1_3
	await client.out 'no application protocol'
}

@test "a client that shows a chain is refused" {
	refuses '^down denied the peer shows a chain' \
		"${good[@]}" -cert_chain node.crt
	await client.out 'bad certificate'
}

@test "a web browser is told nothing, and the admin what it was" {
	listen
	exec 5<>"/dev/tcp/127.0.0.1/$port"
	printf 'GET / HTTP/1.1\r\n\r\n' >&5
	await tool.out '^down invalid the peer speaks HTTP'
	exec 5>&-
}

# serve ARGUMENT...: s_server as a node is, but for the arguments.
serve() {
	local i

	for ((i = 0; i < 20; i++)); do
		port=$((20000 + RANDOM % 40000))
		openssl s_server -accept "127.0.0.1:$port" -tls1_3 "$@" \
			<hold >server.out 2>&1 3>&- &
		pids+=($!)
		exec 4>hold
		# it says ACCEPT once it listens, an error where it cannot
		if await server.out 'ACCEPT|rror' | grep -q ACCEPT; then
			return 0
		fi
		exec 4>&-
	done
	return 1
}

dial() {
	"$CONN_TOOL" dial "$OUR_SEED" "$port" "$1" >tool.out 2>&1 3>&- &
	pids+=($!)
}

@test "a server with the key that was dialled is up" {
	mkfifo hold
	serve -cert node.crt -key node.key -alpn weald/1 -Verify 1 -num_tickets 0
	dial "$(cat node.hex)"
	await tool.out "^up $(cat node.hex)"
	echo Q >&4
	await tool.out '^down '
	exec 4>&-
}

@test "a server with another key is refused" {
	mkfifo hold
	serve -cert node.crt -key node.key -alpn weald/1
	dial "$("$CONN_TOOL" key "$OUR_SEED")"
	await tool.out '^down denied another node answers there'
	exec 4>&-
	run ! grep '^up' tool.out
}

@test "a server of another protocol is refused" {
	mkfifo hold
	serve -cert node.crt -key node.key
	dial "$(cat node.hex)"
	await tool.out '^down invalid .*did not choose weald/1'
	exec 4>&-
	run ! grep '^up' tool.out
}

@test "a server that refuses our certificate is denied after up" {
	mkfifo hold
	serve -cert node.crt -key node.key -alpn weald/1 -Verify 1 \
		-verify_return_error
	dial "$(cat node.hex)"
	await tool.out '^down denied the peer refuses our certificate'
	exec 4>&-
}
