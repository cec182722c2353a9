#!/usr/bin/env python3
"""A rank that is killed or stopped ends the others in bounded time, and they name it: in a group of
devices, whose communicator knows nobody by number, and where ranks wait in different operations.

usage: MPIRUN=mpirun group_loss_test.py PROBE [nccl]      nccl: the GPU lane's part, over two GPUs
"""

import re
import signal
import sys
import tempfile

from lost_rank import lose_rank


def check(probe, kind, ranks, rank, number, patterns):
    """`patterns`: what the line of each rank that speaks must have, by rank."""
    with tempfile.TemporaryDirectory() as folder:
        told, seconds = lose_rank([probe, kind, str(rank), str(int(number)), folder], ranks, rank, number)
    for line in told:
        # The first to give up makes mpirun wake the stopped rank and end all: who was slower may see
        # it arrive after all.
        if number == signal.SIGSTOP and line != told[0] and "a rank is gone" in line:
            continue
        pattern = patterns[int(re.match(r"rank (\d+):", line)[1])]
        assert re.search(pattern, line), f"{kind}, {number.name}: {line}\nwanted: {pattern}"
    print(f"{kind}, {number.name} of rank {rank}: over after {seconds:.1f} s; {told[0]}")


def main():
    probe = sys.argv[1]
    if sys.argv[2:] == ["nccl"]:
        gather = r"all-gather no\. 3 of the GPUs \(round 2\): rank 1 has not arrived"
        for number in signal.SIGKILL, signal.SIGSTOP:
            check(probe, "nccl", 2, 1, number, {0: gather})
        return
    gather = r"all-gather no\. 3 of the devices \(round 2\): rank 1 has not arrived"
    for number in signal.SIGKILL, signal.SIGSTOP:
        check(probe, "devices", 3, 1, number, {0: gather, 2: gather})
    # Rank 2 misses both, but is told that rank 1 waits for rank 0.
    check(probe, "between", 3, 0, signal.SIGSTOP,
          {1: r"barrier no\. 3 of the pair \(round 2\): rank 0 has not arrived within 3 s [^;]*$",
           2: r"barrier no\. 3 of all ranks \(round 2\): rank 0 has not arrived within 3 s [^;]*; "
              r"rank 1 waits for rank 0 in barrier no\. 3 of the pair \(round 2\)$"})


if __name__ == "__main__":
    main()
