#!/usr/bin/env python3
"""What it costs to search a set of documents that is spread over several knowledge bases: nDCG@10 beside that of one base with all of them.

    set -a; . .dev/env; set +a
    scripts/merge_bases.py ../shared/data/retrieval/stackfaq                      # three bases, the shortest documents in the first
    scripts/merge_bases.py ../shared/data/retrieval/stackfaq --models A,B         # of these embedding models, in turn

Per mode: `whole` is the one base; `own scores` searches each base by itself and sorts by the scores, `alternating` takes each base's best in turn; `served` is
one search of all bases. Differences to `whole` come with their paired 95 % interval (bootstrap over queries). Bases are made where they are missing, and
what is in them already is not sent again.
"""
import argparse
import concurrent.futures
import json
import math
import os
import pathlib
import random
import urllib.request

CHUNKS = 100


def call(method, path, body=None, wait=30):
    request = urllib.request.Request(os.environ["VISUALKIT_URL"].rstrip("/") + path, method=method)
    request.add_header("authorization", f"Bearer {os.environ['VISUALKIT_API_KEY']}")
    request.add_header("prefer", f"wait={wait}")
    if body is not None:
        request.add_header("content-type", "application/json")
        request.data = json.dumps(body).encode()
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)


def every(path):
    cursor, mark = "", "&" if "?" in path else "?"
    while cursor is not None:
        page = call("GET", f"{path}{mark}limit=100{cursor and '&cursor='}{cursor}")
        yield from page["data"]
        cursor = page["next_cursor"]


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def read(folder):
    documents = [(d["_id"], d.get("title") or d["_id"], d.get("text") or d.get("title")) for d in lines(folder / "corpus.jsonl")]
    judged = {}
    for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
        query, document, grade = line.split("\t")[:3]
        if int(grade) > 0:
            judged.setdefault(query, {})[document] = int(grade)
    queries = [(q["_id"], q["text"]) for q in lines(folder / "queries.jsonl") if q["_id"] in judged]
    return documents, queries, judged


def base_of(name, model, documents, threads):
    """The base of that name with the documents in it; returns its id, and external ids by document."""
    found = next((base for base in every("/v1/knowledge-bases") if base["name"] == name), None)
    base = found or call("POST", "/v1/knowledge-bases", {"name": name, **({"embedding_model": model} if model else {})})
    path = f"/v1/knowledge-bases/{base['id']}/documents"
    there = {d["external_id"] for d in every(path) if d["state"] == "ready"}

    def send(document):
        external, title, text = document
        job = call("POST", path, {"title": title, "content": text, "mime_type": "text/plain", "external_id": external})
        while job["state"] not in ("succeeded", "dead", "cancelled"):
            job = call("GET", f"/v1/jobs/{job['id']}")
        return job["state"]

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        states = list(pool.map(send, [d for d in documents if d[0] not in there]))
    failed = sum(state != "succeeded" for state in states)
    if failed:
        print(f"{failed} documents could not be ingested into {name}")
    return base["id"], {d["id"]: d["external_id"] for d in every(path)}


def search(bases, query, mode):
    while True:
        job = call("POST", "/v1/search", {"knowledge_base_ids": bases, "query": query[:2000], "mode": mode, "limit": CHUNKS, "rerank": False})
        if job["state"] == "succeeded" and not job["result"]["stale"]:
            return [(hit["document_id"], hit["score"]) for hit in job["result"]["results"]]


def ndcg(ranking, names, judged):
    seen, gain = [], 0.0
    for document, _ in ranking:
        if names[document] not in seen:
            seen.append(names[document])
    for place, document in enumerate(seen[:10]):
        gain += (2 ** judged.get(document, 0) - 1) / math.log2(place + 2)
    ideal = sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(sorted(judged.values(), reverse=True)[:10]))
    return gain / ideal


def interval(differences):
    chance = random.Random(20261128)
    means = sorted(sum(chance.choices(differences, k=len(differences))) / len(differences) for _ in range(2000))
    return means[50], means[-51]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--parts", type=int, default=3)
    parser.add_argument("--models", default="", help="embedding models of the parts, in turn, separated by commas; the whole has the first")
    parser.add_argument("--mode", action="append")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--threads", type=int, default=12)
    asked = parser.parse_args()
    documents, queries, judged = read(asked.folder)
    queries, models = queries[: asked.queries], asked.models.split(",")
    documents.sort(key=lambda document: (len(document[2]), document[0]))
    size = math.ceil(len(documents) / asked.parts)
    label = f"merge-{asked.folder.name}-{'+'.join(models)}"
    whole, names = base_of(f"{label}-whole", models[0], documents, asked.threads)
    parts = []
    for part in range(asked.parts):
        piece = documents[part * size : (part + 1) * size]
        base, more = base_of(f"{label}-{part + 1}-of-{asked.parts}", models[part % len(models)], piece, asked.threads)
        parts.append(base)
        names |= more
    print(f"{asked.folder.name}: {len(documents)} documents in {asked.parts} bases by length, {len(queries)} queries, models {asked.models or 'as configured'}")
    for mode in asked.mode or ["keyword", "vector", "hybrid"]:
        figures = {"whole": [], "own scores": [], "alternating": [], "served": []}
        for identifier, text in queries:
            grade = lambda ranking: ndcg(ranking, names, judged[identifier])
            each = [search([base], text, mode) for base in parts]
            figures["whole"].append(grade(search([whole], text, mode)))
            figures["own scores"].append(grade(sorted(sum(each, []), key=lambda hit: -hit[1])))
            in_turn = sorted((place, number, hit) for number, hits in enumerate(each) for place, hit in enumerate(hits))
            figures["alternating"].append(grade([hit for _, _, hit in in_turn]))
            figures["served"].append(grade(search(parts, text, mode)))
        for name, scores in figures.items():
            differences = [score - other for score, other in zip(scores, figures["whole"])]
            low, high = interval(differences)
            print(f"  {mode:8} {name:12} nDCG@10 {sum(scores) / len(scores):.4f}   to whole {sum(differences) / len(differences):+.4f} ({low:+.4f} to {high:+.4f})")


main()
