#!/bin/sh
# The long tests, by hand: `make soak`. WEALD is the executable, BUILD the
# folder with the other programs. Some hours on two cores with the numbers
# below.
#
#   SOAK_KILLS          kill -9 at random moments during publish (1000)
#   SOAK_CATCHUP        updates that a node has missed (10000)
#   SOAK_CATCHUP_KILLS  kill -9 while it catches up (100)
#   SOAK_DEMOS          networks of 15 nodes, from nothing (20)
#   SOAK_SIM_SEEDS      simulated networks with all faults (10000)
#   SOAK_SIM_NODES      nodes of one simulated network (1000)
#   SOAK_SECONDS        for each fuzzer (600)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
SIM_TOOL=${BUILD:-$here/../build/gcc}/tests/sim/sim_tool
export SIM_TOOL
log=$(mktemp)
trap 'rm -f "$log"' EXIT

echo "== ${SOAK_KILLS:-1000} kills during publish"
"$here/kill.sh" "${SOAK_KILLS:-1000}"

echo "== a node that missed ${SOAK_CATCHUP:-10000} updates"
CATCHUP=${SOAK_CATCHUP:-10000} CATCHUP_KILLS=${SOAK_CATCHUP_KILLS:-100} \
	NODE_WAIT_S=600 bats --tap "$here/integration/network-catchup.bats"

demos=${SOAK_DEMOS:-20}
echo "== $demos networks of 15 nodes"
while [ "$demos" -gt 0 ]; do
	"$here/../scripts/demo" --once >"$log" || {
		cat "$log"
		exit 1
	}
	tail -n 1 "$log"
	demos=$((demos - 1))
done

echo "== the simulator: ${SOAK_SIM_SEEDS:-10000} seeds, ${SOAK_SIM_NODES:-1000} nodes"
SIM_SEEDS=${SOAK_SIM_SEEDS:-10000} SIM_NODES=${SOAK_SIM_NODES:-1000} \
	bats --tap "$here/integration/sim.bats"

echo "== fuzzers, ${SOAK_SECONDS:-600} seconds each"
make -C "$here/.." --no-print-directory fuzz \
	FUZZ_SECONDS="${SOAK_SECONDS:-600}"

echo 'soak: all passed'
