#!/usr/bin/env python3
"""Tokenizer speed: `hone bench tokenizer` against PyPI's `tokenizers`, in one run on one machine.

Both encode the same files with the same vocabulary on one core, in the same pieces of whole lines,
and must make the same number of tokens. The vocabulary, of Qwen's size and pattern, is trained by
the package on text that is found here: Python sources of the oracle's packages, the documents in
/usr/share/doc, and the translations in /usr/share/locale. One file in ten is kept for measuring.
Training takes some minutes; --work keeps what was made for the next run.

usage: .deps/venv/bin/python bench/compare_tokenizer.py --hone build/hone --work FOLDER
"""

import argparse
import gettext
import gzip
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import sysconfig
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from nano import check_quiet, print_warnings

PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
           r"|\s*[\r\n]+|\s+(?!\S)|\s+")
VOCAB_SIZE = 151_643
TRAINING_BYTES = 100_000_000  # of each kind at most
MEASURED_BYTES = 10_000_000


def read_text(path):
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError, EOFError):
        return ""


def read_translations(path):
    try:
        with open(path, "rb") as file:
            catalog = gettext.GNUTranslations(file)._catalog
    except (OSError, ValueError, LookupError):
        return ""
    return "\n".join(text for text in catalog.values() if isinstance(text, str)) + "\n"


def found_files():
    """(kind, paths, reader): English and code, and many languages."""
    sources = list(pathlib.Path(sysconfig.get_path("purelib")).rglob("*.py"))
    documents = [p for p in pathlib.Path("/usr/share/doc").rglob("*") if p.is_file()]
    translations = list(pathlib.Path("/usr/share/locale").rglob("*.mo"))
    yield "english_code", sources + documents, read_text
    yield "multilingual", translations, read_translations


def make_texts(folder):
    """Writes KIND.txt for measuring; returns the texts to train on."""
    training = []
    for kind, paths, reader in found_files():
        paths.sort()
        random.Random(7).shuffle(paths)
        kept = measured = 0
        with open(folder / f"{kind}.txt", "w", encoding="utf-8") as file:
            for i, path in enumerate(paths):
                if i % 10 == 0 and measured < MEASURED_BYTES:
                    text = reader(path)
                    file.write(text)
                    measured += len(text.encode())
                elif i % 10 != 0 and kept < TRAINING_BYTES:
                    training.append(reader(path))
                    kept += len(training[-1].encode())
    return training


def make_model(folder):
    folder.mkdir(parents=True, exist_ok=True)
    training = make_texts(folder)
    print(f"training on {sum(map(len, training)) / 1e6:.0f} million characters", flush=True)
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(training, trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    tokenizer.save(str(folder / "tokenizer.json"))


def chunks(text, least):
    """As `hone bench tokenizer` cuts it."""
    data, begin = text.encode(), 0
    while begin < len(data):
        newline = data.find(b"\n", begin + least - 1)
        end = len(data) if newline < 0 else newline + 1
        yield data[begin:end].decode()
        begin = end


def measure_peer(tokenizer, text, args):
    texts, seconds = list(chunks(text, args.chunk_bytes)), []
    for _ in range(args.repeats):
        begin = time.perf_counter()
        encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        seconds.append(time.perf_counter() - begin)
    return len(text.encode()) / 1e6 / statistics.median(seconds), sum(map(len, encodings))


def measure_hone(folder, path, args):
    done = subprocess.run(
        [args.hone, "bench", "tokenizer", "--model", folder, "--input", path, "--chunk-bytes",
         str(args.chunk_bytes), "--repeats", str(args.repeats)], check=True, text=True,
        stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hone", type=pathlib.Path, default=pathlib.Path("build/hone"))
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--chunk-bytes", type=int, default=8192)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--allow-busy", action="store_true")
    args = parser.parse_args()
    args.hone = args.hone.resolve()
    if not (args.work / "tokenizer.json").exists():
        make_model(args.work)
    warnings = [check_quiet(args.allow_busy)]
    tokenizer = Tokenizer.from_file(str(args.work / "tokenizer.json"))
    print(f"{'text':>14} {'MB':>6} {'tokenizers':>11} {'hone':>8} {'ratio':>7} {'decode':>8}   MB/s")
    for path in sorted(args.work.glob("*.txt")):
        peer, tokens = measure_peer(tokenizer, path.read_bytes().decode(), args)
        ours = measure_hone(args.work, path, args)
        if ours["tokens"] != tokens:
            sys.exit(f"{path}: {ours['tokens']} tokens, tokenizers makes {tokens}")
        rate = ours["encode_megabytes_per_second"]
        print(f"{path.stem:>14} {ours['bytes'] / 1e6:6.1f} {peer:11.2f} {rate:8.2f} "
              f"{rate / peer:6.1f}× {ours['decode_megabytes_per_second']:8.1f}", flush=True)
    print(f"one core, {tokenizer.get_vocab_size()} tokens, loaded in {ours['load_seconds']:.2f} s")
    print_warnings(warnings)


if __name__ == "__main__":
    main()
