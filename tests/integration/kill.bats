#!/usr/bin/env bats
# kill -9 while weald writes: tests/kill.py; `make soak` has more rounds of it.

# bats sets stderr and stderr_lines
# shellcheck disable=SC2154

load helper

setup() {
	isolate
}

@test "kill -9 at random moments loses nothing that was said" {
	unset WEALD_HOME
	run -0 env WEALD="$WEALD" "$ROOT/tests/kill.sh" "${KILLS:-25}"
	echo "$output"
	[[ $output == *"ok: "*" killed, "* ]]
	# at least one in ten came before the end, else nothing was tried
	[[ $output =~ ok:\ ([0-9]+)\ killed ]]
	[ "${BASH_REMATCH[1]}" -ge 5 ]
}

@test "kill -9 during init leaves a folder that says what it is" {
	for delay in 0.001 0.003 0.005 0.008 0.012 0.02 0.03; do
		rm -rf "$WEALD_HOME"
		timeout -s KILL "$delay" "$WEALD" init --region A --slug aa \
			>/dev/null || true
		run --separate-stderr weald init --region A --slug aa
		[ "$status" -eq 0 ] || [ "$status" -eq 4 ]
		[ "$status" -eq 0 ] || [ "${#stderr_lines[@]}" -eq 1 ]
	done
}
