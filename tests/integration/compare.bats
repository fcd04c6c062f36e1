#!/usr/bin/env bats
# weald compare and weald measures: interventions across regions.

# bats sets stderr
# shellcheck disable=SC2154

load helper
load examples

TROLLEY=uclpartners/intervention/sepsis-first-dose-trolley
LATE=uclpartners/measure/sepsis-antibiotics-after-60min

setup_file() {
	make_library
	make_other_node
}

# Another region's home, with the same feeds, that came in another order.
make_other_node() {
	local home=$BATS_FILE_TMPDIR/other region

	cd "$BATS_FILE_TMPDIR" || return 1
	cp -r "$BATS_FILE_TMPDIR/regions/south-west" "$home"
	weald --home "$home" import \
		"$BATS_FILE_TMPDIR/reader/feeds/reader-land.git" >/dev/null
	printf '%s\n' "$BATS_FILE_TMPDIR"/regions/*/ | sort -r >order
	while read -r region; do
		region=$(basename "$region")
		[ "$region" = south-west ] || weald --home "$home" import \
			"$BATS_FILE_TMPDIR/regions/$region/feeds/$region.git" \
			>/dev/null
	done <order
}

setup() {
	borrow_reader
}

# evidence SLUG INTERVENTION MEASURE: a record of it below the working folder.
evidence() {
	record evidence "$1"
	sed -i "s#^intervention:.*#intervention: $2#; s#^measure:.*#measure: $3#" \
		"$1/record.md"
}

@test "compare pools what regions found, digit by digit" {
	run -0 weald compare "$TROLLEY"
	[[ $output == "Sepsis trolley with a nurse-led first dose"$'\n'"$TROLLEY@1  (example)"* ]]
	[[ $output == *$'\n  '"$LATE@1  Process"* ]]
	grep -Eq '^  pooled, 6 regions +0\.781 \(0\.624-0\.977\) ' <<<"$output"
	grep -Eq '^  prediction +0\.483-1\.262 ' <<<"$output"
	grep -Eq '^  south-west +12\+11 +1\.146 \(0\.851-1\.543\) +0\.826 +its +very low$' <<<"$output"
	grep -Eq '^  west-midlands +12\+10 +0\.760 \(0\.608-0\.950\) +0\.729 ' <<<"$output"
	grep -Eq '^  uclpartners .* very low, judged low$' <<<"$output"
	[[ $output == *"6 regions tried it; own-trend ratio 0.78 (0.62-0.98): about 22 % fewer of: First antibiotic later than 60 minutes after sepsis is recognised. The next region should expect anything from 52 % fewer to 26 % more (0.48-1.26). The regions differ somewhat."* ]]
	[[ $output == *$'\n  Certainty: very low, because\n    - starts at low: '*$'\n    - down one: '* ]]
	[[ $output == *"* after over before, not allowing for trend"* ]]
	[[ $output == *"computed by weald-evidence/1"* ]]
	[[ $output == *$'\n  from north-east-north-cumbria/evidence/sepsis-trolley-2025@1, south-west/evidence/sepsis-trolley-2025@1, uclpartners/evidence/sepsis-trolley-2025@1, wessex/evidence/sepsis-trolley-2025@1, west-midlands/adoption/sepsis-trolley-ed@1, yorkshire-humber/evidence/sepsis-trolley-2025@1\n'* ]]
}

@test "compare says the same on every node, byte by byte" {
	weald compare --details "$TROLLEY" >here
	weald compare --json "$TROLLEY" >here.json
	WEALD_HOME=$BATS_FILE_TMPDIR/other TZ=Asia/Tokyo LC_ALL=C \
		weald compare --details "$TROLLEY" >there
	WEALD_HOME=$BATS_FILE_TMPDIR/other \
		weald compare --json "$TROLLEY" >there.json
	[ -s here ]
	cmp here there
	cmp here.json there.json
}

@test "compare lists regions by name, not by how they did" {
	run -0 weald compare "$TROLLEY"
	regions=$(sed -n 's/^  \([a-z-]*\) \+1[0-9]+.*/\1/p' <<<"$output")
	[ "$(wc -l <<<"$regions")" -eq 6 ]
	LC_ALL=C sort -c <<<"$regions"
}

@test "compare shows the surest intervention first, and those without figures" {
	run -0 weald compare "$TROLLEY" \
		wessex/intervention/gp-high-risk-prescribing-popup \
		north-west-coast/intervention/aki-fluid-and-medicines-round \
		north-east-north-cumbria/intervention/72h-follow-up-call
	order=$(sed -n 's#^[a-z-]*/intervention/\([a-z0-9-]*\)@1.*#\1#p' <<<"$output")
	[ "$order" = $'72h-follow-up-call\nsepsis-first-dose-trolley\naki-fluid-and-medicines-round' ]
	[[ $output == *$'No figures yet:\n  wessex/intervention/gp-high-risk-prescribing-popup\n'* ]]
	[[ $output == *"One region tried it; own-trend ratio 0.41 (0.27-0.62): about 59 % fewer of: No contact within 72 hours of discharge."* ]]
	[[ $output == *"own-trend ratio 0.81 (0.60-1.08): about 19 % fewer of: Kidney injury that begins in hospital; no change at all is in that range too."* ]]
}

@test "compare takes all interventions for a problem" {
	run -0 weald compare --problem uclpartners/problem/sepsis-late-antibiotics
	[[ $output == *"$TROLLEY@1"*"0.781 (0.624-0.977)"* ]]
}

@test "compare --details says what a result rests on" {
	run -0 weald compare --details "$TROLLEY"
	[[ $output == *"south-west, from south-west/evidence/sepsis-trolley-2025@1"* ]]
	[[ $output == *"own trend 1.146 (0.851-1.543); phi 0.800, lag-1 0.103, weight 16 %"* ]]
	[[ $output == *"beside 3 that had not adopted it 0.838 (0.709-0.990)"* ]]
	[[ $output == *"    - with the trend and without it the result goes opposite ways"* ]]
	[[ $output == *"judged low by PSC measurement lead: one region, uncontrolled"* ]]
	[[ $output == *"tau2 0.0273, I2 60.8 %, Q 12.59"* ]]
}

@test "compare --details says who is no comparison, and why" {
	record measure late "Late dose"
	record intervention trolley "A trolley"
	evidence x reader-land/intervention/trolley reader-land/measure/late
	others="south-west/evidence/sepsis-trolley-2025@1, wessex/evidence/sepsis-trolley-2025@1, elsewhere/priority/late@1"
	sed -i "s#^measure:.*#&\ncomparators: [$others]#" x/record.md
	weald publish late trolley x >/dev/null
	why="0 of the 3 records to compare with can be used: 2 by another measure; 1 not here in the version that is named, without which nothing is compared"
	run -0 weald compare --details intervention/trolley
	[[ $output == *"$why"* ]]
	run -0 weald show evidence/x
	[[ $output == *"$why"* ]]
	run -0 weald compare --json intervention/trolley
	json 'lines[0]["regions"][0]["comparators"] == 3 and lines[0]["regions"][0]["comparators_here"] == 0'
	json 'lines[0]["regions"][0]["comparators_left_out"] == {"unpinned": 0, "same-region": 0, "adopted": 0, "other-measure": 2, "unreadable": 0, "newer-here": 0, "absent": 1}'
}

@test "compare says where others have a newer version than is named" {
	home=$BATS_TEST_TMPDIR/east-midlands
	cp -r "$BATS_FILE_TMPDIR/regions/east-midlands" "$home"
	weald --home "$home" edit priority/sepsis-antibiotics-in-time >/dev/null
	sed -i 's/^title: /&Still /' sepsis-antibiotics-in-time/record.md
	weald --home "$home" publish --confirm-role "Audit lead" \
		--confirm-reason "Counts of whole hospitals." \
		sepsis-antibiotics-in-time >/dev/null
	weald import "$home/feeds/east-midlands.git" >/dev/null
	run -0 weald compare --details "$TROLLEY"
	[[ $output == *"2 of the 3 records to compare with can be used: 1 has a newer version here than the record names; weald evidence wessex/evidence/sepsis-trolley-2025 compares with the one that is named"* ]]
	[[ $output != *"beside 3 that had not adopted it"* ]]
	[[ $output != *"not here in the version"* ]]
}

@test "compare says what figures without scatter are" {
	record measure minutes "Minutes to the dose"
	sed -i 's/^shape:.*/shape: mean/' minutes/record.md
	record intervention trolley "A trolley"
	evidence even reader-land/intervention/trolley reader-land/measure/minutes
	sed -i 's/^\(2024-..\),.*/\1,1000,100/; s/^\(2025-..\),.*/\1,500,100/' even/data.csv
	weald publish minutes trolley even >/dev/null 2>&1
	run -0 weald compare intervention/trolley
	[[ $output == *"One region tried it; its figures give "*"the figures do not vary at all."* ]]
	[[ $output == *"  figures do not vary  "* ]]
	[[ $output != *"no estimate yet"* ]]
	run -0 weald show intervention/trolley
	[[ $output == *"Minutes to the dose: 1 region, "*"the figures do not vary at all"* ]]
	run -0 weald show evidence/even
	[[ $output == *"the figures do not vary at all"* ]]
}

@test "compare is of all versions, and refuses one as chart does" {
	fails 2 weald compare "$TROLLEY@1"
	[[ $stderr == *"results are of all versions of an intervention: leave out @1; see weald compare --help"* ]]
	fails 2 weald compare "$TROLLEY" "$TROLLEY@3"
	[[ $stderr == *"leave out @3"* ]]
	fails 2 weald chart "$TROLLEY@1" -o y.svg
	[[ $stderr == *"results are of all versions of an intervention: leave out @1; see weald chart --help"* ]]
}

@test "compare judges days between events as it judges events" {
	record measure days "Days between late doses"
	sed -i 's/^shape:.*/shape: time-between/; s/^direction:.*/direction: increase/' days/record.md
	record intervention trolley "A trolley"
	evidence rare reader-land/intervention/trolley reader-land/measure/days
	{
		echo month,numerator,denominator
		day=1
		for i in {1..76}; do
			gap=$((i <= 56 ? 4 + i % 6 : 12 + i % 11))
			day=$((day + gap))
			date -d "2024-01-01 + $day days" "+%F,$gap,1"
		done
	} >rare/data.csv
	weald publish --confirm-role "Audit lead" \
		--confirm-reason "Counts of a whole region." \
		days trolley rare >/dev/null
	run -0 weald compare intervention/trolley
	[[ $output == *"% fewer events a day: Days between late doses"* ]]
	[[ $output != *"No verdict"* ]]
	run -0 weald show evidence/rare
	[[ $output == *"): unclear"* ]]
	run -0 weald evidence --json evidence/rare
	json '"% fewer events a day than " in lines[0]["effects"]["own_trend"]["sentence"]'
	run -0 weald chart evidence/rare -o rare.svg
	grep -q '<desc.*% fewer events a day than the earlier trend' rare.svg
	run -0 weald chart intervention/trolley -o all.svg
	grep -q 'Below 1 is fewer events a day\.' all.svg
	grep -q '>fewer events a day, better</text>' all.svg
}

@test "compare counts other settings against it" {
	run -0 weald compare --setting emergency-department "$TROLLEY"
	[[ $output != *"other settings"* ]]
	run -0 weald compare --setting care-home \
		north-east-north-cumbria/intervention/72h-follow-up-call
	[[ $output == *"Certainty: very low, because"*"other settings"* ]]
	run -1 --separate-stderr weald compare --setting care-hom "$TROLLEY"
	[[ $stderr == *"did you mean care-home"* ]]
}

@test "compare --json has all of it" {
	run -0 weald compare --json "$TROLLEY"
	json 'len(lines) == 2 and lines[0]["type"] == "comparison"'
	json 'lines[0]["engine"] == "weald-evidence/1"'
	json 'lines[0]["intervention"] == "'$TROLLEY'" and lines[0]["intervention_version"] == 1'
	json 'lines[0]["measure"] == "'$LATE'" and lines[0]["measure_version"] == 1'
	json 'abs(lines[0]["pooled"]["ratio"] - 0.78095068216) < 1e-7'
	json 'abs(lines[0]["pooled"]["predict_high"] - 1.2618822062) < 1e-7'
	json 'abs(lines[0]["pooled"]["tau2"] - 0.027260278479) < 1e-8'
	json 'abs(sum(r["weight"] for r in lines[0]["regions"]) - 1) < 1e-6'
	json 'lines[0]["regions"][1]["bias"] == ["opposite-ways"]'
	json 'lines[0]["regions"][0]["sources"] == [{"ref": "north-east-north-cumbria/evidence/sepsis-trolley-2025", "version": 1}]'
	json 'abs(lines[0]["regions"][0]["controlled"]["log_ratio"] + 0.4103097434) < 1e-7'
	json 'lines[0]["regions"][2]["judged"] == {"level": "low", "heeded": True, "by": "PSC measurement lead", "reason": "one region, uncontrolled"}'
	json 'lines[0]["certainty"]["level"] == "very-low" and lines[0]["certainty"]["reasons"][0]["step"] == "design"'
	json 'lines[0]["sentence"].startswith("6 regions tried it; own-trend ratio 0.78")'
	json '"own" not in str(lines[0].keys())'
	json 'lines[1] == {"type": "end", "complete": True, "shown": 1, "without": []}'
}

@test "compare leaves out what a region withdrew" {
	home=$BATS_TEST_TMPDIR/wessex
	cp -r "$BATS_FILE_TMPDIR/regions/wessex" "$home"
	weald --home "$home" withdraw --reason "A month was counted twice." \
		evidence/sepsis-trolley-2025 >/dev/null
	weald import "$home/feeds/wessex.git" >/dev/null
	run -0 weald compare "$TROLLEY"
	[[ $output == *"pooled, 5 regions"* ]]
	[[ $output != *"  wessex"* ]]
}

@test "compare counts a region once, however many records it has" {
	record measure late "Late dose"
	record intervention trolley "A trolley"
	evidence north reader-land/intervention/trolley reader-land/measure/late
	evidence south reader-land/intervention/trolley reader-land/measure/late
	weald publish late trolley north south >/dev/null
	run -0 weald compare intervention/trolley
	[[ $output == *"One region tried it"* ]]
	[[ $output == *"reader-land: 1 more record has the same figures, and counts once"* ]]
	# another site
	sed -i 's/,100$/,50/' south/data.csv
	weald publish south >/dev/null
	run -0 weald compare intervention/trolley
	[[ $output == *"One region tried it"* ]]
	[[ $output == *"reader-land: 2 records added up month by month"* ]]
	run -0 weald compare --json intervention/trolley
	json 'lines[0]["regions"][0]["how"] == "added"'
	json '[s["version"] for s in lines[0]["regions"][0]["sources"]] == [1, 2]'
}

@test "compare says where half an event was added, and where it is too early" {
	record measure late "Late dose"
	record intervention trolley "A trolley"
	evidence none reader-land/intervention/trolley reader-land/measure/late
	sed -i '/^2025/s/,[0-9]*,/,0,/' none/data.csv
	weald publish late trolley none >/dev/null
	run -0 weald compare intervention/trolley
	[[ $output == *"reader-land: half an event added before and after, as one of the two had none"* ]]
	sed -i '/^2025-0[4-9]/d; /^2025-1/d' none/data.csv
	weald publish none >/dev/null
	run -0 weald compare intervention/trolley
	grep -Eq '^  reader-land +12\+3 +too early to say +- +its +-$' <<<"$output"
	[[ $output == *"One region tried it; its figures give no estimate yet."* ]]
	[[ $output != *Certainty* ]]
}

@test "compare says nothing of good or bad where the measure does not" {
	record measure nurses "Nurses called away"
	sed -i 's/^type:.*/type: balancing/' nurses/record.md
	record intervention trolley "A trolley"
	evidence calls reader-land/intervention/trolley reader-land/measure/nurses
	weald publish nurses trolley calls >/dev/null
	run -0 weald compare intervention/trolley
	[[ $output == *"of: Nurses called away. No verdict follows from this measure: it watches for harm elsewhere."* ]]
	[[ $output != *"% fewer"* && $output != *"% more of"* ]]
}

@test "compare waits for a measure that has not arrived" {
	record intervention trolley "A trolley"
	evidence x reader-land/intervention/trolley elsewhere/measure/late
	weald publish trolley x >/dev/null 2>&1
	run -0 weald compare intervention/trolley
	[[ $output == *"elsewhere/measure/late  this measure has not arrived, or is withheld"* ]]
	[[ $output == *"nothing can be computed yet"* ]]
}

@test "compare escapes what others wrote" {
	import_odd
	record measure late "Late dose"
	evidence odd odd-land/intervention/tricks reader-land/measure/late
	weald publish late odd >/dev/null 2>&1
	run -0 weald compare --details odd-land/intervention/tricks
	tame "$output"
	[[ $output == "Publish intervention: tricks"$'\n'"odd-land/intervention/tricks@1"* ]]
	run -0 weald compare --json odd-land/intervention/tricks
	tame "$output"
}

@test "compare says what to do where there is nothing to compare" {
	fails 1 weald compare wessex/intervention/gp-high-risk-prescribing-popup
	[[ $stderr == *"no region has given figures yet for wessex/intervention/gp-high-risk-prescribing-popup; weald adoptions"* ]]
	fails 1 weald compare wessex/intervention/nothing
	[[ $stderr == *"there is no intervention wessex/intervention/nothing here; find its name with weald search"* ]]
	fails 1 weald compare "$LATE"
	fails 1 weald compare --problem wessex/problem/nothing
	[[ $stderr == *"there is no problem wessex/problem/nothing here"* ]]
	fails 1 weald compare --problem south-west/problem/custody-missed-critical-doses
	[[ $stderr == *"nobody has shared an intervention for"* ]]
	fails 2 weald compare
	fails 2 weald compare --problem x/problem/y "$TROLLEY"
	fails 3 weald compare ../x
}

@test "measures lists what can be reported by, the most used first" {
	run -0 weald measures
	[[ $output == "First antibiotic later than 60 minutes after sepsis is recognised"$'\n  '"$LATE@1  9 regions report by it, of 1 intervention; example"* ]]
	[[ $output == *"counts: first intravenous antibiotic given more than 60 minutes"* ]]
	[[ $output == *"south-west/measure/custody-missed-critical-doses@1  1 region reports by it"* ]]
	run -0 weald measures --topic sepsis
	[[ $output == *"$LATE"* && $output != *custody* ]]
	run -0 weald measures -n 2
	[[ $output == *"2 of 5; --limit N shows more"* ]]
	fails 1 weald measures --topic sepsi
	[[ $stderr == *"did you mean"* ]]
}

@test "measures marks what should not be taken any more" {
	record measure old "An old one"
	sed -i 's/^---$/&/; s/^frequency:.*/&\nstatus: retired/' old/record.md
	record measure wrong "A wrong one"
	weald publish old wrong >/dev/null
	weald withdraw --reason "It counts twice." measure/wrong >/dev/null
	run -0 weald measures
	[[ $output == *$'\nNOT IN USE ANY MORE  An old one\n'* ]]
	[[ $output == *$'\nWITHDRAWN  A wrong one\n'* ]]
	run -0 weald measures --json
	json 'lines[0]["ref"] == "'$LATE'" and lines[0]["regions"] == 9 and lines[0]["records"] == 9'
	json '[m["ref"] for m in lines if m.get("retired")] == ["reader-land/measure/old"]'
	json '[m["ref"] for m in lines if m.get("withdrawn")] == ["reader-land/measure/wrong"]'
	json 'lines[-1] == {"type": "end", "complete": True, "shown": 7, "total": 7}'
}

@test "show says what regions found of an intervention, by each measure" {
	run -0 weald show "$TROLLEY"
	[[ $output == *$'\ncomputed              First antibiotic later than 60 minutes after sepsis is recognised: 6 regions, own-trend ratio 0.78 (0.62-0.98), certainty very low\n'* ]]
	run -0 weald show --json "$TROLLEY"
	json 'lines[0]["computed"]["comparisons"][0]["estimates"] == 6'
	run -0 weald show south-west/evidence/sepsis-trolley-2025
	[[ $output == *"ratio 1.15 (95% interval 0.85 to 1.54): unclear"*"12 months before, 11 after"*"after over before 0.83 (0.71-0.97), not allowing for trend"*"certainty very low, because"* ]]
	run -0 weald show --json south-west/evidence/sepsis-trolley-2025
	json 'lines[0]["computed"]["certainty"]["level"] == "very-low"'
	json 'lines[0]["computed"]["bias"] == ["opposite-ways"]'
}
