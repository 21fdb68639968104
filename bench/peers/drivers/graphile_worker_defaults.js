'use strict';
// graphile-worker as it comes: each job is fetched and completed by statements of its own.
const { Logger, run } = require('graphile-worker');
const tuned = require('./graphile_worker');

module.exports = {
  ...tuned,
  settings: 'defaults, but a pool as large as the concurrency, at most 50',
  work: async (concurrency, started) => {
    const runner = await run({
      connectionString: process.env.PEERS_DATABASE_URL,
      concurrency,
      maxPoolSize: Math.min(50, concurrency + 2),
      logger: new Logger(() => () => {}),
      noHandleSignals: true,
      taskList: { noop: async (data) => started(data) },
    });
    return () => runner.stop();
  },
};
