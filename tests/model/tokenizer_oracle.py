"""Compares Hone's tokenizer with PyPI's `tokenizers`, id by id and text by text.

Trains with Hone and with the package, in the shapes that Qwen, Llama 3, DeepSeek and GPT-2 use,
and feeds both random strings: scripts, marks, blanks, added tokens, every code point.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unicodedata

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers,
                        processors, trainers)

QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
LLAMA3 = QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
DEEPSEEK = [
    r"\p{N}{1,3}",
    "[一-龥\u3040-ゟ゠-ヿ]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
]
ADDED = ["<think>", "</think>", "<answer>", "</answer>", "<|im_start|>", "<|im_start|>user"]
ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", " \t\n\r\v\f",
    "\u0085\u00a0\u1680\u180e\u2000\u2003\u2028\u2029\u202f\u205f\u3000\u200b\ufeff",
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "äöüßéèêàçñÅŌſKŁ", "абвгдежзиклмнопрс", "αβγδεζηθ",
    "的一是不了人我在有他这", "ひらがなカタカナ", "한국어조선말", "ᄀᄁᄂ가각힣ᆨᆩ",
    "\u0300\u0301\u0308\u0323\u0327\u0345\u0591\u05bc\u0f71", "٠١٢३४५Ⅷ½²₃",
    "😀👍🏽👨‍👩‍👧🇩🇪", "\u0000\u0001\u007f\u00ad\ufffd\U00010ffff\U000e0001", "אבגדה", "كتابعربي",
]
WORDS = ["the", " quick", "'s", "'LL", " don't", "it'ſ", "Answer", " 3 + 4 * 5 = 23", "\n\n", "   ",
         "  \n  ", " \r\n", "x²", "e\u0301", "Å", "ﬁ", "<think", "think>", "<|", "|>"]


def random_text(rng):
    parts = []
    for _ in range(rng.randint(0, 12)):
        kind = rng.random()
        if kind < 0.2:
            parts.append(rng.choice(ADDED + ["<|endoftext|>"]))
        elif kind < 0.5:
            parts.append(rng.choice(WORDS))
        elif kind < 0.55:
            parts.append(rng.choice(rng.choice(ALPHABETS)) * rng.randint(2, 120))
        elif kind < 0.6:
            codes = [rng.choice([rng.randrange(0x3000), rng.randrange(0x110000)]) for _ in range(4)]
            parts.append("".join(chr(c) for c in codes if assigned(c)))
        else:
            alphabet = rng.choice(ALPHABETS)
            parts.append("".join(rng.choice(alphabet) for _ in range(rng.randint(1, 10))))
    return "".join(parts)


def assigned(code):
    """Whether both libraries can know the character: PCRE2 10.42 and Python 3.11 have Unicode 14."""
    return unicodedata.category(chr(code)) not in ("Cn", "Cs")


def code_point_texts():
    """Every character beside a letter, a digit, a blank and itself."""
    for start in range(0, 0x110000, 64):
        points = [chr(c) for c in range(start, start + 64) if assigned(c)]
        if points:
            yield " ".join(f"a{c}1{c} {c}{c}" for c in points)


def split_steps(patterns):
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(p), "isolated") for p in patterns] +
        [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def trained_by_package(patterns, normalizer, ignore_merges, normalized_added, texts, template):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = (split_steps(patterns) if patterns else
                               pre_tokenizers.ByteLevel(add_prefix_space=False))
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=900, show_progress=False, special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.add_tokens([AddedToken(t, normalized=normalized_added) for t in ADDED])
    if template:
        end = ("<|endoftext|>", tokenizer.token_to_id("<|endoftext|>"))
        tokenizer.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single="<|endoftext|> $A", special_tokens=[end])])
    return tokenizer.to_str()


def class_tokenizer(pattern):
    """Keeps what the pattern matches, so that the ids show the class of every character."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({c: i for i, c in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer.to_str()


def older_spelling(text):
    """Merges as "a b" strings, as files before 2024 have them."""
    data = json.loads(text)
    data["model"]["merges"] = [" ".join(pair) for pair in data["model"]["merges"]]
    return json.dumps(data)


def trained_by_hone(probe, kind, vocab_size, texts, folder):
    spec = pathlib.Path(folder, "spec.json")
    spec.write_text(json.dumps({"kind": kind, "vocab_size": vocab_size, "texts": texts,
                                "added": ADDED}), encoding="utf-8")
    return subprocess.run([probe, "train", str(spec)], capture_output=True, encoding="utf-8",
                          check=True).stdout


def ask(probe, arguments, lines):
    answer = subprocess.run([probe, *arguments], capture_output=True, encoding="utf-8",
                            input="".join(json.dumps(line) + "\n" for line in lines))
    if answer.returncode != 0:
        raise SystemExit(f"the probe failed: {answer.stderr}")
    return [json.loads(line) for line in answer.stdout.split("\n")[:-1]]


def compare(name, probe, file_text, texts, rng, folder):
    path = pathlib.Path(folder, "tokenizer.json")
    path.write_text(file_text, encoding="utf-8")
    oracle = Tokenizer.from_str(file_text)
    wrong = 0

    def check(what, items, ours, theirs):
        nonlocal wrong
        assert len(ours) == len(items)
        for item, mine, right in zip(items, ours, theirs):
            if mine != right:
                wrong += 1
                if wrong <= 5:
                    print(f"DIFFERS ({name}, {what}): {item!r}\n  hone: {mine!r}\n  oracle: {right!r}")

    ids = [encoding.ids for encoding in oracle.encode_batch(texts)]
    check("encode", texts, ask(probe, ["encode", str(path)], texts), ids)
    # Random ids give broken UTF-8, and ids that no token has.
    size = oracle.get_vocab_size()
    lists = ids[:2000] + [[rng.randrange(size + 5) for _ in range(rng.randint(0, 30))]
                          for _ in range(3000)]
    for skip in (False, True):
        right = [oracle.decode(l, skip_special_tokens=skip) for l in lists]
        check(f"decode, skip {skip}", lists, ask(probe, ["decode", str(path), str(int(skip))], lists),
              right)
    print(f"{name}: {len(texts)} texts, {2 * len(lists)} decodings, {wrong} wrong")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probe", required=True, help="the model_oracle_probe program")
    parser.add_argument("--texts", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()

    rng = random.Random(options.seed)
    texts = [random_text(rng) for _ in range(options.texts)] + list(code_point_texts())
    training = [random_text(rng) for _ in range(1500)]
    nfc = normalizers.NFC()
    package = [
        # name, patterns, normaliser, ignore_merges, added tokens normalised, template
        ("qwen2", [QWEN2], nfc, False, False, False),
        ("qwen2 with normalised added tokens", [QWEN2], nfc, False, True, False),
        ("llama3", [LLAMA3], None, True, False, True),
        ("deepseek", DEEPSEEK, normalizers.Sequence([]), False, False, True),
        ("gpt2", None, None, False, False, False),
    ]
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for kind, size in (("char", 0), ("bpe", 700), ("bpe", 263)):
            trained = trained_by_hone(options.probe, kind, size, training, folder)
            wrong += compare(f"hone {kind} {size}", options.probe, trained, texts, rng, folder)
        for name, *settings, template in package:
            file_text = trained_by_package(*settings, training, template)
            wrong += compare(name, options.probe, file_text, texts, rng, folder)
        wrong += compare("older merges", options.probe, older_spelling(file_text), texts[:1000], rng,
                         folder)
        for pattern in (r"\p{L}", r"\p{N}", r"\p{M}", r"\p{P}", r"\p{S}", r"\s", r"\S", r"\d",
                        r"[^\s\p{L}\p{N}]", r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"):
            each = [f"'{chr(c)}" for c in range(0x110000) if assigned(c) and c < 0xf0000]
            lines = ["".join(each[i:i + 500]) for i in range(0, len(each), 500)]
            wrong += compare(f"class {pattern}", options.probe, class_tokenizer(pattern), lines, rng,
                             folder)
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
