'use strict';
const { Logger, makeWorkerUtils, run } = require('graphile-worker');
const { Pool } = require('pg');

const connectionString = process.env.PEERS_DATABASE_URL;
const logger = new Logger(() => () => {});

exports.version = require('graphile-worker/package.json').version;
exports.promises = 'The job is committed in PostgreSQL: it survives a crash of any process, and it can be inserted in the caller’s own transaction.';
exports.settings = 'local queue of 500, completions batched without delay (its own advice for throughput), pool of 20';
exports.idleGapMs = [20, 40];

exports.produce = async () => {
  const pool = new Pool({ connectionString, max: 10 });
  pool.on('error', console.error);
  pool.on('connect', (client) => client.on('error', console.error));
  const utils = await makeWorkerUtils({ pgPool: pool, logger });
  await utils.migrate();
  return {
    single: (data) => utils.addJob('noop', data),
    batch: (all) => utils.addJobs(all.map((payload) => ({ identifier: 'noop', payload }))),
    left: async () => (await pool.query('SELECT count(*)::int AS n FROM graphile_worker._private_jobs')).rows[0].n,
    settle: () => pool.query('ANALYZE graphile_worker._private_jobs'),
    purge: () => pool.query('TRUNCATE graphile_worker._private_jobs, graphile_worker._private_job_queues'),
    close: async () => {
      await utils.release();
      await pool.end();
    },
  };
};

exports.work = async (concurrency, started) => {
  const runner = await run({
    preset: {
      worker: {
        connectionString,
        concurrentJobs: concurrency,
        maxPoolSize: 20,
        localQueue: { size: 500 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    },
    logger,
    noHandleSignals: true,
    taskList: { noop: async (data) => started(data) },
  });
  return () => runner.stop();
};
