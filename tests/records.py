"""Records of every kind that weald publishes, for tests and benches.

What they refer to is another region's, and has not arrived: that is a warning.
"""

COMMON = """topics: [%s]
settings: [acute-ward]
patient_involvement: {level: informed, how: read it first}
contact: {role: Sepsis lead, mailbox: sepsis@example.nhs.uk}
"""

FIELDS = {
    "problem": """harm: {physical: moderate, psychological: low}
incident_type: clinical-process
how_known: [audit, incidents]
scale: about one in ten
""",
    "priority": """problem: elsewhere/problem/late-antibiotics
why_here: it is worse here than in other regions
aim: {measure: elsewhere/measure/late, from: 30, to: 10, unit: per 100, by: 2027-12}
decided_by: [patient safety partners]
sponsor_role: Chief nurse
""",
    "intervention": """problem: elsewhere/problem/late-antibiotics
summary: the first dose lies ready on a trolley
why: nobody has to look for it
steps: [fill the trolley, put it in place, look after it]
must_keep: [the first dose]
may_change: [the colour]
risks: [an empty trolley]
""",
    "measure": """type: process
shape: proportion
undesired_event: the first dose comes late
numerator: people whose first dose comes late
denominator: people with sepsis
direction: decrease
data_source: the ward's notes
frequency: monthly
""",
    "evidence": """intervention: elsewhere/intervention/trolley
measure: elsewhere/measure/late
design: its
start: 2025-01-01
series: data.csv
fidelity: {planned: every ward, actual: most wards, how_known: a walk round}
other_changes: []
unintended: none
conclusion: too-early
""",
    "adoption": """intervention: elsewhere/intervention/trolley
version_seen: 1
stage: testing
started: 2026-01-05
sites: {using: 1, planned: 4}
kept_must_keep: yes
changes: []
sponsor_role: Medical director
""",
    "lesson": """about: elsewhere/intervention/trolley
outcome: worked-partly
expected: that everybody would use it
happened: half of us did
would_do_differently: begin with one ward
""",
    "withdrawal": """target: elsewhere/intervention/trolley
target_versions: all
reason: harm
level: stop-now
what_we_saw: the wrong dose lay ready
actions:
  - {do: take it away, who: ward managers, by: 2026-12-31}
sponsor_role: Medical director
""",
    "endorsement": """target: elsewhere/intervention/trolley
target_version: 1
endorser: region
role: Patient safety lead
checked: [clear, safe]
statement: we could follow every step
conflicts: none
""",
}

SERIES = "month,numerator,denominator\n" + "".join(
    f"{2024 + month // 12}-{month % 12 + 1:02},{30 + month % 7},100\n" for month in range(24))


def record_md(kind, title, body, topic="sepsis"):
    """A whole record.md."""
    return f"---\nexample: true\nkind: {kind}\ntitle: {title}\n{FIELDS[kind]}{COMMON % topic}---\n\n{body}"


def write_record(folder, kind, title, body, topic="sepsis"):
    """The folder of a record, made where it is not there, with all its files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "record.md").write_text(record_md(kind, title, body, topic), encoding="utf-8")
    if kind == "evidence":
        (folder / "data.csv").write_text(SERIES, encoding="utf-8")
