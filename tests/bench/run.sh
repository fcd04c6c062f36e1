#!/bin/sh
# The benchmarks, as `make bench` calls them: WEALD is the executable, BUILD
# the folder with the programs of tests/bench.
#
#   run.sh [feed|net [OPTION...]]    one part, else both
set -eu

BENCH_FEED=${BUILD:-build/gcc}/tests/bench/bench_feed
export BENCH_FEED
here=$(dirname "$0")

case ${1:-both} in
feed)
	shift
	exec /usr/bin/python3 "$here/run.py" "$@"
	;;
net)
	shift
	exec /usr/bin/python3 "$here/bench_net.py" "$@"
	;;
both)
	/usr/bin/python3 "$here/run.py"
	exec /usr/bin/python3 "$here/bench_net.py"
	;;
*)
	sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
