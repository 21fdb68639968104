'use strict';
const { fork } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { once } = require('node:events');
const { sleep } = require('./clock');

// What the driver knows about a worker in a process of its own.
class WorkerProcess {
  static async start(peer, concurrency, mode) {
    const worker = new WorkerProcess();
    worker.count = 0;
    worker.first = null;
    worker.starts = new Map();
    worker.child = fork(`${__dirname}/worker.js`, [peer, String(concurrency), mode], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    worker.ended = once(worker.child, 'exit');
    const ready = new Promise((resolve, reject) => {
      worker.child.on('exit', (code) => reject(new Error(`the worker of ${peer} ended with ${code}`)));
      worker.child.on('message', (message) => {
        if (message.ready) return resolve();
        worker.count = message.count;
        worker.first = message.first;
        for (const [n, at] of message.starts) worker.starts.set(n, at);
      });
    });
    await ready;
    return worker;
  }

  // VmRSS: now; VmHWM: the most so far. In MB.
  memory(field) {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)[1]) / 102.4) / 10;
  }

  async stop() {
    this.child.send('stop');
    await Promise.race([this.ended, sleep(10000).then(() => this.child.kill('SIGKILL'))]);
    await this.ended;
  }
}

module.exports = { WorkerProcess };
