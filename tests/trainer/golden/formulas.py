"""The algorithms of trainer/algorithm/ in PyTorch, fp64, with autograd: a second writing of the
formulas, from the papers that the headers name. And random batches with every trap in them.

A batch is what `hone loss` reads; see app/loss_batch.h.
"""

import collections
import random

import torch

DEFAULTS = {
    "advantage": "grpo", "std_epsilon": 1e-6, "policy_loss": "clip", "clip_low": 0.2,
    "clip_high": 0.2, "dual_clip": None, "sapo_temperature_positive": 1.0,
    "sapo_temperature_negative": 1.05, "log_ratio_limit": 20.0, "aggregation": "token_mean",
    "denominator": None, "kl_coefficient": 0.0, "kl_estimator": "k3", "kl_in": "loss",
    "correction": "none", "correction_low": 0.0, "correction_high": 2.0,
    "entropy_coefficient": 0.0,
}


def padded(rows):
    """[B][T] numbers, of unequal rows, as an fp64 tensor with zeros behind the shorter ones."""
    width = max(len(row) for row in rows)
    return torch.tensor([list(row) + [0.0] * (width - len(row)) for row in rows],
                        dtype=torch.float64)


def limited_exp(exponent, limit):
    return torch.exp(exponent if limit is None else torch.clamp(exponent, -limit, limit))


def kl_term(algorithm, logprobs, ref):
    d = ref - logprobs
    if algorithm["kl_estimator"] == "k1":
        return -d
    if algorithm["kl_estimator"] == "k2":
        return d**2 / 2
    if algorithm["log_ratio_limit"] is not None:
        d = torch.clamp(d, -algorithm["log_ratio_limit"], algorithm["log_ratio_limit"])
    return torch.exp(d) - d - 1


def whiten(values, mask):
    """[B] numbers over all tokens; zero for rows without."""
    tokens = values.unsqueeze(1).expand(mask.shape)[mask.bool()]
    if len(tokens) == 0 or bool((tokens == tokens[0]).all()):
        return torch.zeros_like(values)
    whitened = (values - tokens.mean()) / torch.sqrt(tokens.var(unbiased=True) + 1e-8)
    return whitened * (mask.sum(1) > 0)


def advantages_of(algorithm, rewards, groups, mask):
    kind = algorithm["advantage"]
    if kind == "reinforce_pp":
        return whiten(rewards, mask)
    members = collections.defaultdict(list)
    for i, group in enumerate(groups):
        members[group].append(i)
    result = torch.zeros_like(rewards)
    for indices in members.values():
        r = rewards[indices]
        if bool((r == r[0]).all()):
            continue
        if kind == "grpo":
            result[indices] = (r - r.mean()) / (r.std(unbiased=True) + algorithm["std_epsilon"])
        elif kind == "rloo":
            others = (r.sum() - r) / (len(r) - 1)
            result[indices] = r - others
        else:
            result[indices] = r - r.mean()
    return whiten(result, mask) if kind == "reinforce_pp_baseline" else result


def policy_loss(algorithm, logprobs, old, advantages, mask):
    """[B, T], of tokens; advantages are [B, 1]."""
    kind, limit = algorithm["policy_loss"], algorithm["log_ratio_limit"]
    low, high = 1 - algorithm["clip_low"], 1 + algorithm["clip_high"]
    delta = logprobs - old
    if kind == "gspo":
        lengths = mask.sum(1, keepdim=True).clamp(min=1)
        ratio = limited_exp((delta * mask).sum(1, keepdim=True) / lengths, limit)
        ratio = ratio.expand(mask.shape)
    else:
        ratio = limited_exp(delta, limit)
    if kind in ("clip", "gspo"):
        loss = -torch.minimum(ratio * advantages, torch.clamp(ratio, low, high) * advantages)
        if algorithm["dual_clip"] is not None:
            bounded = torch.minimum(loss, -algorithm["dual_clip"] * advantages)
            loss = torch.where(advantages < 0, bounded, loss)
        return loss
    if kind == "cispo":
        return -torch.clamp(ratio, low, high).detach() * advantages * logprobs
    if kind == "sapo":
        tau = torch.full_like(advantages, algorithm["sapo_temperature_negative"])
        tau[advantages > 0] = algorithm["sapo_temperature_positive"]
        return -torch.sigmoid(tau * (ratio - 1)) * 4 / tau * advantages
    assert kind == "dppo"
    moved = (torch.exp(logprobs) - torch.exp(old)).detach()
    keep = torch.where(advantages > 0, moved <= algorithm["clip_high"],
                       -moved <= algorithm["clip_low"])
    return -ratio * advantages * keep


def aggregate(algorithm, token_losses, mask):
    sums = (token_losses * mask).sum(1)
    lengths = mask.sum(1)
    rows = (lengths > 0).sum()
    if rows == 0:
        return sums.sum()
    if algorithm["aggregation"] == "token_mean":
        return sums.sum() / lengths.sum()
    if algorithm["aggregation"] == "sequence_mean":
        return (sums / lengths.clamp(min=1)).sum() / rows
    return sums.sum() / (algorithm["denominator"] or rows * mask.shape[1])


def correction_weight(algorithm, old, rollout):
    weight = limited_exp(old - rollout, algorithm["log_ratio_limit"])
    low, high = algorithm["correction_low"], algorithm["correction_high"]
    if algorithm["correction"] == "truncate":
        return torch.clamp(weight, low, high)
    return weight * ((weight >= low) & (weight <= high))


def evaluate(batch):
    """What `hone loss` should say of a batch: loss, advantages, gradient, entropy_gradient."""
    algorithm = {**DEFAULTS, **batch["algorithm"]}
    mask = padded(batch["mask"])
    # What is masked must not matter, whatever it is.
    logprobs, old = padded(batch["logprobs"]) * mask, padded(batch["old_logprobs"]) * mask
    logprobs.requires_grad_()
    rewards = torch.tensor(batch["rewards"], dtype=torch.float64)
    ref = padded(batch["ref_logprobs"]) * mask if "ref_logprobs" in batch else None
    if algorithm["kl_coefficient"] and algorithm["kl_in"] == "reward":
        penalty = kl_term(algorithm, old, ref) * mask
        rewards = rewards - algorithm["kl_coefficient"] * penalty.sum(1)
    advantages = advantages_of(algorithm, rewards, batch["groups"], mask)
    losses = policy_loss(algorithm, logprobs, old, advantages.unsqueeze(1), mask)
    if algorithm["correction"] != "none":
        losses = losses * correction_weight(algorithm, old, padded(batch["rollout_logprobs"]) * mask)
    if algorithm["policy_loss"] == "gspo":
        # Each token's weight goes with its own gradient: the sequence's ratio times π/sg(π).
        value = losses.detach()
        slope = torch.autograd.grad(
            policy_loss({**algorithm, "correction": "none"}, logprobs, old,
                        advantages.unsqueeze(1), mask).mul(mask).sum(), logprobs)[0]
        weights = correction_weight(algorithm, old, padded(batch["rollout_logprobs"]) * mask) \
            if algorithm["correction"] != "none" else torch.ones_like(mask)
        losses = value + slope * weights * (logprobs - logprobs.detach())
    if algorithm["kl_coefficient"] and algorithm["kl_in"] == "loss":
        losses = losses + algorithm["kl_coefficient"] * kl_term(algorithm, logprobs, ref)
    entropies = None
    if "entropies" in batch:
        entropies = padded(batch["entropies"]).requires_grad_()
        losses = losses - algorithm["entropy_coefficient"] * entropies
    loss = aggregate(algorithm, losses, mask)
    loss.backward()
    cut = lambda values: [row[:len(m)] for row, m in zip(values.tolist(), batch["mask"])]
    result = {"loss": loss.item(), "advantages": advantages.tolist(),
              "gradient": cut(logprobs.grad * mask)}
    if entropies is not None:
        result["entropy_gradient"] = cut(entropies.grad)
    return result


def random_batch(seed, algorithm, width=7, spike=25.0, ref_spread=(-3.0, 2.0)):
    """A batch with groups of one and of equal rewards, rows of one token and of none, masks with
    holes, ratios far above 3 and log-ratios beyond ±20 (±spike)."""
    rng = random.Random(seed)
    groups, rewards = [], []
    for group in range(rng.randint(2, 4)):
        size = rng.choice([1, 2, 3, 5])
        kind = rng.choice(["equal", "binary", "normal", "normal"])
        base = rng.choice([0.0, 0.1, 1.0])
        for _ in range(size):
            groups.append(f"prompt {group}" if seed % 2 else group)
            rewards.append({"equal": base, "binary": float(rng.random() < 0.5),
                            "normal": rng.gauss(0, 1)}[kind])
    order = list(range(len(groups)))
    rng.shuffle(order)
    groups, rewards = [groups[i] for i in order], [rewards[i] for i in order]
    batch = {"algorithm": algorithm, "rewards": rewards, "groups": groups, "mask": [],
             "logprobs": [], "old_logprobs": [], "ref_logprobs": [], "rollout_logprobs": [],
             "entropies": []}
    for i in range(len(rewards)):
        length = rng.choice([0, 1, 2, width // 2, width, width]) if i else width
        mask = [int(t < length) for t in range(width)]
        if length > 2 and rng.random() < 0.3:
            mask[rng.randrange(length)] = 0
        row = collections.defaultdict(list)
        for _ in range(width):
            delta = rng.choice([rng.gauss(0, 0.05), rng.gauss(0, 0.4), rng.gauss(0, 0.4),
                                rng.uniform(1.2, 2.5), -rng.uniform(1.2, 2.5), 0.0,
                                rng.choice([spike, -spike, 0.1, -0.1])])
            # Both log-probs below 0, whatever their difference.
            higher = -rng.uniform(0.01, 4.0)
            logprob = higher + min(delta, 0.0)
            old = logprob - delta
            row["logprobs"].append(logprob)
            row["old_logprobs"].append(old)
            row["ref_logprobs"].append(logprob + rng.uniform(*ref_spread))
            row["rollout_logprobs"].append(old - rng.choice([0.0, rng.gauss(0, 0.3), 1.0, -1.5]))
            row["entropies"].append(rng.uniform(0, 3))
        for key, values in row.items():
            batch[key].append(values)
        batch["mask"].append(mask)
    return batch


ALGORITHMS = [
    {},
    {"std_epsilon": 1e-4, "aggregation": "sequence_mean"},
    {"advantage": "mean_centered", "aggregation": "constant", "denominator": 640},
    {"advantage": "mean_centered", "aggregation": "constant"},
    {"advantage": "rloo"},
    {"advantage": "reinforce_pp"},
    {"advantage": "reinforce_pp_baseline", "aggregation": "sequence_mean"},
    {"clip_high": 0.28, "dual_clip": 3.0},
    {"dual_clip": 1.1, "aggregation": "constant", "denominator": 3},
    {"log_ratio_limit": None},
    {"log_ratio_limit": 1.5, "kl_coefficient": 0.1},
    {"policy_loss": "gspo", "clip_low": 3e-4, "clip_high": 4e-4, "aggregation": "sequence_mean"},
    {"policy_loss": "gspo", "clip_low": 0.3, "clip_high": 0.3, "correction": "truncate"},
    {"policy_loss": "cispo", "clip_low": 1.0, "clip_high": 4.0},
    {"policy_loss": "cispo", "aggregation": "sequence_mean"},
    {"policy_loss": "sapo", "aggregation": "sequence_mean"},
    {"policy_loss": "sapo", "sapo_temperature_positive": 2.0, "sapo_temperature_negative": 3.0},
    {"policy_loss": "dppo", "clip_low": 0.15, "clip_high": 0.15},
    {"kl_coefficient": 0.05, "kl_estimator": "k1"},
    {"kl_coefficient": 0.05, "kl_estimator": "k2", "aggregation": "sequence_mean"},
    {"kl_coefficient": 0.05, "kl_estimator": "k3", "entropy_coefficient": 0.01},
    {"kl_coefficient": 0.05, "kl_estimator": "k1", "kl_in": "reward"},
    {"kl_coefficient": 0.05, "kl_in": "reward", "advantage": "reinforce_pp"},
    {"correction": "truncate"},
    {"correction": "truncate", "correction_low": 0.5, "kl_coefficient": 0.1},
    {"correction": "mask", "correction_low": 0.5, "correction_high": 5.0},
    {"correction": "mask", "policy_loss": "cispo", "entropy_coefficient": 0.1},
]
