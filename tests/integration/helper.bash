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
# directory, with all that its kind must have. What it refers to is another
# region's, and has not arrived. One function, for tests that export it.
record() {
	local other=elsewhere month

	mkdir -p "$2"
	{
		printf -- '---\nexample: true\nkind: %s\ntitle: %s\n' "$1" \
			"${3:-A title}"
		printf 'topics: [sepsis]\nsettings: [acute-ward]\n'
		case $1 in
		problem)
			cat <<-'EOF'
				harm: {physical: moderate, psychological: low}
				incident_type: clinical-process
				how_known: [audit, incidents]
				scale: about one in ten
			EOF
			;;
		priority)
			cat <<-EOF
				problem: $other/problem/late-antibiotics
				why_here: it is worse here than in other regions
				aim: {measure: $other/measure/late, from: 30, to: 10, unit: per 100, by: 2027-12}
				decided_by: [patient safety partners]
				sponsor_role: Chief nurse
			EOF
			;;
		intervention)
			cat <<-EOF
				problem: $other/problem/late-antibiotics
				summary: the first dose lies ready on a trolley
				why: nobody has to look for it
				steps: [fill the trolley, put it in place, look after it]
				must_keep: [the first dose]
				may_change: [the colour]
				risks: [an empty trolley]
			EOF
			;;
		measure)
			cat <<-'EOF'
				type: process
				shape: proportion
				undesired_event: the first dose comes late
				numerator: people whose first dose comes late
				denominator: people with sepsis
				direction: decrease
				data_source: the ward's notes
				frequency: monthly
			EOF
			;;
		evidence)
			cat <<-EOF
				intervention: $other/intervention/trolley
				measure: $other/measure/late
				design: its
				start: 2025-01-01
				series: data.csv
				fidelity: {planned: every ward, actual: most wards, how_known: a walk round}
				other_changes: []
				unintended: none
				conclusion: too-early
			EOF
			;;
		adoption)
			cat <<-EOF
				intervention: $other/intervention/trolley
				version_seen: 1
				stage: testing
				started: 2026-01-05
				sites: {using: 1, planned: 4}
				kept_must_keep: yes
				changes: []
				sponsor_role: Medical director
			EOF
			;;
		lesson)
			cat <<-EOF
				about: $other/intervention/trolley
				outcome: worked-partly
				expected: that everybody would use it
				happened: half of us did
				would_do_differently: begin with one ward
			EOF
			;;
		withdrawal)
			cat <<-EOF
				target: $other/intervention/trolley
				target_versions: all
				reason: harm
				level: stop-now
				what_we_saw: the wrong dose lay ready
				actions:
				  - {do: take it away, who: ward managers, by: 2026-12-31}
				sponsor_role: Medical director
			EOF
			;;
		endorsement)
			cat <<-EOF
				target: $other/intervention/trolley
				target_version: 1
				endorser: region
				role: Patient safety lead
				checked: [clear, safe]
				statement: we could follow every step
				conflicts: none
			EOF
			;;
		esac
		cat <<-'EOF'
			patient_involvement: {level: informed, how: read it first}
			contact: {role: Sepsis lead, mailbox: sepsis@example.nhs.uk}
			---
		EOF
		printf '\n%s\n' "${4:-Some text.}"
	} >"$2/record.md"
	if [ "$1" = evidence ]; then
		echo month,numerator,denominator >"$2/data.csv"
		for ((month = 0; month < 24; month++)); do
			printf '%d-%02d,%d,%d\n' $((2024 + month / 12)) \
				$((month % 12 + 1)) $((30 + month % 7)) 100
		done >>"$2/data.csv"
	fi
}

# A digest of all that a folder holds: names, kinds, modes and contents; but
# for the index, which is derived and brought up to date by who asks it.
fingerprint() {
	(cd "$1" && find . ! -name 'index.sqlite*' -printf '%P %y %m %l\n' |
		sort &&
		find . -type f ! -name 'index.sqlite*' -print0 | sort -z |
		xargs -0 -r sha256sum) |
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

# refused COMMAND...: it is an input that is refused: with 3, a line for each
# problem, and a last one that says what is not done. Nothing changes.
refused() {
	unchanged "$@"
	echo "status $status, wanted 3: $stderr"
	[ "$status" -eq 3 ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -ge 2 ]
	[[ ${stderr_lines[-1]} =~ ^weald\ [a-z]+:\ .*:\ [0-9]+\ (error|place)s?\  ]]
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
