"""Samples with CTranslate2's batch generation.

argv[1]: as for with_llama_cpp.py, which prints the same.
"""

import json
import pathlib
import sys
import time

import ctranslate2
from ctranslate2.converters import TransformersConverter


def main():
    options = json.loads(sys.argv[1])
    folder = pathlib.Path(options["folder"])
    converted = folder / "ctranslate2"
    if not converted.exists():
        TransformersConverter(str(folder)).convert(str(converted))
    words = json.loads((converted / "vocabulary.json").read_text())
    generator = ctranslate2.Generator(str(converted), device="cpu", compute_type=options["dtype"],
                                      inter_threads=1, intra_threads=options["threads"])
    prompts = [[words[t] for t in prompt]
               for prompt in options["prompts"] for _ in range(options["samples"])]

    def generate(tokens, batch, **sampling):
        return generator.generate_batch(batch, max_length=tokens, min_length=tokens,
                                        max_batch_size=len(batch), include_prompt_in_result=False,
                                        **sampling)

    greedy = generate(8, prompts[:1], sampling_topk=1)[0].sequences_ids[0]
    seconds = []
    for _ in range(options["repeats"]):
        begin = time.perf_counter()
        out = generate(options["max_tokens"], prompts, sampling_topk=0)
        seconds.append(time.perf_counter() - begin)
        assert all(len(r.sequences_ids[0]) == options["max_tokens"] for r in out)
    print(json.dumps({"seconds": seconds, "greedy": greedy}))


if __name__ == "__main__":
    main()
