#!/usr/bin/env python3
"""Compares `hone loss` with TRL's and verl's own functions and with the formulas in PyTorch, on
random batches with every trap in them, in fp64: losses, gradients, advantages.

TRL's loss is driven through GRPOTrainer._compute_loss with a stand-in for the trainer, verl's
through the functions of core_algos and rollout_corr_helper. Compared is where the definitions
coincide; docs/algorithms.md says where they do not, and why.

usage: loss_oracle.py --probe build/tests/app/loss_probe
"""
import argparse
import collections
import importlib.machinery
import json
import pathlib
import subprocess
import sys
import types
from unittest import mock

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "trainer" / "golden"))
import formulas  # noqa: E402

TOLERANCE = 1e-9  # of max(1, |wanted|): fp64, sums in another order
# verl divides by a count + 1e-8 in the mean of a row, of a tensor, and in its variance.
VERL_COUNT = 3e-8
SEEDS = 40


def stub(name):
    """A module whose attributes are whatever is asked for; verl imports it, our calls do not."""
    module = mock.MagicMock(name=name)
    module.__name__, module.__path__ = name, []
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)
    sys.modules[name] = module


def import_verl():
    for name in ("ray", "tensordict", "tensordict.tensorclass", "omegaconf", "codetiming", "orjson"):
        stub(name)
    from verl.trainer.ppo import core_algos, rollout_corr_helper
    from verl.workers.config import ActorConfig
    return core_algos, rollout_corr_helper, ActorConfig


class Tensors:
    """A batch as what TRL and verl take, and the advantages that Hone gave it."""

    def __init__(self, batch, advantages):
        self.mask = formulas.padded(batch["mask"])
        self.logprobs = formulas.padded(batch["logprobs"]).requires_grad_()
        self.old = formulas.padded(batch["old_logprobs"])
        self.ref = formulas.padded(batch["ref_logprobs"])
        self.rollout = formulas.padded(batch["rollout_logprobs"])
        self.entropies = formulas.padded(batch["entropies"])
        self.rewards = torch.tensor(batch["rewards"], dtype=torch.float64)
        self.groups = np.array(batch["groups"], dtype=object)
        self.advantages = torch.tensor(advantages, dtype=torch.float64)
        self.algorithm = {**formulas.DEFAULTS, **batch["algorithm"]}

    def result(self, loss):
        loss.backward()
        return {"loss": loss.item(), "gradient": (self.logprobs.grad * self.mask).tolist()}


# ---------------------------------------------------------------- TRL

def trl_loss(t):
    """TRL's loss of a batch, as its trainer would compute it; one process, no accumulation."""
    from trl import GRPOTrainer
    a = t.algorithm
    kind, sequence_level = a["policy_loss"], a["policy_loss"] == "gspo"
    loss_type = {"token_mean": "bnpo", "sequence_mean": "grpo", "constant": "dr_grpo"}
    trainer = types.SimpleNamespace(
        loss_type=loss_type[a["aggregation"]] if kind in ("clip", "gspo") else kind,
        importance_sampling_level="sequence" if sequence_level else "token",
        epsilon_low=a["clip_low"],
        epsilon_high=a["clip_high"] + 1 if kind == "cispo" else a["clip_high"],
        args=types.SimpleNamespace(
            delta=a["dual_clip"], use_bias_correction_kl=False, steps_per_generation=1,
            sapo_temperature_pos=a["sapo_temperature_positive"],
            sapo_temperature_neg=a["sapo_temperature_negative"]),
        beta=a["kl_coefficient"], top_entropy_quantile=1.0, off_policy_mask_threshold=None,
        use_vllm=a["correction"] != "none", vllm_importance_sampling_correction=True,
        model=types.SimpleNamespace(training=True), current_gradient_accumulation_steps=1,
        max_completion_length=t.mask.shape[1], aux_loss_enabled=False,
        _entropy_bonus_enabled=bool(a["entropy_coefficient"]), use_adaptive_entropy=False,
        entropy_coef=a["entropy_coefficient"],
        accelerator=types.SimpleNamespace(num_processes=1, sync_gradients=True,
                                          gather=lambda x: x, reduce=lambda x, reduction: x),
        _metrics=collections.defaultdict(lambda: collections.defaultdict(list)),
        _get_per_token_logps_and_entropies=lambda *_, **__: (t.logprobs, t.entropies, None))
    ids = torch.zeros(t.mask.shape, dtype=torch.long)
    inputs = {"prompt_ids": ids[:, :1], "prompt_mask": ids[:, :1], "completion_ids": ids,
              "completion_mask": t.mask, "advantages": t.advantages, "old_per_token_logps": t.old,
              "ref_per_token_logps": t.ref, "num_items_in_batch": t.mask.sum()}
    if trainer.use_vllm:
        inputs["importance_sampling_ratio"] = formulas.correction_weight(a, t.old, t.rollout)
    loss = GRPOTrainer._compute_loss(trainer, None, inputs)
    if loss_type[a["aggregation"]] != "bnpo" and kind != "cispo":
        loss = loss * len(t.mask) / max(1, int((t.mask.sum(1) > 0).sum()))  # rows without tokens
    return t.result(loss)


TRL = [
    {"log_ratio_limit": None},
    {"aggregation": "sequence_mean"},
    {"aggregation": "constant", "advantage": "mean_centered"},
    {"clip_high": 0.28, "dual_clip": 3.0},
    {"kl_coefficient": 0.05},
    {"kl_coefficient": 0.05, "aggregation": "sequence_mean"},
    {"entropy_coefficient": 0.01},
    {"policy_loss": "gspo", "clip_low": 3e-4, "clip_high": 4e-4, "aggregation": "sequence_mean"},
    {"policy_loss": "gspo", "clip_low": 0.3, "clip_high": 0.3},
    {"policy_loss": "cispo", "clip_low": 1.0, "clip_high": 4.0},
    {"policy_loss": "sapo", "aggregation": "sequence_mean"},
    {"correction": "truncate", "correction_low": 0.2},
    {"correction": "mask", "correction_low": 0.5, "correction_high": 5.0},
]

# ---------------------------------------------------------------- verl

AGGREGATION = {"token_mean": "token-mean", "sequence_mean": "seq-mean-token-mean",
               "constant": "seq-mean-token-sum-norm"}
NO_BOUND = 1e30  # for clip_ratio_c, which verl does not let be off


def verl_loss(t, verl):
    core, corrections, ActorConfig = verl
    a = t.algorithm
    name = {"clip": "vanilla", "dppo": "dppo_tv"}.get(a["policy_loss"], a["policy_loss"])
    config = ActorConfig(strategy="fsdp", rollout_n=1, ppo_micro_batch_size_per_gpu=1,
                         clip_ratio_low=a["clip_low"], clip_ratio_high=a["clip_high"],
                         clip_ratio_c=a["dual_clip"] or NO_BOUND,
                         tau_pos=a["sapo_temperature_positive"],
                         tau_neg=a["sapo_temperature_negative"])
    weights = None
    if a["correction"] != "none":
        bound = a["correction_high"] if a["correction"] == "truncate" else \
            f"{a['correction_low']}_{a['correction_high']}"
        weights, _ = corrections.compute_rollout_correction_weights(
            t.old - t.rollout, t.mask, rollout_is="token", rollout_is_threshold=bound)
    mode = AGGREGATION[a["aggregation"]]
    advantages = t.advantages.unsqueeze(1).expand(t.mask.shape)
    loss, _ = core.get_policy_loss_fn(name)(
        old_log_prob=t.old, log_prob=t.logprobs, advantages=advantages, response_mask=t.mask,
        loss_agg_mode=mode, config=config, rollout_is_weights=weights)
    if a["kl_coefficient"]:
        kl = core.kl_penalty(t.logprobs, t.ref, a["kl_estimator"])
        loss = loss + a["kl_coefficient"] * core.agg_loss(kl, t.mask, mode)
    if a["entropy_coefficient"]:
        loss = loss - a["entropy_coefficient"] * core.agg_loss(t.entropies, t.mask, mode)
    return t.result(loss)


VERL = [
    {},
    {"clip_high": 0.28, "dual_clip": 3.0},
    {"dual_clip": 3.0, "aggregation": "sequence_mean"},
    {"advantage": "mean_centered", "aggregation": "constant"},
    {"policy_loss": "cispo"},
    {"policy_loss": "cispo", "clip_low": 1.0, "clip_high": 4.0, "entropy_coefficient": 0.02},
    {"policy_loss": "sapo", "aggregation": "sequence_mean"},
    {"correction": "truncate"},
    {"correction": "mask", "correction_low": 0.5, "correction_high": 5.0},
    {"kl_coefficient": 0.05, "kl_estimator": "k1"},
    {"kl_coefficient": 0.05, "kl_estimator": "k2"},
    {"kl_coefficient": 0.05, "kl_estimator": "k3"},
]
# Here the definitions part beyond ±10 and ±20 (docs/algorithms.md).
VERL_WITHIN_10 = [
    {"policy_loss": "gspo", "clip_low": 3e-4, "clip_high": 4e-4, "aggregation": "sequence_mean"},
    {"policy_loss": "gspo", "clip_low": 0.3, "clip_high": 0.3, "correction": "truncate"},
    {"policy_loss": "dppo", "clip_low": 0.15, "clip_high": 0.15},
]


def verl_advantages(t, core):
    """By sample, and for which samples verl's definition is ours."""
    counts = collections.Counter(t.groups.tolist())
    alone = torch.tensor([counts[g] == 1 for g in t.groups])
    scores = torch.zeros_like(t.mask)
    scores[:, 0] = t.rewards  # whatever the place: the sum counts
    name = t.algorithm["advantage"]
    arguments = {"token_level_rewards": scores, "response_mask": torch.ones_like(t.mask),
                 "index": t.groups}
    if name == "grpo":
        values, _ = core.compute_grpo_outcome_advantage(
            **arguments, epsilon=t.algorithm["std_epsilon"])
    elif name == "mean_centered":
        values, _ = core.compute_grpo_outcome_advantage(**arguments, norm_adv_by_std_in_grpo=False)
    elif name == "rloo":
        values, _ = core.compute_rloo_vectorized_outcome_advantage(**arguments)
        alone[:] = False  # verl's vectorised form has 0 there, as we do
    else:
        arguments["response_mask"] = t.mask
        has_tokens = t.mask.sum(1) > 0
        if name == "reinforce_pp":
            last = (t.mask * torch.arange(1, t.mask.shape[1] + 1)).argmax(1)
            scores = torch.zeros_like(t.mask)
            scores[torch.arange(len(last)), last] = t.rewards
            values, _ = core.compute_reinforce_plus_plus_outcome_advantage(
                scores * t.mask, t.mask, config=types.SimpleNamespace(gamma=1.0))
            alone[:] = False
        else:
            if bool(alone.any()):
                return None, alone  # verl's r in place of 0 changes the whole batch
            values, _ = core.compute_reinforce_plus_plus_baseline_outcome_advantage(**arguments)
        first = t.mask.argmax(1)
        return values[torch.arange(len(first)), first] * has_tokens, ~alone
    return values[:, 0], ~alone


VERL_ADVANTAGES = ["grpo", "mean_centered", "rloo", "reinforce_pp", "reinforce_pp_baseline"]

# ---------------------------------------------------------------- comparing

def flat(value):
    return [x for row in value for x in flat(row)] if isinstance(value, list) else [value]


def count_traps(t, traps):
    """Counts what the batch has of the places where implementations part."""
    size = collections.Counter(t.groups.tolist())
    traps["groups of one"] += sum(n == 1 for n in size.values())
    traps["groups of equal rewards"] += sum(
        n > 1 and len(set(t.rewards[torch.tensor(t.groups == g)].tolist())) == 1
        for g, n in size.items())
    lengths = t.mask.sum(1)
    traps["rows without tokens"] += int((lengths == 0).sum())
    traps["rows of one token"] += int((lengths == 1).sum())
    delta, live = (t.logprobs - t.old).detach(), t.mask > 0
    traps["log-ratios beyond 20"] += int(((delta.abs() > 20) & live).sum())
    advantages = t.advantages.unsqueeze(1).expand(t.mask.shape)
    traps["tokens without advantage"] += int(((advantages == 0) & live).sum())
    traps["ratios above 3 where A < 0"] += int(
        ((advantages < 0) & (delta > 1.1) & (delta < 20) & live).sum())


class Comparison:
    """What is to be compared, under a name each."""

    def __init__(self, probe):
        self.probe, self.cases = probe, []

    def add(self, name, batch, expected, tolerance=TOLERANCE):
        """`expected` makes of (batch, Hone's output) what that should be, or None."""
        self.cases.append((name, batch, expected, tolerance))

    def run(self):
        lines = "".join(json.dumps(batch) + "\n" for _, batch, _, _ in self.cases)
        done = subprocess.run([self.probe], input=lines, capture_output=True, text=True, check=True)
        outputs = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(outputs) == len(self.cases), (len(outputs), len(self.cases), done.stderr)
        compared, worst, traps = collections.Counter(), collections.Counter(), collections.Counter()
        for (name, batch, expected, tolerance), output in zip(self.cases, outputs):
            assert "error" not in output, (name, output)
            if not batch["algorithm"]:
                count_traps(Tensors(batch, output["advantages"]), traps)
            wanted = expected(batch, output)
            for key, value in (wanted or {}).items():
                if key == "loss" and name.startswith("verl dppo"):
                    continue  # another loss with the same gradient
                ours, theirs = flat(output[key]), flat(value)
                assert len(ours) == len(theirs), (name, key)
                for i, (x, y) in enumerate(zip(ours, theirs)):
                    if y is None:
                        continue
                    error = abs(x - y) / max(1.0, abs(y))
                    worst[name] = max(worst[name], error)
                    compared[name] += 1
                    assert error <= tolerance, (
                        f"{name}: {key}[{i}] is {x!r}, wanted {y!r}: {json.dumps(batch)}")
        for trap, count in traps.items():
            assert count >= 20, f"the batches have only {count} {trap}"
        for name, count in compared.items():
            assert count > 50, f"{name}: only {count} numbers compared"
            print(f"{name:60s} {count:7d} numbers, largest difference {worst[name]:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probe", required=True)
    torch.set_default_dtype(torch.float64)  # TRL's temperatures would be rounded to fp32
    torch.set_num_threads(1)
    comparison = Comparison(parser.parse_args().probe)
    verl = import_verl()

    def from_trl(batch, output):
        return trl_loss(Tensors(batch, output["advantages"]))

    def from_verl(batch, output):
        return verl_loss(Tensors(batch, output["advantages"]), verl)

    def from_verl_advantages(batch, output):
        t = Tensors(batch, output["advantages"])
        if t.algorithm["advantage"].startswith("reinforce") and not any(output["advantages"]):
            return None  # verl's mean of equal rewards is off by 1e-8, which whitening makes large
        values, same = verl_advantages(t, verl[0])
        if values is None:
            return None
        return {"advantages": [v if s else None for v, s in zip(values.tolist(), same.tolist())]}

    def title(algorithm):
        return " ".join(f"{k}={v}" for k, v in algorithm.items()) or "defaults"

    for seed in range(SEEDS):
        for algorithm in formulas.ALGORITHMS:
            comparison.add("formulas", formulas.random_batch(seed, algorithm),
                           lambda batch, output: formulas.evaluate(batch))
        for algorithm in TRL:
            # TRL has no limit.
            batch = formulas.random_batch(seed, {**algorithm, "log_ratio_limit": None})
            comparison.add("TRL " + title(algorithm), batch, from_trl)
        for algorithm in VERL:
            # verl's k3 stops at 10.
            batch = formulas.random_batch(seed, algorithm, ref_spread=(-8.0, 2.0))
            tolerance = VERL_COUNT if algorithm.get("aggregation") == "sequence_mean" else TOLERANCE
            comparison.add("verl " + title(algorithm), batch, from_verl, tolerance)
        for algorithm in VERL_WITHIN_10:
            batch = formulas.random_batch(seed, algorithm, spike=9.0)
            tolerance = VERL_COUNT if algorithm.get("aggregation") == "sequence_mean" else TOLERANCE
            comparison.add("verl " + algorithm["policy_loss"] + " " + title(algorithm), batch,
                           from_verl, tolerance)
        for advantage in VERL_ADVANTAGES:
            tolerance = VERL_COUNT if advantage.startswith("reinforce") else TOLERANCE
            comparison.add("verl advantage=" + advantage,
                           formulas.random_batch(seed, {"advantage": advantage}),
                           from_verl_advantages, tolerance)
    comparison.run()


if __name__ == "__main__":
    main()
