"""Compares Hone's tokenizer with PyPI's `tokenizers`, id by id and byte by byte.

Trains with Hone and with the package, in the shapes that Qwen, Llama 3, DeepSeek and GPT-2 use,
and feeds both the same random texts (tokenizer_texts.py): encoding with and without special
tokens, decoding with and without them, and streaming.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import unicodedata

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers,
                        processors, trainers)

from tokenizer_texts import ADDED, code_point_texts, random_texts

QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
LLAMA3 = QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
DEEPSEEK = [
    r"\p{N}{1,3}",
    "[一-龥\u3040-ゟ゠-ヿ]+",
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"""
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
]
END = "<|endoftext|>"
NFC = normalizers.NFC()
FLAGGED = [  # each flag of an added token, alone and together
    AddedToken("<mask>", lstrip=True), AddedToken("<sep>", rstrip=True, normalized=False),
    AddedToken("<both>", lstrip=True, rstrip=True), AddedToken("the", single_word=True),
    AddedToken("É", normalized=True), AddedToken("1", single_word=True, lstrip=True, rstrip=True),
    AddedToken("  ", normalized=False), AddedToken("<think>", special=True, rstrip=True),
]


def split_steps(patterns):
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(p), "isolated") for p in patterns] +
        [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def train(texts, *, patterns=None, vocab_size=900, normalizer=None, added=(), normalized=False,
          template=False, alphabet=True, prefix_space=False, **model):
    """A tokenizer.json of the package. Without `patterns`, ByteLevel splits as for GPT-2."""
    tokenizer = Tokenizer(models.BPE(**model))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = (split_steps(patterns) if patterns else
                               pre_tokenizers.ByteLevel(add_prefix_space=prefix_space))
    tokenizer.decoder = decoders.ByteLevel()
    special = [END] + ([model["unk_token"]] if "unk_token" in model else [])
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=vocab_size, show_progress=False, special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet() if alphabet else []))
    tokenizer.add_tokens([AddedToken(t, normalized=normalized) for t in ADDED])
    tokenizer.add_tokens(list(added))
    if template:
        end = (END, tokenizer.token_to_id(END))
        tokenizer.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single=f"{END} $A {END}", special_tokens=[end])])
    return tokenizer.to_str()


def class_tokenizer(pattern):
    """Keeps what the pattern matches, so that the ids show the class of every character."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({c: i for i, c in enumerate(letters)}, []))
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
                                "added": ADDED[:-1]}), encoding="utf-8")
    return subprocess.run([probe, "train", str(spec)], capture_output=True, encoding="utf-8",
                          check=True).stdout


class Comparison:
    def __init__(self, probe, folder):
        self.probe = probe
        self.path = pathlib.Path(folder, "tokenizer.json")
        self.wrong = self.encoded = self.decoded = 0

    def ask(self, mode, flag, lines):
        answer = subprocess.run([self.probe, mode, str(self.path), str(int(flag))],
                                capture_output=True, encoding="ascii", input="\n".join(lines) + "\n")
        if answer.returncode != 0:
            raise SystemExit(f"the probe failed: {answer.stderr}")
        return answer.stdout.split("\n")[:-1]

    def check(self, what, items, ours, theirs):
        assert len(ours) == len(theirs) == len(items)
        if ours == theirs:
            return
        for item, mine, right in zip(items, ours, theirs):
            if mine != right:
                self.wrong += 1
                if self.wrong <= 10:
                    print(f"DIFFERS ({what}): {item!r}\n  hone:   {mine}\n  oracle: {right}")

    def run(self, name, file_text, texts, rng, special=0.1, decode=1.0):
        """All texts without special tokens; `special` of them with, `decode` of them back."""
        begin, wrong = time.monotonic(), self.wrong
        self.path.write_text(file_text, encoding="utf-8")
        oracle = Tokenizer.from_str(file_text)

        def encode(some, add_special):
            strings = [text.decode(errors="replace") for text in some]
            right = [encoding.ids for encoding in
                     oracle.encode_batch_fast(strings, add_special_tokens=add_special)]
            ours = self.ask("encode", add_special, [text.hex() for text in some])
            self.check(f"{name}, encode, special {add_special}", some, ours, list(map(str, right)))
            self.encoded += len(some)
            return strings, right

        strings, ids = encode(texts, False)
        encode(texts[::max(1, round(1 / special))], True)

        # Random ids give broken UTF-8, and ids that no token has.
        size = oracle.get_vocab_size()
        lists = ids[:round(len(ids) * decode)]
        lists += [[rng.randrange(size + 5) for _ in range(rng.randint(0, 20))] for _ in range(3000)]
        for skip in (False, True):
            some = lists[skip::1 + skip]
            right = oracle.decode_batch(some, skip_special_tokens=skip)
            ours = self.ask("decode", skip, list(map(str, some)))
            self.check(f"{name}, decode, skip {skip}", some, ours,
                       [text.encode().hex() for text in right])
            self.decoded += len(some)
            if not skip:
                same = sum(text == back for text, back in zip(strings, right))
                shown = min(len(strings), round(len(ids) * decode))
        print(f"{name}: {len(texts)} texts, {same} of {shown} decode to themselves, "
              f"{self.wrong - wrong} wrong, {time.monotonic() - begin:.1f} s", flush=True)
        return same / max(1, shown)


def compare_all(comparison, texts, rng, folder):
    """The families of pre-tokenizers, several vocabularies and settings each."""
    probe = comparison.probe
    strings = [text.decode(errors="replace") for text in rng.sample(texts, 6000)]
    small = strings[:1500]
    points = list(code_point_texts())
    known = [text for text in texts if all(map(assigned, text.decode(errors="replace")))]

    large = [
        ("qwen2", dict(patterns=[QWEN2], normalizer=NFC)),
        ("llama3", dict(patterns=[LLAMA3], ignore_merges=True, template=True)),
        ("gpt2", dict()),
        ("deepseek", dict(patterns=DEEPSEEK, template=True)),
    ]
    for i, (name, settings) in enumerate(large):
        file_text = train(strings, vocab_size=6000, **settings)
        same = comparison.run(f"{name}, 6000", file_text, texts + points, rng, decode=0.25)
        if "normalizer" not in settings:
            assert same > 0.9, f"{name} should decode most texts to themselves"
        file_text = train(small, vocab_size=500, **settings)
        comparison.run(f"{name}, 500", file_text, texts[i::16], rng)

    variants = [
        ("qwen2, normalised added tokens", dict(patterns=[QWEN2], normalizer=NFC, normalized=True)),
        ("qwen2, flags", dict(patterns=[QWEN2], normalizer=NFC, added=FLAGGED)),
        ("gpt2, flags", dict(added=FLAGGED, template=True)),
        ("gpt2, prefix space", dict(prefix_space=True, added=FLAGGED)),
        ("empty normaliser", dict(patterns=[LLAMA3], normalizer=normalizers.Sequence([]))),
        ("bytes without tokens", dict(patterns=[QWEN2], alphabet=False, vocab_size=150)),
        ("unk", dict(patterns=[QWEN2], alphabet=False, vocab_size=150, unk_token="<unk>")),
        ("fused unk", dict(alphabet=False, vocab_size=150, unk_token="<unk>", fuse_unk=True)),
    ]
    for i, (name, settings) in enumerate(variants):
        training = ["plain ascii text"] * 20 if settings.get("alphabet") is False else small
        comparison.run(name, train(training, **settings), texts[i::40], rng)
    comparison.run("older merges", older_spelling(train(small)), texts[::200], rng)
    # The same pattern in other words goes through the regular expression engine.
    comparison.run("qwen2 by the engine", train(small, patterns=[f"(?:{QWEN2})"], normalizer=NFC),
                   known[::20], rng)
    comparison.run("deepseek by the engine",
                   train(small, patterns=[f"(?:{p})" for p in DEEPSEEK]), known[::40], rng)
    for kind, size in (("char", 0), ("bpe", 700), ("bpe", 263)):
        trained = trained_by_hone(probe, kind, size, small, folder)
        comparison.run(f"hone {kind} {size}", trained, texts[::80], rng)
    compare_classes(comparison, rng)


def assigned(character):
    """Whether PCRE2 10.42 can know it: it has Unicode 14, as Python 3.11."""
    return unicodedata.category(character) not in ("Cn", "Cs")


def compare_classes(comparison, rng):
    """The classes of the regular expression engine, over every character."""
    each = [f"'{chr(c)}" for c in range(0xf0000) if not 0xd800 <= c < 0xe000 and assigned(chr(c))]
    lines = ["".join(each[i:i + 2000]).encode() for i in range(0, len(each), 2000)]
    for pattern in (r"\p{L}", r"\p{N}", r"\p{M}", r"\p{P}", r"\p{S}", r"\s", r"\S", r"\d",
                    r"[^\s\p{L}\p{N}]", r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"):
        comparison.run(f"class {pattern}", class_tokenizer(pattern), lines, rng, special=0.01,
                       decode=0.02)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probe", required=True, help="the model_oracle_probe program")
    parser.add_argument("--texts", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()

    rng = random.Random(options.seed)
    texts = random_texts(rng, options.texts)
    rng.shuffle(texts)
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(options.probe, folder)
        compare_all(comparison, texts, rng, folder)
    print(f"{len(texts)} texts; {comparison.encoded} encodings, {comparison.decoded} decodings, "
          f"{comparison.wrong} wrong")
    return comparison.wrong != 0


if __name__ == "__main__":
    sys.exit(main())
