# Running nodes: `load helper` and `load node`; call nodes_begin in setup() and
# nodes_end in teardown().
#
# A node NAME has its home in $NODES/NAME, its log in $NODES/NAME.log, its feed
# id in $NODES/NAME.id, its node key in $NODES/NAME.key, its address in
# $NODES/NAME.address. Nodes connect only with those they were linked with, and
# follow only by hand, unless a test says otherwise.

# the variables are for the tests, and bats has some that are not seen here
# shellcheck disable=SC2034,SC2154

# Sanitizers and a busy machine are slow: waiting ends when it is true.
NODE_WAIT_S=${NODE_WAIT_S:-40}

nodes_begin() {
	isolate
	unset WEALD_HOME NOTIFY_SOCKET JOURNAL_STREAM
	NODES=$BATS_TEST_TMPDIR/nodes
	mkdir -p "$NODES"
}

# Kill what still runs; where a test failed, show what the nodes said.
nodes_end() {
	local log pid

	for pid in "$NODES"/*.pid; do
		if [ -e "$pid" ]; then
			reap "$(cat "$pid")"
		fi
	done
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		for log in "$NODES"/*.log; do
			echo "== $log"
			tail -n 20 "$log"
		done
	fi
}

# await SECONDS COMMAND...: until it succeeds; false if it never does.
await() {
	local end=$((SECONDS + $1))

	shift
	until "$@" >"$BATS_TEST_TMPDIR/await" 2>&1; do
		if [ "$SECONDS" -ge "$end" ]; then
			echo "never true: $*" >&2
			cat "$BATS_TEST_TMPDIR/await" >&2
			return 1
		fi
		sleep 0.05
	done
}

# free_ports N: ports of the loopback that nobody uses now, one a line.
free_ports() {
	/usr/bin/python3 -c 'import socket, sys
all = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in all:
    s.bind(("127.0.0.1", 0))
for s in all:
    print(s.getsockname()[1])' "$1"
}

# node NAME COMMAND...: a weald command for that home.
node() {
	local name=$1

	shift
	weald --home "$NODES/$name" "$@"
}

# node_set NAME KEY VALUE: a setting in its config.
node_set() {
	git config -f "$NODES/$1/config" "node.$2" "$3"
}

# node_init NAME...: homes; the name is the slug.
node_init() {
	local name port
	local -a jobs

	while read -r name port; do
		(
			weald init --home "$NODES/$name" --region "Region $name" \
				--slug "$name" --listen "127.0.0.1:$port" \
				--address "127.0.0.1:$port" --json >"$NODES/$name.json"
			node_set "$name" connections 0
			node_set "$name" introductions 0
			echo "127.0.0.1:$port" >"$NODES/$name.address"
			sed -n 's/.*"feed_id":"\([0-9a-f]*\)".*/\1/p' \
				"$NODES/$name.json" >"$NODES/$name.id"
			sed -n 's/.*"node":"\([0-9a-f]*\)".*/\1/p' \
				"$NODES/$name.json" >"$NODES/$name.key"
			[ -s "$NODES/$name.id" ] && [ -s "$NODES/$name.key" ]
		) 3>&- &
		jobs+=($!)
	done < <(paste -d ' ' <(printf '%s\n' "$@") <(free_ports $#))
	for job in "${jobs[@]}"; do
		wait "$job" || return 1
	done
}

node_pid() {
	cat "$NODES/$1.pid"
}

node_runs() {
	kill -0 "$(node_pid "$1")" 2>/dev/null
}

# Answers on its control socket; false at once where it has ended.
node_answers() {
	node "$1" status
}

# node_launch NAME [OPTION...]: start it, and do not wait.
node_launch() {
	local name=$1

	shift
	"$WEALD" run --home "$NODES/$name" "$@" >>"$NODES/$name.log" 2>&1 \
		3>&- </dev/null &
	echo $! >"$NODES/$name.pid"
}

# node_start NAME [OPTION...]: start it, and wait until it answers.
node_start() {
	node_launch "$@"
	await "$NODE_WAIT_S" test -S "$NODES/$1/control"
	await "$NODE_WAIT_S" node_answers "$1"
}

# nodes_start NAME...: all at once, each for the first time.
nodes_start() {
	local name

	for name; do
		node_launch "$name" --i-am-first
	done
	for name; do
		await "$NODE_WAIT_S" test -S "$NODES/$name/control"
		await "$NODE_WAIT_S" node_answers "$name"
	done
}

# node_stop NAME: SIGTERM; it must end with 0 within five seconds, or ten under
# a sanitizer.
node_stop() {
	local pid start=${EPOCHREALTIME/./} took status=0

	pid=$(node_pid "$1")
	kill "$pid"
	await 30 eval "! kill -0 $pid" || return 1
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	wait "$pid" || status=$?
	rm "$NODES/$1.pid"
	if [ "$status" -ne 0 ] || [ "$took" -gt $((5000 * $(slowness))) ]; then
		echo "$1 ended with $status after $took ms" >&2
		return 1
	fi
}

# node_kill NAME: kill -9.
node_kill() {
	local pid

	pid=$(node_pid "$1")
	rm "$NODES/$1.pid"
	reap "$pid"
}

# reap PID: kill it, without bash telling of it.
reap() {
	{
		kill -9 "$1"
		wait "$1"
	} 2>/dev/null || true
}

# How many times slower than usual this build may be.
slowness() {
	case ${BUILD##*/} in
	*address* | *thread* | *undefined* | *coverage*) echo 5 ;;
	*) echo 1 ;;
	esac
}

# node_link A B: A invites, B joins; each follows the other then.
node_link() {
	node "$2" join "$(node "$1" invite)"
}

# node_follow A B...: A follows each B, by feed id.
node_follow() {
	local name=$1 other
	local -a ids

	shift
	for other; do
		ids+=("$(cat "$NODES/$other.id")")
	done
	node "$name" follow "${ids[@]}"
}

# node_repo NAME FEED: the repository of FEED in that home.
node_repo() {
	echo "$NODES/$1/feeds/$2.git"
}

# node_head NAME [FEED]: the commit of the head there.
node_head() {
	git -C "$(node_repo "$1" "${2:-$1}")" rev-parse main
}

# agreed FEED NAME...: all of them have the head that the feed's own node has.
agreed() {
	local feed=$1 name wanted

	shift
	wanted=$(node_head "$feed") || return 1
	for name; do
		if [ "$(node_head "$name" "$feed")" != "$wanted" ]; then
			echo "$name has another head of $feed" >&2
			return 1
		fi
	done
}

# await_agreed FEED NAME...
await_agreed() {
	await "$NODE_WAIT_S" agreed "$@"
}

# sound NAME FEED: stock git and the checker that knows nothing of weald.
sound() {
	local repo

	repo=$(node_repo "$1" "$2")
	git -C "$repo" fsck --strict --no-dangling
	/usr/bin/python3 "$ROOT/tests/interop/check_feed.py" "$repo"
}

# node_publish NAME SLUG...: records of that slug, each new or changed.
node_publish() {
	local name=$1 slug

	shift
	mkdir -p "$BATS_TEST_TMPDIR/records-$name"
	for slug; do
		(cd "$BATS_TEST_TMPDIR/records-$name" &&
			record problem "$slug" "About $slug" \
				"Drawn: $RANDOM and $RANDOM.")
	done
	node "$name" publish \
		"${@/#/$BATS_TEST_TMPDIR/records-$name/}"
}

# many_records N DIR: folders for that many records, and their list DIR.paths.
many_records() {
	PYTHONPATH=$ROOT/tests /usr/bin/python3 - "$1" "$2" <<-'EOF'
		import pathlib, sys
		from records import write_record
		count, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
		# of all kinds: git folders grow with the records of a kind and month
		kinds = ("problem priority intervention measure evidence adoption"
		         " lesson withdrawal endorsement").split()
		with open(str(folder) + ".paths", "w") as paths:
		    for i in range(count):
		        place = folder / f"record-{i}"
		        write_record(place, kinds[i % 9], f"Record {i}",
		                     f"line {i} of this record\n" * 60)
		        paths.write(f"{place}\n")
	EOF
}
