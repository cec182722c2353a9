#!/usr/bin/env python3
"""The memory that `hone run --dry-run` says a rank of the trainer needs, against the most that it had:
within 20%, for 1, 2 and 4 ranks (how far a checkpoint and a step overlap is up to chance). And the
sharded state shrinks with the ranks.

usage: HONE_BINARY=build/hone tests/run/memory_test.py
"""

import pathlib
import re
import subprocess

from harness import HONE, Run, main

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
  trainer: {threads: 1, recompute: true, micro_batch_tokens: 8192}
checkpoint: {every_steps: 2}
"""
UNITS = {"MB": 1, "GB": 1024}


def megabytes(line):
    number, unit = re.search(r"([\d.]+) (MB|GB)", line).groups()
    return float(number) * UNITS[unit]


def planned(experiment, count, rank):
    """The parts of that rank of the trainer by name, in MB, and what they come to in resident memory.
    """
    text = subprocess.run([HONE, "run", experiment, "--dry-run", f"resources.trainer.ranks={count}"],
                          check=True, capture_output=True, text=True).stdout
    table = text[text.index("\nmemory") + 1:]
    lines = table.split("\nrollout")[0].split("\ntrainer")[1 if rank == 0 else 2].splitlines()[1:]
    parts = {line[:36].strip(): megabytes(line) for line in lines}
    return parts, sum(mb for name, mb in parts.items() if "shared memory" not in name)


def trainer(base):
    experiment = pathlib.Path(base) / "memory.yaml"
    experiment.write_text(EXPERIMENT)
    states = {}
    for count in (1, 2, 4):
        run = Run(base, f"ranks-{count}", steps=3)
        run.command = [HONE, "run", str(experiment), "--out", str(run.out),
                       f"resources.trainer.ranks={count}"]
        run.finish()
        logs = sorted(run.out.glob("logs/trainer*.log"), key=lambda log: log.stem)
        assert len(logs) == count, logs
        for rank, log in enumerate(logs):
            parts, wanted = planned(str(experiment), count, rank)
            states[count] = parts["weights, gradient, AdamW moments"]
            found = int(re.search(r"peak memory: (\d+) MB", log.read_text())[1])
            print(f"{count} ranks, {log.stem}: planned {wanted:.0f} MB, had {found} MB")
            assert abs(found - wanted) <= 0.2 * wanted, f"{log.stem} of {count}: {found} MB"
    for count in (2, 4):
        assert states[count] <= 1.1 * states[1] / count, states


if __name__ == "__main__":
    main({"trainer": trainer})
