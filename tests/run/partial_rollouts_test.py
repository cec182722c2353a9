#!/usr/bin/env python3
"""Partial rollouts: a step takes the first groups that are finished, and the long ones go on under
newer weights into later steps. Each is used once, none is older than max_staleness allows, and the
accounts balance, also through kills and resumes. With the real binary and real kills.

usage: HONE_BINARY=build/hone tests/run/partial_rollouts_test.py [CASE …]
"""

import collections
import json
import signal
import sqlite3
import subprocess

from harness import Run, main

GRPO_STEPS, PROMPTS, SAMPLES, CARRIED = 30, 4, 2, 3
STEPS = 1 + GRPO_STEPS
# Completions of a model that has learnt next to nothing end by chance: their lengths differ much.
OVERRIDES = [
    "stages.0.sft.steps=1", "stages.0.sft.eval.problems=0", "stages.1.grpo.eval.problems=0",
    f"stages.1.grpo.steps={GRPO_STEPS}", f"stages.1.grpo.prompts_per_step={PROMPTS}",
    f"stages.1.grpo.samples_per_prompt={SAMPLES}", "stages.1.grpo.max_staleness=2",
    f"stages.1.grpo.partial_rollouts={CARRIED}", "stages.1.grpo.sampling.max_tokens=800",
    "model.init.max_position_embeddings=900", "checkpoint.every_steps=4"]
# So slow a worker and so fast a learner (rewards that hardly ever differ, no KL) that what is left
# after a step outlasts the way of the new weights many times in a run.
SLOW_WORKER = ["model.init.hidden_size=256", "model.init.num_layers=6",
               "model.init.intermediate_size=512", "stages.1.grpo.algorithm.kl_coefficient=0"]


def rollouts(run, step):
    file = run.out / "rollouts" / f"step-{step:06d}.train.jsonl.zst"
    text = subprocess.run(["zstd", "-dc", file], check=True, capture_output=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def check(run, max_staleness=2):
    """Everything once, nothing too old. Returns how many were mixed and how many carried over."""
    run.check_steps()
    ledger = sqlite3.connect(run.out / "ledger.sqlite")
    prompts = ledger.execute("SELECT prompt, COUNT(*), COUNT(DISTINCT sample), COUNT(DISTINCT step)"
                             " FROM samples GROUP BY prompt ORDER BY prompt").fetchall()
    assert [p[1:] for p in prompts] == [(SAMPLES, SAMPLES, 1)] * (GRPO_STEPS * PROMPTS), prompts
    first = prompts[0][0]
    assert [p[0] - first for p in prompts] == list(range(GRPO_STEPS * PROMPTS)), prompts
    steps = ledger.execute("SELECT step, COUNT(*) FROM samples GROUP BY step").fetchall()
    assert steps == [(s, PROMPTS * SAMPLES) for s in range(2, STEPS + 1)], steps
    late = ledger.execute("SELECT COUNT(*) FROM samples s JOIN issued i ON i.prompt = s.prompt AND "
                          "i.version = s.version WHERE s.step > i.step").fetchone()[0]
    assert late > 0, "nothing was carried over"

    mixed = carried = 0
    for metrics in run.metrics():
        if metrics["stage"] != "grpo":
            continue
        assert metrics.get("rollout_learner_gap", 0) == 0, metrics
        version = metrics["policy_version"] - 1  # that the step started from
        lags = collections.Counter()  # tokens by the versions that they lay behind
        old_samples = 0
        for record in rollouts(run, metrics["step"]):
            spans = record.get("versions") or [[record["policy_version"], len(record["tokens"])]]
            assert sum(tokens for _, tokens in spans) == len(record["tokens"]), record
            for made_by, tokens in spans:
                lags[version - made_by] += tokens
            mixed += len(spans) > 1
            old_samples += spans[0][0] < version
        assert min(lags) >= 0 and max(lags) <= max_staleness, f"step {metrics['step']}: {lags}"
        assert metrics["staleness"] == max(lags), metrics
        mean = sum(lag * tokens for lag, tokens in lags.items()) / sum(lags.values())
        assert abs(metrics["staleness_mean"] - mean) < 1e-9, (metrics, mean)
        assert metrics["carried_samples"] == old_samples, (metrics, old_samples)
        assert metrics["carried_tokens"] == sum(lags.values()) - lags[0], (metrics, lags)
        carried += old_samples
    return mixed, carried


def carries_over(base):
    for max_staleness, workers in ((2, 1), (1, 2)):
        run = Run(base, f"workers-{workers}",
                  [*OVERRIDES, *SLOW_WORKER, f"stages.1.grpo.max_staleness={max_staleness}",
                   f"resources.rollout.workers={workers}"], steps=STEPS).finish()
        mixed, carried = check(run, max_staleness)
        assert carried > 0, "no sample was carried over"
        assert mixed > 0, "no completion went on under newer weights"


def kills(base):
    for role in ("rollout", "reward", "trainer"):
        run = Run(base, f"kill-{role}", OVERRIDES, steps=STEPS).start()
        for step in (3, 9, 15):
            run.wait_for_step(step)
            run.kill(role)
        code = run.wait()
        assert code == 0, f"after kills of {role}: exit code {code}\n{run.log_tail()}"
        check(run)


def resume(base):
    run = Run(base, "resume", OVERRIDES, steps=STEPS)
    run.interrupt(((3, signal.SIGINT), (10, signal.SIGKILL), (19, signal.SIGTERM)))
    check(run.finish())


if __name__ == "__main__":
    main({f.__name__: f for f in (carries_over, kills, resume)})
