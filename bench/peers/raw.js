'use strict';
// What the servers themselves allow: single commands, none pipelined, from 1 and from 32 connections. Prints one line of JSON.
const { execFileSync } = require('node:child_process');
const { once } = require('node:events');
const { writeFileSync, mkdtempSync, rmSync } = require('node:fs');
const net = require('node:net');
const { tmpdir } = require('node:os');
const { Client } = require('pg');
const { now } = require('./clock');

const SECONDS = 2;
const url = new URL(process.env.PEERS_REDIS_URL);
const command = (...words) => `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;

// A plain socket: a client library would cost more than the server does.
class Connection {
  static async open() {
    const connection = new Connection();
    connection.socket = net.connect(Number(url.port || 6379), url.hostname).setNoDelay(true);
    connection.socket.on('data', (data) => connection.reply(data));
    await once(connection.socket, 'connect');
    const password = decodeURIComponent(url.password);
    if (password) await connection.ask(command('AUTH', decodeURIComponent(url.username) || 'default', password));
    await connection.ask(command('SELECT', url.pathname.slice(1) || '0'));
    return connection;
  }

  async ask(bytes) {
    const answer = new Promise((resolve) => (this.reply = resolve));
    this.socket.write(bytes);
    const data = await answer;
    if (data[0] === 0x2d) throw new Error(data.toString());
  }
}

async function perSecond(connections, bytes) {
  let count = 0;
  const start = now();
  const end = start + SECONDS * 1000;
  const one = async (connection) => {
    for (; now() < end; count += 1) await connection.ask(bytes);
  };
  await Promise.all(connections.map(one));
  return Math.round((count * 1000) / (now() - start));
}

async function redis(clients) {
  const connections = await Promise.all(Array.from({ length: clients }, () => Connection.open()));
  const lpush = await perSecond(connections, command('LPUSH', 'peers:raw', 'x'.repeat(36)));
  // Moved round in one list, so that it never runs empty.
  const blmove = await perSecond(connections, command('BLMOVE', 'peers:raw', 'peers:raw', 'RIGHT', 'LEFT', '0'));
  for (const connection of connections) connection.socket.destroy();
  return { lpush_per_s: lpush, blmove_per_s: blmove };
}

// By pgbench, which is no bottleneck; null where there is none.
function commits(folder, clients) {
  const file = `${folder}/insert.sql`;
  writeFileSync(file, "INSERT INTO raw (body) VALUES ('{}');\n");
  try {
    const options = ['-n', '-M', 'prepared', '-j', clients > 1 ? '2' : '1', '-c', String(clients), '-T', String(SECONDS + 1), '-f', file];
    const text = execFileSync(process.env.PGBENCH || 'pgbench', [...options, process.env.PEERS_DATABASE_URL], { encoding: 'utf8', stdio: 'pipe' });
    return Math.round(Number(/tps = ([\d.]+)/.exec(text)[1]));
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

async function main() {
  const client = new Client({ connectionString: process.env.PEERS_DATABASE_URL });
  await client.connect();
  await client.query('CREATE TABLE raw (id bigserial PRIMARY KEY, body jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now())');
  const setting = async (name) => (await client.query(`SHOW ${name}`)).rows[0][name];
  const [fsync, synchronous_commit] = [await setting('fsync'), await setting('synchronous_commit')];
  await client.end();
  const folder = mkdtempSync(`${tmpdir()}/peers-`);
  try {
    const [one, many] = [await redis(1), await redis(32)];
    const postgres = { fsync, synchronous_commit, 1: commits(folder, 1), 32: commits(folder, 32) };
    console.log(JSON.stringify({ redis: { 1: one, 32: many }, postgres_commits_per_s: postgres }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main();
