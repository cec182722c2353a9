#!/usr/bin/env python3
"""Roles on several hosts, as far as one machine can be several: each role listens on another address of
the loopback network and is reached by what it advertises, and the rollout worker has another host's
name, so that it reads the weights over gRPC. The run ends in the same bits as a plain one.

usage: HONE_BINARY=build/hone tests/run/hosts_test.py roles_apart
"""

import pathlib
import subprocess

from harness import HONE, Run, main

OVERRIDES = ["stages.1.grpo.steps=3"]
STEPS = 8 + 3


def roles_apart(base):
    plain = Run(base, "plain", OVERRIDES, steps=STEPS).finish()
    apart = Run(base, "apart", OVERRIDES, steps=STEPS)
    experiment = pathlib.Path(base) / "tiny.yaml"

    def start(role, *options, before=()):
        with open(apart.stderr, "ab") as log:
            return subprocess.Popen([*before, HONE, role, str(experiment), "--out", str(apart.out),
                                     *OVERRIDES, *options], stdout=subprocess.DEVNULL, stderr=log,
                                    stdin=subprocess.DEVNULL)

    # A name of its own for the worker's host needs a namespace, its user's or the root's.
    other_host = ["unshare", "--user", "--map-root-user", "--uts", "sh", "-c",
                  'hostname elsewhere && exec "$@"', "sh"]
    has_names = subprocess.run([*other_host, "true"], check=False).returncode == 0
    if not has_names:
        print("no namespace may be made here, so the worker has this host's name and reads shared memory")
    trainer = start("trainer", "--listen", "0.0.0.0", "--advertise", "127.0.0.2")
    others = [start("reward", "--listen", "127.0.0.3:0"), start("rollout", before=other_host if has_names else [])]
    apart.process = trainer
    try:
        code = apart.wait()
        assert code == 0, f"exit code {code}:\n{apart.log_tail()}"
        for other in others:
            assert other.wait(30) == 0, apart.log_tail()
    finally:
        for process in [trainer, *others]:
            process.kill()
    address = (apart.out / "coordinator.address").read_text()
    assert address.startswith("127.0.0.2:"), address
    log = (apart.out / "logs" / "rollout.log").read_text()
    if has_names:
        assert "over gRPC" in log and "shared memory" not in log, log
    assert apart.check_steps().model_hash() == plain.model_hash()


if __name__ == "__main__":
    main({"roles_apart": roles_apart})
