#!/usr/bin/env python3
"""What the operator's queries do in a database with a million jobs: plans as PostgreSQL ran them (auto_explain), by the product itself.

    scripts/explain_at_scale.py /tmp/vk-explain                # starts servers there, fills them, runs everything, prints a table
    scripts/explain_at_scale.py /tmp/vk-explain --jobs 100000
    scripts/explain_at_scale.py /tmp/vk-explain --plans        # and the plans of those that read much
    ./dev servers remove /tmp/vk-explain                       # when done

Needs a built `visualkit` (VISUALKIT_BIN, or target/debug/visualkit). The database is filled once; run again, the same rows are asked. All pools
are paused meanwhile, so that the workers look after the jobs and run none. Times are of a debug or release build alike: they are PostgreSQL's.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
PSQL = ROOT / ".dev/tools/postgres/bin/psql"
POOLS = ["ingest", "retrieval", "general", "delivery"]
TENANT = "explain-1"
# Reading more rows than this without handing them on is worth a look.
MANY = 10_000
LOGGING = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_format": "json",
    "auto_explain.log_nested_statements": "on",
    "log_parameter_max_length": "0",
}


def read_assignments(path):
    lines = (line.partition("=") for line in path.read_text().splitlines())
    return {name: value for name, _, value in lines if value}


class Site:
    def __init__(self, directory):
        self.directory = directory
        subprocess.run([ROOT / "dev", "servers", "start", directory], check=True)
        self.urls = read_assignments(directory / "env")
        password = read_assignments(directory / "secrets/secrets.env")["POSTGRES_PASSWORD"]
        address = self.urls["DATABASE_OWNER_URL"].partition("@")[2]
        self.superuser = f"postgres://postgres:{password}@{address}"
        target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
        self.visualkit = os.environ.get("VISUALKIT_BIN", f"{target}/debug/visualkit")
        self.environment = {
            **self.urls,
            "SESSION_SECRET": "x" * 32,
            "VISUALKIT_MASTER_KEY": "x" * 32,
            "VISUALKIT__SERVER__LISTEN": "127.0.0.1:18480",
            "VISUALKIT__SERVER__ADMIN_LISTEN": "127.0.0.1:18481",
            "VISUALKIT__STORAGE__DATA_DIR": str(directory / "data/visualkit"),
            "VISUALKIT__LOG__FILTER": "warn",
            "VISUALKIT__DATABASE__STATEMENT_TIMEOUT_SECS": "300",
            "VISUALKIT__MODELS__DIR": str(ROOT / ".dev/tools/models"),
            "VISUALKIT__MODELS__ONNXRUNTIME": str(ROOT / ".dev/tools/onnxruntime/libonnxruntime.so"),
        }

    def psql(self, url, *arguments):
        command = [PSQL, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=on", *arguments, url]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def ask(self, sql):
        return self.psql(self.superuser, "--command", sql)

    def run(self, *arguments):
        done = subprocess.run([self.visualkit, *arguments], env=self.environment, stdout=subprocess.PIPE, text=True)
        # 1 and 3 are what `doctor` ends with when it has found something.
        if done.returncode not in (0, 1, 3) or (done.returncode == 1 and arguments[0] != "doctor"):
            sys.exit(f"visualkit {' '.join(arguments)} ended with {done.returncode}")
        return done.stdout


def prepare(site, jobs):
    site.run("migrate")
    if site.ask("SELECT count(*) FROM tenants") == "0":
        begun = time.monotonic()
        site.psql(site.urls["DATABASE_OWNER_URL"], "--set", f"jobs={jobs}", "--file", ROOT / "scripts/explain/fill.sql")
        print(f"filled in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    if site.ask("SELECT count(*) FROM operator_pauses") == "0":
        for pool in POOLS:
            site.run("pause", "--pool", pool)
    commands = ["--command", "LOAD 'auto_explain'"]
    for name, value in LOGGING.items():
        commands += ["--command", f"ALTER SYSTEM SET {name} = '{value}'"]
    site.psql(site.superuser, *commands, "--command", "SELECT pg_reload_conf()")


def get(site, key, path):
    request = urllib.request.Request(f"http://127.0.0.1:18480{path}", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=300) as answer:
        return json.load(answer)


def post(site, key, path, body):
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:18480{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=300) as answer:
        return json.load(answer)


def work(site, seconds):
    """Everything an operator does, while API and workers run for so many seconds."""
    key = json.loads(site.run("keys", "create", "--tenant", TENANT, "--name", "explain", "--json"))["key"]
    log = (site.directory / "log/visualkit.log").open("w")
    up = subprocess.Popen([site.visualkit, "up"], env=site.environment, stdout=log, stderr=log)
    try:
        begun = time.monotonic()
        while True:
            try:
                get(site, key, "/v1/jobs?limit=1")
                break
            except (urllib.error.URLError, ConnectionError):
                if up.poll() is not None or time.monotonic() - begun > 60:
                    sys.exit(f"visualkit up does not answer: see {log.name}")
                time.sleep(0.2)
        for path in ["/v1/dead-letters?limit=50", "/v1/dead-letters?kind=ingest_document&error_code=worker_lost", "/v1/dead-letters/summary",
                     "/v1/batches?limit=50", "/v1/schedules", "/v1/limits", "/v1/pauses", "/v1/webhooks"]:
            get(site, key, path)
        for state in ["scheduled", "queued", "running", "retryable", "succeeded", "dead", "cancelled"]:
            for job in get(site, key, f"/v1/jobs?state={state}&limit=1")["data"]:
                get(site, key, f"/v1/jobs/{job['id']}/why")
                get(site, key, f"/v1/jobs/{job['id']}")
        get(site, key, "/v1/jobs?kind=ingest_document&limit=50")
        get(site, key, "/v1/jobs?pool=retrieval&limit=50")
        for batch in get(site, key, "/v1/batches?limit=1")["data"]:
            get(site, key, f"/v1/jobs?parent_id={batch['id']}&state=queued")
        for webhook in get(site, key, "/v1/webhooks")["data"]:
            get(site, key, f"/v1/webhooks/{webhook['id']}/deliveries?state=failed")
        post(site, key, "/v1/dead-letters/replay", {"error_code": "worker_lost", "dry_run": True})
        site.run("pools")
        site.run("top", "--once")
        site.run("doctor")
        site.run("secrets", "rotate", "--dry-run")
        urllib.request.urlopen("http://127.0.0.1:18481/metrics", timeout=60).read()
        urllib.request.urlopen("http://127.0.0.1:18481/scaler/pools/ingest", timeout=60).read()
        time.sleep(max(0, seconds - (time.monotonic() - begun)))
    finally:
        up.terminate()
        up.wait()


def plans(text):
    """Milliseconds and plan of each statement in PostgreSQL's log."""
    for match in re.finditer(r"duration: ([0-9.]+) ms  plan:\n((?:\t.*\n)+)", text):
        yield float(match[1]), json.loads(match[2])


def nodes(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def describe(plan):
    """How tables were read, partitions of one table together, and how many rows in all."""
    scans, read = {}, 0
    for node in nodes(plan):
        if "Scan" not in node["Node Type"] or node["Node Type"] in ("Subquery Scan", "CTE Scan", "Function Scan", "Bitmap Index Scan"):
            continue
        table = re.sub(r"_(\d{4}w\d\d|default)$", "", node.get("Relation Name", node.get("Alias", "?")))
        index = re.sub(r"_\d{4}w\d\d.*", "", node.get("Index Name", ""))
        rows = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)) * node["Actual Loops"]
        read += rows
        how = (node["Node Type"], table)
        scans[how] = scans.get(how, 0) + rows
    parts = [f"{kind} {table} {round(rows):,}" for (kind, table), rows in sorted(scans.items(), key=lambda item: -item[1]) if rows >= 100]
    full = any(kind == "Seq Scan" and rows >= MANY for (kind, _), rows in scans.items())
    return parts, read, full


def report(text, show_plans):
    found = {}
    for took, logged in plans(text):
        query = re.sub(r"\s+", " ", logged["Query Text"]).strip()
        plan = logged["Plan"]
        entry = found.setdefault(query, {"calls": 0, "ms": -1.0})
        entry["calls"] += 1
        if took > entry["ms"]:
            parts, read, full = describe(plan)
            blocks = plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0)
            entry.update(ms=took, parts=parts, read=read, full=full, blocks=blocks, plan=plan)
    print("| Slowest ms | Calls | Rows read | Blocks | How | Query |\n|---|---|---|---|---|---|")
    for query, entry in sorted(found.items(), key=lambda item: -item[1]["ms"]):
        if entry["ms"] < 2 and entry["read"] < 1000:
            continue
        mark = "**" if entry["full"] else ""
        print(f"| {entry['ms']:.1f} | {entry['calls']} | {round(entry['read']):,} | {entry['blocks']:,} | {mark}{'; '.join(entry['parts'])}{mark} | `{query[:160]}` |")
    print(f"\n{len(found)} different statements; those under 2 ms that read fewer than 1,000 rows are left out. Bold: a table was read from end to end.")
    if show_plans:
        for query, entry in sorted(found.items(), key=lambda item: -item[1]["ms"]):
            if entry["read"] >= MANY:
                print(f"\n=== {entry['ms']:.1f} ms\n{query}\n{json.dumps(entry['plan'], indent=1)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=75, help="how long the workers' loops run; retention comes once a minute")
    parser.add_argument("--plans", action="store_true")
    options = parser.parse_args()
    site = Site(options.directory.resolve())
    prepare(site, options.jobs)
    log = site.directory / "log/postgres.log"
    begin = log.stat().st_size
    work(site, options.seconds)
    with log.open() as file:
        file.seek(begin)
        report(file.read(), options.plans)


if __name__ == "__main__":
    main()
