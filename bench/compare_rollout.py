#!/usr/bin/env python3
"""Rollout speed: `hone bench rollout` against transformers, llama.cpp and CTranslate2, in one run on
one machine.

All sample, at temperature 1 from the whole vocabulary, from the same random-weight Qwen3 ("nano" or
"mini"), with prompts of one length and the same number of new tokens (the end token does not stop),
each in a process of its own, without loading and a short generation to warm up. A peer is shown at
the better of one thread and all; the median of --repeats; the repeats of the programs take turns,
since machines drift. That they compute the same model is checked by their greedy tokens. The program
refuses to run on a busy machine.

The peers are installed once, from PyPI, into .deps/peers (bench/peers/requirements.txt).

usage: .deps/venv/bin/python bench/compare_rollout.py --hone build/hone
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from nano import (check_quiet, comparison_parser, peer_thread_counts, print_warnings, save_mini,
                  save_nano)

PEERS = pathlib.Path(__file__).resolve().parent / "peers"
# The program, and the types in which it is shown.
HONE_TYPES = ["float32", "bfloat16"]
PEER_TYPES = {"transformers": ["float32"], "llama_cpp": ["float32", "bfloat16", "int8"],
              "ctranslate2": ["float32", "int8"]}


def install_peers(target):
    wanted = (PEERS / "requirements.txt").read_text()
    stamp = target / "requirements.txt"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print("installing the peers; llama.cpp is compiled, which takes a while", flush=True)
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade",
                    "--target", target, "-r", PEERS / "requirements.txt"], check=True)
    stamp.write_text(wanted)


class Workload:
    def __init__(self, folder, prompts, samples, args):
        self.folder, self.prompts, self.samples, self.args = folder, prompts, samples, args
        self.tokens = len(prompts) * samples * args.max_tokens

    def run_peer(self, peer, dtype, threads):
        options = {"folder": str(self.folder), "prompts": self.prompts, "samples": self.samples,
                   "max_tokens": self.args.max_tokens, "threads": threads, "repeats": 1,
                   "dtype": dtype}
        done = subprocess.run(
            [sys.executable, PEERS / f"with_{peer}.py", json.dumps(options)], check=True, text=True,
            stdout=subprocess.PIPE, env=dict(os.environ, PYTHONPATH=str(self.args.peers)))
        result = json.loads(done.stdout.splitlines()[-1])
        return self.tokens / result["seconds"][0], result["greedy"]

    def run_hone(self, dtype):
        done = subprocess.run(
            [self.args.hone, "bench", "rollout", "--model", self.folder, "--dtype", dtype,
             "--threads", str(self.args.threads), "--batch", str(len(self.prompts) * self.samples),
             "--n", str(self.samples), "--prompt-tokens", str(self.args.prompt_tokens),
             "--max-tokens", str(self.args.max_tokens), "--repeats", "1"],
            check=True, text=True, stdout=subprocess.PIPE)
        result = json.loads(done.stdout)
        return result["tokens_per_second"], result["isa"]

    def greedy_hone(self):
        source, out = self.folder / "prompts.jsonl", self.folder / "out.jsonl"
        source.write_text(json.dumps({"tokens": self.prompts[0]}) + "\n")
        subprocess.run([self.args.hone, "generate", "--model", self.folder, "--input", source,
                        "--output", out, "--ignore-eos", "--temperature", "0", "--max-tokens", "8"],
                       check=True)
        return json.loads(out.read_text())["completions"][0]["tokens"]


def compare(workload, args):
    """The rate of each (program, type)."""
    rates = {}
    isa = ""
    greedy = workload.greedy_hone()
    for _ in range(args.repeats):
        for dtype in HONE_TYPES:
            rate, isa = workload.run_hone(dtype)
            rates.setdefault(("hone", dtype, args.threads), []).append(rate)
        for peer, types in PEER_TYPES.items():
            for dtype in types:
                for threads in peer_thread_counts(args.threads):
                    rate, tokens = workload.run_peer(peer, dtype, threads)
                    if dtype == "float32" and tokens != greedy:
                        sys.exit(f"{peer} computes another model: {tokens}, hone {greedy}")
                    rates.setdefault((peer, dtype, threads), []).append(rate)
    best = {}
    for key, values in rates.items():
        best[key[:2]] = max(best.get(key[:2], 0), statistics.median(values))
    return best, isa


def main():
    parser = comparison_parser(__doc__)
    parser.add_argument("--shape", nargs="+", default=["nano", "mini"], choices=["nano", "mini"])
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--samples", type=int, default=8, help="of a prompt, in the run of groups")
    parser.add_argument("--prompt-tokens", type=int, default=32)
    parser.add_argument("--max-tokens", type=int, default=128)
    parser.add_argument("--peers", type=pathlib.Path, default=pathlib.Path(".deps/peers"))
    args = parser.parse_args()
    args.hone, args.peers = args.hone.resolve(), args.peers.resolve()
    install_peers(args.peers)
    warnings = [check_quiet(args.allow_busy)]
    ours = [("hone", dtype) for dtype in HONE_TYPES]
    peers = [(peer, dtype) for peer, types in PEER_TYPES.items() for dtype in types]
    print("tokens/s; in brackets: hone's float32 over the peer's; in the last column hone's faster\n"
          "type over the fastest of CTranslate2 and llama.cpp\n")
    names = ["shape", "batch", *(" ".join(c) for c in ours + peers), "any type"]
    print("| " + " | ".join(names) + " |")
    print("|---" * len(names) + "|")
    isa = ""
    for shape in args.shape:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            {"nano": save_nano, "mini": save_mini}[shape](folder)
            sizes = [(batch, 1) for batch in args.batch]
            if args.batch[-1] % args.samples == 0:
                sizes.append((args.batch[-1] // args.samples, args.samples))
            for count, samples in sizes:
                prompts = [[(7 * i + 13 * j) % 256 for j in range(args.prompt_tokens)]
                           for i in range(count)]
                best, isa = compare(Workload(folder, prompts, samples, args), args)
                cells = [shape, f"{count} × {samples}" if samples > 1 else f"{count}"]
                cells += [f"{best[c]:,.0f}" for c in ours]
                cells += [f"{best[c]:,.0f} ({best[ours[0]] / best[c]:.1f}×)" for c in peers]
                fastest = max(best[c] for c in peers if c[0] != "transformers")
                cells.append(f"{max(best[c] for c in ours) / fastest:.1f}×")
                print("| " + " | ".join(cells) + " |", flush=True)
    print(f"\n{args.threads} threads, {isa}, {args.prompt_tokens} + {args.max_tokens} tokens")
    print_warnings(warnings)


if __name__ == "__main__":
    main()
