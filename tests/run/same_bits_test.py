#!/usr/bin/env python3
"""A synchronous run ends in the same weights with 1, 2 or 3 workers, and through kill -9 of any of
its processes, Ctrl-C and resume; and the accounts balance. With the real binary and real kills.

usage: HONE_BINARY=build/hone tests/run/same_bits_test.py [CASE …]
"""

import os
import signal

from harness import Run, main


def undisturbed(base, name="undisturbed"):
    return Run(base, name).finish().check_accounts().model_hash()


def check_engine(metrics):
    """What the workers say of a step in which they generated."""
    assert metrics["engine_tokens_per_second"] > 0, metrics
    for key in ("engine_occupancy", "engine_cache_use"):
        assert 0 < metrics[key] <= 1.001, metrics


def workers(base):
    wanted = undisturbed(base)
    for count in (2, 3):
        run = Run(base, f"workers-{count}", [f"resources.rollout.workers={count}"]).finish()
        assert run.check_accounts().model_hash() == wanted, f"{count} workers: other bits"
        for metrics in run.metrics():
            if metrics["stage"] == "grpo":
                check_engine(metrics)


def kills(base):
    wanted = undisturbed(base)
    for role in ("rollout", "reward", "trainer"):
        run = Run(base, f"kill-{role}").start()
        run.kill(role)  # while all is still starting
        for step in (9, 12, 16):
            run.wait_for_step(step)
            run.kill(role)
        code = run.wait()
        assert code == 0, f"after kills of {role}: exit code {code}\n{run.log_tail()}"
        assert run.check_accounts().model_hash() == wanted, f"kills of {role}: other bits"


def resume(base):
    wanted = undisturbed(base)
    run = Run(base, "resume")
    # Ctrl-C and kill -9 of the whole, in turn, in each stage and around checkpoints.
    run.interrupt(((2, signal.SIGINT), (5, signal.SIGKILL), (9, signal.SIGINT),
                   (13, signal.SIGKILL), (14, signal.SIGTERM), (18, signal.SIGKILL)))
    run.finish()
    assert run.check_accounts().model_hash() == wanted, "after resumes: other bits"
    # Once more: nothing is left to do, and nothing changes.
    assert run.finish().check_accounts().model_hash() == wanted


def algorithms(base):
    """What lives longer than an update: rounds of dynamic sampling, a reference that is replaced."""
    overrides = [  # long enough a warm start that groups have contrast, and not all of them
        "stages.0.sft.steps=150", "stages.0.sft.demonstrations=2000",
        "stages.0.sft.batch_tokens=4096", "stages.0.sft.optimizer.lr=6e-3",
        "stages.1.grpo.steps=8", "stages.1.grpo.prompts_per_step=6",
        "stages.1.grpo.samples_per_prompt=3", "stages.1.grpo.minibatches=2",
        "stages.1.grpo.sampling.max_tokens=80",
        "stages.1.grpo.algorithm={dynamic_sampling: true, max_sampling_rounds: 3, "
        "overlong_buffer_tokens: 10, kl_coefficient: 0.01, reference_every_steps: 2, "
        "advantage: reinforce_pp_baseline, policy_loss: cispo, correction: truncate}",
        "checkpoint.every_steps=5"]
    run = Run(base, "undisturbed", overrides, steps=158).finish()
    wanted = run.check_steps().model_hash()
    rounds = [m["sampling_rounds"] for m in run.metrics() if m["stage"] == "grpo"]
    assert 1 in rounds and max(rounds) > 1, f"nothing was tested: rounds {rounds}"
    disturbed = Run(base, "disturbed", [*overrides, "resources.rollout.workers=2"], steps=158)
    disturbed.start().wait_for_step(156)  # between checkpoints, after the reference was replaced
    disturbed.kill("trainer")
    code = disturbed.wait()
    assert code == 0, f"exit code {code}\n{disturbed.log_tail()}"
    assert disturbed.check_steps().model_hash() == wanted, "disturbed: other bits"


def instruction_sets(base):
    wanted = undisturbed(base)
    os.environ["HONE_ISA"] = "avx2"
    try:
        assert undisturbed(base, "avx2") == wanted
    finally:
        del os.environ["HONE_ISA"]


if __name__ == "__main__":
    main({f.__name__: f for f in (workers, kills, resume, algorithms, instruction_sets)})
