'use strict';
// BullMQ where Redis syncs its log before it answers: as safe from a crash as a commit in PostgreSQL. Not from a wiped Redis.
const Redis = require('ioredis');
const bullmq = require('./bullmq');

const redis = () => new Redis(process.env.PEERS_REDIS_URL);

module.exports = {
  ...bullmq,
  promises: 'The job is on the disk of Redis: a crash loses nothing, a wiped Redis loses everything queued.',
  settings: 'appendfsync always, for everything on that Redis while it is measured; otherwise as bullmq',
  produce: async () => {
    const server = redis();
    const [, before] = await server.config('GET', 'appendfsync');
    await server.config('SET', 'appendfsync', 'always');
    const producer = await bullmq.produce();
    return {
      ...producer,
      close: async () => {
        await producer.close();
        await server.config('SET', 'appendfsync', before);
        await server.quit();
      },
    };
  },
};
