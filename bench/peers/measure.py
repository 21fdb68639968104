"""The same figures as measure.js, for peers in Python. `measure.py PEER` prints them as one line of JSON."""
import asyncio
import importlib
import itertools
import json
import math
import random
import sys
import time

from worker_process import WorkerProcess

SINGLES, JOBS, BATCH, CALLERS, HOPS, PACED_SECONDS = 3000, 20000, 100, 32, 300, 8


def now():
    return time.monotonic_ns() / 1e6


def rate(count, ms):
    return round(count * 1e3 / ms, 2)


def quantiles(times):
    times = sorted(times)
    at = lambda q: round(times[max(0, math.ceil(q * len(times)) - 1)], 3) if times else None
    return {"p50": at(0.5), "p99": at(0.99), "n": len(times)}


async def enqueue_singles(producer, count, limit_ms):
    start, n = now(), 0
    while n < count and now() - start < limit_ms:
        await producer.single(n)
        n += 1
    return n, rate(n, now() - start)


async def enqueue_concurrently(producer, limit_ms):
    start, numbers = now(), itertools.count()

    async def one():
        while now() - start < limit_ms:
            await producer.single(next(numbers))

    await asyncio.gather(*(one() for _ in range(CALLERS)))
    return rate(next(numbers), now() - start)


async def enqueue_batches(producer, limit_ms):
    start, n = now(), 0
    while n < JOBS and now() - start < limit_ms:
        await producer.batch(range(n, n + BATCH))
        n += BATCH
    return n, rate(n, now() - start)


async def drain(name, producer, concurrency, queued, limit_ms):
    worker = await WorkerProcess.start(name, concurrency, "count")
    deadline = now() + limit_ms
    while worker.count < queued and now() < deadline:
        await asyncio.sleep(0.005)
    left = await producer.left()
    while worker.count >= queued and left > 0 and now() < deadline + 5000:
        await asyncio.sleep(0.002)
        left = await producer.left()
    end, busy_mb = now(), worker.memory("VmHWM")
    await worker.stop()
    return (0 if worker.first is None else rate(queued - left, end - worker.first)), busy_mb


async def arrivals(producer, worker, gap, count, limit_ms):
    """Arrivals that wait for nothing: `gap()` is the time in milliseconds until the next one."""
    worker.starts.clear()
    called, returned, pending = {}, {}, []

    async def call(n):
        called[n] = now()
        await producer.single(n)
        returned[n] = now()

    start = due = now()
    for n in itertools.count():
        if n >= count or due - start >= limit_ms or now() - start >= limit_ms + 1000:
            break
        while due - now() > 0.5:
            await asyncio.sleep(max(0.001, (due - now()) / 1000))
        pending.append(asyncio.create_task(call(n)))
        if n % 16 == 15:
            await asyncio.sleep(0)
        due += gap()
    sent_ms = now() - start
    await asyncio.gather(*pending)
    deadline = now() + 5000
    while len(worker.starts) < len(called) and now() < deadline:
        await asyncio.sleep(0.02)
    started = list(worker.starts.items())
    return {
        "from_call": quantiles(at - called[n] for n, at in started),
        "from_return": quantiles(at - returned[n] for n, at in started),
        "per_second": rate(len(called), sent_ms),
        "unstarted": len(called) - len(started),
    }


async def paced(producer, worker, per_second):
    figures = await arrivals(producer, worker, lambda: 1000 / per_second, math.inf, PACED_SECONDS * 1000)
    rates = {"from_return": figures["from_return"], "aimed_per_s": round(per_second), "offered_per_s": figures["per_second"], "unstarted": figures["unstarted"]}
    return figures["from_call"] | rates


async def measure(name):
    peer = importlib.import_module(f"drivers.{name}")
    producer = peer.Producer()
    await producer.open()
    await enqueue_singles(producer, 300, 2000)
    await producer.purge()
    queued, single = await enqueue_singles(producer, SINGLES, 5000)
    one, _ = await drain(name, producer, 1, queued, 6000)
    await producer.purge()
    concurrent = await enqueue_concurrently(producer, 2000)
    await producer.purge()
    queued, batch = await enqueue_batches(producer, 10000)
    ten, _ = await drain(name, producer, 10, queued, 8000)
    await producer.purge()
    queued, _ = await enqueue_batches(producer, 10000)
    hundred, busy_mb = await drain(name, producer, 100, queued, 8000)
    await producer.purge()

    worker = await WorkerProcess.start(name, 10, "stamp")
    await asyncio.sleep(1.5)
    idle_mb = worker.memory("VmRSS")
    idle = await arrivals(producer, worker, lambda: random.uniform(*peer.IDLE_GAP_MS), HOPS, 20000)
    base = min(ten, concurrent)
    half = await paced(producer, worker, base * 0.5)
    eighty = await paced(producer, worker, base * 0.8)
    await worker.stop()
    await producer.purge()
    return {
        "peer": name.removesuffix("_peer"),
        "version": peer.VERSION,
        "promises": peer.PROMISES,
        "settings": peer.SETTINGS,
        "enqueue_single_per_s": single,
        "enqueue_concurrent_per_s": concurrent,
        "enqueue_batch_per_s": batch,
        "jobs_per_s": {"1": one, "10": ten, "100": hundred},
        "hop_idle_ms": idle["from_return"],
        "call_to_start_idle_ms": idle["from_call"],
        "hop_paced_50": half,
        "hop_paced_80": eighty,
        "worker_rss_mb_idle": idle_mb,
        "worker_rss_mb_busy": busy_mb,
    }


print(json.dumps(asyncio.run(measure(sys.argv[1]))))
