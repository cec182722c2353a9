#!/usr/bin/env python3
"""Writes algorithms.json: batches as `hone loss` reads them, and what formulas.py makes of them.

usage: .deps/venv/bin/python tests/trainer/golden/make_algorithms.py
"""

import json
import pathlib

import formulas

cases = []
for i, algorithm in enumerate(formulas.ALGORITHMS):
    batch = formulas.random_batch(1000 + i, algorithm, width=5)
    cases.append({"input": batch, "output": formulas.evaluate(batch)})
path = pathlib.Path(__file__).with_name("algorithms.json")
path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
print(f"{path}: {len(cases)} cases")
