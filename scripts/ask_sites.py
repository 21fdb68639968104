#!/usr/bin/env python3
"""Asks the ten questions per site of tests/golden/sites.json and reports which page is cited first.

    set -a; . .dev/env; set +a
    scripts/ask_sites.py chatwoot "$VISUALKIT_API_KEY"      # the knowledge base of that name, in the key's tenant

Exit code 0 whatever the figures are: they are reported, not judged.
"""
import json
import os
import pathlib
import sys
import urllib.request

QUESTIONS = pathlib.Path(__file__).resolve().parents[1] / "tests" / "golden" / "sites.json"


def call(method, path, key, body=None):
    request = urllib.request.Request(os.environ["VISUALKIT_URL"].rstrip("/") + path, method=method)
    request.add_header("authorization", f"Bearer {key}")
    request.add_header("prefer", "wait=30")
    if body is not None:
        request.add_header("content-type", "application/json")
        request.data = json.dumps(body).encode()
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def pages(path, key):
    cursor = ""
    while cursor is not None:
        page = call("GET", path + (f"&cursor={cursor}" if cursor else ""), key)
        yield from page["data"]
        cursor = page["next_cursor"]


def main(site, key):
    base = next(b["id"] for b in pages("/v1/knowledge-bases?limit=100", key) if b["name"] == site)
    names = {d["id"]: d["external_id"] for d in pages(f"/v1/knowledge-bases/{base}/documents?limit=100", key)}
    hits = 0
    for item in json.loads(QUESTIONS.read_text())[site]:
        result = call("POST", "/v1/answers", key, {"knowledge_base_ids": [base], "question": item["question"]})["result"]
        cited = [names.get(c["document_id"], "?") for c in result["citations"]]
        # An external id starts at the folder that was ingested, so it may have a folder in front.
        hit = bool(cited) and ("/" + cited[0]).endswith("/" + item["expect"])
        hits += hit
        print(f"{'hit ' if hit else 'MISS'}  {item['question']}")
        print(f"      cited first: {cited[0] if cited else '- (' + result['outcome'] + ': ' + str(result.get('reason')) + ')'}")
        if not hit:
            print(f"      expected:    {item['expect']}")
        if result["answer"]:
            print(f"      {result['answer'][:200]}")
    print(f"\n{site}: {hits} of 10 cite the expected page first")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
