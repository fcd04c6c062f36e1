"""Nodes on this machine: homes, processes, links; for scripts/demo and tests/bench.

A Network is a folder with a home, a log and a process for each Node. Whether an
update is in a repository is asked of the repository: heads are read from the ref
files, and Heads tells of every change of one as the kernel sees it (inotify), so
that no node's word is taken and nothing is polled.
"""

import ctypes
import csv
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECORDS = ROOT / "tests" / "data" / "records"

# Each of 15 nodes has four links, and whom it is not linked with is one node
# away: the largest graph there is of degree four and diameter two.
LINKS_15 = [(0, 2), (0, 5), (0, 6), (0, 11), (1, 3), (1, 5), (1, 7), (1, 13), (2, 5), (2, 10),
            (2, 12), (3, 4), (3, 6), (3, 12), (4, 9), (4, 10), (4, 11), (5, 9), (6, 8), (6, 14),
            (7, 8), (7, 11), (7, 12), (8, 9), (8, 10), (9, 14), (10, 13), (11, 13), (12, 14), (13, 14)]

START_S = 30
STOP_S = 10
COMMAND_S = 60
LOG_LINES = 8


class Failed(Exception):
    """Something that had to work did not; the text is for a person."""


def regions():
    """The 15 collaboratives: (slug, name) each."""
    with open(RECORDS / "regions.csv", newline="", encoding="utf-8") as file:
        return [(row["slug"], row["name"]) for row in csv.DictReader(file)]


def free_ports(count):
    """Ports of the loopback that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def environment():
    """Ours, without what would lead git or weald elsewhere."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    for name in ("WEALD_HOME", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "JOURNAL_STREAM", "NOTIFY_SOCKET"):
        env.pop(name, None)
    env["GIT_CONFIG_NOSYSTEM"] = "1"
    env["GIT_CONFIG_GLOBAL"] = "/dev/null"
    return env


def said(process, output, error):
    """What a command that failed wants us to know."""
    text = (error or b"").decode(errors="replace").strip() or (output or b"").decode(errors="replace").strip()
    words = " ".join(str(a) for a in process.args)
    return f"`{words}` failed with {process.returncode}: {text}"


def head_of(repository):
    """The commit id of main in a repository; None where there is none."""
    try:
        return (repository / "refs/heads/main").read_text().strip()
    except OSError:
        pass
    try:
        for line in (repository / "packed-refs").read_text().splitlines():
            if line.endswith(" refs/heads/main"):
                return line.split()[0]
    except OSError:
        pass
    return None


class Node:
    """One region's node."""

    def __init__(self, network, slug, name, port):
        self.network = network
        self.slug = slug
        self.name = name
        self.address = f"127.0.0.1:{port}"
        self.home = network.folder / slug
        self.log = network.folder / f"{slug}.log"
        self.feed_id = None
        self.node_key = None
        self.process = None

    def start_command(self, *args):
        """Begin a weald command for this home."""
        # --home last, so that a process list shows the command first
        process = subprocess.Popen([self.network.weald, *[str(a) for a in args], "--home", str(self.home)],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=self.network.env)
        self.network.commands.append(process)
        return process

    def command(self, *args, limit_s=COMMAND_S):
        """Run a weald command that must succeed; its output."""
        return self.network.finish([self.start_command(*args)], limit_s)[0]

    def run(self, first=False):
        """Start the daemon; ready() says when it answers."""
        args = [self.network.weald, "run", *(["--i-am-first"] if first else []), "--home", str(self.home)]
        if self.network.setpriv:
            # should we be killed, it is not left behind
            args = [self.network.setpriv, "--pdeathsig", "TERM", *args]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.network.env, start_new_session=True)

    def ready(self):
        """Does it answer on its control socket?"""
        if self.process.poll() is not None:
            raise Failed(f"{self.slug} has ended with {self.process.returncode}\n{self.log_tail()}")
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(str(self.home / "control"))
            except OSError:
                return False
        return True

    def terminate(self):
        """SIGTERM, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def ended(self, deadline):
        """Wait; after @deadline by force. False where force was needed."""
        if self.process is None:
            return True
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
            return True
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False

    def stop(self):
        """SIGTERM, and wait for the end; how long it took."""
        start = time.monotonic()
        self.terminate()
        if not self.ended(start + STOP_S):
            raise Failed(f"{self.slug} did not stop within {STOP_S} s\n{self.log_tail()}")
        return time.monotonic() - start

    def repository(self, feed):
        """Where the feed of region @feed is in this home."""
        return self.home / "feeds" / f"{feed}.git"

    def head(self, feed):
        """The commit id of a feed's head here; None where there is none."""
        return head_of(self.repository(feed))

    def log_tail(self, lines=LOG_LINES):
        """The end of its log, indented."""
        try:
            tail = self.log.read_text(errors="replace").splitlines()[-lines:]
        except OSError:
            tail = []
        return "\n".join([f"  the end of {self.log}:", *[f"    {line}" for line in tail]])


class Network:
    """Nodes in one folder; a context that leaves no process behind."""

    def __init__(self, weald, folder, names):
        self.weald = str(weald)
        self.folder = Path(folder)
        self.env = environment()
        self.setpriv = shutil.which("setpriv")
        self.commands = []  # begun, and not waited for yet
        self.nodes = [Node(self, slug, name, port)
                      for (slug, name), port in zip(names, free_ports(len(names)))]

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.stop()

    def __getitem__(self, slug):
        return next(node for node in self.nodes if node.slug == slug)

    def finish(self, processes, limit_s=COMMAND_S):
        """Wait for commands that must succeed; the output of each."""
        outputs = []
        failed = None
        deadline = time.monotonic() + limit_s
        for process in processes:
            try:
                output, error = process.communicate(timeout=max(1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                output, error = process.communicate()
                error += f"it took more than {limit_s} s".encode()
            if process.returncode != 0 and failed is None:
                failed = said(process, output, error)
            self.commands.remove(process)
            outputs.append(output.decode(errors="replace"))
        if failed is not None:
            raise Failed(failed)
        return outputs

    def each(self, make, items, at_once=8, limit_s=COMMAND_S):
        """make(item) begins a command; all of them, some at once."""
        items = list(items)
        outputs = []
        for i in range(0, len(items), at_once):
            outputs += self.finish([make(item) for item in items[i:i + at_once]], limit_s)
        return outputs

    def init(self, settings=()):
        """Make the homes; settings are lines for [node] of each config."""
        found = self.each(lambda n: n.start_command(
            "init", "--json", "--region", n.name, "--slug", n.slug, "--listen", n.address,
            "--address", n.address), self.nodes)
        for node, output in zip(self.nodes, found):
            made = json.loads(output.splitlines()[-1])
            node.feed_id, node.node_key = made["feed_id"], made["node"]
            with open(node.home / "config", "a", encoding="utf-8") as config:
                config.write("[node]\n" + "".join(f"\t{line}\n" for line in settings))

    def run(self, nodes=None, first=False):
        """Start daemons, and wait until all answer."""
        nodes = self.nodes if nodes is None else nodes
        for node in nodes:
            node.run(first)
        self.wait(lambda: all(node.ready() for node in nodes), START_S,
                  lambda: "the nodes do not answer: " + ", ".join(n.slug for n in nodes if not n.ready()))

    def join(self, links):
        """For each (a, b) a's admin invites and b's joins."""
        pairs = [(self.nodes[a], self.nodes[b]) for a, b in links]
        tokens = self.each(lambda pair: pair[0].start_command("invite"), pairs)
        self.each(lambda item: item[0][1].start_command("join", item[1].split()[-1]),
                  list(zip(pairs, tokens)))

    def follow_all(self):
        """Every region's admin follows every other region by hand."""
        self.each(lambda n: n.start_command("follow", *[o.feed_id for o in self.nodes if o is not n]),
                  self.nodes)

    def lacking(self, nodes=None):
        """Whose head of which feed differs from its region's own: (node, feed) each."""
        nodes = self.nodes if nodes is None else nodes
        wanted = {o.slug: o.head(o.slug) for o in self.nodes}
        return [(node, feed) for node in nodes for feed, head in wanted.items() if node.head(feed) != head]

    def wait(self, condition, seconds, text):
        """Until condition(); else Failed with text()."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() >= deadline:
                raise Failed(text())
            time.sleep(0.02)

    def settle(self, seconds, still=0.0):
        """Until all homes agree, and have done so for @still seconds."""
        since = [None, None]

        def agreed():
            if self.lacking():
                since[0] = None
                return False
            heads = [node.head(node.slug) for node in self.nodes]
            if since[0] is None or since[1] != heads:
                since[:] = [time.monotonic(), heads]
            return time.monotonic() - since[0] >= still

        self.wait(agreed, seconds, self.report)

    def report(self):
        """Which node lacks what, and what its log says last."""
        lacks = {}
        for node, feed in self.lacking():
            lacks.setdefault(node, []).append(feed)
        text = []
        for node, feeds in lacks.items():
            state = "" if node.process and node.process.poll() is None else " (not running)"
            text.append(f"{node.slug}{state} lacks updates of {', '.join(feeds)}\n{node.log_tail()}")
        return "\n".join(text) or "it took too long, but all have arrived by now"

    def stop(self):
        """Stop all daemons, and commands under way; the nodes that took force."""
        for process in self.commands:
            process.kill()
            process.wait()
        self.commands.clear()
        for node in self.nodes:
            node.terminate()
        deadline = time.monotonic() + STOP_S
        return [node for node in self.nodes if not node.ended(deadline)]


# From <sys/inotify.h>.
IN_MOVED_TO = 0x80
IN_ONLYDIR = 0x01000000


class Heads:
    """Tells of each change of a head in the repositories of nodes."""

    def __init__(self, pairs):
        """@pairs: (node, feed) whose repository is there."""
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self.libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise Failed("inotify: " + os.strerror(ctypes.get_errno()))
        self.watches = {}
        for node, feed in pairs:
            place = os.fsencode(node.repository(feed) / "refs/heads")
            watch = self.libc.inotify_add_watch(self.fd, place, IN_MOVED_TO | IN_ONLYDIR)
            if watch < 0:
                raise Failed(f"{place.decode()}: {os.strerror(ctypes.get_errno())}")
            self.watches[watch] = (node, feed)

    def close(self):
        """Tell of nothing more."""
        os.close(self.fd)

    def wait(self, timeout):
        """The pairs (node, feed) whose head was set since the last call."""
        if not select.select([self.fd], [], [], max(0, timeout))[0]:
            return []
        found = []
        data = os.read(self.fd, 65536)
        at = 0
        while at < len(data):
            watch, _, _, length = struct.unpack_from("iIII", data, at)
            name = data[at + 16:at + 16 + length].rstrip(b"\0")
            at += 16 + length
            if name == b"main" and watch in self.watches:
                found.append(self.watches[watch])
        return found


def on_signals():
    """SIGTERM and SIGHUP end us as Ctrl-C does, with all cleaning up; in the background, too."""
    def stop(number, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
