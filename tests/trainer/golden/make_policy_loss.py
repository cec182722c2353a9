#!/usr/bin/env python3
"""Writes policy_loss.json: the clipped loss with KL and entropy, its gradient by PyTorch's autograd.

usage: .deps/venv/bin/python tests/trainer/golden/make_policy_loss.py

The formulas are those of the headers in trainer/algorithm/. Inputs are fp32 numbers, arithmetic is fp64.
"""

import json
import pathlib

import torch

torch.manual_seed(0)
MAX_LOG_RATIO = 20.0


def random_rows(lengths, low, high):
    return [(low + (high - low) * torch.rand(n)).tolist() for n in lengths]


def evaluate(case):
    rows = [torch.tensor(r, dtype=torch.float32).double().requires_grad_() for r in case["logprobs"]]
    total = sum(len(r) for r in rows)
    loss = torch.zeros((), dtype=torch.float64)
    for i, logprobs in enumerate(rows):
        as64 = lambda key: torch.tensor(case[key][i], dtype=torch.float32).double()
        advantage = case["advantages"][i]
        ratio = torch.exp(torch.clamp(logprobs - as64("old_logprobs"), -MAX_LOG_RATIO, MAX_LOG_RATIO))
        clipped = torch.clamp(ratio, 1 - case["clip_low"], 1 + case["clip_high"])
        token_loss = -torch.minimum(ratio * advantage, clipped * advantage)
        if case["kl_coefficient"]:
            d = torch.clamp(as64("ref_logprobs") - logprobs, -MAX_LOG_RATIO, MAX_LOG_RATIO)
            token_loss = token_loss + case["kl_coefficient"] * (torch.exp(d) - d - 1)
        token_loss = token_loss - case["entropy_coefficient"] * as64("entropies")
        if case["aggregation"] == "token_mean":
            loss = loss + token_loss.sum() / total
        else:
            loss = loss + token_loss.mean() / len(rows)
    loss.backward()
    return loss.item(), [r.grad.tolist() for r in rows]


def make_case(name, lengths, spread=0.5, advantages=None, **settings):
    case = {
        "name": name, "clip_low": 0.2, "clip_high": 0.2, "kl_coefficient": 0.0,
        "entropy_coefficient": 0.0, "aggregation": "token_mean", **settings,
        "logprobs": random_rows(lengths, -4.0, -0.1),
        "entropies": random_rows(lengths, 0.0, 3.0),
        "advantages": advantages or torch.randn(len(lengths)).tolist(),
    }
    for key in ("old_logprobs", "ref_logprobs"):
        shift = random_rows(lengths, -spread, spread)
        case[key] = [torch.tensor(a).sub(torch.tensor(b)).tolist()
                     for a, b in zip(case["logprobs"], shift)]
    case["loss"], case["gradient"] = evaluate(case)
    return case


cases = [
    make_case("plain", [3, 7, 1]),
    make_case("sequence mean", [3, 7, 1], aggregation="sequence_mean"),
    make_case("clip higher", [12, 5], clip_high=0.28),
    make_case("kl", [6, 4], kl_coefficient=0.05),
    make_case("kl, sequence mean, entropy", [6, 4], kl_coefficient=0.05, entropy_coefficient=0.01,
              aggregation="sequence_mean"),
    make_case("no advantage", [5, 5], advantages=[0.0, 0.0], kl_coefficient=0.1),
    make_case("far off, positive", [8], spread=30.0, advantages=[1.5], kl_coefficient=0.001),
    make_case("far off, negative", [8], spread=30.0, advantages=[-1.5], kl_coefficient=0.001),
    make_case("negative advantage, large ratios", [9, 9], spread=2.0, advantages=[-0.7, -2.0]),
]
path = pathlib.Path(__file__).with_name("policy_loss.json")
path.write_text(json.dumps(cases, indent=1) + "\n")
print(f"{path}: {len(cases)} cases")
