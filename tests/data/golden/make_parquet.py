"""Writes rows.parquet with pyarrow: every kind of column that problems come in, in two row groups.

usage, from the repository: .deps/venv/bin/python tests/data/golden/make_parquet.py
"""

import datetime
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
COLUMNS = {
    "prompt": pa.array(["plain", 'quotes " and \\ and \n', "Größe 数 🎲", None, ""]),
    "answer": pa.array([18, -5, 2**62, None, 0], pa.int64()),
    "ratio": pa.array([0.1, -2.5e-300, 1.0, None, float("inf")]),
    "single": pa.array([0.1, 3.0, None, -0.0, 1e30], pa.float32()),
    "small": pa.array([1, -2, 3, None, 127], pa.int8()),
    "flag": pa.array([True, False, None, True, False]),
    "level": pa.array(["easy", "hard", "easy", None, "hard"]).dictionary_encode(),
    "large": pa.array(["a", "b", None, "", "e"], pa.large_string()),
    "day": pa.array([datetime.date(2024, 2, 29), None, datetime.date(1970, 1, 1), None, None]),
    "meta": pa.array([{"id": 1, "tags": ["x", "y"]}, {"id": 2, "tags": []}, None,
                      {"id": None, "tags": None}, {"id": 5, "tags": [None]}],
                     pa.struct([("id", pa.int32()), ("tags", pa.list_(pa.string()))])),
    "messages": pa.array([[{"role": "user", "content": "hi"}], [], None,
                          [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
                          [{"role": "system", "content": None}]], MESSAGES),
    "unused": pa.array(["x" * 1000] * 5),
}


def main():
    path = pathlib.Path(__file__).with_name("rows.parquet")
    pq.write_table(pa.table(COLUMNS), path, row_group_size=3, compression="zstd")


if __name__ == "__main__":
    main()
