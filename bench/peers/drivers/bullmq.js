'use strict';
const { Queue, Worker } = require('bullmq');

const url = new URL(process.env.PEERS_REDIS_URL);
const connection = {
  host: url.hostname,
  port: Number(url.port || 6379),
  username: decodeURIComponent(url.username) || undefined,
  password: decodeURIComponent(url.password) || undefined,
  db: Number(url.pathname.slice(1) || 0),
  maxRetriesPerRequest: null,
};
const prefix = 'peers';

exports.version = require('bullmq/package.json').version;
exports.promises =
  'The job is in the memory of Redis: with appendfsync everysec a crash loses about the last second, and a wiped Redis loses everything queued.';
exports.settings = 'defaults; jobs are removed when they complete';
exports.idleGapMs = [20, 40];

exports.produce = async () => {
  const queue = new Queue('noop', { connection, prefix, defaultJobOptions: { removeOnComplete: true } });
  await queue.waitUntilReady();
  return {
    single: (data) => queue.add('noop', data),
    batch: (all) => queue.addBulk(all.map((data) => ({ name: 'noop', data }))),
    left: async () => Object.values(await queue.getJobCounts('waiting', 'active', 'prioritized', 'delayed')).reduce((a, b) => a + b, 0),
    settle: async () => {},
    purge: async () => queue.obliterate({ force: true, count: 100000 }),
    close: () => queue.close(),
  };
};

exports.work = async (concurrency, started) => {
  const worker = new Worker('noop', async (job) => started(job.data), { connection, prefix, concurrency });
  await worker.waitUntilReady();
  return () => worker.close();
};
