"""A worker process: `worker.py PEER CONCURRENCY count|stamp`. As worker.js, but it tells its parent in lines of JSON, until a signal."""
import importlib
import json
import os
import sys
import threading
import time

peer, concurrency, mode = sys.argv[1:]
count, first, starts = 0, None, []
lock = threading.Lock()
# What the peer itself prints must not come between.
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def started(n):
    global count, first
    at = time.monotonic_ns() / 1e6
    with lock:
        first = first or at
        count += 1
        if mode == "stamp":
            starts.append((n, at))


def tell(message):
    out.write(json.dumps(message) + "\n")
    out.flush()


def ready():
    tell({"ready": True})
    threading.Thread(target=tell_regularly, daemon=True).start()


def tell_regularly():
    global starts
    told = 0
    while True:
        time.sleep(0.02)
        if count == told:
            continue
        with lock:
            message = {"count": count, "first": first, "starts": starts}
            starts = []
        told = message["count"]
        tell(message)


importlib.import_module(f"drivers.{peer}").work(int(concurrency), started, ready)
