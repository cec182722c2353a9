"""Samples with transformers' `generate`.

argv[1]: as for with_llama_cpp.py, which prints the same.
"""

import json
import sys
import time

import torch
from transformers import AutoModelForCausalLM


def main():
    options = json.loads(sys.argv[1])
    torch.set_num_threads(options["threads"])
    model = AutoModelForCausalLM.from_pretrained(
        options["folder"], dtype=getattr(torch, options["dtype"])).eval()
    ids = torch.tensor([p for p in options["prompts"] for _ in range(options["samples"])])

    def generate(ids, tokens, **sampling):
        with torch.inference_mode():
            out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=tokens,
                                 min_new_tokens=tokens, pad_token_id=0, **sampling)
        return out[:, ids.shape[1]:]

    greedy = generate(ids[:1], 8, do_sample=False)[0].tolist()
    seconds = []
    for _ in range(options["repeats"]):
        begin = time.perf_counter()
        generate(ids, options["max_tokens"], do_sample=True, temperature=1.0, top_k=0, top_p=1.0)
        seconds.append(time.perf_counter() - begin)
    print(json.dumps({"seconds": seconds, "greedy": greedy}))


if __name__ == "__main__":
    main()
