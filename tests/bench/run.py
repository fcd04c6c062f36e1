"""The benchmarks of a feed, beside stock git in the same run.

Every figure is a median of several runs; the ratios are what counts, as the
figures themselves drift with the machine. Nothing here is a test: `make check`
does not run it.

    run.py [--runs N] [--updates N]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from records import record_md, write_record  # noqa: E402

KINDS = ["problem", "priority", "intervention", "measure", "evidence", "adoption", "lesson", "withdrawal",
         "endorsement"]
RECORD_BYTES = 2000
# of these, the fields
FRONT_BYTES = 600
WORDS = ("the ward trolley was restocked after each patient audit month sepsis screening nurse first dose within an "
         "hour of arrival and").split()


def environment(home: Path) -> dict:
    """An environment in which git reads no configuration but what is given."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    env.update(HOME=str(home), GIT_CONFIG_NOSYSTEM="1", GIT_AUTHOR_NAME="bench", GIT_AUTHOR_EMAIL="bench@bench",
               GIT_COMMITTER_NAME="bench", GIT_COMMITTER_EMAIL="bench@bench")
    env.pop("WEALD_HOME", None)
    return env


def run(args, env, cwd=None, **kwargs):
    """Run a command that must succeed; its standard output."""
    done = subprocess.run([str(a) for a in args], env=env, cwd=cwd, capture_output=True, check=False, **kwargs)
    if done.returncode != 0:
        sys.exit(f"{args[0]} failed: {done.stderr.decode(errors='replace')}")
    return done.stdout


def body(record: int, update: int) -> str:
    """Markdown that makes a record of about RECORD_BYTES, the same for the same numbers."""
    state = record * 7919 + update * 104729 + 1
    out = f"Update {update}.\n"
    while len(out) < RECORD_BYTES - FRONT_BYTES:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out += WORDS[(state >> 33) % len(WORDS)] + ("\n" if (state >> 40) % 12 == 0 else " ")
    return out


def text(kind: str, record: int, update: int) -> str:
    """The whole record."""
    return record_md(kind, f"Record {record}", body(record, update))


def record_path(record: int) -> tuple:
    """The kind and folder of a record, as bench_feed spreads them."""
    kind = KINDS[record % 9]
    month = record // 9 % 24
    return kind, f"{kind}/20{24 + month // 12}-{month % 12 + 1:02}/record-{record}"


def bench_growth(program: str, updates: int, runs: int, work: Path, env: dict) -> dict:
    """Updates/s of windows that end at 1k, 10k and 100k updates."""
    window = 1000
    sizes = [s for s in (1000, 10_000, 100_000) if s <= updates]
    found = {s: [] for s in sizes}
    for number in range(runs):
        out = run([program, work / f"growth-{number}.git", updates, window], env).decode()
        seconds = {int(a): float(b) for a, b in (line.split() for line in out.splitlines())}
        for size in sizes:
            # at a size: the windows around it, so that a merge of packs counts at its share
            near = [s for n, s in seconds.items() if size * 0.9 < n <= size] or [seconds[size]]
            found[size].append(window / statistics.fmean(near))
    return {size: statistics.median(values) for size, values in found.items()}


def bench_publish(weald: str, runs: int, work: Path, env: dict) -> float:
    """`weald publish` of 5,000 new records in one process, reading included; records/s."""
    count = 5000
    folder = work / "records"
    for record in range(count):
        kind = KINDS[record % 9]
        write_record(folder / f"record-{record}", kind, f"Record {record}", body(record, 0))
    paths = "".join(f"{folder}/record-{record}\n" for record in range(count))
    rates = []
    for number in range(runs):
        home = work / f"home-{number}"
        run([weald, "--home", home, "init", "--region", "Bench", "--slug", "bench"], env)
        start = time.monotonic()
        out = run([weald, "--home", home, "publish", "--paths-from", "-"], env, input=paths.encode())
        rates.append(count / (time.monotonic() - start))
        if out.decode().count("@1\n") != count:
            sys.exit("weald publish did not say that every record was published")
    return statistics.median(rates)


def bench_single(weald: str, runs: int, work: Path, env: dict) -> float:
    """`weald publish` of one record a process; records/s."""
    count = 30
    home = work / "home-0"
    rates = []
    for number in range(runs):
        start = time.monotonic()
        for record in range(count):
            kind = KINDS[record % 9]
            folder = work / "records" / f"record-{record}"
            write_record(folder, kind, f"Record {record}", body(record, number * count + 1))
            run([weald, "--home", home, "publish", folder], env)
        rates.append(count / (time.monotonic() - start))
    return statistics.median(rates)


def bench_git_commit(runs: int, work: Path, env: dict) -> float:
    """`git commit -S` one by one; commits/s."""
    count = 40
    key = work / "git-key"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], env)
    rates = []
    for number in range(runs):
        repo = work / f"commit-{number}"
        run(["git", "init", "-q", "-b", "main", repo], env)
        run(["git", "config", "gpg.format", "ssh"], env, cwd=repo)
        run(["git", "config", "user.signingKey", key], env, cwd=repo)
        start = time.monotonic()
        for update in range(count):
            kind, folder = record_path(update)
            (repo / folder).mkdir(parents=True, exist_ok=True)
            (repo / folder / "record.md").write_text(text(kind, update, update))
            run(["git", "add", "-A"], env, cwd=repo)
            run(["git", "commit", "-q", "-S", "-m", f"Publish {kind}: Record {update}"], env, cwd=repo)
        rates.append(count / (time.monotonic() - start))
    return statistics.median(rates)


def fast_import_stream(count: int) -> bytes:
    """The same records and order as bench_feed, unsigned, as fast-import reads it."""
    out = []
    for update in range(count):
        record = update % 1000
        kind, folder = record_path(record)
        body = text(kind, record, update).encode()
        message = f"Publish {kind}: Record {record}\n".encode()
        out.append(b"commit refs/heads/main\ncommitter bench <bench@bench> %d +0000\ndata %d\n%s"
                   % (1704067200 + update, len(message), message))
        out.append(b"M 100644 inline %s/record.md\ndata %d\n%s\n" % (folder.encode(), len(body), body))
    return b"".join(out)


def bench_fast_import(runs: int, work: Path, env: dict) -> float:
    """`git fast-import` of 10,000 commits, unsigned; commits/s."""
    count = 10_000
    stream = fast_import_stream(count)
    rates = []
    for number in range(runs):
        repo = work / f"import-{number}.git"
        run(["git", "init", "-q", "--bare", "-b", "main", repo], env)
        start = time.monotonic()
        run(["git", "fast-import", "--quiet"], env, cwd=repo, input=stream)
        rates.append(count / (time.monotonic() - start))
    return statistics.median(rates)


def main() -> None:
    """Run all and print a table."""
    parser = argparse.ArgumentParser(description="benchmarks of a feed beside stock git")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--updates", type=int, default=100_000)
    args = parser.parse_args()
    weald = os.environ.get("WEALD", "./weald")
    program = os.environ["BENCH_FEED"]
    weald, program = str(Path(weald).resolve()), str(Path(program).resolve())
    with tempfile.TemporaryDirectory(prefix="weald-bench-") as name:
        work = Path(name)
        env = environment(work)
        git_commit = bench_git_commit(args.runs, work, env)
        fast_import = bench_fast_import(args.runs, work, env)
        publish = bench_publish(weald, args.runs, work, env)
        single = bench_single(weald, args.runs, work, env)
        growth = bench_growth(program, args.updates, args.runs, work, env)
    print(f"medians of {args.runs} runs; records of about {RECORD_BYTES} bytes\n")
    print(f"{'what':<58} {'per second':>10} {'x commit -S':>12} {'x fast-import':>14}")
    rows = [("git commit -S, one by one", git_commit), ("git fast-import, unsigned, not synced", fast_import),
            ("weald publish, one record a process", single), ("weald publish, 5,000 new records in one process", publish)]
    rows += [(f"appended, signed, durable, at {size:,} updates", rate) for size, rate in growth.items()]
    for what, rate in rows:
        print(f"{what:<58} {rate:>10,.0f} {rate / git_commit:>12.1f} {rate / fast_import:>14.2f}")
    if 1000 in growth and 100_000 in growth:
        cost = growth[1000] / growth[100_000] - 1
        print(f"\ncost per update at 100,000 beside that at 1,000: {cost:+.0%}")


if __name__ == "__main__":
    main()
