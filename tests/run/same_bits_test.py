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


def workers(base):
    wanted = undisturbed(base)
    for count in (2, 3):
        run = Run(base, f"workers-{count}", [f"resources.rollout.workers={count}"]).finish()
        assert run.check_accounts().model_hash() == wanted, f"{count} workers: other bits"


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
    for step, number in ((2, signal.SIGINT), (5, signal.SIGKILL), (9, signal.SIGINT),
                         (13, signal.SIGKILL), (14, signal.SIGTERM), (18, signal.SIGKILL)):
        run.start()
        run.wait_for_step(step)
        os.kill(run.process.pid, number)
        code = run.wait(30)
        assert code != 0, f"signal {number} at step {step}: exit code 0"
        run.wait_until_gone(("trainer", "rollout", "reward"))
    run.finish()
    assert run.check_accounts().model_hash() == wanted, "after resumes: other bits"
    # Once more: nothing is left to do, and nothing changes.
    assert run.finish().check_accounts().model_hash() == wanted


def instruction_sets(base):
    wanted = undisturbed(base)
    os.environ["HONE_ISA"] = "avx2"
    try:
        assert undisturbed(base, "avx2") == wanted
    finally:
        del os.environ["HONE_ISA"]


if __name__ == "__main__":
    main({f.__name__: f for f in (workers, kills, resume, instruction_sets)})
