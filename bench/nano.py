"""What the comparisons share: random-weight Qwen3 models, of which "nano" has 4.85M parameters and
"mini" 27.3M, one token a byte; and a guard against measuring on a machine that others use."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

END = "<|endoftext|>"
MOST_BUSY_CORES = 0.1


def busy_cores(seconds=2.0):
    """Cores that other processes keep busy, the mean over a while."""

    def busy():
        with open("/proc/stat") as stat:
            user, nice, system, _, _, irq, softirq, *_ = map(int, stat.readline().split()[1:])
        return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")

    before, begin = busy(), time.monotonic()
    time.sleep(seconds)
    return (busy() - before) / (time.monotonic() - begin)


def check_quiet(allow_busy):
    """Ends the program on a busy machine; with allow_busy, returns the words to print beside the
    figures instead. PyTorch's threads spin while they wait for one another: where one of them has
    lost its core, a comparison shows a peer up to a hundred times slower than it is."""
    busy = busy_cores()
    if busy <= MOST_BUSY_CORES:
        return ""
    words = f"other processes keep {busy:.1f} cores busy: these figures compare nothing"
    if not allow_busy:
        sys.exit(f"{words}; wait for a quiet machine (--allow-busy only tries the script out)")
    return f"NOT A MEASUREMENT: {words}"


def comparison_parser(documentation):
    """With what every comparison understands."""
    parser = argparse.ArgumentParser(description=documentation.splitlines()[0])
    parser.add_argument("--hone", type=pathlib.Path, default=pathlib.Path("build/hone"))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--allow-busy", action="store_true")
    return parser


def run_peer(program, options):
    """The lines that the peer's Python program prints, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", program, json.dumps(options)], check=True,
                          text=True, stdout=subprocess.PIPE)
    return done.stdout.splitlines()


def print_warnings(warnings):
    """Those of the start and what there is to say at the end."""
    print("\n".join(sorted({w for w in warnings + [check_quiet(allow_busy=True)] if w})))


def peer_thread_counts(threads):
    """The peer is shown at its best of these."""
    return sorted({1, threads})


def save_nano(folder):
    """Writes a Hugging Face folder."""
    save_qwen3(folder, vocab_size=512, hidden_size=256, num_hidden_layers=6, num_attention_heads=4,
               num_key_value_heads=2, intermediate_size=768, max_position_embeddings=1024)


def save_mini(folder):
    """The same for the larger shape."""
    save_qwen3(folder, vocab_size=4096, hidden_size=512, num_hidden_layers=8,
               num_attention_heads=8, num_key_value_heads=4, intermediate_size=1536,
               max_position_embeddings=2048)


def save_qwen3(folder, **shape):
    torch.manual_seed(7)
    config = Qwen3Config(
        head_dim=64, rope_theta=10000.0, tie_word_embeddings=True, bos_token_id=None,
        eos_token_id=256, pad_token_id=256, **shape)
    Qwen3ForCausalLM(config).float().save_pretrained(folder)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(END, special=True, normalized=False)])
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END,
                            pad_token=END).save_pretrained(folder)
