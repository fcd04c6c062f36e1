#!/bin/sh
# The benchmarks, as `make bench` calls them: WEALD is the executable, BUILD
# the folder with the programs of tests/bench.
BENCH_FEED=${BUILD:-build/gcc}/tests/bench/bench_feed
export BENCH_FEED
exec /usr/bin/python3 "$(dirname "$0")/run.py" "$@"
