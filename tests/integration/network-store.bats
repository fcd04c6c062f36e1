#!/usr/bin/env bats
#
# What a node keeps of others: narrow replicas, and a disk that is full.

load helper
load node

setup() {
	nodes_begin
}

teardown() {
	nodes_end
}

# topic_record NAME SLUG TOPIC: publish a record of that topic.
topic_record() {
	(cd "$BATS_TEST_TMPDIR" && record problem "$2" "$2" "Of $3.")
	sed -i "s/^topics: .*/topics: [$3]/" "$BATS_TEST_TMPDIR/$2/record.md"
	node "$1" publish "$BATS_TEST_TMPDIR/$2"
}

# has_content NAME FEED SLUG: the newest record.md of SLUG is in that repository.
has_content() {
	local repo path blob

	repo=$(node_repo "$1" "$2")
	path=$(git -C "$repo" ls-tree -r --name-only main | grep "/$3/record.md")
	blob=$(git -C "$repo" rev-parse "main:$path")
	GIT_NO_LAZY_FETCH=1 git -C "$repo" cat-file --batch-check \
		<<<"$blob" | grep -q " blob "
}

@test "follow by topic: every header, the contents that match, later all" {
	node_init alder birch cedar
	nodes_start alder birch cedar
	node_link alder birch
	topic_record alder of-sepsis sepsis
	topic_record alder of-falls falls
	await_agreed alder birch
	# cedar begins narrow, birch becomes it
	node birch follow --topic sepsis "$(cat "$NODES/alder.id")"
	node cedar follow --topic sepsis "$(cat "$NODES/alder.id")"
	node_link alder cedar
	await_agreed alder cedar
	await 20 has_content cedar alder of-sepsis
	run ! has_content cedar alder of-falls
	topic_record alder more-sepsis sepsis
	topic_record alder more-falls falls
	await_agreed alder birch cedar
	for name in birch cedar; do
		await 20 has_content "$name" alder more-sepsis
		git -C "$(node_repo "$name" alder)" fsck --strict --no-dangling
		every_commit_verifies "$(node_repo "$name" alder)"
		# pushed or asked for, what was not chosen is not kept
		run ! has_content "$name" alder more-falls
	done
	# what was here stays, and the choice outlives a restart
	has_content birch alder of-falls
	node_stop cedar
	node_start cedar
	run ! has_content cedar alder of-falls
	run -0 node cedar show --file record.md alder/problem/of-sepsis
	# chosen whole, what is missing is fetched
	node cedar follow --whole "$(cat "$NODES/alder.id")"
	await 30 has_content cedar alder of-falls
	await 30 has_content cedar alder more-falls
	git -C "$(node_repo cedar alder)" fsck --strict --no-dangling
	topic_record alder last-falls falls
	await_agreed alder cedar
	await 20 has_content cedar alder last-falls
	node_stop cedar
	run -0 node cedar verify
}

# Where birch's disk is seen: in the namespaces of its process.
inside() {
	nsenter -t "$(node_pid birch)" -U -m --preserve-credentials -- "$@"
}

b_agrees() {
	[ "$(inside git -C "$NODES/disk/home/feeds/alder.git" rev-parse main)" = \
		"$(node_head alder)" ]
}

# files_allowed NAME: its soft limit for open files.
files_allowed() {
	prlimit --noheadings --raw --output SOFT --nofile \
		--pid "$(node_pid "$1")"
}

@test "weald run allows itself as many open files as it may have" {
	local most

	most=$(ulimit -Hn)
	if [ "$most" = unlimited ] || [ "$most" -gt 65536 ]; then
		most=65536
	fi
	node_init alder
	ulimit -Sn 200
	node_start alder
	[ "$(files_allowed alder)" = "$most" ]
}

@test "too many open files: the node stays, and goes on when it may" {
	local before

	node_init alder birch
	nodes_start alder birch
	node_link alder birch
	await_agreed alder birch
	before=$(files_allowed birch)
	# it may open nothing more
	prlimit --nofile=10: --pid "$(node_pid birch)"
	node_publish alder night-board
	await 20 grep -q "an update is not stored.*no-memory.*Too many open" \
		"$NODES/birch.log"
	prlimit --nofile="$before": --pid "$(node_pid birch)"
	await_agreed alder birch
	node_runs birch
	node_stop birch
}

@test "a full disk: the node stays, says so, and goes on when there is room" {
	unshare -rm true || skip "no mount namespaces here"
	node_init alder birch
	nodes_start alder
	# b's home is on a small file system, in a mount namespace of its own
	mkdir "$NODES/disk"
	cat >on-disk <<-'EOF'
		set -e
		mount -t tmpfs -o size=12m t "$1/disk"
		cp -a "$1/birch" "$1/disk/home"
		exec "$2" run --home "$1/disk/home" --i-am-first
	EOF
	unshare -rm bash on-disk "$NODES" "$WEALD" >>"$NODES/birch.log" 2>&1 \
		3>&- </dev/null &
	echo $! >"$NODES/birch.pid"
	await 20 inside "$WEALD" status --home "$NODES/disk/home"
	inside "$WEALD" join "$(node alder invite)" --home "$NODES/disk/home"
	await 20 b_agrees
	inside dd if=/dev/zero of="$NODES/disk/filler" bs=64k 2>/dev/null || true
	many_records 200 "$BATS_TEST_TMPDIR/many"
	node alder publish --paths-from "$BATS_TEST_TMPDIR/many.paths" >/dev/null
	await 30 grep -qi 'full\|no-space' "$NODES/birch.log"
	node_runs birch
	inside "$WEALD" status --home "$NODES/disk/home"
	run ! b_agrees
	inside rm "$NODES/disk/filler"
	await 90 b_agrees
	inside git -C "$NODES/disk/home/feeds/alder.git" fsck --strict
	node_stop birch
}
