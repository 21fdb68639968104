'use strict';
const PgBoss = require('pg-boss');
const { Pool } = require('pg');

const connectionString = process.env.PEERS_DATABASE_URL;
const QUEUE = 'noop';

exports.version = require('pg-boss/package.json').version;
exports.promises = 'The job is committed in PostgreSQL: it survives a crash of any process, and it can be inserted in the caller’s own transaction.';
exports.settings = 'polls every 0.5 s, the least it allows, and again at once after a batch; batches as large as the concurrency; pool of 10';
// Further apart than for peers that are woken: what arrives between two polls is one batch of ten at most.
exports.idleGapMs = [60, 100];

exports.produce = async () => {
  const boss = new PgBoss({ connectionString, supervise: false, schedule: false });
  boss.on('error', console.error);
  await boss.start();
  await boss.createQueue(QUEUE);
  const pool = new Pool({ connectionString, max: 1 });
  return {
    single: (data) => boss.send(QUEUE, data),
    batch: (all) => boss.insert(all.map((data) => ({ name: QUEUE, data }))),
    left: () => boss.getQueueSize(QUEUE, { before: 'completed' }),
    settle: () => pool.query('ANALYZE pgboss.job'),
    purge: () => pool.query('TRUNCATE pgboss.job'),
    close: async () => {
      await boss.stop({ graceful: false });
      await pool.end();
    },
  };
};

exports.work = async (concurrency, started) => {
  const boss = new PgBoss({ connectionString, supervise: false, schedule: false });
  boss.on('error', console.error);
  await boss.start();
  const id = await boss.work(QUEUE, { batchSize: concurrency, pollingIntervalSeconds: 0.5 }, async (jobs) => {
    for (const job of jobs) started(job.data);
    boss.notifyWorker(id);
  });
  return () => boss.stop({ graceful: true, timeout: 2000 });
};
