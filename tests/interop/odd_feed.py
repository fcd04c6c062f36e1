#!/usr/bin/python3
"""Make a feed that no weald would publish, to be read by one.

    odd_feed.py OUT.git

The feed of "odd-land" has records whose text plays tricks on terminals, and
versions that hold what looks like data about a person; such versions have the
word SECRET in everything that they say, and the FIGURES of theirs are in no
other. All of it is invented.
"""

import sys

import feedkit

SLUG = "odd-land"
SECRET = "zanzibar"
FIGURES = (7777, 6131)
MONTH = "2026-11"

COMMON = """\
example: true
topics: [sepsis]
settings: [emergency-department]
patient_involvement: {level: informed, how: %(t)s}
sponsor_role: %(t)s
contact: {role: %(t)s, mailbox: sepsis@example.nhs.uk}
"""

PROBLEM = """\
kind: problem
title: %(t)s
harm: {physical: moderate, psychological: low}
incident_type: medication
how_known: [audit]
scale: %(t)s
"""

INTERVENTION = """\
kind: intervention
title: %(t)s
problem: odd-land/problem/%(problem)s
summary: %(t)s
why: %(t)s
steps: [%(t)s, %(t)s, %(t)s]
must_keep: [%(t)s]
may_change: [%(t)s]
risks: [%(t)s]
status: in-use
"""

ADOPTION = """\
kind: adoption
title: %(t)s
intervention: odd-land/intervention/tricks
version_seen: 1
stage: testing
started: 2024-01-01
sites: {using: 1, planned: 2}
kept_must_keep: true
changes:
  - {what: %(t)s, type: setting, why: %(t)s}
"""

LESSON = """\
kind: lesson
title: %(t)s
about: odd-land/intervention/tricks
outcome: harmful
expected: %(t)s
happened: %(t)s
would_do_differently: %(t)s
"""

WITHDRAWAL = """\
kind: withdrawal
title: %(t)s
target: odd-land/intervention/tricks
target_versions: all
reason: harm
level: stop-now
what_we_saw: %(t)s
actions:
  - {do: %(t)s, who: %(t)s, by: 2026-01-31}
"""

MEASURE = """\
kind: measure
title: %(t)s
type: process
shape: proportion
undesired_event: %(t)s
numerator: %(t)s
denominator: %(t)s
direction: decrease
data_source: %(t)s
frequency: monthly
"""

EVIDENCE = """\
kind: evidence
title: %(t)s
intervention: odd-land/intervention/%(intervention)s
measure: odd-land/measure/%(measure)s
design: its
start: 2025-01-01
series: data.csv
fidelity: {planned: %(t)s, actual: %(t)s, how_known: %(t)s, percent: 81}
other_changes: []
unintended: none
conclusion: improved
"""

# As it may stand in a plain scalar: what a terminal takes for an order is in
# the Markdown, raw, and here as C1 controls and signs that turn text around.
TRICKS = "tricks \u009b31m\u202ered\u2066 and more"
RAW = "\x1b]0;owned\x07\x1b[31mred\r\u202e\n\x9b2J\n"

# What the privacy guard blocks.
PERSON = "She was seen again, DOB 01/02/1950, in the spring."


def record(fields, body, **words):
    """A whole record.md."""
    words = {"problem": "tricks"} | words
    return f"---\n{fields % words}{COMMON % words}---\n\n{body}\n".encode()


def publish(chain, kind, slug, files, **fields):
    """The next version of a record."""
    fields.setdefault("summary", f"Publish {kind}: {slug}")
    return chain.step(
        files,
        slug=SLUG,
        action="revise" if fields.pop("again", False) else "publish",
        record=f"{kind}/{MONTH}/{slug}",
        topics=["sepsis"],
        **fields,
    )


def add_tricks(chain):
    """Records whose every field holds what must not reach a terminal."""
    kinds = (
        ("problem", PROBLEM),
        ("intervention", INTERVENTION),
        ("adoption", ADOPTION),
        ("lesson", LESSON),
        ("withdrawal", WITHDRAWAL),
    )
    for kind, fields in kinds:
        publish(
            chain,
            kind,
            "tricks",
            {"record.md": record(fields, RAW, t=TRICKS)},
        )
    quoted = '"quoted \\e[31m\\u202ered\\a"'
    publish(
        chain,
        "problem",
        "quoted",
        {"record.md": record(PROBLEM, RAW, t=quoted)},
    )


def add_withheld(chain):
    """A record whose last version may not be shown, one that has no other,
    and one whose number stands in a CSV."""
    clean = record(PROBLEM, "Words about kumquats.", t="Kumquats late")
    leak = record(
        PROBLEM, f"{PERSON}\n{SECRET} in the text.", t=f"Leak of {SECRET}"
    )
    said = f"Tell of {SECRET}"
    publish(chain, "problem", "leak", {"record.md": clean})
    publish(
        chain,
        "problem",
        "leak",
        {"record.md": leak, "notes.txt": f"{SECRET}\n".encode()},
        summary=said,
        note=said,
        again=True,
    )
    fixes = record(
        INTERVENTION,
        f"{PERSON}\n{SECRET}",
        t=f"Fix with {SECRET}",
        problem="leak",
    )
    publish(
        chain, "intervention", "leak-only", {"record.md": fixes}, summary=said
    )
    publish(
        chain,
        "problem",
        "leak-file",
        {
            "record.md": record(PROBLEM, SECRET, t=SECRET),
            "list.csv": f"{SECRET},{PERSON}\n".encode(),
        },
        summary=said,
    )
    # of the update itself
    publish(
        chain,
        "problem",
        "leak-note",
        {"record.md": record(PROBLEM, "Plain.", t="Plain")},
        summary=f"{SECRET} DOB 01/02/1950",
    )


def series(before, after, of):
    """A series of 24 months."""
    rows = [
        f"{2024 + i // 12}-{i % 12 + 1:02},{(before, after)[i // 12]},{of}\n"
        for i in range(24)
    ]
    return ("month,numerator,denominator\n" + "".join(rows)).encode()


def add_figures(chain):
    """Figures that may be shown, and others that may not: of a version of
    theirs, of a whole record, because of another file; and figures by a
    measure, or of an intervention, that may not be shown itself."""
    leaking = f"{PERSON}\n{SECRET}"
    said = f"Tell of {SECRET}"

    def put(kind, slug, fields, figures=None, body="Plain.", **how):
        words = {
            "t": "Radishes" if body == "Plain." else f"Leak of {SECRET}",
            "intervention": how.pop("intervention", "figures"),
            "measure": how.pop("measure", "figures"),
        }
        files = {"record.md": record(fields, body, **words)}
        files |= how.pop("files", {})
        if figures is not None:
            files["data.csv"] = figures
        publish(chain, kind, slug, files, **how)

    clean = series(30, 20, 100)
    hidden = series(*FIGURES, 9973)
    put("measure", "figures", MEASURE)
    put("intervention", "figures", INTERVENTION)
    for slug in ("figures", "figures-leak"):
        put("evidence", slug, EVIDENCE, clean)
    put(
        "evidence",
        "figures-leak",
        EVIDENCE,
        hidden,
        leaking,
        summary=said,
        again=True,
    )
    put(
        "evidence",
        "figures-leak-only",
        EVIDENCE,
        hidden,
        leaking,
        summary=said,
    )
    put(
        "evidence",
        "figures-leak-file",
        EVIDENCE.replace("title: %(t)s", f"title: {SECRET}"),
        hidden,
        files={"notes.txt": leaking.encode()},
        summary=said,
    )
    put("measure", "figures-leak", MEASURE, body=leaking, summary=said)
    put(
        "intervention",
        "figures-leak",
        INTERVENTION,
        body=leaking,
        summary=said,
    )
    put(
        "evidence",
        "by-leak",
        EVIDENCE,
        clean,
        measure="figures-leak",
    )
    put(
        "evidence",
        "of-leak",
        EVIDENCE,
        clean,
        intervention="figures-leak",
    )


def main():
    """Write the feed."""
    chain = feedkit.Chain()
    chain.step(slug=SLUG, action="create-feed")
    region = feedkit.REGION.replace(b"South West", b"Odd Land")
    chain.step(
        {".gitattributes": feedkit.GITATTRIBUTES, "region.yaml": region},
        slug=SLUG,
        action="profile",
    )
    add_tricks(chain)
    add_withheld(chain)
    add_figures(chain)
    chain.store(sys.argv[1])


if __name__ == "__main__":
    main()
