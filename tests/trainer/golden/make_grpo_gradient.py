#!/usr/bin/env python3
"""Writes tiny/ (a random Qwen3) and grpo_gradient.safetensors: log-probs, loss and the gradient of
every weight for one GRPO batch, by transformers and PyTorch's autograd in fp64.

usage: .deps/venv/bin/python tests/trainer/golden/make_grpo_gradient.py

The loss is that of trainer/algorithm/ with clipping, k3 KL and token mean. Weights are fp32 numbers.
"""

import json
import pathlib

import torch
from safetensors.torch import save_file
from transformers import Qwen3Config, Qwen3ForCausalLM

torch.manual_seed(1)
HERE = pathlib.Path(__file__).parent
PROMPT, TEMPERATURE, CLIP, KL = 3, 0.8, 0.2, 0.05

config = Qwen3Config(
    vocab_size=31, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, head_dim=16, max_position_embeddings=64,
    tie_word_embeddings=True, rope_theta=10000.0, rms_norm_eps=1e-6, initializer_range=0.2,
    eos_token_id=0, bos_token_id=None, attn_implementation="eager")
model = Qwen3ForCausalLM(config)
with torch.no_grad():
    for name, weight in model.named_parameters():
        if "norm" in name:  # not all ones, or a wrong gradient of a norm could hide
            weight.copy_(1 + 0.3 * torch.randn_like(weight))
model.save_pretrained(HERE / "tiny")
model = model.double()

lengths = [9, 14, 5, 22]
sequences = [torch.randint(1, 31, (n,)) for n in lengths]
advantages = [1.2, -0.7, 0.4, -0.9]
logprobs = []
for tokens in sequences:
    logits = model(tokens[None]).logits[0] / TEMPERATURE
    all_logprobs = torch.log_softmax(logits, -1)
    logprobs.append(all_logprobs[PROMPT - 1:-1].gather(1, tokens[PROMPT:, None])[:, 0])

# Old and reference log-probs near the present ones, rounded to fp32 as the run's records are.
shifted = lambda scale: [(l.detach() + scale * torch.randn(len(l))).float() for l in logprobs]
old, reference = shifted(0.3), shifted(0.5)
total = sum(len(l) for l in logprobs)
loss = torch.zeros((), dtype=torch.float64)
for l, o, r, a in zip(logprobs, old, reference, advantages):
    ratio = torch.exp(l - o.double())
    policy = -torch.minimum(ratio * a, torch.clamp(ratio, 1 - CLIP, 1 + CLIP) * a)
    d = r.double() - l
    loss = loss + (policy + KL * (torch.exp(d) - d - 1)).sum() / total
loss.backward()

save_file({name: p.grad.float().contiguous() for name, p in model.named_parameters()},
          HERE / "grpo_gradient.safetensors")
as_lists = lambda tensors: [t.detach().tolist() for t in tensors]
(HERE / "grpo_gradient.json").write_text(json.dumps({
    "prompt_size": PROMPT, "temperature": TEMPERATURE, "clip": CLIP, "kl_coefficient": KL,
    "sequences": as_lists(sequences), "advantages": advantages, "logprobs": as_lists(logprobs),
    "old_logprobs": as_lists(old), "ref_logprobs": as_lists(reference), "loss": loss.item(),
}) + "\n")
print(f"loss {loss.item():.6f} over {total} tokens")
