#!/usr/bin/env python3
"""What others make of a finished run: transformers loads its model and goes on with the same greedy
text, log-probs agree with those of the stored samples, and TensorBoard reads the same curves.

usage: HONE_BINARY=build/hone .deps/venv/bin/python tests/run/peers_test.py
"""

import json
import math
import subprocess

import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from transformers import AutoModelForCausalLM, AutoTokenizer

from harness import HONE, STEPS, Run, main

PROMPTS = ["User: 3 5 8 = 24\nAssistant: <think>", "User: 9 9 1 = 18\nAssistant: <think>",
           "User: 1 2 3 = 6\nAssistant: <think>3*2=6,6-1=5~6x\n", "é 日本 <answer>7</answer>"]
MAX_TOKENS = 60
# fp32 on both sides, sums in other orders, and logits of a few units.
TOLERANCE = 1e-4


def transformers_text(folder, prompts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    texts = []
    for prompt in prompts:
        ids = tokenizer(prompt, return_tensors="pt").input_ids
        with torch.inference_mode():
            out = model.generate(ids, do_sample=False, max_new_tokens=MAX_TOKENS)
        texts.append(tokenizer.decode(out[0, ids.shape[1]:], skip_special_tokens=True))
    return texts


def hone_text(folder, prompts, base):
    source, out = base / "in.jsonl", base / "out.jsonl"
    source.write_text("".join(json.dumps({"prompt": p}) + "\n" for p in prompts))
    subprocess.run([HONE, "generate", "--model", folder, "--input", source, "--output", out,
                    "--temperature", "0", "--max-tokens", str(MAX_TOKENS)], check=True)
    return [json.loads(line)["completions"][0]["text"] for line in out.read_text().splitlines()]


def check_model(run):
    folder = sorted(run.out.glob("checkpoints/step-*"))[-1] / "hf"
    expected = transformers_text(folder, PROMPTS)
    found = hone_text(folder, PROMPTS, run.out.parent)
    assert found == expected, f"greedy text:\n hone {found}\n transformers {expected}"
    assert any(expected), "every greedy text is empty: nothing was compared"


def check_samples(run):
    """The samples that the last weights made are those of the last held-out measurement."""
    folder = sorted(run.out.glob("checkpoints/step-*"))[-1] / "hf"
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    file = run.out / "rollouts" / f"step-{STEPS:06d}.heldout.jsonl.zst"
    text = subprocess.run(["zstd", "-dc", file], check=True, capture_output=True).stdout
    records = [json.loads(line) for line in text.splitlines()]
    assert len(records) == 16, f"{len(records)} held-out samples, 16 wanted"
    for record in records:
        prompt = tokenizer(record["prompt"]).input_ids
        ids = torch.tensor([prompt + record["tokens"]])
        with torch.inference_mode():
            logprobs = model(ids).logits[0, len(prompt) - 1:-1].log_softmax(-1)
        expected = logprobs.gather(1, torch.tensor(record["tokens"])[:, None])[:, 0]
        gap = (expected - torch.tensor(record["logprobs"])).abs().max().item()
        assert gap < TOLERANCE, f"log-probs of {record['prompt']!r} differ by {gap}"


def check_tensorboard(run):
    events = EventAccumulator(str(run.out / "tensorboard"), size_guidance={"scalars": 0})
    events.Reload()
    read = {(tag, e.step): e.value for tag in events.Tags()["scalars"]
            for e in events.Scalars(tag)}
    compared = 0
    for line in run.metrics():
        for key, value in line.items():
            if key in ("step", "stage", "policy_version") or value is None:
                continue
            found = read.get((key, line["step"]))
            assert found is not None, f"step {line['step']}: TensorBoard lacks {key}"
            assert math.isclose(found, value, rel_tol=1e-6, abs_tol=1e-12), (key, line["step"])
            compared += 1
    assert compared == len(read), f"TensorBoard has {len(read)} values, metrics.jsonl {compared}"


def peers(base):
    run = Run(base, "peers").finish()
    check_model(run)
    check_samples(run)
    check_tensorboard(run)


if __name__ == "__main__":
    main({f.__name__: f for f in (peers,)})
