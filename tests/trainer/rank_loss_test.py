#!/usr/bin/env python3
"""A rank that is killed or stopped in any phase of a step ends the others in bounded time, and they say
which operation waited and for whom. Three real processes under mpirun.

usage: RANK_LOSS_PROBE=… MPIRUN=mpirun tests/trainer/rank_loss_test.py
"""

import os
import pathlib
import re
import signal
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "cluster"))
from lost_rank import lose_rank  # noqa: E402

RANKS = 3
# The phase, and what the others are caught in: the next operation that the lost rank does not finish
# (in the backward pass the gather of the next block runs ahead of the reduction).
PHASES = {"forward": r"all-gather no\. \d+ .*\(block [01]\)", "backward": r"\(block [01]\)",
          "optimizer": r"all-gather no\. \d+ .*\(gradient norm\)", "save": r"barrier no\. \d+ .*\(saved\)"}


def check(phase, number, rank, folder):
    probe = [os.environ["RANK_LOSS_PROBE"], folder, str(rank), str(int(number)), phase]
    told, seconds = lose_rank(probe, RANKS, rank, number)
    for line in told:
        # Also a rank that had its share of an operation from the lost one, and is an operation ahead
        # of one that had not.
        missing = re.search(r"ranks? ([\d, ]+) ha(?:s|ve) not arrived", line)
        assert missing and missing[1] == str(rank), f"{phase}, {number.name}: {line}"
        assert re.search(PHASES[phase], line), f"{phase}, {number.name}: {line}"
    print(f"{phase}, {number.name} of rank {rank}: over after {seconds:.1f} s; {told[0]}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for index, phase in enumerate(PHASES):
            check(phase, signal.SIGKILL, index % RANKS, folder)
        check("forward", signal.SIGSTOP, 1, folder)
        check("backward", signal.SIGSTOP, 0, folder)
