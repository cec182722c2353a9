"""Drives the real hone binary for the tests of this folder. Standard library only."""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

HONE = os.environ.get("HONE_BINARY", "")

EXPERIMENT = """\
name: tiny
seed: 11
model:
  init: {hidden_size: 32, num_layers: 2, num_heads: 2, num_kv_heads: 1, head_dim: 16,
         intermediate_size: 48, max_position_embeddings: 320}
stages:
  - sft:
      task: {name: countdown, heldout: 16}
      demonstrations: 200
      steps: 8
      batch_tokens: 1024
      optimizer: {lr: 3.0e-3, warmup_steps: 2}
      eval: {problems: 8, samples: 2, max_tokens: 40}
  - grpo:
      task: {name: countdown, heldout: 16}
      steps: 14
      prompts_per_step: 12
      samples_per_prompt: 4
      sampling: {max_tokens: 60}
      algorithm: {kl_coefficient: 0.01}
      reward: [{name: format}, {name: countdown, weight: 0.5}]
      optimizer: {lr: 1.0e-3, warmup_steps: 2}
      eval: {problems: 8, samples: 2, max_tokens: 40, every_steps: 5}
checkpoint: {every_steps: 3}
"""
STEPS = 22  # of both stages


class Run:
    """One run folder and the command that makes it."""

    def __init__(self, base, name, overrides=(), steps=STEPS, out=None):
        self.steps = steps
        self.out = out or pathlib.Path(base) / name
        experiment = pathlib.Path(base) / "tiny.yaml"
        experiment.write_text(EXPERIMENT)
        self.command = [HONE, "run", str(experiment), "--out", str(self.out), *overrides]
        self.process = None
        self.stderr = pathlib.Path(base) / f"{name}.stderr"

    def start(self):
        with open(self.stderr, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=log,
                                            stdin=subprocess.DEVNULL)
        return self

    def wait(self, timeout=180):
        """The exit code; a run that hangs fails the test and names the log."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"the run did not end within {timeout} s:\n{self.log_tail()}")

    def finish(self):
        code = self.start().wait()
        assert code == 0, f"exit code {code}:\n{self.log_tail()}"
        return self

    def log_tail(self):
        logs = [self.stderr, *sorted(self.out.glob("logs/*"))]
        return "\n".join(f"--- {p.name}\n{p.read_text(errors='replace')[-1500:]}"
                         for p in logs if p.is_file())

    def metrics(self):
        path = self.out / "metrics.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        found = []
        for line in lines:
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:
                pass  # the last line while it is being written
        return found

    def wait_for_step(self, step, timeout=120):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if any(m["step"] >= step for m in self.metrics()):
                return
            if self.process.poll() is not None:
                raise AssertionError(f"ended before step {step}:\n{self.log_tail()}")
            time.sleep(0.01)
        raise AssertionError(f"step {step} was not reached in {timeout} s:\n{self.log_tail()}")

    def pids(self, role):
        """Processes of this run with that role."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if len(arguments) > 1 and arguments[1] == role.encode() and \
                    str(self.out).encode() in arguments:
                found.append(int(entry.name))
        return found

    def kill(self, role, timeout=60):
        """kill -9 of one process of that role, once there is one."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for pid in self.pids(role):
                try:
                    os.kill(pid, signal.SIGKILL)
                    return
                except ProcessLookupError:
                    pass
            time.sleep(0.01)
        raise AssertionError(f"no {role} process appeared in {timeout} s:\n{self.log_tail()}")

    def interrupt(self, stops):
        """For each (step, signal): starts the run and sends the supervisor the signal there."""
        for step, number in stops:
            self.start()
            self.wait_for_step(step)
            os.kill(self.process.pid, number)
            code = self.wait(30)
            assert code != 0, f"signal {number} at step {step}: exit code 0"
            self.wait_until_gone(("trainer", "rollout", "reward"))

    def wait_until_gone(self, roles, timeout=10):
        """The kernel ends the children of a killed supervisor; it needs a moment."""
        deadline = time.monotonic() + timeout
        while any(self.pids(role) for role in roles):
            left = {role: self.pids(role) for role in roles}
            assert time.monotonic() < deadline, f"left behind: {left}"
            time.sleep(0.01)

    def model_hash(self):
        last = sorted(self.out.glob("checkpoints/step-*"))[-1]
        assert last.name == f"step-{self.steps:06d}", last
        return hashlib.sha256((last / "hf" / "model.safetensors").read_bytes()).hexdigest()

    def check_steps(self):
        """Every step once in the metrics, in order."""
        steps = [m["step"] for m in self.metrics()]
        assert steps == list(range(1, self.steps + 1)), steps
        return self

    def check_accounts(self):
        """The steps, and the ledger balances. For EXPERIMENT, with other resources at most."""
        self.check_steps()
        for m in self.metrics():
            assert m.get("rollout_learner_gap", 0) == 0, m
        ledger = sqlite3.connect(self.out / "ledger.sqlite")
        assert ledger.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        expected = 14 * 12 * 4 + 8 * 2 * 4  # train, and held-out after sft and at 5, 10, 14
        (count,) = ledger.execute("SELECT COUNT(*) FROM samples").fetchone()
        assert count == expected, f"{count} samples recorded, {expected} wanted"
        return self


def main(cases):
    """Runs the named cases (all without arguments) with a temporary folder each."""
    assert os.access(HONE, os.X_OK), "set HONE_BINARY to the hone binary"
    wanted = sys.argv[1:] or list(cases)
    for name in wanted:
        base = tempfile.mkdtemp(prefix="hone_run_test_")
        try:
            cases[name](base)
            print(f"ok {name}")
        finally:
            shutil.rmtree(base, ignore_errors=True)
