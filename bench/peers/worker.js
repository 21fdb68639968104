'use strict';
// A worker process: `worker.js PEER CONCURRENCY count|stamp`. Tells its parent that it is ready, then every 20 ms how many handlers
// have started and, for `stamp`, which jobs they had and when.
const { now } = require('./clock');

const [peer, concurrency, mode] = process.argv.slice(2);
let count = 0;
let first = null;
let starts = [];
let told = 0;

function started(job) {
  const at = now();
  first ??= at;
  count += 1;
  if (mode === 'stamp') starts.push([job.n, at]);
}

function tell() {
  if (count === told) return;
  process.send({ count, first, starts });
  told = count;
  starts = [];
}

require(`./drivers/${peer}`)
  .work(Number(concurrency), started)
  .then((stop) => {
    setInterval(tell, 20);
    process.on('message', async () => {
      await stop();
      process.exit(0);
    });
    process.send({ ready: true });
  });
