"""Measures one library on the chunks and vectors of a folder that `visualkit bench retrieval` wrote; prints one line of JSON.

    measure.py PEER FOLDER QUERIES PROBES CLIENTS      # CLIENTS: as 1,8

FOLDER has chunks.jsonl and vectors.f32, QUERIES queries.jsonl and queries.f32. With queries that are of FOLDER's own set, rankings.jsonl is
written there for `scripts/bench_retrieval.py` to score.
"""
import importlib
import json
import pathlib
import resource
import sys
import tempfile
import threading
import time

import numpy

DEPTH = 100
MODES = ("keyword", "vector", "hybrid")


def vectors(path, rows):
    return numpy.fromfile(path, dtype="<f4").reshape(rows, -1)


def read(folder, name, matrix):
    lines = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
    return lines, vectors(folder / f"{matrix}.f32", len(lines))


def resident_mib():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def quantiles(times):
    times = sorted(times)
    at = lambda quantile: round(times[max(0, -(-int(len(times) * quantile * 1000) // 1000) - 1)], 3)
    return {"p50": at(0.5), "p99": at(0.99), "n": len(times)}


def timed(search, queries, embedded, probes, clients):
    """Milliseconds of each search, `clients` threads at a time, and searches a second."""
    times, numbers, lock = [], iter(range(probes)), threading.Lock()

    def work():
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            query = number % len(queries)
            start = time.perf_counter()
            search(queries[query]["text"], embedded[query], 10)
            taken = (time.perf_counter() - start) * 1e3
            with lock:
                times.append(taken)

    start = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"clients": clients, "per_second": round(probes / (time.perf_counter() - start), 1), **quantiles(times)}


def main():
    name, folder, of_queries = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    probes, clients = int(sys.argv[4]), [int(number) for number in sys.argv[5].split(",")]
    library = importlib.import_module(name)
    chunks, matrix = read(folder, "chunks", "vectors")
    queries, embedded = read(of_queries, "queries", "queries")
    before = resident_mib()
    with tempfile.TemporaryDirectory() as directory:
        start = time.perf_counter()
        peer = library.Peer(directory, chunks, matrix)
        built = time.perf_counter() - start
        figures = {"peer": library.NAME, "versions": library.versions(), "settings": library.SETTINGS, "chunks": len(chunks), "build_secs": round(built, 2)}
        if folder == of_queries:
            with (folder / f"{name}.rankings.jsonl").open("w") as lines:
                for query, vector in zip(queries, embedded):
                    rankings = {mode: getattr(peer, mode)(query["text"], vector, DEPTH) for mode in MODES}
                    lines.write(json.dumps({"id": query["id"], "rankings": rankings}) + "\n")
        if probes:
            for mode in MODES:
                timed(getattr(peer, mode), queries, embedded, min(probes, 50), 1)
            figures["in_process"] = {mode: [timed(getattr(peer, mode), queries, embedded, probes, number) for number in clients] for mode in MODES}
        figures["memory_mib"] = round(resident_mib() - before)
        figures["disk_mib"] = round(sum(file.stat().st_size for file in pathlib.Path(directory).rglob("*") if file.is_file()) / 2**20)
        # One with a server of its own knows better, and ends it.
        if hasattr(peer, "sizes"):
            figures.update(peer.sizes())
            peer.close()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
