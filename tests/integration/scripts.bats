#!/usr/bin/env bats
#
# The scripts that judge everything else: scripts/run-tests, which must not
# call a test passed that did not run, scripts/fnstat.py and scripts/deps.

# The programs that the tests write are quoted on purpose.
# shellcheck disable=SC2016

bats_require_minimum_version 1.5.0

SCRIPTS=$BATS_TEST_DIRNAME/../../scripts

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir -p scripts tests/unit tests/fuzz tests/integration \
		build/tests/unit build/tests/fuzz
	cp "$SCRIPTS/run-tests" scripts
	unset WEALD_TEST_TIMEOUT
}

# unit NAME SCRIPT: a unit program that is a shell script.
unit() {
	touch "tests/unit/test_$1.c"
	printf '#!/bin/sh\n%s\n' "$2" >"build/tests/unit/test_$1"
	chmod +x "build/tests/unit/test_$1"
}

run_tests() {
	scripts/run-tests --build build "$@"
}

# ---- run-tests ----

@test "run-tests counts what passed, failed and was skipped" {
	unit a 'echo 1..2; echo "ok 1 - x"; echo "ok 2 - y"'
	unit b 'echo 1..2; echo "ok 1 - z"; echo "not ok 2 # SKIP why not"'
	run -0 run_tests unit
	[ "${lines[-1]}" = "3 passed, 0 failed, 1 skipped" ]
	[[ $output == *"# SKIP why not"* ]]
	unit c 'echo 1..1; echo "not ok 1 - w"; echo "# because"; exit 1'
	run -1 run_tests unit
	[ "${lines[-1]}" = "3 passed, 1 failed, 1 skipped" ]
	[[ $output == *"# because"* ]]
}

@test "run-tests counts a program that dies" {
	unit a 'echo 1..2; echo "ok 1 - x"; kill -ABRT $$'
	run -1 run_tests unit
	[ "${lines[-1]}" = "1 passed, 1 failed" ]
	[[ $output == *"died of SIGABRT"* ]]
}

@test "run-tests counts a program that fails though its tests passed" {
	unit a 'echo 1..1; echo "ok 1 - x"; exit 3'
	run -1 run_tests unit
	[ "${lines[-1]}" = "1 passed, 1 failed" ]
	[[ $output == *"exit status 3"* ]]
}

@test "run-tests counts a program that stops early, or runs nothing" {
	unit a 'echo 1..2; echo "ok 1 - x"; exit 0'
	run -1 run_tests unit
	[ "${lines[-1]}" = "1 passed, 1 failed" ]
	[[ $output == *"announced 2 tests and ran 1"* ]]
	unit a 'exit 0'
	run -1 run_tests unit
	[ "${lines[-1]}" = "0 passed, 1 failed" ]
	unit a 'echo 1..0'
	run -1 run_tests unit
	[ "${lines[-1]}" = "0 passed, 1 failed" ]
}

@test "run-tests counts a program that was not built" {
	touch tests/unit/test_a.c
	run -1 run_tests unit
	[ "${lines[-1]}" = "0 passed, 1 failed" ]
}

@test "run-tests ends a program that hangs, with its children" {
	unit a 'echo 1..1; sleep 1000 & echo $! >pid; wait'
	export WEALD_TEST_TIMEOUT=1
	run -1 run_tests unit
	[ "${lines[-1]}" = "0 passed, 1 failed" ]
	[[ $output == *"took more than 1 s"* ]]
	# gone, or a zombie that nobody has waited for yet
	run ! grep -s '^State:[[:space:]]*[^Z[:space:]]' "/proc/$(cat pid)/status"
}

@test "run-tests fails where there is no test, and knows its suites" {
	run -1 run_tests unit
	[ "${lines[-1]}" = "0 passed, 0 failed" ]
	run -2 run_tests units
}

@test "run-tests runs a part of a suite" {
	unit a 'echo 1..1; echo "ok 1 - a"'
	unit b 'echo 1..1; echo "not ok 1 - b"'
	run -0 run_tests 'unit/test_[ac]'
	[ "${lines[-1]}" = "1 passed, 0 failed" ]
	run -1 run_tests unit/test_a unit/test_b
	[ "${lines[-1]}" = "1 passed, 1 failed" ]
	run -1 run_tests unit/test_c
	[ "${lines[-1]}" = "0 passed, 0 failed" ]
	run -2 run_tests units/test_a
}

@test "run-tests replays each fuzz target over its corpus" {
	touch tests/fuzz/fuzz_a.c
	printf '#!/bin/sh\n%s\n' 'echo 1..1; test -d "$1" && echo "ok 1 - $1"' \
		>build/tests/fuzz/replay_a
	chmod +x build/tests/fuzz/replay_a
	run -1 run_tests fuzz
	[ "${lines[-1]}" = "0 passed, 1 failed" ]
	mkdir -p tests/fuzz/corpus/a
	run -0 run_tests fuzz
	[ "${lines[-1]}" = "1 passed, 0 failed" ]
}

@test "run-tests tells the programs where things are" {
	mkdir -p build/tests/interop
	touch build/tests/interop/sign_tool
	unit a 'echo 1..1; test "$WEALD" = "$PWD/build/weald" &&
		test "$BUILD" = "$PWD/build" && test -z "$WEALD_HOME" &&
		test "$SIGN_TOOL" = "$PWD/build/tests/interop/sign_tool" &&
		echo "ok 1"'
	export WEALD_HOME=/elsewhere
	run -0 run_tests unit
}

# ---- a replay, built from tests/fuzz/replay.c ----

@test "a replay runs every input and fails where there is none" {
	cat >target.c <<-'EOF'
	#include <stddef.h>
	#include <stdint.h>
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
	{
		return size > 0 && data[0] == '!';
	}
	EOF
	gcc -D_GNU_SOURCE -o replay_x target.c \
		"$BATS_TEST_DIRNAME/../fuzz/replay.c"
	mkdir corpus
	run -1 ./replay_x corpus
	[[ $output == *"not ok 1"* ]]
	run -1 ./replay_x
	run -1 ./replay_x nowhere
	echo a >corpus/a
	: >corpus/empty
	run -0 ./replay_x corpus
	[ "${lines[-1]}" = "ok 1 - replay_x over 2 inputs" ]
	echo '!' >corpus/b
	run -1 ./replay_x corpus
	[[ $output == *"corpus/b"* ]]
}

# ---- fnstat ----

# c_function NAME LINES: a function of so many lines.
c_function() {
	local i

	printf 'void %s(void)\n{\n' "$1"
	for ((i = 0; i < $2 - 3; i++)); do
		printf '\t;\n'
	done
	printf '}\n\n'
}

@test "fnstat prints median, 95th percentile and longest of each file" {
	mkdir proto
	{
		c_function a 5
		c_function b 20
		c_function c 11
	} >proto/x.c
	run -0 "$SCRIPTS/fnstat.py"
	[[ $output == *"39     3     11   20   20  proto/x.c"* ]]
	[[ $output == *"39     3     11   20   20  proto/"* ]]
}

@test "fnstat --check refuses functions over 100 lines, marked ones not" {
	c_function a 100 >ok.c
	run -0 "$SCRIPTS/fnstat.py" --check --quiet ok.c
	[ -z "$output" ]
	c_function lengthy 101 >bad.c
	run -1 "$SCRIPTS/fnstat.py" --check --quiet ok.c bad.c
	[ "$output" = "bad.c:1: lengthy has 101 lines, more than 100" ]
	{
		printf '/* One case each; fnstat: switch */\n'
		c_function lengthy 101
		c_function other 102
	} >bad.c
	run -1 "$SCRIPTS/fnstat.py" --check --quiet bad.c
	[ "$output" = "bad.c:104: other has 102 lines, more than 100" ]
}

@test "fnstat --check refuses files over 1000 lines" {
	seq -f '/* %g */' 1000 >long.c
	run -0 "$SCRIPTS/fnstat.py" --check --quiet long.c
	echo '/* one more */' >>long.c
	run -1 "$SCRIPTS/fnstat.py" --check --quiet long.c
	[ "$output" = "long.c: 1001 lines, more than 1000" ]
}

# ---- deps ----

@test "deps says nothing where all is there" {
	run -0 "$SCRIPTS/deps" --check build test
	[ -z "$output" ]
	run -0 "$SCRIPTS/deps" build test
	[ -z "$output" ]
	run -2 "$SCRIPTS/deps" everything
}

@test "deps lists what is missing and installs just that" {
	mkdir bin
	ln -s "$(command -v bash)" "$(command -v cat)" "$(command -v sort)" \
		"$(command -v sed)" "$(command -v grep)" bin
	run -1 env PATH="$PWD/bin" "$SCRIPTS/deps" --check build test
	[ "${lines[0]}" = bats ]
	[[ $output == *libgit2-dev* && $output == *libcmocka-dev* ]]
	# an apt-get that brings bats and nothing else
	printf '#!%s\necho "$@" >>%s\n: >%s\n' "$(command -v bash)" \
		"$PWD/asked" "$PWD/bin/bats" >bin/apt-get
	printf '#!%s\necho 0\n' "$(command -v bash)" >bin/id
	printf '#!%s\nshift\n"$@"\n' "$(command -v bash)" >bin/env
	chmod +x bin/apt-get bin/id bin/env
	run -1 "$(command -v env)" PATH="$PWD/bin" "$SCRIPTS/deps" test
	grep -q '^-qq update$' asked
	grep -q '^-qq install --no-install-recommends bats git ' asked
	[[ $output == *"still missing:"* ]]
}

@test "deps tells what to run who may not install" {
	mkdir bin
	ln -s "$(command -v bash)" "$(command -v cat)" "$(command -v sort)" bin
	printf '#!%s\necho 1000\n' "$(command -v bash)" >bin/id
	printf '#!%s\nexit 0\n' "$(command -v bash)" >bin/apt-get
	chmod +x bin/id bin/apt-get
	run -1 env PATH="$PWD/bin" "$SCRIPTS/deps" build
	[[ $output == *"as root, run:"*"apt-get install"*libgit2-dev* ]]
}
