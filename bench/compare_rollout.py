#!/usr/bin/env python3
"""Rollout speed: `hone generate` against transformers' `generate`, in one run on one machine.

Both sample from the same random-weight Qwen3 of the shape "nano", with the same prompts and the
same number of new tokens (the end token does not stop either), each in a process of its own,
loading excluded. The median of --repeats is shown, transformers at the better of one thread and
all; the program refuses to run on a busy machine.

usage: .deps/venv/bin/python bench/compare_rollout.py --hone build/hone
"""

import json
import pathlib
import statistics
import subprocess
import tempfile

from nano import (check_quiet, comparison_parser, peer_thread_counts, print_warnings, run_peer,
                  save_nano)

PEER = """
import json, sys, time, torch
from transformers import AutoModelForCausalLM
folder, prompts, max_tokens, threads, repeats = json.loads(sys.argv[1])
torch.set_num_threads(threads)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
ids = torch.tensor(prompts)
def run(tokens):
    begin = time.perf_counter()
    with torch.inference_mode():
        model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=True, temperature=1.0,
                       top_k=0, top_p=1.0, max_new_tokens=tokens, min_new_tokens=tokens,
                       pad_token_id=0)
    return time.perf_counter() - begin
run(8)
print(json.dumps([run(max_tokens) for _ in range(repeats)]))
"""


def time_transformers(folder, prompts, threads, args):
    lines = run_peer(PEER, [str(folder), prompts, args.max_tokens, threads, args.repeats])
    return statistics.median(json.loads(lines[-1]))


def time_hone(folder, prompts, args):
    source, stats = folder / "prompts.jsonl", folder / "stats.json"
    source.write_text("".join(json.dumps({"tokens": p}) + "\n" for p in prompts))
    seconds = []
    for _ in range(args.repeats):
        subprocess.run(
            [args.hone, "generate", "--model", folder, "--input", source, "--output", "/dev/null",
             "--ignore-eos", "--max-tokens", str(args.max_tokens), "--threads", str(args.threads),
             "--max-sequences", str(len(prompts)), "--stats", stats], check=True)
        seconds.append(json.loads(stats.read_text())["seconds"])
    return statistics.median(seconds), json.loads(stats.read_text())["isa"]


def main():
    parser = comparison_parser(__doc__)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--prompt-tokens", type=int, default=32)
    parser.add_argument("--max-tokens", type=int, default=128)
    args = parser.parse_args()
    warnings = [check_quiet(args.allow_busy)]
    args.hone = args.hone.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        save_nano(folder)
        print(f"{'batch':>6} {'transformers':>14} {'hone':>14} {'ratio':>8}   tokens/s")
        for batch in args.batch:
            prompts = [[(7 * i + 13 * j) % 256 for j in range(args.prompt_tokens)]
                       for i in range(batch)]
            tokens = batch * args.max_tokens
            peer = max(tokens / time_transformers(folder, prompts, threads, args)
                       for threads in peer_thread_counts(args.threads))
            seconds, isa = time_hone(folder, prompts, args)
            ours = tokens / seconds
            print(f"{batch:6} {peer:14,.0f} {ours:14,.0f} {ours / peer:7.1f}×", flush=True)
        print(f"{args.threads} threads, {isa}, fp32, "
              f"{args.prompt_tokens} + {args.max_tokens} tokens")
    print_warnings(warnings)


if __name__ == "__main__":
    main()
