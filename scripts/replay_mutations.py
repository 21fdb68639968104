#!/usr/bin/env python3
"""Breaks the product on purpose, one mechanism at a time, and checks that the tests notice.

    scripts/replay_mutations.py                 # a sample of five, another each day
    scripts/replay_mutations.py --all
    scripts/replay_mutations.py effect pause    # those whose name contains one of the words

tests/mutations.json lists them: a text in a file, what it is replaced by, and the tests that must fail then (a filter of
cargo-nextest). Works on a copy of the last commit under .dev/mutations, so that nothing of yours is touched. Exit code 0 when every
mutation was caught, 3 when one survived, 1 when one could not be applied or built.
"""
import datetime
import json
import pathlib
import random
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
COPY = ROOT / ".dev" / "mutations"


def git(*arguments):
    subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, stdout=subprocess.DEVNULL)


def chosen(mutations, arguments):
    words = [argument for argument in arguments if not argument.startswith("--")]
    if words:
        return [m for m in mutations if any(word in m["name"] for word in words)]
    if "--all" in arguments:
        return mutations
    sample = random.Random(datetime.date.today().isoformat()).sample(mutations, min(5, len(mutations)))
    return [m for m in mutations if m in sample]


def run(mutation):
    """`caught by` which tests, `SURVIVED`, or what went wrong."""
    path = COPY / mutation["file"]
    original = path.read_text()
    if original.count(mutation["find"]) != 1:
        return f"the text to replace stands {original.count(mutation['find'])} times in {mutation['file']}"
    path.write_text(original.replace(mutation["find"], mutation["replace"]))
    try:
        log = COPY.parent / "mutations.log"
        with log.open("w") as output:
            command = ["./dev", "test", "tests", "--", "-E", mutation["tests"]]
            status = subprocess.run(command, cwd=COPY, stdout=output, stderr=subprocess.STDOUT).returncode
        text = log.read_text()
        if "error: could not compile" in text:
            return f"it does not build: see {log}"
        if status == 0:
            return "SURVIVED"
        failed = sorted(set(re.findall(r"^ +(?:FAIL|TIMEOUT|SIGABRT) .*\) +\S+ (\S+)$", text, re.MULTILINE)))
        return "caught by " + ", ".join(failed) if failed else f"no test ran: see {log}"
    finally:
        path.write_text(original)


def main():
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(__doc__)
        return
    mutations = chosen(json.loads((ROOT / "tests" / "mutations.json").read_text()), sys.argv[1:])
    if not COPY.exists():
        git("worktree", "prune")
        git("worktree", "add", "--detach", str(COPY), "HEAD")
    else:
        subprocess.run(["git", "-C", str(COPY), "checkout", "--quiet", "--force", "--detach", subprocess.check_output(
            ["git", "-C", str(ROOT), "rev-parse", "HEAD"], text=True).strip()], check=True)
    results = []
    for mutation in mutations:
        result = run(mutation)
        results.append(result)
        print(f"{mutation['name']}: {result}", flush=True)
    if any(result != "SURVIVED" and not result.startswith("caught by ") for result in results):
        sys.exit(1)
    sys.exit(3 if "SURVIVED" in results else 0)


if __name__ == "__main__":
    main()
