#!/usr/bin/env bats
# A full disk: a small tmpfs in a mount namespace of its own.

# the scripts are for another shell
# shellcheck disable=SC2016

load helper

setup() {
	isolate
	unshare -rm sh -c 'mkdir -p disk && mount -t tmpfs -o size=1m t disk' ||
		skip "no mount namespaces here"
	mkdir -p disk
	export WEALD ROOT
	export -f weald record make_home fingerprint
}

# on_disk SIZE SCRIPT: run a bash script in ./disk, a file system of SIZE.
on_disk() {
	unshare -rm bash -euc 'mount -t tmpfs -o "size=$1" t disk
		cd disk
		export WEALD_HOME=$PWD/home
		FEED=$WEALD_HOME/feeds/south-west.git
		# Take all that is left but $1 bytes.
		fill() {
			cat /dev/zero >filler 2>/dev/null || true
			truncate -s "-$1" filler
		}
		# So many letters that cannot be made smaller.
		noise() {
			tr -dc g-z </dev/urandom | head -c "$1"
		}
		# Run weald; its code is in $code, what it says in err.
		try() {
			code=0
			weald "$@" >out 2>../err || code=$?
		}
		good() {
			weald verify
			git -C "$FEED" fsck --strict
			[ -z "$(find "$WEALD_HOME" -name "*.lock")" ]
		}
		'"$2" - "$1"
}

@test "publish on a full disk says so, and publishes nothing" {
	on_disk 4m '
		make_home
		record problem a
		weald publish a
		head=$(git -C "$FEED" rev-parse main)
		noise 200000 >a/noise.txt
		for left in 0 4096 40960 131072; do
			fill "$left"
			try publish a
			[ "$code" -eq 6 ]
			[ ! -s out ]
			[ "$(wc -l <../err)" -eq 1 ]
			grep "free some space" ../err
			[ "$(git -C "$FEED" rev-parse main)" = "$head" ]
			git -C "$FEED" fsck --strict
			weald log >/dev/null
			rm filler
		done
		[ "$(weald publish a)" = south-west/problem/a@2 ]
		good'
}

@test "what was printed before the disk was full is there" {
	on_disk 16m '
		make_home
		for i in $(seq 120); do
			record problem "r-$i"
			noise 20000 >"r-$i/noise.txt"
		done
		fill 1500000
		try publish r-*
		[ "$code" -eq 6 ]
		[ "$(wc -l <../err)" -eq 1 ]
		rm filler
		weald log --json | grep -o "\"ref\":\"[^\"]*\"" |
			cut -d\" -f4 | sort >have
		sort out >said
		[ "$(comm -23 said have | wc -l)" -eq 0 ]
		[ "$(comm -13 said have | wc -l)" -eq 0 ]
		weald publish r-* 2>/dev/null | wc -l
		good
		[ "$(weald log | wc -l)" -eq 122 ]'
}

@test "init on a full disk leaves nothing behind" {
	on_disk 256k '
		for left in 0 4096 8192 16384 24576 32768 49152; do
			fill "$left"
			try init --region A --slug aa
			if [ "$code" -eq 0 ]; then
				rm -rf "$WEALD_HOME"
			else
				[ "$code" -eq 6 ]
				[ ! -e "$WEALD_HOME" ]
				[ "$(wc -l <../err)" -eq 1 ]
			fi
			rm filler
		done'
}

@test "key rotate on a full disk changes nothing" {
	on_disk 1m '
		make_home
		before=$(sha256sum "$WEALD_HOME/keys/feed")
		head=$(git -C "$FEED" rev-parse main)
		for left in 0 4096 8192; do
			fill "$left"
			try key rotate --root-key "$WEALD_HOME/south-west-root-key"
			rm filler
			if [ "$code" -ne 0 ]; then
				[ "$code" -eq 6 ]
				[ "$(sha256sum "$WEALD_HOME/keys/feed")" = "$before" ]
				[ ! -e "$WEALD_HOME/keys/feed.next" ]
				[ "$(git -C "$FEED" rev-parse main)" = "$head" ]
			fi
			before=$(sha256sum "$WEALD_HOME/keys/feed")
			head=$(git -C "$FEED" rev-parse main)
			good
		done'
}

@test "import on a full disk takes in nothing" {
	on_disk 4m '
		make_home
		export -n WEALD_HOME
		weald --home reader init --region R --slug reader >/dev/null
		noise 600000 >big
		record problem a
		mv big a/big.txt
		WEALD_HOME=$WEALD_HOME weald --home home publish a
		before=$(fingerprint reader)
		fill 300000
		try --home reader import home/feeds/south-west.git
		[ "$code" -eq 6 ] || [ "$code" -eq 3 ]
		[ "$(wc -l <../err)" -eq 1 ]
		[ "$(fingerprint reader)" = "$before" ]
		rm filler
		weald --home reader import home/feeds/south-west.git
		weald --home reader verify'
}
