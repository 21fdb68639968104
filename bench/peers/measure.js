'use strict';
// The same figures for every peer: see docs/BENCHMARKS.md. `measure.js PEER` prints them as one line of JSON.
const { now, sleep, quantiles } = require('./clock');
const { WorkerProcess } = require('./worker_process');

const SINGLES = 3000;
const JOBS = 20000;
const BATCH = 100;
const CALLERS = 32;
const HOPS = 300;
const PACED_SECONDS = 8;
const rate = (count, ms) => Math.round((count * 1e5) / ms) / 100;

async function enqueueSingles(producer, count, limitMs) {
  const start = now();
  let n = 0;
  while (n < count && now() - start < limitMs) await producer.single({ n: n++ });
  return { queued: n, perSecond: rate(n, now() - start) };
}

// As many calls at a time as a busy service has: what paced arrivals can be offered at most.
async function enqueueConcurrently(producer, limitMs) {
  const start = now();
  let n = 0;
  const one = async () => {
    while (now() - start < limitMs) await producer.single({ n: n++ });
  };
  await Promise.all(Array.from({ length: CALLERS }, one));
  return rate(n, now() - start);
}

async function enqueueBatches(producer, limitMs) {
  const start = now();
  let n = 0;
  while (n < JOBS && now() - start < limitMs) {
    await producer.batch(Array.from({ length: BATCH }, (_, k) => ({ n: n + k })));
    n += BATCH;
  }
  return { queued: n, perSecond: rate(n, now() - start) };
}

// From the start of the first handler until nothing is left, or until the time is up.
async function drain(peer, producer, concurrency, queued, limitMs) {
  await producer.settle();
  const worker = await WorkerProcess.start(peer, concurrency, 'count');
  const deadline = now() + limitMs;
  while (worker.count < queued && now() < deadline) await sleep(5);
  let left = await producer.left();
  while (worker.count >= queued && left > 0 && now() < deadline + 5000) {
    await sleep(2);
    left = await producer.left();
  }
  const end = now();
  const busyMb = worker.memory('VmHWM');
  await worker.stop();
  return { perSecond: worker.first === null ? 0 : rate(queued - left, end - worker.first), busyMb };
}

// Arrivals that wait for nothing: `gap()` is the time in milliseconds until the next one.
async function arrivals(producer, worker, gap, count, limitMs) {
  worker.starts.clear();
  const called = [];
  const returned = [];
  const pending = [];
  const start = now();
  for (let due = start, n = 0; n < count && due - start < limitMs && now() - start < limitMs + 1000; n += 1, due += gap()) {
    while (due - now() > 0.5) await sleep(Math.max(1, due - now()));
    called[n] = now();
    pending.push(producer.single({ n }).then(() => (returned[n] = now())));
    // A call that fell due late must not keep answers from being read.
    if (n % 16 === 15) await new Promise(setImmediate);
  }
  const sentMs = now() - start;
  await Promise.all(pending);
  const deadline = now() + 5000;
  while (worker.starts.size < called.length && now() < deadline) await sleep(20);
  const started = [...worker.starts];
  return {
    fromCall: quantiles(started.map(([n, at]) => at - called[n])),
    fromReturn: quantiles(started.map(([n, at]) => at - returned[n])),
    perSecond: rate(called.length, sentMs),
    unstarted: called.length - started.length,
  };
}

async function paced(producer, worker, perSecond) {
  const figures = await arrivals(producer, worker, () => 1000 / perSecond, Infinity, PACED_SECONDS * 1000);
  return { ...figures.fromCall, from_return: figures.fromReturn, aimed_per_s: Math.round(perSecond), offered_per_s: figures.perSecond, unstarted: figures.unstarted };
}

async function measure(name) {
  const peer = require(`./drivers/${name}`);
  const producer = await peer.produce();
  await producer.purge();
  await enqueueSingles(producer, 300, 2000);
  await producer.purge();
  const singles = await enqueueSingles(producer, SINGLES, 5000);
  const one = await drain(name, producer, 1, singles.queued, 6000);
  await producer.purge();
  const concurrent = await enqueueConcurrently(producer, 2000);
  await producer.purge();
  const batches = await enqueueBatches(producer, 10000);
  const ten = await drain(name, producer, 10, batches.queued, 8000);
  await producer.purge();
  const again = await enqueueBatches(producer, 10000);
  const hundred = await drain(name, producer, 100, again.queued, 8000);
  await producer.purge();

  const worker = await WorkerProcess.start(name, 10, 'stamp');
  await sleep(1500);
  const idleMb = worker.memory('VmRSS');
  const [least, most] = peer.idleGapMs;
  const idle = await arrivals(producer, worker, () => least + Math.random() * (most - least), HOPS, 20000);
  const base = Math.min(ten.perSecond, concurrent);
  const half = await paced(producer, worker, base * 0.5);
  const eighty = await paced(producer, worker, base * 0.8);
  await worker.stop();
  await producer.purge();
  await producer.close();
  return {
    peer: name,
    version: peer.version,
    promises: peer.promises,
    settings: peer.settings,
    enqueue_single_per_s: singles.perSecond,
    enqueue_concurrent_per_s: concurrent,
    enqueue_batch_per_s: batches.perSecond,
    jobs_per_s: { 1: one.perSecond, 10: ten.perSecond, 100: hundred.perSecond },
    hop_idle_ms: idle.fromReturn,
    call_to_start_idle_ms: idle.fromCall,
    hop_paced_50: half,
    hop_paced_80: eighty,
    worker_rss_mb_idle: idleMb,
    worker_rss_mb_busy: hundred.busyMb,
  };
}

measure(process.argv[2]).then(
  (figures) => {
    console.log(JSON.stringify(figures));
    process.exit(0);
  },
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
