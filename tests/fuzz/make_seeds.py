#!/usr/bin/env python3
"""Writes what the fuzz targets start from, out of the tables of tests/reward/data.

usage: make_seeds.py OUT     OUT/TARGET/ gets a file for each input, OUT/latex.dict the commands
"""

import hashlib
import json
import pathlib
import re
import sys

DATA = pathlib.Path(__file__).resolve().parent.parent / "reward/data"
# What the extraction looks for, beside the commands of the tables.
MARKS = ["\\boxed{", "<think>", "</think>", "<answer>", "</answer>", "####", "answer is ",
         "answer: ", "$", "$$", "\\(", "\\)", "\\[", "\\]", " and ", " or ", "**", "\n\n"]


def cases():
    """(wanted answer, completion) of each line."""
    for name, completion in [("math_pairs.jsonl", "answer"),
                             ("math_verify_cases.jsonl", "completion")]:
        for line in (DATA / name).read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            yield case["gold"], case[completion]


def inputs():
    """{target: its inputs}, in the form that the head of the target's file states."""
    made = {"math": [], "extraction": [], "format": []}
    for number, (gold, text) in enumerate(cases()):
        made["math"].append(f"{chr(number % 16)}{gold}\0\\boxed{{{text}}}")
        made["math"].append(f"\0{gold}\0{text}")
        # Every place, candidate and way to read comes round.
        choice = chr(number % 10) + chr(number // 10 % 8)
        made["extraction"] += [choice + form for form in [
            text, f"<think>{text}</think> \\boxed{{{gold}}}", f"so\n#### {text}",
            f"The answer is {text}.", f"<answer>{text}</answer>", f"${text}$"]]
        if number % 10 == 0:
            answer = f"<answer>{gold}</answer>"
            made["format"] += [f"\0<think>{text}</think> {answer}",
                               f"Assistant: <think>\n\0{text}</think>\n{answer}\n",
                               f"{text}\0{answer}"]
    return made


def dictionary(texts):
    words = {word for text in texts for word in re.findall(r"\\[A-Za-z]+|\\.|[^\x00-\x7f]", text)}
    for word in sorted(words | set(MARKS)):
        yield '"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"'


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[1])
    made = inputs()
    for target, texts in made.items():
        folder = out / target
        folder.mkdir(parents=True, exist_ok=True)
        for text in texts:
            data = text.encode()
            (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    (out / "latex.dict").write_text("\n".join(dictionary(made["math"])) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
