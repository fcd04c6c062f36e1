#!/usr/bin/python3
"""kill -9 at random moments while weald writes.

    kill.py [--seed SEED] [ROUNDS]

WEALD names the executable. A round changes some records, starts a command that
writes (mostly `publish`, now and then `withdraw` or `key rotate`), and kills it
at a moment drawn from the time that it takes. Afterwards, before anything else
opens the feed to write,

- the feed opens, and every reference that was printed is in it, as are all
  updates of earlier rounds;
- what is in it is a prefix of what the command would have written, in order.

Then the next command must succeed, leave no lock or temporary file behind, and
`git fsck --strict` must be clean. Every PROVE_ROUNDS the whole feed is verified by
weald, by `git verify-commit` and by tests/interop/check_feed.py, and a new home
begins.

The seed is printed; with it the same moments come again, as far as the machine
does its part. On failure the folder stays, and its path is printed.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from records import write_record  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
WEALD = os.environ.get("WEALD", str(ROOT / "weald"))
KINDS = ("problem", "priority", "intervention", "measure", "evidence")
RECORDS = 120
BIG_RECORDS = 36
BIG_BYTES = 700_000
PROVE_ROUNDS = 50
# data.bin is no text, so a person has to say that it is all right; and what an
# earlier round withdrew comes back
PUBLISH = ("publish", "--bring-back", "--confirm-role", "Tester", "--confirm-reason", "random bytes")


class Failure(Exception):
    """A promise was broken."""


def require(condition, text):
    """Fail with @text unless @condition holds."""
    if not condition:
        raise Failure(text)


class Killer:
    """One home, the records that go into it, and the kills."""

    def __init__(self, folder, rng):
        self.folder = folder
        self.rng = rng
        self.home = None
        self.homes = 0
        self.head = None
        self.seq = 0
        self.changes = 0
        self.seconds = {}  # how long a command takes when it is left alone
        self.stretch = 1.3
        self.counts = {"killed": 0, "in time": 0, "acknowledged": 0, "cut short": 0}
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        self.env.update(HOME=str(folder), GIT_CONFIG_NOSYSTEM="1")

    def weald(self, *args, check=True):
        """Run weald and leave it alone; its standard output."""
        start = time.monotonic()
        done = subprocess.run(
            [WEALD, "--home", str(self.home), *args],
            env=self.env, cwd=self.folder, capture_output=True, text=True, check=False,
        )
        self.seconds.setdefault(args[0], time.monotonic() - start)
        if check:
            require(done.returncode == 0, f"weald {args[0]} exits with {done.returncode}: {done.stderr}")
        return done.stdout

    def git(self, *args):
        """Run git in the feed; its standard output."""
        done = subprocess.run(
            ["git", f"--git-dir={self.feed}", *args], env=self.env, capture_output=True, text=True, check=False
        )
        require(done.returncode == 0, f"git {args[0]} exits with {done.returncode}: {done.stderr}")
        return done.stdout

    @property
    def feed(self):
        """The repository of the feed."""
        return self.home / "feeds" / "killed.git"

    def change(self, number, data=0):
        """Write record @number anew, with @data bytes beside; the path of its folder."""
        self.changes += 1
        folder = self.folder / "records" / f"record-{number}"
        text = f"Change {self.changes}. " * self.rng.randrange(1, 60)
        write_record(folder, KINDS[number % len(KINDS)], f"Record {number}", f"{text}\n")
        if data or self.rng.random() < 0.2:
            (folder / "data.bin").write_bytes(self.rng.randbytes(data or self.rng.randrange(100_000)))
        return str(folder)

    def new_home(self):
        """Begin again, after the first home with a full set of records."""
        if self.home is not None:
            shutil.rmtree(self.home)
        self.homes += 1
        self.home = self.folder / f"home-{self.homes}"
        self.weald("init", "--region", "Killed", "--slug", "killed")
        self.weald(*PUBLISH, *[self.change(i) for i in range(RECORDS)])
        self.note_head()

    def note_head(self):
        """What the feed must hold from now on."""
        self.head = self.git("rev-parse", "main").strip()
        self.seq = int(self.git("rev-list", "--count", "main"))

    def draw_command(self):
        """A command that writes: arguments, the references it will print, its weight in records."""
        draw = self.rng.random()
        if draw < 0.06:
            return ["key", "rotate", "--root-key", str(self.home / "killed-root-key")], None, 1
        number = self.rng.randrange(RECORDS)
        name = f"killed/{KINDS[number % len(KINDS)]}/record-{number}"
        if draw < 0.12:
            return ["withdraw", "--reason", f"Reason {self.rng.random()}", name], [name], 1
        if draw < 0.22:  # more than one batch
            count, data = BIG_RECORDS, BIG_BYTES
        else:
            count, data = 1 if draw < 0.4 else self.rng.randrange(2, RECORDS), 0
        numbers = self.rng.sample(range(RECORDS), count)
        names = [f"killed/{KINDS[i % len(KINDS)]}/record-{i}" for i in numbers]
        return [*PUBLISH, *[self.change(i, data) for i in numbers]], names, count + count * data // 15_000

    def kill(self, args, weight):
        """Start weald, kill it; the lines that it had printed."""
        # how long it takes goes with its weight, beside a start; the rest is learned
        usual = self.stretch * (self.seconds["publish"] * weight / RECORDS + self.seconds["feeds"])
        with open(self.folder / "out", "w+b") as out, open(self.folder / "err", "w+b") as err:
            with subprocess.Popen(
                [WEALD, "--home", str(self.home), *args], env=self.env, cwd=self.folder, stdout=out, stderr=err
            ) as process:
                try:
                    status = process.wait(self.rng.uniform(0, usual))
                except subprocess.TimeoutExpired:
                    process.kill()
                    status = process.wait()
            out.seek(0)
            err.seek(0)
            printed, errors = out.read().decode(), err.read().decode()
        require(status in (0, -9), f"weald {args[0]} exits with {status}: {errors}")
        self.counts["killed" if status else "in time"] += 1
        self.stretch *= 1.05 if status else 0.9  # two in three are to be killed
        lines = printed.split("\n")
        return status, lines[:-1]  # a line that is cut short says nothing

    def check_after(self, status, printed, names):
        """Right after the kill: nothing that was said is lost."""
        new = [json.loads(line) for line in self.weald("log", "--json", "-n", str(RECORDS + 2)).splitlines()]
        head = new[0]["commit"]
        require(new[0]["seq"] >= self.seq, f"{new[0]['seq']} updates, there were {self.seq}")
        new = [u for u in reversed(new) if u["seq"] > self.seq]
        self.git("merge-base", "--is-ancestor", self.head, head)
        refs = [u.get("ref", "") for u in new]
        if names is None:  # a rotation: there or not
            require(len(new) <= 1 and (len(new) == 1 or not printed), f"rotation: {new}")
            return
        for ref in printed:
            require(ref in refs, f"{ref} was printed, and is not in {refs}")
        require(refs == [r for r in refs if r.split("@")[0] in names], f"{refs} are not of {names}")
        require([r.split("@")[0] for r in refs] == names[: len(refs)], f"{refs} is no prefix of {names}")
        require(status != 0 or len(refs) == len(names), f"exit 0, and {refs} of {names}")
        self.counts["acknowledged"] += len(printed)
        self.counts["cut short"] += 0 < len(refs) < len(names)

    def check_next(self):
        """The next command goes through and tidies up."""
        number = self.rng.randrange(RECORDS)
        ref = self.weald(*PUBLISH, self.change(number)).strip()
        require(ref.startswith(f"killed/{KINDS[number % len(KINDS)]}/record-{number}@"), f"publish printed {ref}")
        left = [
            str(p) for p in self.home.rglob("*")
            if p.name.endswith((".lock", ".tmp")) or p.name.startswith(("tmp_", ".tmp"))
        ]
        require(not left, f"left behind: {left}")
        packs = {p.stem for p in (self.feed / "objects/pack").glob("*.pack")}
        indexes = {p.stem for p in (self.feed / "objects/pack").glob("*.idx")}
        require(packs == indexes, f"packs without index, or the reverse: {packs ^ indexes}")
        report = self.git("fsck", "--strict", "--no-dangling", "--no-progress")
        require(not report.strip(), f"git fsck says: {report}")
        self.note_head()

    def prove(self):
        """The whole feed, by everybody."""
        require(self.weald("verify").startswith("ok killed "), "weald verify")
        self.git("verify-commit", *self.git("rev-list", "main").split())
        done = subprocess.run(
            ["/usr/bin/python3", str(ROOT / "tests/interop/check_feed.py"), "--sample", "50", str(self.feed)],
            env=self.env, capture_output=True, text=True, check=False,
        )
        require(done.returncode == 0, f"check_feed.py says: {done.stdout}{done.stderr}")

    def run(self, rounds):
        """All rounds."""
        for number in range(rounds):
            if number % PROVE_ROUNDS == 0:
                if number > 0:
                    self.prove()
                self.new_home()
                self.weald("feeds")
            args, names, weight = self.draw_command()
            try:
                status, printed = self.kill(args, weight)
                self.check_after(status, printed, names)
                self.check_next()
            except Failure as failure:
                raise Failure(f"round {number + 1}, weald {args[0]} of {len(args) - 1}: {failure}") from failure
        self.prove()


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description="kill -9 at random moments while weald writes")
    parser.add_argument("rounds", nargs="?", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None)
    args = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if args.seed is None else args.seed
    print(f"seed {seed}, {args.rounds} rounds", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="weald-kill-"))
    killer = Killer(folder, random.Random(seed))
    start = time.monotonic()
    try:
        killer.run(args.rounds)
    except Failure as failure:
        sys.exit(f"{failure}\nseed {seed}, all is left in {folder}")
    shutil.rmtree(folder)
    counts = ", ".join(f"{count} {name}" for name, count in killer.counts.items())
    print(f"ok: {counts}; {time.monotonic() - start:.0f} seconds")


if __name__ == "__main__":
    main()
