#!/usr/bin/env python3
"""Writes families/: a random model of each family besides Qwen3 (whose golden make_grpo_gradient.py
makes), log-probs, and the gradient of every weight, by transformers and PyTorch's autograd in fp64.

usage: .deps/venv/bin/python tests/trainer/golden/make_family_gradients.py

The loss is the sum over sequences of factor · Σ log-probs of all tokens but the first. The models
have what their family adds: biases, scaled RoPE, a window, heads of a width that is no multiple of
16. Weights are fp32 numbers.
"""

import json
import pathlib

import torch
import transformers
from safetensors.torch import save_file

torch.manual_seed(2)
HERE = pathlib.Path(__file__).parent / "families"
LLAMA3 = {"rope_type": "llama3", "rope_theta": 10000.0, "factor": 4.0, "low_freq_factor": 1.0,
          "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
FAMILIES = {
    "llama": ("Llama", dict(rope_parameters=LLAMA3, attention_bias=True, mlp_bias=True, head_dim=6,
                            num_key_value_heads=2, tie_word_embeddings=True)),
    "mistral": ("Mistral", dict(sliding_window=7, head_dim=16, num_key_value_heads=4)),
    "qwen2": ("Qwen2", dict(num_key_value_heads=1)),
}

for name, (family, fields) in FAMILIES.items():
    config = getattr(transformers, f"{family}Config")(
        vocab_size=31, hidden_size=32, intermediate_size=24, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=64, initializer_range=0.2, eos_token_id=0,
        bos_token_id=None, attn_implementation="eager", **fields)
    model = getattr(transformers, f"{family}ForCausalLM")(config)
    with torch.no_grad():
        for key, weight in model.named_parameters():
            if "norm" in key:  # not all ones, or a wrong gradient of a norm could hide
                weight.copy_(1 + 0.3 * torch.randn_like(weight))
            elif key.endswith("bias"):  # nor zeros
                weight.copy_(0.3 * torch.randn_like(weight))
    model.save_pretrained(HERE / name)
    (HERE / name / "generation_config.json").unlink()
    model = model.double()

    sequences = [torch.randint(1, 31, (n,)) for n in (9, 2, 33)]
    factors = [0.05, -0.3, 0.02]
    loss = torch.zeros((), dtype=torch.float64)
    logprobs = []
    for tokens, factor in zip(sequences, factors):
        all_logprobs = torch.log_softmax(model(tokens[None]).logits[0], -1)
        logprobs.append(all_logprobs[:-1].gather(1, tokens[1:, None])[:, 0])
        loss = loss + factor * logprobs[-1].sum()
    loss.backward()
    save_file({key: p.grad.float().contiguous() for key, p in model.named_parameters()},
              HERE / name / "gradient.safetensors")
    as_lists = lambda tensors: [t.detach().tolist() for t in tensors]
    (HERE / name / "golden.json").write_text(json.dumps({
        "sequences": as_lists(sequences), "factors": factors, "logprobs": as_lists(logprobs)})
        + "\n")
    print(f"{name}: loss {loss.item():.6f}")
