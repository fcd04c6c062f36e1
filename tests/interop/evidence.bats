#!/usr/bin/env bats
# A second opinion on effects, pooling and charts: the formulas once more, in
# another language, and R with metafor where they are installed.

bats_require_minimum_version 1.5.0

setup() {
	export HERE="$BATS_TEST_DIRNAME"
	export PYTHONDONTWRITEBYTECODE=1
}

@test "effects, pools and charts are what the formulas say" {
	run -0 "$HERE/check_evidence.py" tool "$EVIDENCE_TOOL"
	[[ "$output" == *" agree, 0 differ" ]]
}

@test "weald evidence prints the effects that the formulas say" {
	run -0 "$HERE/check_evidence.py" cli "$WEALD"
	[[ "$output" == *" agree, 0 differ" ]]
}

@test "effects and pools are what R's glm and metafor say" {
	command -v Rscript >/dev/null || skip "no Rscript here"
	Rscript -e 'library(metafor)' >/dev/null 2>&1 ||
		skip "no metafor here (r-cran-metafor)"
	run -0 "$HERE/check_evidence.py" r "$EVIDENCE_TOOL"
	[[ "$output" == *" agree, 0 differ" ]]
}
