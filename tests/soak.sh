#!/bin/sh
# The long tests, by hand: `make soak`. WEALD is the executable. About an hour
# and a half on two cores with the numbers below.
#
#   SOAK_KILLS    kill -9 at random moments during publish (1000)
#   SOAK_SECONDS  for each fuzzer (600)
set -eu

here=$(cd "$(dirname "$0")" && pwd)

echo "== ${SOAK_KILLS:-1000} kills during publish"
"$here/kill.sh" "${SOAK_KILLS:-1000}"

echo "== fuzzers, ${SOAK_SECONDS:-600} seconds each"
make -C "$here/.." --no-print-directory fuzz \
	FUZZ_SECONDS="${SOAK_SECONDS:-600}"

echo 'soak: all passed'
