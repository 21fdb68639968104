#!/usr/bin/env python3
"""Asks the questions of tests/golden/answers.json and reports which answers say what they must and nothing beside the point.

    set -a; . .dev/env; set +a
    visualkit ingest samples/help-centre --kb help
    scripts/ask_golden.py help                  # the knowledge base of that name; --all prints every answer, not only misses
    scripts/ask_golden.py help --half dev       # only the even places: development looks at no other
    scripts/ask_golden.py help --further        # the questions of answers-further.json, all of them for development

A question is a hit when all of `expect` stands in the answer and nothing of `forbid` does, or when it abstains as it should. An
entry of `expect` that is a list is met by any of its members. Even places are the development half, odd ones are held out.
Exit code 0 whatever the figures are: they are reported, not judged.
"""
import argparse
import json
import os
import pathlib
import urllib.request

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "tests" / "golden"
HALVES = ("dev", "held-out")


def call(method, path, body=None):
    request = urllib.request.Request(os.environ["VISUALKIT_URL"].rstrip("/") + path, method=method)
    request.add_header("authorization", f"Bearer {os.environ['VISUALKIT_API_KEY']}")
    request.add_header("prefer", "wait=30")
    if body is not None:
        request.add_header("content-type", "application/json")
        request.data = json.dumps(body).encode()
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def find_base(name):
    return next(base["id"] for base in call("GET", "/v1/knowledge-bases?limit=100")["data"] if base["name"] == name)


def judge(item, result):
    """What is wrong with this answer, as a list of reasons, and how many of its sentences are beside the point."""
    answer = result["answer"]
    abstained = result["outcome"] == "abstained"
    if item.get("abstain"):
        return ([] if abstained else ["should abstain"]), 0
    if abstained:
        return ["abstained: " + str(result.get("reason"))], 0
    wrong = []
    for wanted in item["expect"]:
        if not any(text in answer for text in (wanted if isinstance(wanted, list) else [wanted])):
            wrong.append(f"does not say {wanted!r}")
    beside = [s for s in result["sentences"] if any(text in s["text"] for text in item["forbid"])]
    return wrong + [f"beside the point: {s['text']!r}" for s in beside], len(beside)


def report(name, asked):
    """One line of figures for the (item, result, wrong, beside) of one half."""
    answerable = [entry for entry in asked if not entry[0].get("abstain")]
    unanswerable = [entry for entry in asked if entry[0].get("abstain")]
    answered = [entry for entry in answerable if entry[1]["outcome"] == "answered"]
    said = sum(not any(reason.startswith("does not say") for reason in entry[2]) for entry in answered)
    sentences = sum(len(entry[1]["sentences"]) for entry in answered)
    words = sum(len(entry[1]["answer"].split()) for entry in answered)
    beside = sum(entry[3] for entry in answered)
    print(
        f"{name}: {sum(not entry[2] for entry in answerable)} of {len(answerable)} hit "
        f"({said} say it, {len(answerable) - len(answered)} abstained); "
        f"{sum(not entry[2] for entry in unanswerable)} of {len(unanswerable)} without an answer abstained; "
        f"{sentences / max(len(answered), 1):.2f} sentences and {words / max(len(answered), 1):.1f} words an answer; "
        f"{beside} of {sentences} sentences ({100 * beside / max(sentences, 1):.1f} %) beside the point"
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("--half", choices=HALVES)
    parser.add_argument("--further", action="store_true")
    parser.add_argument("--all", action="store_true")
    args = parser.parse_args()
    base = find_base(args.base)
    asked = {half: [] for half in HALVES}
    questions = GOLDEN / ("answers-further.json" if args.further else "answers.json")
    for place, item in enumerate(json.loads(questions.read_text())):
        half = "dev" if args.further else HALVES[place % 2]
        if args.half not in (None, half):
            continue
        body = {"knowledge_base_ids": [base], "question": item["question"]}
        result = call("POST", "/v1/answers", body)["result"]
        wrong, beside = judge(item, result)
        asked[half].append((item, result, wrong, beside))
        # The held-out half is reported in figures alone, unless it is asked for by name.
        if (args.half == half or half == "dev") and (wrong or args.all):
            print(f"{'MISS' if wrong else 'hit '}  {place} {item['question']}")
            for reason in wrong:
                print(f"      {reason}")
            print(f"      {result['answer']}")
    for half in HALVES:
        if asked[half]:
            report(half, asked[half])


if __name__ == "__main__":
    main()
