#!/usr/bin/python3
"""Damage each example in one place, and see that weald check names the place.

    damage.py EXAMPLES REGION

WEALD names the executable, WEALD_HOME the region's home, in which nothing is
published. All examples of the region are checked together, one of them as a
damaged copy. Prints how many were damaged; fails at the first that is let
through, or refused at another line.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WEALD = os.environ["WEALD"]
CONFIRM = ["--confirm-role", "Patient safety lead", "--confirm-reason", "invented figures"]


def line_of(lines, field):
    """The index of the line at which a field begins."""
    return next(i for i, line in enumerate(lines) if line.startswith(f"{field}:"))


def missing(lines, _region):
    """A field that must be there is not."""
    del lines[line_of(lines, "title")]
    return "title", None


def wrong_code(lines, _region):
    """A code that is not in the list."""
    at = line_of(lines, "topics")
    lines[at] = "topics: [sepsiss]"
    return "topics", at + 1


def wrong_type(lines, _region):
    """A text where a role and a mailbox belong."""
    at = line_of(lines, "contact")
    lines[at] = "contact: the lead"
    return "contact", at + 1


def extra(lines, _region):
    """A field that there is not."""
    lines.insert(4, "surprise: yes")
    return "surprise", 5


def bad_date(lines, _region):
    """A day that there is not."""
    lines.insert(3, "review_on: 2026-02-30")
    return "review_on", 4


def absent(lines, region):
    """A reference to an own record that is not there."""
    lines.insert(2, f"links: [{{rel: about, id: {region}/problem/no-such}}]")
    return "about", 3


def check(folders):
    """The exit status, and what is said of each folder."""
    done = subprocess.run([WEALD, "check", "--json", *CONFIRM, *map(str, folders)],
                          capture_output=True, text=True, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def expect(folders, damaged, what, file, field, line):
    """Refused there, and nowhere else."""
    status, said = check(folders)
    errors = [s for s in said if s.get("level") == "error"]
    right = [e for e in errors if e.get("file") == file and e["path"] == str(damaged) and
             re.match(rf"{re.escape(field)}(\W|$)", e.get("field", "")) and
             (line is None or e.get("line") == line)]
    if status != 3 or len(right) != 1 or len(errors) != 1:
        sys.exit(f"{what} in {damaged}: status {status}, wanted {file}:{line} {field}: {errors}")


def main():
    """Every example of the region, damaged in every way."""
    examples, region = Path(sys.argv[1]), sys.argv[2]
    folders = sorted(p for p in (examples / region).glob("*/*") if p.is_dir())
    status, said = check(folders)
    if status != 0:
        sys.exit(f"the examples of {region} are refused: {said}")
    count = 0
    for folder in folders:
        others = [f for f in folders if f != folder]
        with tempfile.TemporaryDirectory() as work:
            copy = Path(work) / folder.name
            shutil.copytree(folder, copy)
            whole = (folder / "record.md").read_text(encoding="utf-8").split("\n")
            for damage in (missing, wrong_code, wrong_type, extra, bad_date, absent):
                if damage is absent and any(line.startswith("links:") for line in whole):
                    continue
                if damage is bad_date and any(line.startswith("review_on:") for line in whole):
                    continue
                lines = list(whole)
                field, line = damage(lines, region)
                (copy / "record.md").write_text("\n".join(lines), encoding="utf-8")
                expect([copy, *others], copy, damage.__name__, "record.md", field, line)
                count += 1
            (copy / "record.md").write_text("\n".join(whole), encoding="utf-8")
            series = copy / "data.csv"
            if series.exists():
                rows = series.read_text(encoding="utf-8").split("\n")
                rows[4] = re.sub(r"^([^,]*),[^,]*", r"\1,many", rows[4])
                series.write_text("\n".join(rows), encoding="utf-8")
                expect([copy, *others], copy, "bad_row", "data.csv", "numerator", 5)
                count += 1
    print(count)


main()
