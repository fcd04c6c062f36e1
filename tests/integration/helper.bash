# What the tests of the command line share: `load helper` in each file.
#
# WEALD is the executable; without it the one that `make` leaves at the root.
# Each test has a home of its own, WEALD_HOME, and git sees no configuration
# but the repository's.

# bats sets status, stderr and the like; others use what is set here
# shellcheck disable=SC2034,SC2154

bats_require_minimum_version 1.5.0

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RECORDS=$ROOT/tests/data/records/south-west
WEALD=${WEALD:-$ROOT/weald}

# Call it first in setup().
isolate() {
	local name

	for name in $(compgen -e GIT_); do
		unset "$name"
	done
	unset XDG_DATA_HOME XDG_CONFIG_HOME PAGER LESS
	export HOME=$BATS_TEST_TMPDIR/user GIT_CONFIG_NOSYSTEM=1
	export WEALD_HOME=$BATS_TEST_TMPDIR/home
	export FEED=$WEALD_HOME/feeds/south-west.git
	export ROOT_KEY=$WEALD_HOME/south-west-root-key
	export PYTHONDONTWRITEBYTECODE=1
	mkdir -p "$HOME"
	cd "$BATS_TEST_TMPDIR" || return 1
}

weald() {
	"$WEALD" "$@"
}

# The home of South West; or, with a folder, slug and name, another.
make_home() {
	weald init --home "${1:-$WEALD_HOME}" --slug "${2:-south-west}" \
		--region "${3:-South West}" >/dev/null
}

# record KIND SLUG [TITLE [TEXT]]: a record's folder below the working
# directory.
record() {
	mkdir -p "$2"
	printf -- '---\nexample: true\nkind: %s\ntitle: %s\ntopics: [%s]\n---\n' \
		"$1" "${3:-A title}" sepsis >"$2/record.md"
	printf '\n%s\n' "${4:-Some text.}" >>"$2/record.md"
}

# A digest of all that a folder holds: names, kinds, modes and contents.
fingerprint() {
	(cd "$1" && find . -printf '%P %y %m %l\n' | sort &&
		find . -type f -print0 | sort -z | xargs -0 -r sha256sum) |
		sha256sum
}

# unchanged COMMAND...: run it with --separate-stderr; the home must be the
# same afterwards.
unchanged() {
	local before

	before=$(fingerprint "$WEALD_HOME")
	run --separate-stderr "$@"
	[ "$(fingerprint "$WEALD_HOME")" = "$before" ]
}

# fails CODE COMMAND...: it exits with CODE, says why in one line, prints
# nothing else, and changes nothing in the home.
fails() {
	local code=$1

	shift
	unchanged "$@"
	echo "status $status, wanted $code: $stderr"
	[ "$status" -eq "$code" ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ ${stderr_lines[0]} =~ ^weald(\ [a-z]+)?:\ . ]]
}

# every_commit_verifies REPO: with no flag and no configuration but its own.
every_commit_verifies() {
	local id

	for id in $(git -C "$1" rev-list main); do
		git -C "$1" verify-commit "$id" 2>/dev/null || return 1
	done
}

# agree REPO: stock git, weald and the checker that knows nothing of weald.
agree() {
	local head updates

	git -C "$1" fsck --strict --no-dangling
	every_commit_verifies "$1"
	head=$(git -C "$1" rev-parse main)
	updates=$(git -C "$1" rev-list --count main)
	[ "$(weald verify "$(basename "$1" .git)")" = \
		"ok $(basename "$1" .git) $updates updates head $head" ]
	[ "$(/usr/bin/python3 "$ROOT/tests/interop/check_feed.py" "$1")" = \
		"ok $(basename "$1" .git) $updates updates $head" ]
}

# json EXPRESSION: a Python expression over `lines`, the objects in $output.
json() {
	/usr/bin/python3 -c 'import json, sys
lines = [json.loads(line) for line in sys.argv[2].splitlines()]
value = eval(sys.argv[1])
sys.exit(f"{sys.argv[1]} is false for {lines}") if value is False else print(value)' \
		"$1" "$output"
}
