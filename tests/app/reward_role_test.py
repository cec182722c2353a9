#!/usr/bin/env python3
"""The process of `hone reward`, seen from outside: what it tells Prometheus and where, the judging
processes below it, and that none of them outlives it.

usage: HONE_BINARY=build/hone tests/app/reward_role_test.py
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import urllib.request

HONE = os.environ["HONE_BINARY"]
EXPERIMENT = pathlib.Path(__file__).resolve().parents[2] / "experiments" / "countdown-cpu.yaml"
PATIENCE = 60  # seconds; a loaded machine starts slowly


def wait_for(what, get):
    """The first true answer of get()."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = get()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {PATIENCE} s for {what}")


def children(pid):
    """All processes below `pid` that live."""
    parents = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rsplit(")", 1)[1].split()[:2]
        except OSError:
            continue
        if state != "Z":
            parents.setdefault(int(parent), []).append(int(path.parent.name))
    found, new = [], [pid]
    while new:
        new = [child for parent in new for child in parents.get(parent, [])]
        found += new
    return found


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def get(address, path):
    with urllib.request.urlopen(f"http://{address}{path}", timeout=PATIENCE) as answer:
        return answer.read().decode()


def main():
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "run"
        target = out / "prometheus" / "reward-7.json"
        command = [HONE, "reward", str(EXPERIMENT), "--out", str(out), "--name", "reward-7",
                   "resources.reward.judges=2"]
        for number in [signal.SIGTERM, signal.SIGKILL]:
            target.unlink(missing_ok=True)
            service = subprocess.Popen(command, stdin=subprocess.DEVNULL)
            try:
                wait_for(target, target.exists)
                [entry] = json.loads(target.read_text())
                assert entry["labels"] == {"run": "countdown-cpu", "role": "reward-7"}, entry
                [address] = entry["targets"]
                assert get(address, "/healthz") == "ok\n"
                metrics = get(address, "/metrics")
                assert re.search(r"^hone_reward_judges 2$", metrics, re.M), metrics
                assert re.search(r"^process_resident_memory_bytes \d", metrics, re.M), metrics
                below = children(service.pid)
                assert len(below) == 2, below
                service.send_signal(number)
                code = service.wait(PATIENCE)
                assert code == (0 if number == signal.SIGTERM else -number), code
                wait_for("the judges' end", lambda pids=below: not any(map(alive, pids)))
            finally:
                service.kill()


if __name__ == "__main__":
    main()
