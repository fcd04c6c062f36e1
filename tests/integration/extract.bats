#!/usr/bin/env bats
# weald extract: a selection as files, as a table, as a data package.

# bats sets stderr and stderr_lines; the scripts are for other programs
# shellcheck disable=SC2154,SC2016

load helper

EXAMPLES=$BATS_TEST_DIRNAME/../data/examples

setup() {
	isolate
	unset TMPDIR
	make_home
	weald publish "$EXAMPLES"/south-west/*/* >/dev/null
}

# The examples of Wessex, in a feed of theirs that is brought here.
bring_wessex() {
	make_home wessex-home wessex Wessex
	weald publish --home wessex-home --i-am-first \
		"$EXAMPLES"/wessex/*/* >/dev/null
	weald import wessex-home/feeds/wessex.git >/dev/null
}

# problem SLUG TITLE: publish a copy of South West's problem.
problem() {
	mkdir -p "$1"
	sed "s|^title: .*|title: $2|" \
		"$EXAMPLES/south-west/problem/custody-missed-critical-doses/record.md" \
		>"$1/record.md"
	weald publish "$1" >/dev/null
}

# noise BYTES: text that does not become much smaller, and names nobody.
noise() {
	head -c $((20 * $1)) /dev/urandom | LC_ALL=C tr -dc 'a-p\n' |
		head -c "$1"
}

# python SCRIPT ARG...: with what the checks need.
python() {
	/usr/bin/python3 -c 'import csv, io, json, re, sys, zipfile
def table(data, encoding="utf-8"):
    return list(csv.DictReader(io.StringIO(data.decode(encoding), newline="")))
'"$1" "${@:2}"
}

# The index says something else than the feeds: as where a version is withheld.
in_index() {
	/usr/bin/python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
assert db.execute(sys.argv[2]).rowcount == 1
db.commit()' "$WEALD_HOME/index.sqlite" "$1"
}

@test "extract as a zip holds the files as they were published" {
	bring_wessex
	run -0 --separate-stderr weald extract --format markdown-zip --out x.zip
	[[ $output == "wrote x.zip: 8 records of 2 regions, "* ]]
	[ -z "$stderr" ]
	[ "$(stat -c %a x.zip)" = "$(printf %o $((0666 & ~$(umask))))" ]
	python '
with zipfile.ZipFile("x.zip") as z:
    assert z.testzip() is None
    assert all(re.fullmatch(r"[A-Za-z0-9./_-]+", n) and ".." not in n
               for n in z.namelist())
    z.extractall("x")'
	! command -v unzip >/dev/null || unzip -tq x.zip
	for region in south-west wessex; do
		diff -r "$EXAMPLES/$region" "x/$region"
	done
	[ "$(find x -type f | wc -l)" -eq \
		"$(($(find "$EXAMPLES"/{south-west,wessex} -type f | wc -l) + 2))" ]
	grep -q 'records: 8, of 2 regions' x/README.md
	grep -q OGL-UK-3.0 x/README.md
	grep -q 'for a formula' x/README.md
	grep -q "wessex: feed [0-9a-f]\{64\}" x/README.md
}

@test "what the README says of git holds" {
	weald extract --format markdown-zip --out x.zip
	python 'zipfile.ZipFile("x.zip").extractall("x")'
	n=0
	while IFS=, read -r ref version _ commit folder; do
		folder=${folder%$'\r'}
		[ "$version" = 1 ]
		git -C "$FEED" verify-commit "$commit" 2>/dev/null
		git -C "$FEED" show "$commit:$folder/record.md" |
			cmp - "x/$ref/record.md"
		n=$((n + 1))
	done < <(tail -n +2 x/versions.csv)
	[ "$n" -eq 4 ]
}

@test "extract as csv is a row a record, and opens as UTF-8" {
	problem naive "'A \"naïve\" title, with a comma'"
	run -0 weald extract --format csv --out x.csv
	[ "$(head -c 3 x.csv)" = $'\xef\xbb\xbf' ]
	python '
data = open("x.csv", "rb").read()
assert data.count(b"\r\n") == data.count(b"\n") == 6
rows = table(data, "utf-8-sig")
assert [r["ref"] for r in rows] == sorted(r["ref"] for r in rows)
assert len(rows) == 5
by = {r["ref"]: r for r in rows}
r = by["south-west/problem/naive"]
assert r["title"] == "A \"naïve\" title, with a comma", r
assert (r["region"], r["kind"], r["version"]) == ("south-west", "problem", "1")
assert r["topics"] == "care-in-custody;medicines-safety", r
assert r["settings"] == "custody" and r["status"] == "open", r
assert r["example"] == "true" and r["withdrawn"] == "false", r
assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", r["time"])'
}

@test "no cell is a formula" {
	i=0
	for title in '"=1+1"' '"+441"' '"-2"' '"@SUM(A1)"' '"\tx"' \
		'"=HYPERLINK(\"http://x\",\"y\")"' '"＝1+2"' '"＋3"' '"－4"' \
		'"＠SUM(A1)"' '"x;=1+1"'; do
		i=$((i + 1))
		problem "formula-$i" "${title//\\/\\\\}" || true
	done
	weald extract --format csv --kind problem --out x.csv
	weald extract --format datapackage --kind problem --out x.zip
	python '
rows = table(open("x.csv", "rb").read(), "utf-8-sig")
rows += table(zipfile.ZipFile("x.zip").read("records.csv"))
titles = {r["title"] for r in rows}
assert "\x27=1+1" in titles and "\x27@SUM(A1)" in titles, titles
assert "\x27=HYPERLINK(\"http://x\",\"y\")" in titles, titles
assert {"\x27＝1+2", "\x27＋3", "\x27－4", "\x27＠SUM(A1)"} <= titles, titles
assert not any(v[:1] in set("=+-@\t\r＝＋－＠")
               for r in rows for v in r.values())
# where a spreadsheet parts columns by ";", the cell is still one
assert ",\"x;=1+1\"," in open("x.csv", encoding="utf-8-sig").read()'
}

@test "extract as a data package: what it says of its tables is so" {
	bring_wessex
	weald extract --format datapackage --out x.zip
	python '
z = zipfile.ZipFile("x.zip")
assert z.namelist() == ["datapackage.json", "records.csv", "series.csv"]
p = json.loads(z.read("datapackage.json"))
assert p["profile"] == "tabular-data-package"
assert re.fullmatch(r"[-a-z0-9._/]+", p["name"])
assert p["licenses"][0]["name"] == "OGL-UK-3.0"
assert len(p["sources"]) == 2 and "wessex, feed " in p["sources"][1]["title"]
checks = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": {"true": True, "false": False}.__getitem__,
    "date": lambda v: re.fullmatch(r"\d{4}-\d\d-\d\d", v).group(),
    "datetime":
        lambda v: re.fullmatch(r"[-\d]{10}T[:\d]{8}Z", v).group(),
}
tables = {}
for res in p["resources"]:
    assert res["profile"] == "tabular-data-resource"
    assert (res["format"], res["encoding"]) == ("csv", "utf-8")
    data = z.read(res["path"])
    assert not data.startswith(b"\xef\xbb\xbf")
    fields = res["schema"]["fields"]
    rows = tables[res["name"]] = table(data)
    assert rows
    assert list(rows[0]) == [f["name"] for f in fields]
    for row in rows:
        for f in fields:
            v = row[f["name"]]
            if v not in res["schema"]["missingValues"]:
                checks[f["type"]](v)
            if "constraints" in f:
                assert v in f["constraints"]["enum"]
    if "primaryKey" in res["schema"]:
        key = [r[res["schema"]["primaryKey"]] for r in rows]
        assert len(set(key)) == len(key) == 8
refs = {r["ref"] for r in tables["records"]}
foreign = p["resources"][1]["schema"]["foreignKeys"][0]
assert foreign["reference"] == {"resource": "records", "fields": "ref"}
assert {r["ref"] for r in tables["series"]} <= refs
assert p["created"] == max(r["time"] for r in tables["records"])'
}

@test "the series are those of the records" {
	weald extract --format datapackage --out x.zip
	python '
import pathlib
rows = table(zipfile.ZipFile("x.zip").read("series.csv"))
examples = pathlib.Path(sys.argv[1])
for ref in sorted({r["ref"] for r in rows}):
    want = table((examples / ref / "data.csv").read_bytes())
    got = [r for r in rows if r["ref"] == ref]
    assert len(got) == len(want) == 24
    for g, w in zip(got, want):
        assert g["version"] == "1"
        assert all(g[k] == w[k] for k in w), (g, w)
assert len(rows) == 48' "$EXAMPLES"
}

@test "the same selection gives the same bytes" {
	bring_wessex
	for format in markdown-zip csv datapackage; do
		weald extract --format "$format" --out a
		TZ=Asia/Tokyo LC_ALL=C weald extract --format "$format" --out b
		cmp a b
		weald extract --format "$format" 2>err >c
		cmp a c
		grep -q "^wrote $format: 8 records of 2 regions, " err
		weald extract --format "$format" --out - 2>/dev/null | cmp a -
		# of an index that was made anew too
		rm "$WEALD_HOME"/index.sqlite*
		weald extract --format "$format" --out b --force
		cmp a b
		rm a b
	done
}

@test "extract selects by kind, topic, setting, region and time" {
	bring_wessex
	rows() {
		weald extract --format csv "$@" 2>/dev/null | tail -n +2 | wc -l
	}
	[ "$(rows --kind problem)" -eq 2 ]
	[ "$(rows --region wessex)" -eq 4 ]
	[ "$(rows --region wessex --kind problem)" -eq 1 ]
	[ "$(rows --topic sepsis)" -eq 2 ]
	[ "$(rows --setting custody)" -eq 3 ]
	[ "$(rows --since 2000-01-01)" -eq 8 ]
	[ "$(rows --since 1d)" -eq 8 ]
	weald extract --format markdown-zip --kind problem --topic \
		care-in-custody --out x.zip
	python 'assert b"selection: kind problem, topic care-in-custody\n" in \
zipfile.ZipFile("x.zip").read("README.md")'
}

@test "nothing selected writes nothing" {
	weald status >/dev/null 2>&1 || true
	weald search sepsis >/dev/null 2>&1 || true
	run -1 --separate-stderr weald extract --format csv --kind lesson \
		--out x.csv
	[[ $stderr == *"no record is like that"* ]]
	[ ! -e x.csv ]
	run ! weald extract --format csv --topic no-such-topic --out x.csv
	run ! weald extract --format csv --region nowhere --out x.csv
	[ -z "$(find . -name 'weald-target*' -o -name 'x.csv')" ]
}

@test "wrong options are refused" {
	run -2 weald extract
	run -2 weald extract --format pdf --out x
	run -2 weald extract --format csv --out ""
	run -2 weald extract --format csv --json
	[[ $output == *"--out FILE"* ]]
	run -2 weald extract --format csv --since yesterday --out x
	run -2 weald extract --format csv --out x more
	[ ! -e x ]
}

@test "a file that is there is replaced only with --force" {
	echo mine >x.csv
	run -3 weald extract --format csv --out x.csv
	[[ $output == *"--force"* ]]
	[ "$(cat x.csv)" = mine ]
	weald extract --format csv --out x.csv --force
	[ "$(wc -l <x.csv)" -eq 5 ]
	# what is no file is never replaced
	mkfifo pipe
	mkdir folder
	for place in pipe folder /dev/null; do
		run -3 weald extract --format csv --out "$place" --force
	done
	[ -p pipe ]
	[ -d folder ]
	[ -c /dev/null ]
	run ! weald extract --format csv --out no/such/folder/x.csv
	[ -z "$(find . -name 'weald-target*')" ]
}

@test "extract --json says what was written" {
	run -0 weald extract --json --format datapackage --out x.zip
	json 'len(lines) == 1'
	json 'lines[0]["records"] == 4 and lines[0]["regions"] == 1'
	json 'lines[0]["rows"] == 48 and lines[0]["files"] == 3'
	json 'lines[0]["format"] == "datapackage" and lines[0]["left_out"] == 0'
	json "lines[0]['file'] == 'x.zip' and lines[0]['bytes'] == $(stat -c %s x.zip)"
	json 'lines[0]["newest"].endswith("Z")'
}

@test "what is withheld is not in it: no record, or the version before" {
	problem twice "First title"
	problem twice "Second title"
	problem never "Never shown"
	weald extract --format csv --out before.csv
	grep -q "Second title" before.csv
	in_index "UPDATE record SET version = 1, title = 'First title'
		WHERE ref = 'south-west/problem/twice'"
	in_index "UPDATE record SET version = 0, title = ''
		WHERE ref = 'south-west/problem/never'"
	run -0 weald extract --format markdown-zip --out x.zip
	[[ $output == *"left out: 1 record"* ]]
	weald extract --format csv --out x.csv
	weald extract --format datapackage --out y.zip
	python '
z = zipfile.ZipFile("x.zip")
y = zipfile.ZipFile("y.zip")
everything = b"".join([z.read(n) for n in z.namelist()] +
                      [y.read(n) for n in y.namelist()] +
                      [open("x.csv", "rb").read()])
assert b"First title" in everything
assert b"Second title" not in everything
assert b"Never shown" not in everything and b"problem/never" not in everything
assert b"not in it: 1" in z.read("README.md")'
}

@test "an attachment is in the zip, byte for byte" {
	problem with "With an attachment"
	mkdir with/attachments
	noise 300000 >with/attachments/noise.txt
	weald publish with >/dev/null
	weald extract --format markdown-zip --out x.zip
	python 'sys.stdout.buffer.write(zipfile.ZipFile("x.zip").read(
"south-west/problem/with/attachments/noise.txt"))' | cmp - \
		with/attachments/noise.txt
}

@test "a reader that goes away is no failure" {
	for format in markdown-zip csv datapackage; do
		weald extract --format "$format" 2>err | head -c 1 >/dev/null
		[ "${PIPESTATUS[0]}" -eq 0 ]
	done
}

@test "an extract is nothing for a terminal" {
	command -v script >/dev/null || skip "no script(1)"
	run script -qec "'$WEALD' extract --format csv" /dev/null
	[ "$status" -eq 2 ]
	[[ $output == *"--out FILE"* ]]
}

@test "a full disk leaves nothing behind" {
	unshare -rm sh -c 'mkdir -p disk && mount -t tmpfs -o size=1m t disk' ||
		skip "no mount namespaces here"
	problem big "Large"
	mkdir big/attachments
	noise 900000 >big/attachments/noise.txt
	weald publish big >/dev/null
	mkdir -p disk
	export WEALD
	unshare -rm bash -euc '
		mount -t tmpfs -o size=256k t disk
		code=0
		"$WEALD" extract --format markdown-zip --out disk/x.zip \
			2>err || code=$?
		[ "$code" -eq 6 ]
		[ -z "$(ls -A disk)" ]
		grep -q "free some space" err
		[ "$(wc -l <err)" -eq 1 ]
		code=0
		TMPDIR=$PWD/disk "$WEALD" extract --format markdown-zip \
			2>err >out || code=$?
		[ "$code" -eq 6 ]
		[ ! -s out ]'
}
