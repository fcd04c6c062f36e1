#!/bin/sh
# The benchmarks, as `make bench` calls them: WEALD is the executable, BUILD
# the folder with the programs of tests/bench.
#
#   run.sh [feed|net|index|evidence [OPTION...]]    one part, else all
#
# index takes the number of records: 100000 where it is not given.
set -eu

BENCH_FEED=${BUILD:-build/gcc}/tests/bench/bench_feed
BENCH_INDEX=${BUILD:-build/gcc}/tests/bench/bench_index
BENCH_EVIDENCE=${BUILD:-build/gcc}/tests/bench/bench_evidence
export BENCH_FEED
here=$(dirname "$0")

bench_index() {
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	"$BENCH_INDEX" "$work" "${1:-100000}"
}

case ${1:-all} in
feed)
	shift
	exec /usr/bin/python3 "$here/run.py" "$@"
	;;
net)
	shift
	exec /usr/bin/python3 "$here/bench_net.py" "$@"
	;;
index)
	shift
	bench_index "$@"
	;;
evidence)
	exec "$BENCH_EVIDENCE"
	;;
all)
	"$BENCH_EVIDENCE"
	/usr/bin/python3 "$here/run.py"
	bench_index
	/usr/bin/python3 "$here/bench_net.py"
	;;
*)
	sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
