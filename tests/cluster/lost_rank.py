"""Starts a probe under mpirun in which one rank is killed or stopped, and returns what the others say."""

import os
import signal
import subprocess
import time


def lose_rank(command, ranks, rank, number):
    """Runs `command` as so many ranks, of which `rank` is lost to the signal `number`. Returns the
    other ranks' last lines and how many seconds it took; fails if nobody minded."""
    mpirun = [os.environ.get("MPIRUN", "mpirun"), "--quiet", "--allow-run-as-root", "--oversubscribe",
              "--bind-to", "none", "--mca", "odls_base_sigkill_timeout", "2", "-np", str(ranks)]
    begin = time.monotonic()
    done = subprocess.run(mpirun + command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60)
    seconds = time.monotonic() - begin
    assert done.returncode != 0, "a rank was lost and nobody minded"
    # (One that was stopped is woken up by mpirun before it is killed, and may speak, too.)
    told = [line for line in done.stderr.splitlines()
            if line.startswith("rank ") and not line.startswith(f"rank {rank}:")]
    what = f"{number.name} of rank {rank}"
    assert told, f"{what}: nobody said anything\n{done.stderr}"
    if number == signal.SIGSTOP:
        assert "within 3 s" in told[0], f"{what}: {told[0]}"
    return told, seconds
