'use strict';
// Milliseconds of CLOCK_MONOTONIC, which every process of one machine reads alike.
exports.now = () => Number(process.hrtime.bigint()) / 1e6;

exports.sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const round = (x) => Math.round(x * 1000) / 1000;

// The nearest-rank quantiles of some durations, in milliseconds.
exports.quantiles = (times) => {
  const sorted = Float64Array.from(times).sort();
  const at = (q) => (sorted.length ? round(sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]) : null);
  return { p50: at(0.5), p99: at(0.99), n: sorted.length };
};
