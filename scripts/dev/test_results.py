"""Keeps the latest result of each test, for `visualkit readiness`: test_results.py JUNIT_XML RESULTS_JSON COMMIT.

What a run did not run keeps its older result, with the time and the commit that it is of.
"""

import json
import os
import sys
import xml.etree.ElementTree as xml


def main():
    junit, kept, commit = sys.argv[1:]
    results = {"tests": {}}
    if os.path.exists(kept):
        with open(kept, encoding="utf-8") as file:
            results = json.load(file)
    for case in xml.parse(junit).getroot().iter("testcase"):
        if case.find("skipped") is not None:
            continue
        failed = case.find("failure") is not None or case.find("error") is not None
        results["tests"][f"{case.get('classname')} {case.get('name')}"] = {
            "outcome": "failed" if failed else "passed",
            "at": case.get("timestamp"),
            "commit": commit,
        }
    with open(f"{kept}.new", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1, sort_keys=True)
    os.replace(f"{kept}.new", kept)


main()
