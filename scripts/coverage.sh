#!/bin/bash
#
# Print which share of the lines of each source the tests reached.
#
#   scripts/coverage.sh BUILD     (made with COVERAGE=1 and gcc)
set -eu

build=$1
find proto store daemon -name '*.c' | sort | while read -r source; do
	if [ ! -e "$build/${source%.c}.gcda" ]; then
		echo "$source 0 0"
		continue
	fi
	gcov -n -o "$build/$(dirname "$source")" "$source" 2>/dev/null |
		awk -v source="$source" '
			$0 == "File \047" source "\047" { found = 1; next }
			found && /^Lines executed/ {
				gsub(/Lines executed:|%/, "")
				print source, $1, $3
				exit
			}'
done | awk '
	{
		printf "%6.1f %% of %5d  %s\n", $2, $3, $1
		reached += $2 * $3 / 100
		lines += $3
	}
	END {
		printf "%6.1f %% of %5d  all\n",
			lines ? reached * 100 / lines : 0, lines
	}'
