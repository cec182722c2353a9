#!/usr/bin/env python3
"""The memory that `hone run --dry-run` plans for each rank of the trainer, beside the most that it had,
for 1, 2 and 4 ranks and models of three shapes, on this machine.

usage: bench/compare_memory.py --hone build/hone
"""

import argparse
import itertools
import pathlib
import re
import subprocess
import tempfile

# Large enough that the states and the activations are most of it.
EXPERIMENT = """\
name: memory
model:
  init: {hidden_size: 512, num_layers: 8, num_heads: 8, num_kv_heads: 4, head_dim: 64,
         intermediate_size: 1536, max_position_embeddings: 512}
stages:
  - sft:
      task: {name: countdown, heldout: 16}
      demonstrations: 2000
      steps: 3
      batch_tokens: 8192
      eval: {problems: 0}
resources:
  trainer: {threads: 1, recompute: true, micro_batch_tokens: 6000}
checkpoint: {every_steps: 2}
"""
SHAPES = {
    "recompute": [],
    "without": ["resources.trainer.recompute=false", "resources.trainer.micro_batch_tokens=1500"],
    "wide": ["model.init.hidden_size=768", "model.init.num_layers=4",
             "model.init.intermediate_size=3072"],
}
UNITS = {"MB": 1, "GB": 1024}


def megabytes(line):
    number, unit = re.search(r"([\d.]+) (MB|GB)", line).groups()
    return float(number) * UNITS[unit]


def planned(hone, experiment, overrides, rank):
    """What the parts of that rank of the trainer come to in resident memory, in MB."""
    text = subprocess.run([hone, "run", experiment, "--dry-run", *overrides], check=True,
                          capture_output=True, text=True).stdout
    table = text[text.index("\nmemory") + 1:]
    lines = table.split("\nrollout")[0].split("\ntrainer")[1 if rank == 0 else 2].splitlines()[1:]
    return sum(megabytes(line) for line in lines if "shared memory" not in line)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hone", default="build/hone")
    hone = str(pathlib.Path(parser.parse_args().hone).resolve())
    print(f"{'':10} {'ranks':>5} {'rank':>5} {'planned MB':>11} {'had MB':>7}")
    for (name, shape), count in itertools.product(SHAPES.items(), (1, 2, 4)):
        overrides = [*shape, f"resources.trainer.ranks={count}"]
        with tempfile.TemporaryDirectory() as base:
            experiment = pathlib.Path(base) / "memory.yaml"
            experiment.write_text(EXPERIMENT)
            out = pathlib.Path(base) / "run"
            subprocess.run([hone, "run", str(experiment), "--out", str(out), *overrides],
                           check=True, capture_output=True)
            for rank, log in enumerate(sorted(out.glob("logs/trainer*.log"), key=lambda p: p.stem)):
                wanted = planned(hone, str(experiment), overrides, rank)
                found = int(re.search(r"peak memory: (\d+) MB", log.read_text())[1])
                print(f"{name:10} {count:5} {rank:5} {wanted:11.0f} {found:7} "
                      f"{100 * (found / wanted - 1):+6.0f}%", flush=True)


if __name__ == "__main__":
    main()
