#!/usr/bin/env python3
"""Scores the rankings that `visualkit bench retrieval` wrote, and with `--peers` measures other search libraries on the same chunks and vectors.

    ./dev bench retrieval --peers               # ours first, then the libraries
    scripts/bench_retrieval.py [--peers]        # on what is in .dev/bench/retrieval already

Reads .dev/bench/retrieval.json and .dev/bench/retrieval/, writes .dev/bench/retrieval_scored.json. All rankings are scored by the code of this file.
docs/RETRIEVAL.md says what each figure means. Exit code 1 when a library could not be measured.
"""
import hashlib
import json
import math
import os
import pathlib
import random
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PEERS = ROOT / "bench" / "peers" / "retrieval"
BENCH = ROOT / ".dev" / "bench"
FOLDER = BENCH / "retrieval"
VENV = BENCH / "venv_retrieval"
LIBRARIES = ["lancedb_peer", "chroma_bm25s_peer", "pgvector_peer"]
TIMEOUT_SECS = 1800
RESAMPLES, SEED = 10_000, 20_261_123
# Of a set, how many queries the weights were chosen on: the first ones, which are not reported (docs/decisions/005-fusion.md).
CHOSEN_ON = {"stackfaq": 300}


def die(what, help):
    sys.exit(f"error: {what}\nhelp: {help}")


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def dcg(gains):
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains[:10], 1))


def ndcg(gains, all_gains):
    ideal = dcg(sorted(all_gains, reverse=True))
    return dcg(gains) / ideal if ideal else 0.0


class Truth:
    """What is relevant in one set, by document; a chunk is as relevant as its document."""

    def __init__(self, folder):
        names = json.loads((folder / "documents.json").read_text())
        self.document = {chunk["id"]: names.get(chunk["document"], chunk["document"]) for chunk in lines(folder / "chunks.jsonl")}
        self.chunks = {}
        for document in self.document.values():
            self.chunks[document] = self.chunks.get(document, 0) + 1
        # What the weights were chosen on says nothing of them.
        self.queries = lines(folder / "queries.jsonl")[CHOSEN_ON.get(folder.name, 0) :]

    def score(self, ranking, judged):
        best = {}
        for chunk, score in ranking:
            document = self.document[chunk]
            best[document] = max(best.get(document, -math.inf), score)
        # Equal scores: the larger name first, as trec_eval has it.
        documents = sorted(sorted(best, reverse=True), key=lambda document: -best[document])
        gain = lambda document: judged.get(document, 0)
        relevant = {document for document in judged if judged[document] > 0}
        first = next((place for place, document in enumerate(documents[:10], 1) if document in relevant), None)
        of_chunks = [gain(document) for document in relevant for _ in range(self.chunks.get(document, 0))]
        return {
            "ndcg@10": ndcg([gain(document) for document in documents], list(judged.values())),
            "recall@50": len(relevant & set(documents[:50])) / len(relevant),
            "mrr@10": 1 / first if first else 0.0,
            "chunk_ndcg@10": ndcg([gain(self.document[chunk]) for chunk, _ in ranking], of_chunks),
        }

    def scores(self, rankings_of):
        """By ranking, one dictionary a query, in the order of the queries."""
        scored = {}
        for query in self.queries:
            for name, ranking in rankings_of[query["id"]].items():
                scored.setdefault(name, []).append(self.score(ranking, query["judged"]))
        return scored


def mean(values):
    return sum(values) / len(values)


def difference(a, b, metric="ndcg@10"):
    """The mean of a - b over the same queries with the 95 % percentile bootstrap interval (Efron and Tibshirani 1993, chapter 13)."""
    differences = [x[metric] - y[metric] for x, y in zip(a, b)]
    generator = random.Random(SEED)
    means = sorted(mean(generator.choices(differences, k=len(differences))) for _ in range(RESAMPLES))
    return {"mean": round(mean(differences), 4), "ci95": [round(means[RESAMPLES // 40], 4), round(means[-1 - RESAMPLES // 40], 4)]}


def prepare():
    wanted = hashlib.sha256((PEERS / "requirements.txt").read_bytes()).hexdigest()
    stamp = VENV / ".pins"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print("installing the libraries", file=sys.stderr, flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", str(PEERS / "requirements.txt")]
    for command in ([sys.executable, "-m", "venv", str(VENV)], pip):
        if subprocess.run(command, stdout=sys.stderr).returncode != 0:
            die("could not install the libraries", "the lines above say why; nothing half-done is used")
    stamp.write_text(wanted)


def run(library, folder, queries, probes, clients):
    command = [str(VENV / "bin" / "python"), "measure.py", library, str(folder), str(queries), str(probes), ",".join(map(str, clients))]
    # Some environments set these for old processors; a current numpy chooses better by itself.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    environment["ANONYMIZED_TELEMETRY"] = "False"
    try:
        done = subprocess.run(command, cwd=PEERS, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECS)
    except subprocess.TimeoutExpired:
        return {"peer": library, "error": f"not done after {TIMEOUT_SECS} s"}
    if done.returncode != 0:
        return {"peer": library, "error": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"ended with {done.returncode}"}
    return json.loads(done.stdout.splitlines()[-1])


def quality(figures, peers):
    """The scores of every ranking of a set, and the differences that matter."""
    folder = FOLDER / figures["set"]
    truth = Truth(folder)
    scored = {f"visualkit {name}": scores for name, scores in truth.scores({query["id"]: query["rankings"] for query in truth.queries}).items()}
    failed = []
    for library in LIBRARIES if peers else []:
        print(f"ranking {figures['set']} with {library}", file=sys.stderr, flush=True)
        measured = run(library, folder, folder, 0, [1])
        if "error" in measured:
            failed.append(measured)
            continue
        rankings = {line["id"]: line["rankings"] for line in lines(folder / f"{library}.rankings.jsonl")}
        scored.update({f"{measured['peer']} {name}": scores for name, scores in truth.scores(rankings).items()})
    ours = scored["visualkit hybrid"]
    table = {name: {metric: round(mean([score[metric] for score in scores]), 4) for metric in scores[0]} for name, scores in scored.items()}
    paired = {f"visualkit hybrid - {name}": difference(ours, scores) for name, scores in scored.items() if name != "visualkit hybrid"}
    print(f"\n{figures['set']}: {figures['documents']} documents, {figures['chunks']} chunks, {len(truth.queries)} of {figures['queries']} queries, {figures['stale']} stale answers")
    print(f"{'':<28}{'nDCG@10':>9}{'recall@50':>11}{'MRR@10':>9}{'by chunk':>10}   visualkit hybrid less this, 95 % interval")
    for name, row in table.items():
        pair = paired.get(f"visualkit hybrid - {name}")
        text = f"{pair['mean']:+.4f}  {pair['ci95'][0]:+.4f} to {pair['ci95'][1]:+.4f}" if pair else ""
        print(f"{name:<28}{row['ndcg@10']:>9.4f}{row['recall@50']:>11.4f}{row['mrr@10']:>9.4f}{row['chunk_ndcg@10']:>10.4f}   {text}")
    return {**figures, "scored": len(truth.queries), "scores": table, "paired": paired}, failed


def speed(size, queries, peers):
    ours = size["in_process"]
    clients = [case["clients"] for case in ours["hybrid"]]
    probes = ours["hybrid"][0]["n"]
    results = [run(library, FOLDER / str(size["chunks"]), queries, probes, clients) for library in (LIBRARIES if peers else [])]
    growth = size["growth"]
    print(f"\n{size['chunks']} chunks, p50 / p99 in ms with the query's vector at hand, in one process")
    columns = [("visualkit", ours, growth["rebuild_secs"], growth["memory_bytes"] / 2**20, growth["disk_bytes"] / 2**20)]
    columns += [(peer["peer"], peer["in_process"], peer["build_secs"], peer["memory_mib"], peer["disk_mib"]) for peer in results if "error" not in peer]
    print(f"{'':<24}" + "".join(f"{name:>22}" for name, *_ in columns))
    for mode in ("keyword", "vector", "hybrid"):
        for place, number in enumerate(clients):
            cells = [f"{of[mode][place]['p50']:.2f} / {of[mode][place]['p99']:.2f}" for _, of, *_ in columns]
            print(f"{f'{mode}, {number} at a time':<24}" + "".join(f"{cell:>22}" for cell in cells))
    for label, place in (("built in s", 2), ("memory MiB", 3), ("disk MiB", 4)):
        print(f"{label:<24}" + "".join(f"{column[place]:>22,.1f}" for column in columns))
    for case in size["http"]:
        name = f"HTTP {case['mode']}, {case['clients']}"
        print(f"{name:<24}{case['ms']['p50']:>13.2f} / {case['ms']['p99']:.2f}   {case['per_second']:.0f}/s")
    queue = size["queue"]
    for label, name in (("the search itself", "search_ms"), ("a look at its job", "look_ms"), ("the queue adds", "queue_ms")):
        print(f"{label:<24}{queue[name]['p50']:>13.2f} / {queue[name]['p99']:.2f}")
    return {**size, "peers": results}, [peer for peer in results if "error" in peer]


def main():
    arguments = sys.argv[1:]
    if arguments not in ([], ["--peers"]):
        die(f"cannot be called with {' '.join(arguments)}", "scripts/bench_retrieval.py [--peers]")
    path = BENCH / "retrieval.json"
    if not path.exists():
        die(f"{path} is not there", "./dev bench retrieval")
    measured, peers, failed = json.loads(path.read_text()), bool(arguments), []
    if peers:
        prepare()
    scored = {**measured, "quality": [], "speed": []}
    for figures in measured["quality"]:
        done, errors = quality(figures, peers)
        scored["quality"].append(done)
        failed += errors
    queries = FOLDER / measured["quality"][0]["set"]
    for size in measured["speed"]:
        done, errors = speed(size, queries, peers)
        scored["speed"].append(done)
        failed += errors
    output = BENCH / "retrieval_scored.json"
    output.write_text(json.dumps(scored, indent=2) + "\n")
    print(f"\nfigures: {output}")
    for peer in failed:
        print(f"error: {peer['peer']} was not measured: {peer['error']}", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
