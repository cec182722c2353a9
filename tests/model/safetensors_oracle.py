"""Compares the verdicts of Hone's safetensors reader with PyPI's `safetensors`.

Makes good files, hand-made bad ones and random mutations; both readers judge each. Where Hone is
stricter on purpose, the departure is listed below; it is never laxer.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy as np
import safetensors
from safetensors.numpy import save

# Files that the reference reads and Hone refuses, told by Hone's message.
STRICTER = (
    "does not start with '{'",  # the format asks for it, the reference takes blanks before it
    "stands twice in one object",  # the reference lets the last of equal keys win
    "unknown dtype",  # types without a use in Hone, e.g. U16, F8_E4M3
    "__metadata__ is not an object",  # the reference takes null
    "not a JSON object",  # the reference takes a tensor's three fields as an array
    "the shape has",  # sizes of 2^63 and more, beside a zero
)


def build(header, data=b"", length=None, pad=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    text += pad
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(dtype="F32", shape=(1,), offsets=(0, 4), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


def hand_made():
    good = {"a": entry(), "b": entry(shape=(2, 3), offsets=(4, 28))}
    yield from (b"", b"1234567", b"\0" * 8, build(b"{}"), build(b"{}", b"x"), build(b" {}"))
    yield build(good, b"\1" * 28)
    yield build(good, b"\1" * 28, pad=b"   ")
    yield build(good, b"\1" * 28, pad=b"\n\t ")
    yield build(good, b"\1" * 28, pad=b"\0")
    yield build(good, b"\1" * 27)
    yield build(good, b"\1" * 29)
    for length in (0, 1, 2, 99_999_999, 100_000_000, 100_000_001, 2**63, 2**64 - 1, 2**64 - 8):
        yield build(good, b"\1" * 28, length=length)
    yield build(b"\xef\xbb\xbf{}")
    yield build(b"\xff{}")
    yield build(b'{"\xff":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', b"1234")
    yield build(b'{"\\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', b"1234")
    yield build(b"[]")
    yield build(b"null")
    yield build(b'{"a":' * 200 + b"1" + b"}" * 200)
    yield build(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}")
    one = b'"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
    yield build(b"{" + one + b"," + one + b"}", b"1234")
    yield build(b"{" + one + b",}", b"1234")
    yield build(b"{" + one + b"} {}", b"1234")
    for shape in ([4194305, 4194305, 211106198978564], [2**63, 2], [2**64, 0], [2**64 - 1, 0],
                  [2**40, 2**40, 0], [0, 2**40, 2**40], [-1], [1.0], ["1"], [True], [None], 1, None,
                  [], [1, 1, 1], [2], [0]):
        for size in (0, 4, 8):
            yield build({"a": {"dtype": "F32", "shape": shape, "data_offsets": [0, size]}},
                        b"\0" * size)
    for offsets in ([4, 0], [0], [0, 4, 8], [1, 5], [0, 2**64], [2**64 - 4, 2**64 - 1], [-4, 0],
                    [0.0, 4], "04", None, [None, 4]):
        yield build({"a": {"dtype": "F32", "shape": [1], "data_offsets": offsets}}, b"1234")
    for dtype in ("F32", "BF16", "F16", "F64", "I64", "I32", "I16", "I8", "U8", "BOOL", "U16", "U32",
                  "U64", "F8_E4M3", "F8_E5M2", "f32", "", "X", 1, None):
        for size in (1, 2, 4, 8):
            yield build({"a": entry(dtype=dtype, offsets=(0, size))}, b"\0" * size)
    for second in ((4, 8), (3, 7), (5, 9), (0, 4), (8, 12)):
        yield build({"a": entry(), "b": entry(offsets=second)}, b"\0" * second[1])
    yield build({"a": entry(shape=[0], offsets=(0, 0)), "b": entry()}, b"1234")
    yield build({"a": entry(), "b": entry(shape=[0], offsets=(4, 4))}, b"1234")
    yield build({"a": entry(), "b": entry(shape=[0], offsets=(2, 2))}, b"1234")
    yield build({"a": entry(extra=1)}, b"1234")
    yield build({"a": {"dtype": "F32", "shape": [1]}}, b"1234")
    yield build({"a": ["F32", [1], [0, 4]]}, b"1234")
    yield build({"a": 1}, b"1234")
    for metadata in ({}, {"k": "v"}, {"k": 1}, {"k": None}, {"k": {}}, None, [], "x", 1):
        yield build({"__metadata__": metadata, "a": entry()}, b"1234")


def saved(rng):
    for dtype in ("float32", "float16", "float64", "int64", "int32", "int16", "int8", "uint8", "bool"):
        shapes = [(), (0,), (3,), (2, 3), (1, 0, 4), (5, 1, 2)]
        tensors = {f"t{i}.{dtype}": np.zeros(rng.choice(shapes), dtype) for i in range(4)}
        yield save(tensors, metadata=rng.choice([None, {"format": "pt", "ключ": "值"}]))


def grow_header(data, by):
    length = int.from_bytes(data[:8], "little") + by
    data[:8] = (length % 2**64).to_bytes(8, "little")


def mutate(data, rng):
    data = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        header_end = min(len(data), 8 + int.from_bytes(data[:8], "little")) if len(data) > 8 else 0
        at = rng.randrange(max(1, rng.choice([header_end, len(data)])))
        kind = rng.randrange(6)
        if kind == 0 and at < len(data):
            data[at] = rng.choice(b'0123456789"{}[],:-.eE \\\0\xff')
        elif kind == 1 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            data.insert(at, rng.choice(b'0123456789"{}[], '))
            # Half of the time the header's length follows, so that checks behind it are reached.
            if 8 <= at < header_end and rng.random() < 0.5 and len(data) > 8:
                grow_header(data, 1)
        elif kind == 3 and at < len(data):
            del data[at]
            if 8 <= at < header_end and rng.random() < 0.5 and len(data) > 8:
                grow_header(data, -1)
        elif kind == 4:
            del data[at:]
        else:
            data += bytes(rng.randrange(1, 9))
    return bytes(data)


def reference_verdict(data, path):
    try:
        safetensors.deserialize(data)
        return "ok"
    except Exception as error:  # the package raises several kinds
        return f"err {error}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probe", required=True, help="the model_oracle_probe program")
    parser.add_argument("--mutations", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()

    rng = random.Random(options.seed)
    corpus = list(hand_made()) + list(saved(rng))
    seeds = [data for data in corpus if len(data) > 8]
    corpus += [mutate(rng.choice(seeds), rng) for _ in range(options.mutations)]

    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i, data in enumerate(corpus):
            path = pathlib.Path(folder, f"{i}.safetensors")
            path.write_bytes(data)
            paths.append(str(path))
        answer = subprocess.run([options.probe, "safetensors"], input="\n".join(paths) + "\n",
                                capture_output=True, encoding="utf-8", errors="replace", check=True)
        ours = answer.stdout.split("\n")[:-1]
        assert len(ours) == len(corpus), (len(ours), len(corpus))
        both_ok = both_err = stricter = wrong = 0
        for data, path, mine in zip(corpus, paths, ours):
            theirs = reference_verdict(data, path)
            if mine == "ok" and theirs == "ok":
                both_ok += 1
            elif mine != "ok" and theirs != "ok":
                both_err += 1
            elif mine != "ok" and any(reason in mine for reason in STRICTER):
                stricter += 1
            else:
                wrong += 1
                print(f"DIFFERS: {data[:200]!r}\n  hone: {mine}\n  safetensors: {theirs}")
    print(f"{len(corpus)} files: both accept {both_ok}, both refuse {both_err}, "
          f"Hone stricter on purpose {stricter}, wrong {wrong}")
    assert both_ok > 0 and both_err > 0
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
