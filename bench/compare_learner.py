#!/usr/bin/env python3
"""Tokens per second of training: `hone bench learner` against transformers, in one run on one
machine.

Both: CPU, fp32, the same random-weight Qwen3 "mini", the same sequences of one length, so that
nobody pads; the loss over what follows the prompts, backward, AdamW. Each in a process of its own;
the median over the steps after the first is shown. transformers runs at the best that it has here:
of its attentions (sdpa, eager), of the whole batch at once or one sequence at a time, logits of the
completions alone, and PyTorch's fused AdamW. Both must find the same loss, which proves that they
compute the same thing. The program refuses to run on a busy machine.

usage: .deps/venv/bin/python bench/compare_learner.py --hone build/hone
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy

from nano import check_quiet, comparison_parser, print_warnings, run_peer, save_mini

PEER = """
import json, statistics, sys, time, torch
from transformers import AutoModelForCausalLM
folder, sequences, prompt_tokens, threads, repeats = json.loads(sys.argv[1])
torch.set_num_threads(threads)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).train()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, weight_decay=0.0, fused=True)
ids = torch.tensor(sequences)
kept = ids.shape[1] - prompt_tokens
def step(at_once):
    begin, loss = time.perf_counter(), 0.0
    for part in ids.split(at_once):
        logits = model(part, use_cache=False, logits_to_keep=kept + 1).logits[:, :-1]
        part_loss = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), part[:, prompt_tokens:].flatten(), reduction="sum")
        part_loss = part_loss / (len(ids) * kept)
        part_loss.backward()
        loss += part_loss.item()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return time.perf_counter() - begin, loss
first_loss, seconds = None, {}
for attention in ("sdpa", "eager"):
    model.set_attn_implementation(attention)
    for at_once in sorted({1, len(ids)}):
        _, loss = step(at_once)
        first_loss = loss if first_loss is None else first_loss
        seconds[attention, at_once] = step(at_once)[0]
attention, at_once = min(seconds, key=seconds.get)
model.set_attn_implementation(attention)
times = [step(at_once)[0] for _ in range(repeats)]
print(json.dumps({"seconds": statistics.median(times), "loss": first_loss, "attention": attention,
                  "at_once": at_once}))
"""

VOCABULARY = 4096


def random_tokens(count, index):
    """Those of `hone bench`: Philox4x32-10 under seed 7, stream `index`, its four numbers of each
    counter in turn, the upper bits as the token."""
    mask = numpy.uint64(0xFFFFFFFF)
    c = [numpy.arange((count + 3) // 4, dtype=numpy.uint64), 0, index, 0]
    c = [numpy.broadcast_to(numpy.uint64(x) if i else x, c[0].shape) for i, x in enumerate(c)]
    key = [7, 0]
    for _ in range(10):
        p0, p1 = numpy.uint64(0xD2511F53) * c[0], numpy.uint64(0xCD9E8D57) * c[2]
        c = [(p1 >> numpy.uint64(32)) ^ c[1] ^ numpy.uint64(key[0]), p1 & mask,
             (p0 >> numpy.uint64(32)) ^ c[3] ^ numpy.uint64(key[1]), p0 & mask]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    numbers = numpy.stack(c, axis=1).flatten()[:count]
    return (numbers * numpy.uint64(VOCABULARY) >> numpy.uint64(32)).tolist()


def time_transformers(folder, args):
    sequences = [random_tokens(args.tokens, i) for i in range(args.sequences)]
    lines = run_peer(PEER, [str(folder), sequences, args.prompt_tokens, args.threads, args.repeats])
    return json.loads(lines[-1])


def time_hone(folder, args):
    done = subprocess.run(
        [args.hone, "bench", "learner", "--model", folder, "--sequences", str(args.sequences),
         "--tokens", str(args.tokens), "--prompt-tokens", str(args.prompt_tokens), "--threads",
         str(args.threads), "--repeats", str(args.repeats)], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def main():
    parser = comparison_parser(__doc__)
    parser.add_argument("--sequences", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--prompt-tokens", type=int, default=32)
    args = parser.parse_args()
    warnings = [check_quiet(args.allow_busy)]
    args.hone = args.hone.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        save_mini(folder)
        peer = time_transformers(folder, args)
        ours = time_hone(folder, args)
    if abs(peer["loss"] - ours["loss"]) > 1e-4:  # about 8.3 at random weights, in fp32
        sys.exit(f"the losses differ: {peer['loss']} and {ours['loss']}: this compares nothing")
    tokens = args.sequences * args.tokens
    peer_rate, rate = tokens / peer["seconds"], ours["tokens_per_second"]
    print(f"{'':16} {'tokens/s':>8}")
    print(f"{'transformers':16} {peer_rate:8,.0f}   {peer['attention']}, "
          f"{peer['at_once']} of {args.sequences} sequences at once")
    print(f"{'hone':16} {rate:8,.0f}   {rate / peer_rate:.2f}× as fast")
    for phase, part in ours["seconds"].items():
        print(f"  {phase:14} {part:8.3f} s")
    print(f"{args.sequences} sequences × {args.tokens} tokens, {args.threads} threads, "
          f"{ours['isa']}, fp32; hone at {100 * ours['fraction_of_limit']:.0f}% of the matrix "
          f"product's rate")
    print_warnings(warnings)


if __name__ == "__main__":
    main()
