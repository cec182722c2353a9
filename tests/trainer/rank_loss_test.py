#!/usr/bin/env python3
"""A rank that is killed or stopped in any phase of a step ends the others in bounded time, and they say
which operation waited and for whom. Three real processes under mpirun.

usage: RANK_LOSS_PROBE=… MPIRUN=mpirun tests/trainer/rank_loss_test.py
"""

import os
import re
import signal
import subprocess
import tempfile
import time

RANKS = 3
# The phase, and what the others are caught in: the next operation that the lost rank does not finish
# (in the backward pass the gather of the next block runs ahead of the reduction).
PHASES = {"forward": r"all-gather no\. \d+ .*\(block [01]\)", "backward": r"\(block [01]\)",
          "optimizer": r"all-gather no\. \d+ .*\(gradient norm\)", "save": r"barrier no\. \d+ .*\(saved\)"}


def check(phase, number, rank, folder):
    command = [os.environ["MPIRUN"], "--quiet", "--allow-run-as-root", "--oversubscribe", "--bind-to",
               "none", "--mca", "odls_base_sigkill_timeout", "2", "-np", str(RANKS),
               os.environ["RANK_LOSS_PROBE"], folder, str(rank), str(int(number)), phase]
    begin = time.monotonic()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60)
    seconds = time.monotonic() - begin
    assert done.returncode != 0, "a rank was lost and nobody minded"
    # (One that was stopped is woken up by mpirun before it is killed, and may speak, too.)
    told = [line for line in done.stderr.splitlines()
            if line.startswith("rank ") and not line.startswith(f"rank {rank}:")]
    assert told, f"{phase}, {number.name}: nobody said anything\n{done.stderr}"
    for line in told:
        # A rank that had its share of an operation from the lost one is an operation ahead of a rank
        # that had not, and rightly misses both.
        missing = re.search(r"ranks? ([\d, ]+) ha(?:s|ve) not arrived", line)
        assert missing and str(rank) in missing[1].split(", "), f"{phase}, {number.name}: {line}"
        assert re.search(PHASES[phase], line), f"{phase}, {number.name}: {line}"
    if number == signal.SIGSTOP:
        assert "within 3 s" in told[0], told[0]
    print(f"{phase}, {number.name} of rank {rank}: over after {seconds:.1f} s; {told[0]}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for index, phase in enumerate(PHASES):
            check(phase, signal.SIGKILL, index % RANKS, folder)
        check("forward", signal.SIGSTOP, 1, folder)
        check("backward", signal.SIGSTOP, 0, folder)
