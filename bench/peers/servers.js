'use strict';
// A database and a Redis database of the peers' own: `servers.js open NAME` makes and prints them, `servers.js close NAME REDIS_URL`
// removes them.
const Redis = require('ioredis');
const { Client } = require('pg');

const [action, name, redisUrl] = process.argv.slice(2);

async function postgres(sql) {
  const client = new Client({ connectionString: process.env.DATABASE_OWNER_URL });
  await client.connect();
  await client.query(sql);
  await client.end();
}

// One that holds nothing, so that emptying it afterwards takes nothing of anybody's.
async function emptyRedis() {
  const redis = new Redis(process.env.REDIS_URL);
  for (let number = 15; number > 0; number -= 1) {
    await redis.select(number);
    if ((await redis.dbsize()) > 0) continue;
    await redis.quit();
    const url = new URL(process.env.REDIS_URL);
    url.pathname = `/${number}`;
    return url.href;
  }
  throw new Error('none of the Redis databases 1 to 15 is empty');
}

async function open() {
  const redis_url = await emptyRedis();
  await postgres(`CREATE DATABASE "${name}"`);
  const database = new URL(process.env.DATABASE_OWNER_URL);
  database.pathname = `/${name}`;
  console.log(JSON.stringify({ database_url: database.href, redis_url }));
}

async function close() {
  const redis = new Redis(redisUrl);
  await redis.flushdb();
  await redis.quit();
  await postgres(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
}

if (!/^peers_[a-z0-9_]+$/.test(name)) throw new Error(`${name} is no name for a database of the peers`);
({ open, close })[action]().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
