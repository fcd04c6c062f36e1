# What the tests of the reading commands share: `load examples` after `load
# helper`.
#
# The regions of tests/data/examples, each in a home of its own, and a reader:
# the home of "reader-land", which has imported them all. They are made once a
# file; each test works on a copy.

EXAMPLES=$ROOT/tests/data/examples

# Every region's home and feed, below $BATS_FILE_TMPDIR/regions.
make_regions() {
	local folder region

	mkdir "$BATS_FILE_TMPDIR/regions"
	for folder in "$EXAMPLES"/*/; do
		region=$(basename "$folder")
		make_region "$region" "$folder"*/*/
	done
}

# make_region REGION FOLDER...: its home, with these records published.
make_region() {
	local home=$BATS_FILE_TMPDIR/regions/$1

	make_home "$home" "$1" "$1"
	weald --home "$home" publish --confirm-role "Audit lead" \
		--confirm-reason "Counts of whole hospitals." "${@:2}" \
		>/dev/null 2>&1
}

# The reader: its own adoption of what another region withdrew, and a priority.
make_reader() {
	local home=$BATS_FILE_TMPDIR/reader region

	make_home "$home" reader-land Reader
	for region in "$BATS_FILE_TMPDIR"/regions/*/; do
		region=$(basename "$region")
		weald --home "$home" import \
			"$BATS_FILE_TMPDIR/regions/$region/feeds/$region.git" \
			>/dev/null
	done
	mkdir -p "$BATS_FILE_TMPDIR/own"
	(cd "$BATS_FILE_TMPDIR/own" && own_adoption && own_priority)
	weald --home "$home" publish "$BATS_FILE_TMPDIR"/own/*/ >/dev/null 2>&1
}

own_adoption() {
	mkdir popup
	cat >popup/record.md <<-'END'
		---
		example: true
		kind: adoption
		title: The pop-up in two practices
		intervention: wessex/intervention/gp-high-risk-prescribing-popup
		version_seen: 1
		topics: [medicines-safety, general-practice]
		settings: [general-practice]
		stage: testing
		started: 2024-06-01
		sites: {using: 2, planned: 6}
		kept_must_keep: true
		changes: []
		patient_involvement: {level: informed, how: told by poster}
		sponsor_role: Medical director
		contact: {role: Medicines lead, mailbox: medicines@example.nhs.uk}
		---

		Two practices try it.
	END
}

own_priority() {
	mkdir sepsis
	cat >sepsis/record.md <<-'END'
		---
		example: true
		kind: priority
		title: Sepsis in our departments
		topics: [sepsis]
		settings: [emergency-department]
		problem: uclpartners/problem/sepsis-late-antibiotics
		why_here: two in five wait too long
		aim: {measure: uclpartners/measure/sepsis-antibiotics-after-60min, from: 40, to: 20, unit: per 100 patients, by: 2027-12}
		decided_by: [department leads, patient partners]
		sponsor_role: Chief nurse
		patient_involvement: {level: consulted, how: partners ranked it}
		contact: {role: Sepsis lead, mailbox: sepsis@example.nhs.uk}
		status: active
		---

		We want what works elsewhere.
	END
}

# For setup_file().
make_library() {
	export WEALD_HOME=$BATS_FILE_TMPDIR/reader
	make_regions
	make_reader
	make_odd
}

# A feed that no weald would publish: tests/interop/odd_feed.py.
make_odd() {
	"$ROOT/tests/interop/odd_feed.py" "$BATS_FILE_TMPDIR/odd.git"
}

# For setup(): a copy of the reader's home.
borrow_reader() {
	isolate
	rm -rf "$WEALD_HOME"
	cp -r "$BATS_FILE_TMPDIR/reader" "$WEALD_HOME"
}

# ... with the feed that no weald would publish.
import_odd() {
	weald import "$BATS_FILE_TMPDIR/odd.git" >/dev/null
}

# tame TEXT: nothing in it that a terminal takes for an order.
tame() {
	! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]' <<<"$1"
}

# The reader takes up the trolley of uclpartners, with the figures of another.
adopt_trolley() {
	local from=$EXAMPLES/west-midlands/adoption/sepsis-trolley-ed

	cp -r "$from" trolley-here
	weald publish --confirm-role Lead --confirm-reason "Whole hospitals." \
		trolley-here >/dev/null 2>&1
}

# Its own region withdraws the trolley, and the reader hears of it.
withdraw_trolley() {
	local home=$BATS_TEST_TMPDIR/uclpartners

	cp -r "$BATS_FILE_TMPDIR/regions/uclpartners" "$home"
	weald --home "$home" withdraw --reason "the wrong dose lay ready" \
		intervention/sepsis-first-dose-trolley >/dev/null
	weald import "$home/feeds/uclpartners.git" >/dev/null
}
