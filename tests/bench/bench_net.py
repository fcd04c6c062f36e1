"""The benchmarks of the network, beside stock git in the same run.

Everything runs on this machine's loopback and cores: the joining node and the
one that serves it share them, and so do fifteen nodes. Ratios to git count, as
the figures drift with the machine. Nothing here is a test.

    bench_net.py [--runs N] [--sizes N,N] [--publishes N] [--idle SECONDS]
                 [--updates N] [--only join,idle,live]

join   a node that has nothing takes in a feed over TLS, verified and durable;
       beside `git clone` over `git daemon` of the same repository
live   15 nodes, 30 links: from durable in the region that publishes to durable
       in the last of them; beside 15 repositories that fetch from each other
idle   15 nodes when nothing happens
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "scripts"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from nodes import LINKS_15, Failed, Heads, Network, environment, free_ports, head_of, on_signals, regions  # noqa: E402
import records  # noqa: E402

VERIFIED_SAMPLE = 300
JOIN_S = 600
FETCH_SAMPLES = 5
RECORD_LINES = 70


def run(args, env, cwd=None):
    """A command that must succeed; its output."""
    done = subprocess.run([str(a) for a in args], env=env, cwd=cwd, capture_output=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(str(a) for a in args)}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode()


def seconds(function):
    """How long it takes."""
    start = time.monotonic()
    function()
    return time.monotonic() - start


# ---- join ----------------------------------------------------------------


class GitDaemon:
    """`git daemon` on a folder, while the context lasts."""

    def __init__(self, folder, env):
        self.port = free_ports(1)[0]
        self.process = subprocess.Popen(
            ["git", "daemon", "--export-all", f"--base-path={folder}", "--listen=127.0.0.1",
             f"--port={self.port}", "--reuseaddr", str(folder)], env=env, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        # git starts a git-daemon, which is in the session that began with it
        os.killpg(self.process.pid, 15)
        self.process.wait()

    def clone(self, name, target, env):
        """A bare clone; the daemon may have to come up first."""
        for attempt in range(50):
            done = subprocess.run(["git", "clone", "-q", "--bare", f"git://127.0.0.1:{self.port}/{name}", str(target)],
                                  env=env, capture_output=True, check=False)
            if done.returncode == 0:
                return
            if attempt == 49 or b"unable to connect" not in done.stderr:
                raise Failed(done.stderr.decode(errors="replace"))
            time.sleep(0.1)


def proc_kib(pid, field):
    """A line of /proc/PID/status, in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    return 0


def proc_cpu_s(pid):
    """Processor seconds of all threads so far."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except OSError:
            pass
    return total / 1e9


def join_once(network, author, feed_id, number, wanted):
    """A new home takes the feed in; seconds, and its highest memory in KiB."""
    joiner = next(n for n in network.nodes if n.slug == f"joiner-{number}")
    network.run([joiner], first=True)
    for one, other in ((author, joiner), (joiner, author)):
        one.command("peer", "add", other.address, other.node_key)
    # the session stands before the clock starts: what is measured is the taking in
    network.wait(lambda: any(p["state"] == "connected" for p in json_lines(joiner.command("peers", "--json"))),
                 30, lambda: "no connection\n" + joiner.log_tail())
    start = time.monotonic()
    joiner.command("follow", feed_id)
    network.wait(lambda: joiner.head("bench") == wanted, JOIN_S,
                 lambda: f"{joiner.slug} does not take the feed in\n{joiner.log_tail()}\n{author.log_tail()}")
    took = time.monotonic() - start
    peak = proc_kib(joiner.process.pid, "VmHWM")
    joiner.stop()
    shutil.rmtree(joiner.home)
    author.command("peer", "remove", joiner.node_key)
    return took, peak


def json_lines(text):
    """The objects of JSON lines; one that is a list counts as its items."""
    found = []
    for line in text.splitlines():
        value = json.loads(line)
        found += value if isinstance(value, list) else [value]
    return found


def verify_rate(repository, env):
    """`git verify-commit` of some commits; commits/s."""
    ids = run(["git", "rev-list", f"--max-count={VERIFIED_SAMPLE}", "main"], env, repository).split()
    took = seconds(lambda: run(["git", "verify-commit", *ids], env, repository))
    return len(ids) / took


def bench_join(weald, bench_feed, size, runs, work):
    """Lines of the table for a feed of this size."""
    env = environment()
    folder = work / f"join-{size}"
    folder.mkdir()
    source = folder / "bench.git"
    run([bench_feed, source, size, size], env)
    names = [("author", "Author")] + [(f"joiner-{i}", f"Joiner {i}") for i in range(runs)]
    ours, clones, checks, peaks = [], [], [], []
    with Network(weald, folder, names) as network, GitDaemon(folder, env) as daemon:
        network.init(["connections = 0", "introductions = 0"])
        author = network["author"]
        took_import = seconds(lambda: author.command("import", source, limit_s=JOIN_S))
        feed_id = next(f["feed_id"] for f in json_lines(author.command("feeds", "--json")) if not f["own"])
        wanted = author.head("bench")
        network.run([author], first=True)
        author.command("follow", feed_id)
        for number in range(runs):
            target = folder / "clone.git"
            clones.append(seconds(lambda: daemon.clone("bench.git", target, env)))
            shutil.rmtree(target)
            took, peak = join_once(network, author, feed_id, number, wanted)
            ours.append(took)
            peaks.append(peak)
            checks.append(verify_rate(source, env))
        served = proc_kib(author.process.pid, "VmHWM")
    count = size + 2  # create-feed and profile
    clone, mine = statistics.median(clones), statistics.median(ours)
    checked = clone + count / statistics.median(checks)
    rows = [(f"{size:,} updates: weald over TLS, verified, durable", count / mine, clone / mine),
            ("  git clone over git daemon, nothing verified", count / clone, 1.0),
            (f"  the same and git verify-commit ({VERIFIED_SAMPLE} of them, extrapolated)", count / checked,
             clone / checked),
            ("  weald import of the repository, on disk already", count / took_import, clone / took_import)]
    notes = [f"{size:,}: runs of weald {', '.join(f'{s:.2f}' for s in ours)} s, of git clone "
             f"{', '.join(f'{s:.2f}' for s in clones)} s; highest memory of the joining node "
             f"{statistics.median(peaks) / 1024:.0f} MiB, of the serving one {served / 1024:.0f} MiB"]
    shutil.rmtree(folder)
    return rows, notes


# ---- live ----------------------------------------------------------------


def write_record(folder, number, text):
    """A record of about 2 KB."""
    records.write_record(folder, "problem", f"Record {number}", f"{text} of record {number}\n" * RECORD_LINES)


def fill(network, updates):
    """Each region publishes so many records; until all have all."""
    for node in network.nodes:
        folder = network.folder / f"records-{node.slug}"
        for number in range(updates):
            write_record(folder / f"record-{number}", number, "the first text")
        paths = network.folder / f"paths-{node.slug}"
        paths.write_text("".join(f"{folder}/record-{number}\n" for number in range(updates)))
    network.each(lambda n: n.start_command("publish", "--paths-from", network.folder / f"paths-{n.slug}"),
                 network.nodes, at_once=2, limit_s=JOIN_S)
    network.settle(JOIN_S, still=3)


def live_once(network, heads, region, number):
    """One publish; ms from durable there to the last, ms from the command's start, and to each."""
    folder = network.folder / "live" / f"live-{number}"
    write_record(folder, number, f"text {number}")
    heads.wait(0)
    held = {}
    began = time.monotonic()
    command = region.start_command("publish", folder)
    while len(held) < len(network.nodes):
        changed = heads.wait(30)
        now = time.monotonic()
        if not changed:
            raise Failed(f"update {number} of {region.slug} did not arrive\n" + network.report())
        for node, feed in changed:
            if feed == region.slug:
                held.setdefault(node, now)
    network.finish([command])
    first, last = min(held.values()), max(held.values())
    return (last - first) * 1000, (last - began) * 1000, [(t - first) * 1000 for t in held.values() if t != first]


def quantile(values, part):
    """The value below which that part of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(part * 100) * len(ordered) // 100) - 1))]


def bench_live(network, publishes):
    """Spread times of one publish after the other, each in another region."""
    heads = Heads([(node, feed.slug) for node in network.nodes for feed in network.nodes])
    try:
        found = []
        for number in range(publishes):
            found.append(live_once(network, heads, network.nodes[number * 7 % len(network.nodes)], number))
            time.sleep(0.1)
    finally:
        heads.close()
    return [f[0] for f in found], [f[1] for f in found], [t for f in found for t in f[2]]


def fetch_spread(network, work):
    """15 repositories on the same graph, fetching from their neighbours in turn, as fast as the cores do."""
    env = environment()
    source = network.nodes[0].repository(network.nodes[0].slug)
    count = len(network.nodes)
    places = [work / f"fetch-{i}.git" for i in range(count)]
    for place in places:
        run(["git", "clone", "-q", "--bare", source, place], env)
    # one way each: whoever is asked answers with what it has
    tours = [(a, b) for one, other in LINKS_15 for a, b in ((one, other), (other, one))]
    stop = threading.Event()

    def poll(which, order):
        while not stop.is_set():
            for a, b in order[which::2]:
                if not stop.is_set():
                    subprocess.run(["git", "fetch", "-q", str(places[b]), "main:main"], cwd=places[a], env=env,
                                   capture_output=True, check=False)

    random.Random(1).shuffle(tours)
    workers = [threading.Thread(target=poll, args=(which, tours)) for which in range(2)]
    found = []
    env_commit = dict(env, GIT_AUTHOR_NAME="b", GIT_AUTHOR_EMAIL="b@b", GIT_COMMITTER_NAME="b", GIT_COMMITTER_EMAIL="b@b")
    for worker in workers:
        worker.start()
    try:
        for number in range(FETCH_SAMPLES):
            writer = number * 7 % count
            old = head_of(places[writer])
            commit = run(["git", "commit-tree", "-p", old, "-m", f"update {number}", f"{old}^{{tree}}"],
                         env_commit, places[writer]).strip()
            start = time.monotonic()
            run(["git", "update-ref", "refs/heads/main", commit, old], env, places[writer])
            waiting = set(range(count))
            while waiting:
                waiting = {i for i in waiting if head_of(places[i]) != commit}
                if time.monotonic() - start > 120:
                    raise Failed("git fetch did not spread the commit")
                time.sleep(0.01)
            found.append((time.monotonic() - start) * 1000)
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    for place in places:
        shutil.rmtree(place)
    return found


# ---- idle ----------------------------------------------------------------


def bytes_so_far(network):
    """Bytes in and out of all sessions of all nodes, and how many sessions."""
    total = sessions = 0
    for node in network.nodes:
        for peer in json_lines(node.command("peers", "--json")):
            if peer["state"] == "connected":
                total += peer["bytes_in"] + peer["bytes_out"]
                sessions += 1
    return total, sessions


def memory_mib(network):
    """Resident, and of it its own, of each node."""
    return ([proc_kib(n.process.pid, "VmRSS") / 1024 for n in network.nodes],
            [proc_kib(n.process.pid, "RssAnon") / 1024 for n in network.nodes])


def bench_idle(network, duration):
    """Per node: share of a processor, memory in MiB; per link: bytes/s."""
    filled = memory_mib(network)
    for node in network.nodes:
        node.stop()
    network.run()
    network.settle(JOIN_S, still=min(20, duration))  # links are up, and receipts have gone round
    before, _ = bytes_so_far(network)
    start = time.monotonic()
    cpu = {n.slug: proc_cpu_s(n.process.pid) for n in network.nodes}
    time.sleep(duration)
    used = {n.slug: proc_cpu_s(n.process.pid) - cpu[n.slug] for n in network.nodes}
    took = time.monotonic() - start
    after, sessions = bytes_so_far(network)
    links = len(LINKS_15)
    if sessions != 2 * links:
        raise Failed(f"{sessions} sessions, not {2 * links}: nothing is known of the bytes of a link")
    return {"cpu": [100 * u / took for u in used.values()],
            "memory": memory_mib(network),
            "filled": filled,
            # both ends count what they send and what they receive
            "bytes": (after - before) / 2 / took / links}


# ---- all -----------------------------------------------------------------


def print_join(weald, program, sizes, runs, work):
    """The first table."""
    print(f"\njoining: medians of {runs} runs\n")
    print(f"{'what':<74} {'per second':>10} {'x git clone':>12}")
    all_notes = []
    for size in sizes:
        rows, notes = bench_join(weald, program, size, runs, work)
        all_notes += notes
        for what, rate, ratio in rows:
            print(f"{what:<74} {rate:>10,.0f} {ratio:>12.2f}", flush=True)
    print("\n" + "\n".join(all_notes), flush=True)


def print_live(network, args, work):
    """The second table."""
    to_last, from_start, each = bench_live(network, args.publishes)
    polled = fetch_spread(network, work)
    print(f"\nlive: {len(network.nodes)} nodes, {len(LINKS_15)} links, {args.publishes} publishes, "
          f"{args.updates:,} updates a feed before\n")
    print(f"{'what':<74} {'p50 ms':>8} {'p99 ms':>8} {'most ms':>8}")
    for what, values in (("durable in its own region to durable in the last of the other 14", to_last),
                         ("durable in its own region to durable in each of the other 14", each),
                         ("start of the process `weald publish` to durable in the last", from_start)):
        print(f"{what:<74} {quantile(values, .5):>8.1f} {quantile(values, .99):>8.1f} {max(values):>8.1f}")
    what = f"git fetch in turn on the same graph, two at a time ({len(polled)} commits)"
    print(f"{what:<74} {quantile(polled, .5):>8.0f} {'':>8} {max(polled):>8.0f}", flush=True)


def print_idle(network, args):
    """The third table."""
    idle = bench_idle(network, args.idle)
    print(f"\nidle: {len(network.nodes)} nodes, {len(LINKS_15)} links, {len(network.nodes)} feeds of "
          f"{args.updates:,} updates, {args.idle} s\n")
    print(f"{'what':<74} {'median':>8} {'most':>8}")
    for what, values in (("processor, % of one core, a node", idle["cpu"]),
                         ("resident memory, MiB, a node, after a restart", idle["memory"][0]),
                         ("  of it its own (RssAnon)", idle["memory"][1]),
                         ("resident memory, MiB, a node that has just taken all of it in", idle["filled"][0]),
                         ("  of it its own (RssAnon)", idle["filled"][1])):
        print(f"{what:<74} {statistics.median(values):>8.3f} {max(values):>8.3f}")
    print(f"{'bytes/s on a link, both ways together, without TLS and TCP headers':<74} {idle['bytes']:>8.0f}",
          flush=True)


def main():
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description="benchmarks of the network beside stock git")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--sizes", default="10000,50000")
    parser.add_argument("--publishes", type=int, default=200)
    parser.add_argument("--updates", type=int, default=1000)
    parser.add_argument("--idle", type=int, default=60)
    parser.add_argument("--only", default="join,idle,live")
    args = parser.parse_args()
    weald = Path(os.environ.get("WEALD", "./weald")).resolve()
    program = Path(os.environ["BENCH_FEED"]).resolve()
    parts = args.only.split(",")
    on_signals()
    work = Path(tempfile.mkdtemp(prefix="weald-bench-net-"))
    try:
        if "join" in parts:
            print_join(weald, program, [int(s) for s in args.sizes.split(",")], args.runs, work)
        if "live" in parts or "idle" in parts:
            with Network(weald, work, regions()) as network:
                network.init(["connections = 0", "introductions = 0"])
                network.run(first=True)
                network.join(LINKS_15)
                network.follow_all()
                fill(network, args.updates)
                # idle first: for a minute after it has published much, a region is held to its quota
                if "idle" in parts:
                    print_idle(network, args)
                if "live" in parts:
                    print_live(network, args, work)
    except Failed as failure:
        sys.exit(f"bench_net: {failure}")
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
