#!/usr/bin/env python3
"""Measures other job queues on the servers of this environment and sets our own figures beside theirs.

    ./dev bench jobs --peers                        # ours first, then the peers, on the same servers
    scripts/bench_peers.py [PEER…]                  # with DATABASE_OWNER_URL and REDIS_URL set; `raw` is the servers alone

Needs Node.js 20 or later with npm, Python's venv module, and Rust; installs and builds what bench/peers pins, for itself only. Makes a database and
takes an empty Redis database, and removes both. Reads .dev/bench/jobs.json, writes .dev/bench/jobs_with_peers.json. docs/BENCHMARKS.md says what
each figure means. Exit code 1 when a peer could not be measured.
"""
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PEERS = ROOT / "bench" / "peers"
BENCH = ROOT / ".dev" / "bench"
VENV = BENCH / "venv"
APALIS = PEERS / "apalis"
APALIS_TARGET = BENCH / "apalis"
NAMES = ["raw", "bullmq", "graphile_worker", "graphile_worker_defaults", "pg_boss", "arq", "apalis_redis", "bullmq_synced"]
TIMEOUT_SECS = 180
OUR_PROMISE = "The job is committed in PostgreSQL, in the caller's own transaction: a crash of any process or a wiped Redis loses nothing."


def die(what, help):
    sys.exit(f"error: {what}\nhelp: {help}")


def progress(text):
    print(text, file=sys.stderr, flush=True)


def install(what, pins, folder, commands):
    """Runs the commands unless `folder` was made from these very pins."""
    stamp = folder / ".pins"
    wanted = hashlib.sha256(pins.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    progress(f"installing {what}")
    shutil.rmtree(folder, ignore_errors=True)
    for command in commands:
        if subprocess.run(command, cwd=PEERS, stdout=sys.stderr).returncode != 0:
            die(f"could not install {what}", "the lines above say why; nothing half-done is used")
    stamp.write_text(wanted)


def prepare(names):
    for name in ("DATABASE_OWNER_URL", "REDIS_URL"):
        if not os.environ.get(name):
            die(f"{name} is not set", "run ./dev bench jobs --peers, which starts servers")
    if not (shutil.which("node") and shutil.which("npm")):
        die("node or npm is missing", "install Node.js 20 or later")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < 20:
        die(f"this is Node.js {version}", "the peers need 20 or later")
    BENCH.mkdir(parents=True, exist_ok=True)
    install("the peers for Node.js", PEERS / "package-lock.json", PEERS / "node_modules", [["npm", "ci", "--silent"]])
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", "requirements.txt"]
    install("the peers for Python", PEERS / "requirements.txt", VENV, [[sys.executable, "-m", "venv", str(VENV)], pip])
    command = ["cargo", "build", "--quiet", "--locked", "--release", "--target-dir", str(APALIS_TARGET)]
    if "apalis_redis" in names and subprocess.run(command, cwd=APALIS, stdout=sys.stderr).returncode != 0:
        die("could not build bench/peers/apalis", "the lines above say why")


def command_of(name):
    if name == "raw":
        return ["node", "raw.js"]
    if name == "apalis_redis":
        return [str(APALIS_TARGET / "release" / "apalis-peer")]
    if (PEERS / "drivers" / f"{name}.js").exists():
        return ["node", "measure.js", name]
    return [str(VENV / "bin" / "python"), "measure.py", f"{name}_peer"]


def measure(name):
    """The figures of one peer, or {"peer", "error"}."""
    database = f"peers_{name}_{os.getpid()}"
    opened = subprocess.run(["node", "servers.js", "open", database], cwd=PEERS, capture_output=True, text=True)
    if opened.returncode != 0:
        return {"peer": name, "error": opened.stderr.strip()}
    urls = json.loads(opened.stdout)
    environment = {**os.environ, "PEERS_DATABASE_URL": urls["database_url"], "PEERS_REDIS_URL": urls["redis_url"]}
    pgbench = ROOT / ".dev" / "tools" / "postgres" / "bin" / "pgbench"
    if pgbench.exists():
        environment.setdefault("PGBENCH", str(pgbench))
    # A group of its own, so that a driver that hangs is ended together with its workers.
    process = subprocess.Popen(command_of(name), cwd=PEERS, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        output, _ = process.communicate(timeout=TIMEOUT_SECS)
        if process.returncode != 0:
            return {"peer": name, "error": f"the driver ended with {process.returncode}"}
        return json.loads(output.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"peer": name, "error": f"not done after {TIMEOUT_SECS} s"}
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        subprocess.run(["node", "servers.js", "close", database, urls["redis_url"]], cwd=PEERS)


def our_figures():
    """Our own run, which uses the peers' words: its first dispatch backend, and the others, each as a column of its own."""
    path = BENCH / "jobs.json"
    if not path.exists():
        return None, []
    run = json.loads(path.read_text())
    ours = {"promises": OUR_PROMISE, "disk_sync_ms": run["disk_sync_ms"]}
    others = [{**ours, "peer": f"ours: {other['backend']}", **other["figures"]} for other in run["other_backends"]]
    return {**ours, "peer": "visualkit", **run["figures"]}, others


ROWS = [
    ("enqueue, one at a time /s", "enqueue_single_per_s"),
    ("enqueue, 32 callers /s", "enqueue_concurrent_per_s"),
    ("enqueue, batches of 100 /s", "enqueue_batch_per_s"),
    *[(f"jobs/s, concurrency {n}", f"jobs_per_s.{n}") for n in (1, 10, 100)],
    *[(f"return to start, idle {q} ms", f"hop_idle_ms.{q}") for q in ("p50", "p99")],
    *[(f"call to start, idle {q} ms", f"call_to_start_idle_ms.{q}") for q in ("p50", "p99")],
    *[
        row
        for n in (50, 80)
        for row in (
            (f"{n} % load: offered /s", f"hop_paced_{n}.offered_per_s"),
            *[(f"{n} %: call to start {q} ms", f"hop_paced_{n}.{q}") for q in ("p50", "p99")],
            *[(f"{n} %: return to start {q} ms", f"hop_paced_{n}.from_return.{q}") for q in ("p50", "p99")],
        )
    ],
    ("worker, idle MB", "worker_rss_mb_idle"),
    ("worker, most at 100 MB", "worker_rss_mb_busy"),
]


def look_up(figures, path):
    for key in path.split("."):
        figures = (figures or {}).get(key)
    return figures


def with_ratio(theirs, ours):
    if theirs is None:
        return "-"
    text = f"{theirs:,.0f}" if theirs >= 100 else f"{theirs:.2f}"
    return f"{text} ({ours / theirs:.2f})" if ours is not None and theirs > 0 else text


def print_table(ours, peers):
    measured = [peer for peer in peers if "error" not in peer]
    print(f"{'(ours / theirs)':<28}{'visualkit':>12}" + "".join(f"{peer['peer'][:20]:>22}" for peer in measured))
    for label, path in ROWS:
        own = look_up(ours, path)
        cells = "".join(f"{with_ratio(look_up(peer, path), own):>22}" for peer in measured)
        print(f"{label:<28}{with_ratio(own, None):>12}{cells}")
    print("\nwhat it promises after 202 (and how it was set)")
    for figures in [ours] * bool(ours) + measured:
        name = f"{figures['peer']} {figures.get('version', '')}".strip()
        print(f"{name:<34}{figures['promises']} {'(' + figures['settings'] + ')' if 'settings' in figures else ''}".rstrip())


def print_raw(raw):
    for clients in ("1", "32"):
        redis, commits = raw["redis"][clients], raw["postgres_commits_per_s"][clients]
        per_second = "not measured (no pgbench)" if commits is None else f"{commits:,}/s"
        print(f"servers alone, {clients:>2} clients: LPUSH {redis['lpush_per_s']:,}/s, BLMOVE {redis['blmove_per_s']:,}/s, commits {per_second}")


def ratios(ours, peers):
    both = lambda peer: [(path, look_up(ours, path), look_up(peer, path)) for _, path in ROWS]
    return {peer["peer"]: {path: round(own / theirs, 3) for path, own, theirs in both(peer) if own is not None and theirs} for peer in peers}


def main():
    names = sys.argv[1:] or NAMES
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        die(f"there is no peer {unknown[0]}", f"there are: {', '.join(NAMES)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    prepare(names)
    before, results = os.getloadavg(), []
    for name in names:
        progress(f"measuring {name}")
        results.append(measure(name))
    ours, other_backends = our_figures()
    raw = next((result for result in results if "redis" in result), None)
    peers = other_backends + [result for result in results if "peer" in result]
    figures = {
        "bench": "jobs_with_peers",
        "load_before": before,
        "load_after": os.getloadavg(),
        "raw": raw,
        "ours": ours,
        "peers": peers,
        "ratios_ours_by_theirs": ratios(ours, peers),
    }
    output = BENCH / "jobs_with_peers.json"
    output.write_text(json.dumps(figures, indent=2) + "\n")
    print()
    print_table(ours, peers)
    if raw:
        print_raw(raw)
    print(f"\nload before and after: {before[0]:.1f}, {figures['load_after'][0]:.1f}; figures: {output}")
    failed = [peer for peer in peers if "error" in peer]
    for peer in failed:
        progress(f"error: {peer['peer']} was not measured: {peer['error']}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
