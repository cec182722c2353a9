#!/usr/bin/env python3
"""Reward speed: `hone bench reward --reward math` against PyPI's `math-verify`, in one run, one core.

Two sets: `numeric` (integers, decimals, fractions, thousands, percent) and `mixed` (the hand-written
pairs of tests/reward/data/math_pairs.jsonl, every kind of answer). Both judge the same completions,
math-verify in its default configuration, each call parsing the wanted answer and the completion.
Agreement is the share of verdicts that are the same; `right` is against what the pair's author or
maker says.

usage: .deps/venv/bin/python bench/compare_reward.py --hone build/hone
"""

import argparse
import json
import logging
import pathlib
import random
import statistics
import subprocess
import tempfile
import time

from math_verify import parse, verify

from nano import check_quiet, print_warnings

PAIRS = pathlib.Path(__file__).resolve().parents[1] / "tests/reward/data/math_pairs.jsonl"
NUM_NUMERIC = 1000


def numeric_set():
    """(wanted, completion, whether it is right)"""
    rng = random.Random(7)
    for i in range(NUM_NUMERIC):
        n = rng.randint(1, 10**rng.randint(1, 7))
        form = rng.choice(["{n}", "{n:,}", "{n}.0", "{n}.50", "{n}/7", "{n}\\%"])
        wanted = form.format(n=n)
        right = i % 2 == 0
        given = wanted if right else form.format(n=n + 1)
        text = rng.choice(["\\boxed{{{0}}}", "So the answer is $\\boxed{{{0}}}$.",
                           "The final answer is ${0}$."])
        yield f"${wanted}$", text.format(given), right


def mixed_set():
    for line in PAIRS.read_text(encoding="utf-8").splitlines():
        pair = json.loads(line)
        whole = pair["kind"] == "whole completions"
        completion = pair["answer"] if whole else f"\\boxed{{{pair['answer']}}}"
        yield f"${pair['gold']}$" if not whole else pair["gold"], completion, pair["expected"]


def measure_peer(pairs, repeats):
    seconds = []
    for _ in range(repeats):
        verdicts = []
        begin = time.perf_counter()
        for wanted, completion, _ in pairs:
            try:
                verdicts.append(bool(verify(parse(wanted), parse(completion))))
            except Exception:  # whatever it raises, it accepted nothing
                verdicts.append(False)
        seconds.append(time.perf_counter() - begin)
    return len(pairs) / statistics.median(seconds), verdicts


def measure_hone(pairs, args):
    with tempfile.TemporaryDirectory() as folder:
        path, out = pathlib.Path(folder) / "in.jsonl", pathlib.Path(folder) / "out.jsonl"
        path.write_text("".join(json.dumps({"answer": w, "completion": c}) + "\n"
                                for w, c, _ in pairs), encoding="utf-8")
        done = subprocess.run([args.hone, "bench", "reward", "--reward", "math", "--input", path,
                               "--repeats", str(10 * args.repeats)], check=True, text=True,
                              stdout=subprocess.PIPE)
        subprocess.run([args.hone, "grade", "--reward", "math", "--input", path, "--output", out],
                       check=True)
        verdicts = [json.loads(line)["status"] == "correct"
                    for line in out.read_text(encoding="utf-8").splitlines()]
    return json.loads(done.stdout)["judgements_per_second"], verdicts


def share(left, right):
    return sum(a == b for a, b in zip(left, right)) / len(left)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hone", type=pathlib.Path, default=pathlib.Path("build/hone"))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--allow-busy", action="store_true")
    args = parser.parse_args()
    args.hone = args.hone.resolve()
    logging.disable(logging.CRITICAL)
    warnings = [check_quiet(args.allow_busy)]
    print(f"{'set':>8} {'pairs':>6} {'math-verify':>12} {'hone':>10} {'ratio':>8} {'agree':>7} "
          f"{'right':>7} {'peer right':>11}   judgements/s")
    for name, pairs in [("numeric", list(numeric_set())), ("mixed", list(mixed_set()))]:
        peer_rate, peer = measure_peer(pairs, args.repeats)
        rate, ours = measure_hone(pairs, args)
        truth = [right for _, _, right in pairs]
        print(f"{name:>8} {len(pairs):>6} {peer_rate:12.0f} {rate:10.0f} {rate / peer_rate:7.0f}× "
              f"{share(ours, peer):7.1%} {share(ours, truth):7.1%} {share(peer, truth):11.1%}",
              flush=True)
    print_warnings(warnings)


if __name__ == "__main__":
    main()
