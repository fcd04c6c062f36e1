#!/usr/bin/env bats
#
# weald chart: figures and comparisons as pictures. What they look like from the
# inside, and that no label lies on another: tests/unit/test_picture.c.

# bats sets output and stderr
# shellcheck disable=SC2154

load helper
load examples

SERIES=$BATS_TEST_DIRNAME/../data/effects/series
TROLLEY=uclpartners/intervention/sepsis-first-dose-trolley
EVIDENCE=wessex/evidence/sepsis-trolley-2025

setup_file() {
	isolate
	make_library
}

setup() {
	borrow_reader
}

# svg FILE EXPRESSION: a Python expression over the parsed picture: root,
# texts (what is to be seen), title and desc.
svg() {
	/usr/bin/python3 -c 'import sys
from xml.etree import ElementTree
ns = "{http://www.w3.org/2000/svg}"
root = ElementTree.parse(sys.argv[1]).getroot()
texts = [t.text or "" for t in root.iter(ns + "text")]
title, desc = root.find(ns + "title").text, root.find(ns + "desc").text
tags = {e.tag.replace(ns, "") for e in root.iter()}
value = eval("(" + sys.argv[2] + ")")
sys.exit(f"{sys.argv[2]} is false: {title!r} {desc!r} {texts}") if not value else None' \
		"$@"
}

csv_chart() {
	weald chart --csv "$SERIES/sepsis-late-antibiotics--wessex.csv" \
		--shape proportion --direction decrease --start 2025-01-01 \
		--transition 1 "$@"
}

@test "chart draws the two charts of an evidence record" {
	run -0 --separate-stderr weald chart "$EVIDENCE" -o x.svg
	[[ $output == "wrote x.svg: a chart, "* ]]
	svg x.svg '"Did it change? Limits of before, kept on" in texts'
	svg x.svg '"Is it steady now? Limits of each period" in texts'
	svg x.svg '"ratio 0.871 (95 % interval 0.619 to 1.225)" in " ".join(texts)'
	svg x.svg '"Jan 2025: it began: Sepsis trolley with a nurse-led first dose" in texts'
	svg x.svg '"wessex/evidence/sepsis-trolley-2025@1, measure uclpartners/" in " ".join(texts)'
	svg x.svg '"an example, invented" in " ".join(texts)'
	svg x.svg '"Computed by weald-evidence/1, rules mdc-7, XmR chart." in texts'
	# the alternative for who cannot see it
	svg x.svg 'root.get("role") == "img"'
	svg x.svg 'root.get("aria-labelledby").split() ==
		[root.find(ns + "title").get("id"), root.find(ns + "desc").get("id")]'
	svg x.svg '"A chart of 24 points from Jan 2024 to Dec 2025, per 100." in desc'
	svg x.svg '"13 % fewer than the earlier trend would have given" in desc'
	# what evidence says of it: chance, and how sure one may be
	svg x.svg '"unclear, an effect of this size may be chance; ratio 0.871" in " ".join(texts)'
	svg x.svg '"may be chance. Certainty: very low" in desc'
	svg x.svg 'any(t.startswith("Certainty: very low") for t in texts)'
}

@test "chart draws an adoption's figures, and a priority's baseline without an effect" {
	weald chart west-midlands/adoption/sepsis-trolley-ed -o a.svg
	svg a.svg '"ratio 0.760 (95 % interval" in " ".join(texts)'
	weald chart south-west/priority/custody-missed-critical-doses -o p.svg
	svg p.svg '"Is it steady? Limits of all points" in texts'
	svg p.svg '"trend" not in " ".join(texts)'
	weald chart wessex/withdrawal/gp-high-risk-prescribing-popup -o w.svg
	svg w.svg '"run chart" in " ".join(texts)'
	svg w.svg '"effect" not in " ".join(texts)'
}

@test "chart says at its head that the intervention was withdrawn" {
	weald chart "$EVIDENCE" -o before.svg
	svg before.svg '"withdrawn" not in " ".join(texts) + desc'
	withdraw_trolley
	for ref in "$EVIDENCE" west-midlands/adoption/sepsis-trolley-ed \
		"$TROLLEY"; do
		weald chart --force "$ref" -o x.svg
		svg x.svg 'texts.index("The intervention is withdrawn by its own region.") < 5'
		svg x.svg '"The intervention is withdrawn by its own region." in desc'
	done
}

@test "chart draws the regions of an intervention, and all together" {
	run -0 --separate-stderr weald chart $TROLLEY -o x.svg
	[[ $output == "wrote x.svg: a comparison of regions, "* ]]
	svg x.svg '"0.781 (0.624 to 0.977)" in texts'
	svg x.svg '"0.483 to 1.262" in texts'
	svg x.svg '"1.146 (0.851 to 1.543)" in texts'
	svg x.svg '"fewer, better" in texts and "more, worse" in texts'
	# by name
	svg x.svg '[t for t in texts if t in {"north-east-north-cumbria",
		"south-west", "uclpartners", "wessex", "west-midlands",
		"yorkshire-humber"}] == ["north-east-north-cumbria",
		"south-west", "uclpartners", "wessex", "west-midlands",
		"yorkshire-humber"]'
	svg x.svg 'any(t.startswith("Certainty: ") for t in texts)'
	svg x.svg '"own-trend ratio 0.78 (0.62-0.98): about 22 % fewer of: " in desc'
	svg x.svg '"from 52 % fewer to 26 % more (0.48-1.26)" in desc'
	svg x.svg '"an example, invented" in " ".join(texts)'
}

@test "a comparison is by the measure that is named" {
	weald chart $TROLLEY --measure \
		uclpartners/measure/sepsis-antibiotics-after-60min -o x.svg
	fails 3 weald chart $TROLLEY -o y.svg --measure \
		north-west-coast/measure/hospital-acquired-aki
	[[ $stderr == *"no result by north-west-coast/measure/hospital-acquired-aki; there are by: uclpartners/measure/"* ]]
	[ ! -e y.svg ]
	fails 2 weald chart "$EVIDENCE" --measure a/measure/b -o y.svg
	fails 2 weald chart "$TROLLEY@1" -o y.svg
}

@test "chart draws a bare file without any home" {
	rm -r "$WEALD_HOME"
	csv_chart --target 30 -o x.svg
	svg x.svg 'title == "sepsis-late-antibiotics--wessex.csv"'
	svg x.svg '"Target 30.0" in texts'
	svg x.svg '"Hit or miss" in texts'
	svg x.svg '"Jan 2025: it began" in texts'
	[ ! -e "$WEALD_HOME" ]
}

@test "chart writes an SVG to standard output" {
	csv_chart -o - >x.svg
	svg x.svg '"Common cause" in texts'
	csv_chart -o y.svg
	cmp x.svg y.svg
}

@test "chart writes a PNG, twice as large" {
	run -0 --separate-stderr csv_chart -o x.png
	[[ $output == "wrote x.png: a chart, "* ]]
	csv_chart -o x.svg
	/usr/bin/python3 -c 'import struct, sys
from xml.etree import ElementTree
root = ElementTree.parse("x.svg").getroot()
head = open("x.png", "rb").read(24)
assert head[:8] == b"\x89PNG\r\n\x1a\n", head
assert struct.unpack(">II", head[16:]) == tuple(
    2 * int(root.get(k)) for k in ("width", "height")), head'
}

@test "where no PNG can be made chart says what to install, and writes nothing" {
	mkdir bin
	ln -s "$(command -v env)" bin/
	fails 1 env PATH="$PWD/bin" "$WEALD" chart "$EVIDENCE" -o x.png
	[[ $stderr == *"librsvg2-bin"*".svg"* ]]
	[ ! -e x.png ]
	env PATH="$PWD/bin" "$WEALD" chart "$EVIDENCE" -o x.svg
	svg x.svg 'texts'
}

# program SCRIPT: rsvg-convert is this script of a shell, and first in $PATH.
program() {
	mkdir bin
	printf '#!/bin/sh\n%s\n' "$1" >bin/rsvg-convert
	chmod +x bin/rsvg-convert
	PATH=$PWD/bin:$PATH
}

@test "what is no PNG is not written" {
	program "echo this is no picture"
	fails 1 weald chart "$EVIDENCE" -o x.png
	[[ $stderr == *"what it printed is none, or not a whole one"*"nothing was written"* ]]
	[ ! -e x.png ]
}

# gone PID: it ends within ten seconds.
gone() {
	local i

	for ((i = 0; i < 100; i++)); do
		[ -d "/proc/$1" ] && ! grep -q '^State:.*Z' "/proc/$1/status" ||
			return 0
		sleep 0.1
	done
	return 1
}

@test "the program that makes a PNG goes when chart does" {
	local chart i

	program "echo \$\$ >pid.new; mv pid.new pid; exec sleep 300"
	"$WEALD" chart "$EVIDENCE" -o x.png 3>&- &
	chart=$!
	for ((i = 0; i < 100; i++)); do
		[ ! -e pid ] || break
		sleep 0.1
	done
	[ -d "/proc/$(cat pid)" ]
	kill -TERM $chart
	wait $chart || true
	gone "$(cat pid)"
	[ ! -e x.png ]
}

@test "chart replaces nothing unless told to" {
	echo mine >x.svg
	fails 3 weald chart "$EVIDENCE" -o x.svg
	[[ $stderr == *"x.svg is there already"*"--force"* ]]
	[ "$(cat x.svg)" = mine ]
	weald chart "$EVIDENCE" -o x.svg --force
	svg x.svg 'texts'
	mkdir folder.svg
	fails 3 weald chart "$EVIDENCE" -o folder.svg --force
	fails 3 weald chart "$EVIDENCE" -o none/x.svg
	[ "$(find . -name 'weald-*')" = "" ]
}

@test "chart needs to know what to draw, and where to" {
	fails 2 weald chart
	fails 2 weald chart "$EVIDENCE"
	[[ $stderr == *"-o FILE.svg"* ]]
	fails 2 weald chart "$EVIDENCE" -o x.gif
	[[ $stderr == *".svg or .png"* ]]
	fails 2 weald chart "$EVIDENCE" -o .svg
	fails 2 weald chart "$EVIDENCE" --csv x.csv -o x.svg
	fails 2 weald chart "$EVIDENCE" $TROLLEY -o x.svg
	fails 1 weald chart wessex/evidence/nothing -o x.svg
	fails 1 weald chart uclpartners/problem/sepsis-late-antibiotics -o x.svg
	fails 3 weald chart "not a reference" -o x.svg
	[ ! -e x.svg ]
}

@test "chart says to scripts what it wrote" {
	run -0 --separate-stderr weald chart "$EVIDENCE" -o x.svg --json
	json 'lines[0] == {"file": "x.svg", "format": "svg", "picture": "spc",
		"source": "wessex/evidence/sepsis-trolley-2025@1",
		"bytes": lines[0]["bytes"]}'
	json "lines[0]['bytes'] == $(stat -c %s x.svg)"
	run -0 --separate-stderr weald chart $TROLLEY -o y.svg --json
	json 'lines[0]["picture"] == "forest"'
	run -2 --separate-stderr weald chart "$EVIDENCE" -o - --json
}

@test "the same records give the same picture, byte by byte" {
	weald chart $TROLLEY -o a.svg
	weald chart "$EVIDENCE" -o b.svg
	weald reindex >/dev/null 2>&1
	weald chart $TROLLEY -o c.svg
	weald chart "$EVIDENCE" -o d.svg
	cmp a.svg c.svg
	cmp b.svg d.svg
}

@test "every example series makes a picture that is well formed" {
	local file

	for file in "$SERIES"/*.csv; do
		weald chart --csv "$file" --shape rate --direction decrease \
			-o - >x.svg
		svg x.svg 'len(texts) > 25'
	done
}

@test "text of others is shown, and never obeyed" {
	local title=$'<script>alert(1)<script> & "x" \e[31m \u202eesrever'

	cp "$SERIES/sepsis-late-antibiotics--wessex.csv" "$title.csv"
	weald chart --csv "$title.csv" --shape proportion \
		--direction decrease -o x.svg
	svg x.svg '"script" not in tags'
	svg x.svg 'title.startswith("<script>alert(1)<script> & \"x\" [31m esrever")'
	svg x.svg 'not any(ord(c) < 32 or c == "\u202e" for t in texts for c in t)'
	tame "$(tr -d '\n' <x.svg)"
}

# months N: the last N months, the current one too, as a series.
months() {
	/usr/bin/python3 -c 'import sys, time
now = time.gmtime()
n = int(sys.argv[1])
print("month,numerator,denominator")
for i in range(n):
    year, month = divmod(now.tm_year * 12 + now.tm_mon - n + i, 12)
    print(f"{year}-{month + 1:02},{30 + i % 7},100")' "$1"
}

@test "a change of limits and new versions of the intervention are noted" {
	local began limits

	export WEALD_HOME=$BATS_TEST_TMPDIR/other
	make_home "$WEALD_HOME" other-land Other
	record intervention trolley "A trolley"
	record measure late "Late doses"
	record evidence trial "A trial"
	months 40 >trial/data.csv
	began=$(sed -n 15p trial/data.csv | cut -d, -f1)
	limits=$(sed -n 28p trial/data.csv | cut -d, -f1)
	sed -i "s/^\\(intervention\\|measure\\): elsewhere/\\1: other-land/
		s/^start: .*/start: $began-01/
		s/^other_changes:.*/&\nrebase: [{date: $limits-01, reason: a <new> form, by_role: Audit lead}]/" \
		trial/record.md
	weald publish trolley late trial >/dev/null
	echo more >>trolley/record.md
	weald publish trolley >/dev/null
	weald chart evidence/trial -o x.svg
	svg x.svg 'any(t.endswith(": it began: A trolley") for t in texts)'
	svg x.svg 'any(t.endswith(": new limits: a <new> form") for t in texts)'
	svg x.svg 'any(t.endswith(": version 2 of the intervention") for t in texts)'
	svg x.svg '{"1", "2", "3"} <= set(texts)'
	svg x.svg 'not any("version 1" in t for t in texts)'
}
