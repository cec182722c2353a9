#!/usr/bin/env python3
"""What goes wrong around a run: a full disk, a port in use, a worker that freezes. Each ends in bounded
time with a message that says what to do, nothing is lost, and the run that goes on ends in the bits
of an undisturbed one.

usage: HONE_BINARY=build/hone tests/run/faults_test.py [CASE …]
"""

import os
import pathlib
import signal
import socket
import subprocess
import time

from harness import Run, main


def full_disk(base):
    wanted = Run(base, "undisturbed").finish().model_hash()
    disk = pathlib.Path(base) / "disk"
    disk.mkdir()
    run = Run(base, "run", out=disk / "run")
    # Full while the ledger is opened, at the first checkpoint, and at a later one.
    for size in ("40k", "320k", "900k"):
        script = (f"mount -t tmpfs -o size={size} tmpfs {disk} || exit 77\n"
                  f"{' '.join(run.command)} 2> {base}/full.stderr\n"
                  "test $? = 1 || exit 78\n"
                  f"mount -o remount,size=64m {disk}\n"
                  f"{' '.join(run.command)} && cp -a {run.out} {base}/run-{size}\n")
        # The mount lives in a namespace of its own, which an ordinary user may make too.
        done = subprocess.run(["unshare", "--mount", "--user", "--map-root-user", "sh", "-c", script],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=300,
                              text=True)
        message = (pathlib.Path(base) / "full.stderr").read_text()
        assert done.returncode == 0, f"{size}: exit code {done.returncode}\n{message}{done.stderr}"
        assert any(words in message for words in
                   ("disk is full", "disk may be full", "No space left")), message
        assert str(disk) in message, f"the message names no place:\n{message}"
        run_after = Run(base, f"run-{size}")
        assert run_after.check_accounts().model_hash() == wanted, f"{size}: other bits"


def port_in_use(base):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = Run(base, "port", [f"resources.trainer.port={port}"]).start()
        assert run.wait(60) == 1, run.log_tail()
        assert str(port) in run.stderr.read_text(), run.log_tail()


def frozen_worker(base):
    """SIGSTOP is the silence of a machine that hangs: its groups go to the other worker."""
    wanted = Run(base, "undisturbed").finish().model_hash()
    run = Run(base, "frozen", ["resources.rollout.workers=2"]).start()
    run.wait_for_step(10)
    os.kill(run.pids("rollout")[0], signal.SIGSTOP)
    begin = time.monotonic()
    assert run.wait(120) == 0, run.log_tail()
    print(f"the run ended {time.monotonic() - begin:.0f} s after the freeze")
    assert run.check_accounts().model_hash() == wanted, "frozen worker: other bits"


if __name__ == "__main__":
    main({f.__name__: f for f in (full_disk, port_in_use, frozen_worker)})
