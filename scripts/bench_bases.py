#!/usr/bin/env python3
"""Many small knowledge bases on one machine: makes them through the API, ingests two documents into each, and times searches by keyword in them.

    ./dev bench bases                       # a thousand, on servers of its own
    ./dev bench bases --bases 200

Each base has a word that no other has. Every answer must have the document with its base's word first; one that has not is counted as wrong, and the exit code is 1.
Writes .dev/bench/bases.json. docs/RETRIEVAL.md says what the figures mean.
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import statistics
import sys
import threading
import time
import urllib.parse

OUTPUT = pathlib.Path(__file__).resolve().parents[1] / ".dev" / "bench" / "bases.json"
CLIENTS, SEED = 8, 20_261_130
SERVER = urllib.parse.urlsplit(os.environ["VISUALKIT_URL"])
KEY = os.environ["VISUALKIT_API_KEY"]
thread = threading.local()


def call(method, path, body=None):
    """Over one connection a thread. Waits where the key's limit asks for it; whatever else is refused ends the run."""
    while True:
        if not hasattr(thread, "connection"):
            thread.connection = http.client.HTTPConnection(SERVER.hostname, SERVER.port, timeout=60)
        headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json", "prefer": "wait=30"}
        thread.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = thread.connection.getresponse()
        told = json.loads(answer.read() or "null")
        if answer.status == 429:
            time.sleep(float(answer.headers.get("retry-after", "1")))
        elif answer.status >= 300:
            sys.exit(f"error: {method} {path}: {answer.status} {told}")
        else:
            return told


def make(number):
    name = f"small-{os.getpid()}-{number}"
    base = call("POST", "/v1/knowledge-bases", {"name": name})["id"]
    return base, f"quokka{number}"


def ingest(made):
    base, word = made
    texts = {
        "Opening hours": f"The {word} desk opens at nine and closes at five, from Monday to Friday.",
        "Returns": "Whatever you bought can be sent back within thirty days, in its box, at our expense.",
    }
    for title, text in texts.items():
        # The key's wait: it is answered when the document is ready, or says that it is not.
        job = call("POST", f"/v1/knowledge-bases/{base}/documents", {"title": title, "content": text, "mime_type": "text/plain"})
        while call("GET", f"/v1/documents/{job['document_id']}")["state"] != "ready":
            time.sleep(0.05)


def search(made):
    """Milliseconds, whether the right document came first, and whether the replica was behind."""
    base, word = made
    began = time.monotonic()
    job = call("POST", "/v1/search", {"knowledge_base_ids": [base], "query": f"when does the {word} desk open", "mode": "keyword"})
    took = 1000 * (time.monotonic() - began)
    results = job["result"]["results"]
    right = bool(results) and word in results[0]["text"]
    return took, right, bool(job["result"]["stale"])


def in_order(bases, clients):
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        return list(pool.map(search, bases))


def phase(name, searches):
    times = sorted(took for took, _, _ in searches)
    figures = {
        "name": name,
        "searches": len(times),
        "p50_ms": statistics.median(times),
        "p99_ms": times[min(len(times) - 1, int(0.99 * len(times)))],
        "wrong": sum(not right for _, right, _ in searches),
        "stale": sum(stale for _, _, stale in searches),
    }
    print(f"{name:<40}{figures['searches']:>8}{figures['p50_ms']:>10.1f}{figures['p99_ms']:>10.1f}{figures['wrong']:>8}{figures['stale']:>8}", flush=True)
    return figures


def timed(name, work, over):
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        done = list(pool.map(work, over))
    took = time.monotonic() - began
    print(f"{name:<40}{took:>8.1f} s", flush=True)
    return took, done


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bases", type=int, default=1000)
    args = parser.parse_args()
    chance = random.Random(SEED)
    made_secs, bases = timed(f"{args.bases} bases made", make, range(args.bases))
    ingested_secs, _ = timed("two documents each, until ready", ingest, bases)
    print(f"\n{'keyword searches through HTTP':<40}{'n':>8}{'p50 ms':>10}{'p99 ms':>10}{'wrong':>8}{'stale':>8}")
    few = bases[: max(1, len(bases) // 50)]
    phases = [
        phase("the first of each: its replica is built", in_order(bases, 1)),
        phase("again in order: each is opened", in_order(bases, 1)),
        phase(f"at random, {CLIENTS} clients", in_order([chance.choice(bases) for _ in range(3 * len(bases))], CLIENTS)),
        phase(f"nine of ten in {len(few)} of them, {CLIENTS} clients", in_order([chance.choice(few if chance.random() < 0.9 else bases) for _ in range(3 * len(bases))], CLIENTS)),
    ]
    OUTPUT.write_text(json.dumps({"bases": args.bases, "made_secs": made_secs, "ingested_secs": ingested_secs, "phases": phases}, indent=2) + "\n")
    print(f"\nfigures: {OUTPUT}")
    sys.exit(1 if any(phase["wrong"] for phase in phases) else 0)


if __name__ == "__main__":
    main()
