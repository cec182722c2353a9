"""Compares `hone logprobs`, `hone generate` and `hone export` with transformers.

Makes random checkpoints of every family (tied or not, several ratios of query to key/value heads,
head_dim apart from hidden/heads, whole or in shards, float32, bfloat16, float16 and mixed files,
configurations as transformers 4 and 5 write them). Log-probs of the same tokens must agree within
1e-4 in float32 and 2e-2 in bfloat16; an exported folder must load in transformers and continue
greedily with the same text.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

FP32_TOLERANCE, BF16_TOLERANCE = 1e-4, 2e-2
# Standard deviations of the weights. Small numbers of both kinds differ less; with 0.1 transformers'
# own two attention paths ("eager" and "sdpa") are up to 4e-2 apart in bfloat16, so that 2e-2 would
# say nothing there.
FP32_RANGE, BF16_RANGE = 0.1, 0.04
LENGTHS = (2, 3, 17, 129, 1000, 4096)
VOCAB = 300
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 1024}


def rope(theta, **scaling):
    return {"rope_type": "default", "rope_theta": theta, **scaling}


# Name, family, fields of the configuration, dtype of the files, shards, spelling of version 4.
MODELS = [
    ("qwen2", "Qwen2", dict(num_key_value_heads=2, tie_word_embeddings=True,
                            rope_parameters=rope(1e6)), "float32", 1, False),
    ("qwen2-shards", "Qwen2", dict(num_key_value_heads=1, rope_parameters=rope(1e6)),
     "bfloat16", 3, True),
    ("qwen2-window", "Qwen2", dict(num_key_value_heads=4, use_sliding_window=True,
                                   sliding_window=100, max_window_layers=1), "float32", 1, False),
    ("qwen3", "Qwen3", dict(num_key_value_heads=2, head_dim=32, tie_word_embeddings=True,
                            rope_parameters=rope(1e6)), "bfloat16", 1, True),
    ("qwen3-biases", "Qwen3", dict(num_key_value_heads=4, head_dim=24, attention_bias=True),
     "float16", 2, False),
    ("llama", "Llama", dict(num_key_value_heads=1, rope_parameters=rope(5e5, **LLAMA3)),
     "float32", 2, True),
    ("llama-biases", "Llama", dict(num_key_value_heads=2, head_dim=8, attention_bias=True,
                                   mlp_bias=True, tie_word_embeddings=True,
                                   rope_parameters=rope(1e4)), "mixed", 1, False),
    ("mistral", "Mistral", dict(num_key_value_heads=2, head_dim=40, sliding_window=None,
                                rope_parameters=rope(1e6)), "float16", 1, True),
    ("mistral-window", "Mistral", dict(num_key_value_heads=4, sliding_window=64),
     "bfloat16", 1, False),
]


def make_tokenizer(folder):
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {letter: i for i, letter in enumerate(letters)}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}))


def spell_as_version_4(config):
    """What transformers 4 wrote for the same model."""
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters.pop("rope_theta")
    config["rope_scaling"] = None if parameters["rope_type"] == "default" else parameters
    config["torch_dtype"] = config.pop("dtype")
    config.pop("layer_types", None)
    config["transformers_version"] = "4.51.0"


def make_checkpoint(folder, initializer_range, family, fields, dtype, shards, version_4):
    config = getattr(transformers, f"{family}Config")(
        vocab_size=VOCAB, hidden_size=64, intermediate_size=96, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=4096,
        initializer_range=initializer_range, eos_token_id=None, bos_token_id=None,
        pad_token_id=None, **fields)
    model = getattr(transformers, f"{family}ForCausalLM")(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" in name:
                weight.copy_(1 + 0.2 * torch.randn_like(weight))
            elif name.endswith("bias"):
                weight.copy_(0.2 * torch.randn_like(weight))
    if dtype != "mixed":
        model = model.to(getattr(torch, dtype))
    size = sum(p.numel() * p.element_size() for p in model.parameters())
    model.save_pretrained(folder, max_shard_size=size // shards + 1 if shards > 1 else size * 2)
    if dtype == "mixed":
        tensors = load_file(folder / "model.safetensors")
        for i, name in enumerate(sorted(tensors)):
            tensors[name] = tensors[name].to([torch.float32, torch.bfloat16, torch.float16][i % 3])
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    if shards > 1:
        assert (folder / "model.safetensors.index.json").exists()
    config_file = folder / "config.json"
    written = json.loads(config_file.read_text())
    if version_4:
        spell_as_version_4(written)
    written["auto_map"] = {"AutoModel": "elsewhere--modeling.Evil"}
    written["a_field_of_others"] = {"deep": [1, 2.50, "ü"]}
    config_file.write_text(json.dumps(written, indent=4, ensure_ascii=False))
    make_tokenizer(folder)
    (folder / "LICENSE").write_text("a licence\n")


def hone(binary, *arguments):
    result = subprocess.run([binary, *arguments], capture_output=True, text=True)
    assert result.returncode == 0, (arguments, result.stderr)


def logprobs_of_hone(binary, folder, sequences, dtype):
    source, target = folder.parent / "in.jsonl", folder.parent / "out.jsonl"
    source.write_text("".join(json.dumps({"tokens": s}) + "\n" for s in sequences))
    hone(binary, "logprobs", "--model", str(folder), "--input", str(source), "--output",
         str(target), "--dtype", dtype)
    return [json.loads(line)["logprobs"] for line in target.read_text().splitlines()]


def load(folder, dtype):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype))


@torch.inference_mode()
def logprobs_of_transformers(model, sequences):
    result = []
    for sequence in sequences:
        tokens = torch.tensor([sequence])
        logits = model(tokens).logits[0, :-1].float()
        result.append(torch.log_softmax(logits, -1).gather(1, tokens[0, 1:, None])[:, 0])
    return result


def compare(name, binary, folder, sequences, dtype, tolerance):
    ours = logprobs_of_hone(binary, folder, sequences, dtype)
    theirs = logprobs_of_transformers(load(folder, dtype), sequences)
    gaps = []
    for mine, reference in zip(ours, theirs):
        assert len(mine) == len(reference)
        gaps.append((torch.tensor(mine) - reference).abs().max().item())
    print(f"{name:15} {dtype:9} largest difference by length: "
          + ", ".join(f"{len(s)}: {gap:.1e}" for s, gap in zip(sequences, gaps)), flush=True)
    return max(gaps) <= tolerance


def greedy_text(folder, prompt, count):
    model, tokenizer = load(folder, "float32"), transformers.AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(prompt, return_tensors="pt").input_ids
    out = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False,
                         max_new_tokens=count, pad_token_id=0)
    return tokenizer.decode(out[0, ids.shape[1]:], skip_special_tokens=True)


def check_export(name, binary, folder):
    exported = folder.parent / (name + "-exported")
    hone(binary, "export", "--checkpoint", str(folder), "--output", str(exported))
    for file in ("config.json", "tokenizer.json", "tokenizer_config.json", "LICENSE"):
        assert (exported / file).read_bytes() == (folder / file).read_bytes(), file
    before, after = {}, load_file(exported / "model.safetensors")
    for file in folder.glob("*.safetensors"):
        before.update(load_file(file))
    assert before.keys() == after.keys()
    for key, tensor in before.items():
        assert after[key].dtype == tensor.dtype and torch.equal(after[key], tensor), key

    for dtype in ("float32", "bfloat16", "float16"):
        converted = folder.parent / f"{name}-{dtype}"
        hone(binary, "export", "--checkpoint", str(folder), "--output", str(converted), "--dtype",
             dtype)
        for key, tensor in load_file(converted / "model.safetensors").items():
            assert torch.equal(tensor, before[key].float().to(getattr(torch, dtype))), key
        model = transformers.AutoModelForCausalLM.from_pretrained(converted)
        assert model.dtype == getattr(torch, dtype), (model.dtype, dtype)

    prompt, count = "Once upon", 24
    source, target = folder.parent / "prompt.jsonl", folder.parent / "greedy.jsonl"
    source.write_text(json.dumps({"prompt": prompt}) + "\n")
    hone(binary, "generate", "--model", str(folder), "--input", str(source), "--output",
         str(target), "--temperature", "0", "--max-tokens", str(count))
    mine = json.loads(target.read_text())["completions"][0]["text"]
    theirs = greedy_text(exported, prompt, count)
    if mine != theirs:
        print(f"{name}: greedy text differs\n  hone: {mine!r}\n  transformers: {theirs!r}")
    return mine == theirs


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hone", required=True, help="the hone program")
    parser.add_argument("--only", default="", help="models whose name begins so")
    options = parser.parse_args()
    torch.manual_seed(3)
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    wrong = []
    with tempfile.TemporaryDirectory() as base:
        for name, *how in MODELS:
            if not name.startswith(options.only):
                continue
            folder, gentle = pathlib.Path(base, name), pathlib.Path(base, name + "-gentle")
            make_checkpoint(folder, FP32_RANGE, *how)
            make_checkpoint(gentle, BF16_RANGE, *how)
            sequences = [torch.randint(VOCAB, (n,)).tolist() for n in LENGTHS]
            good = compare(name, options.hone, folder, sequences, "float32", FP32_TOLERANCE)
            good &= compare(name, options.hone, gentle, sequences, "bfloat16", BF16_TOLERANCE)
            good &= check_export(name, options.hone, folder)
            if not good:
                wrong.append(name)
    print(f"{len(MODELS)} models, wrong: {wrong or 'none'}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
