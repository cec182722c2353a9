#!/usr/bin/env python3
"""Seconds of one GRPO step: `hone bench step` against TRL's GRPOTrainer, in one run on one machine.

Both: CPU, fp32, the same random-weight Qwen3 "nano", prompts of 32 tokens, the same number of
prompts, samples and new tokens, one optimiser update a step, no KL. Each in a process of its own;
the median over the steps after the first is shown, TRL at the better of one thread and all. The
program refuses to run on a busy machine.

usage: .deps/venv/bin/python bench/compare_step.py --hone build/hone
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
folder, prompts, samples, max_tokens, threads, repeats = json.loads(sys.argv[1])
torch.set_num_threads(threads)
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import GRPOConfig, GRPOTrainer
class Clock(TrainerCallback):
    seconds = []
    def on_step_begin(self, *a, **k): self.begin = time.perf_counter()
    def on_step_end(self, *a, **k): self.seconds.append(time.perf_counter() - self.begin)
def reward(completions, **k):  # every second sample is right, as in hone bench step
    return [float(i % 2) for i in range(len(completions))]
texts = [("%04d" % i) * 8 for i in range(prompts * (repeats + 1))]
config = GRPOConfig(
    output_dir=folder + "/trl", use_cpu=True, bf16=False,
    per_device_train_batch_size=prompts * samples, num_generations=samples,
    max_completion_length=max_tokens, max_steps=repeats + 1, beta=0.0, learning_rate=1e-6,
    report_to=[], save_strategy="no", logging_strategy="no", disable_tqdm=True,
    gradient_checkpointing=False, generation_kwargs={"min_new_tokens": max_tokens})
trainer = GRPOTrainer(
    model=AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), args=config,
    processing_class=AutoTokenizer.from_pretrained(folder), reward_funcs=reward,
    train_dataset=Dataset.from_dict({"prompt": texts}), callbacks=[Clock()])
trainer.train()
print("seconds", json.dumps(Clock.seconds[1:]))
"""


def time_trl(folder, threads, args):
    printed = run_peer(PEER, [str(folder), args.prompts, args.samples, args.max_tokens, threads,
                              args.repeats])
    lines = [line for line in printed if line.startswith("seconds ")]
    return statistics.median(json.loads(lines[-1].removeprefix("seconds ")))


def time_hone(folder, args):
    done = subprocess.run(
        [args.hone, "bench", "step", "--model", folder, "--prompts", str(args.prompts),
         "--samples", str(args.samples), "--prompt-tokens", "32", "--max-tokens",
         str(args.max_tokens), "--threads", str(args.threads), "--repeats", str(args.repeats)],
        check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def main():
    parser = comparison_parser(__doc__)
    parser.add_argument("--prompts", type=int, default=8)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--max-tokens", type=int, default=128)
    args = parser.parse_args()
    warnings = [check_quiet(args.allow_busy)]
    args.hone = args.hone.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        save_nano(folder)
        peer = min(time_trl(folder, threads, args)
                   for threads in peer_thread_counts(args.threads))
        ours = time_hone(folder, args)
    seconds = ours["seconds_per_step"]
    print(f"{'':16} {'s/step':>8}")
    print(f"{'TRL':16} {peer:8.2f}")
    print(f"{'hone':16} {seconds:8.2f}   {peer / seconds:.1f}× as fast")
    for phase, part in ours["seconds"].items():
        print(f"  {phase:14} {part:8.3f}")
    print(f"{args.prompts} prompts × {args.samples} samples × {args.max_tokens} tokens, "
          f"{args.threads} threads, {ours['isa']}, fp32; hone at "
          f"{100 * ours['fraction_of_limit']:.0f}% of its matrix product's rate")
    print_warnings(warnings)


if __name__ == "__main__":
    main()
