#!/usr/bin/python3
"""How long functions and files are.

    fnstat.py [--check] [--quiet] [FILE...]

Without files: all of proto, store, daemon and tests. Prints for each file its
lines, its functions, and their median, 95th percentile and longest; then the
same for each folder of sources. A function counts from the line of its name to
its closing brace.

--check fails for a function over 100 lines, unless a comment in it or right
above it says `fnstat: switch` (it is one switch or one table, longer only
because it has many cases), and for a file over 1000 lines. --quiet prints only
what fails. What we aim at stands in CONTRIBUTING.md.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

FUNCTION_LINES_MAX = 100
FILE_LINES_MAX = 1000
MARK = "fnstat: switch"
MARK_LINES_ABOVE = 12
FOLDERS = ("proto", "store", "daemon", "tests")


def functions(paths):
    """The functions of the files: path -> [(name, first line, last line)]."""
    found = {path: [] for path in paths}
    command = ["ctags", "--output-format=json", "--languages=C",
               "--map-C=+.h", "--kinds-C=f", "--fields=+ne", "-f", "-",
               "-L", "-"]
    done = subprocess.run(command, input="\n".join(map(str, paths)),
                          stdout=subprocess.PIPE, text=True, check=True)
    for line in done.stdout.splitlines():
        tag = json.loads(line)
        if tag.get("_type") == "tag" and "end" in tag:
            found[Path(tag["path"])].append(
                (tag["name"], tag["line"], tag["end"]))
    return found


def percentile(lengths, share):
    """The smallest length that @share percent of the lengths do not exceed."""
    ordered = sorted(lengths)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def is_marked(lines, first, last):
    """Whether the mark stands in the function or in the comment above it."""
    start = first - 1
    for i in range(first - 2, max(-1, first - 2 - MARK_LINES_ABOVE), -1):
        if not lines[i].strip() or lines[i].startswith("}"):
            break
        start = i
    return any(MARK in line for line in lines[start:last])


def row(name, lines, lengths):
    if not lengths:
        return f"{lines:6} {0:5} {'-':>6} {'-':>4} {'-':>4}  {name}"
    return (f"{lines:6} {len(lengths):5} {percentile(lengths, 50):6} "
            f"{percentile(lengths, 95):4} {max(lengths):4}  {name}")


def failures(path, lines, tags):
    if len(lines) > FILE_LINES_MAX:
        yield f"{path}: {len(lines)} lines, more than {FILE_LINES_MAX}"
    for name, first, last in tags:
        length = last - first + 1
        if length > FUNCTION_LINES_MAX and not is_marked(lines, first, last):
            yield (f"{path}:{first}: {name} has {length} lines, "
                   f"more than {FUNCTION_LINES_MAX}")


def main():
    parser = argparse.ArgumentParser(description="How long functions are.")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    args = parser.parse_args()
    paths = args.files or sorted(
        path for folder in FOLDERS for path in Path(folder).rglob("*.[ch]"))
    if not paths:
        parser.error("no sources here")

    failed = []
    rows = []
    totals = {}
    for path, tags in functions(paths).items():
        lines = path.read_text(encoding="utf-8").splitlines()
        lengths = [last - first + 1 for _, first, last in tags]
        failed += failures(path, lines, tags)
        if path.suffix == ".c":
            rows.append(row(path, len(lines), lengths))
        total = totals.setdefault(path.parts[0] + "/", [0, []])
        total[0] += len(lines)
        total[1] += lengths
    if not args.quiet:
        print(" lines funcs median  p95  max")
        print("\n".join(rows + [row(name, *total)
                                for name, total in totals.items()]))
    if args.check and failed:
        print("\n".join(failed), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
