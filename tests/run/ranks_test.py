#!/usr/bin/env python3
"""The trainer on several ranks, started by MPI: with virtual shards the bits are the same on any number
of them, also when the number changes at a resume; kills of any rank end in the bits of an
undisturbed run; a rank that hangs ends the run in bounded time, by name.

usage: HONE_BINARY=build/hone tests/run/ranks_test.py [CASE …]
"""

import os
import pathlib
import signal
import time

from harness import Run, main


def ranks(count, *more):
    return [f"resources.trainer.ranks={count}", "resources.trainer.threads=1", *more]


def trainers(run, count):
    """The processes of the ranks, once all are there, by rank."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        by_rank = {}
        for pid in run.pids("trainer"):
            try:
                environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            except OSError:
                continue
            for entry in environment:
                if entry.startswith(b"OMPI_COMM_WORLD_RANK="):
                    by_rank[int(entry.split(b"=")[1])] = pid
        if len(by_rank) == count:
            return by_rank
        time.sleep(0.01)
    raise AssertionError(f"{count} ranks were not started:\n{run.log_tail()}")


def comparable(run):
    """The metrics without what measures time."""
    measured = ("seconds", "engine_tokens_per_second", "engine_occupancy", "engine_cache_use")
    return [{k: v for k, v in m.items() if not k.endswith(measured)} for m in run.metrics()]


def any_number(base):
    virtual = "resources.trainer.virtual_shards=4"
    one = Run(base, "one", [virtual]).finish().check_accounts()
    for count in (2, 4):
        run = Run(base, f"ranks-{count}", ranks(count, virtual)).finish().check_accounts()
        assert run.model_hash() == one.model_hash(), f"{count} ranks: other bits"
        assert comparable(run) == comparable(one), f"{count} ranks: other metrics"
    resized = Run(base, "resized", [virtual])
    for step, count in ((5, 1), (13, 2), (19, 4)):
        resized.command = Run(base, "resized", ranks(count, virtual)).command
        resized.start().wait_for_step(step)
        os.kill(resized.process.pid, signal.SIGINT)
        assert resized.wait(60) != 0
        resized.wait_until_gone(("trainer", "rollout", "reward"))
    resized.finish()
    assert resized.check_accounts().model_hash() == one.model_hash(), "resized: other bits"


def bfloat16(base):
    """What is sampled and what is learned from it are rounded alike, so the gap stays 0."""
    exact = Run(base, "float32").finish().model_hash()
    settings = ["model.dtype=bfloat16", "resources.trainer.virtual_shards=4"]
    one = Run(base, "one", settings).finish().check_accounts()
    assert one.model_hash() != exact, "nothing was rounded"
    two = Run(base, "two", ranks(2, *settings)).finish().check_accounts()
    assert two.model_hash() == one.model_hash(), "2 ranks: other bits"


def kills(base):
    wanted = Run(base, "undisturbed", ranks(2)).finish().check_accounts().model_hash()
    run = Run(base, "kills", ranks(2)).start()
    for step, rank in ((4, 1), (10, 0), (17, 1)):
        run.wait_for_step(step)
        os.kill(trainers(run, 2)[rank], signal.SIGKILL)
        time.sleep(0.5)
    code = run.wait()
    assert code == 0, f"exit code {code}\n{run.log_tail()}"
    assert run.check_accounts().model_hash() == wanted, "kills: other bits"


def silent_rank(base):
    for rank in (1, 0):
        run = Run(base, f"silent-{rank}", ranks(2, "resources.trainer.timeout_seconds=4")).start()
        run.wait_for_step(10)
        os.kill(trainers(run, 2)[rank], signal.SIGSTOP)
        begin = time.monotonic()
        assert run.wait(60) == 1, run.log_tail()
        print(f"ended {time.monotonic() - begin:.0f} s after rank {rank} froze")
        logs = "".join(p.read_text() for p in run.out.glob("logs/trainer*.log"))
        assert f"rank {rank} has not arrived within 4 s" in logs, run.log_tail()
        run.wait_until_gone(("trainer", "rollout", "reward"))


def killed_supervisor(base):
    run = Run(base, "killed", ranks(2)).start()
    run.wait_for_step(3)
    os.kill(run.process.pid, signal.SIGKILL)
    run.wait(10)
    run.wait_until_gone(("trainer", "rollout", "reward"))


if __name__ == "__main__":
    main({f.__name__: f for f in (any_number, bfloat16, kills, silent_rank, killed_supervisor)})
