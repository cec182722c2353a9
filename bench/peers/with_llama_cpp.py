"""Samples with llama.cpp: one batch decode a step over all sequences, llama.cpp's own sampler for
each. A group's prompt is computed once and shared by its samples.

argv[1]: {"folder", "prompts", "samples", "max_tokens", "threads", "repeats", "dtype"}; prints the
seconds of each repeat and the first prompt's greedy continuation.
"""

import ctypes
import json
import pathlib
import sys
import time

import gguf
import llama_cpp as llama
import numpy as np
from safetensors.numpy import load_file

NAMES = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
         "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
         "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down"}
QUANTIZATION = {"float32": gguf.GGMLQuantizationType.F32, "float16": gguf.GGMLQuantizationType.F16,
                "bfloat16": gguf.GGMLQuantizationType.BF16, "int8": gguf.GGMLQuantizationType.Q8_0}

SILENCE = llama.llama_log_callback(lambda *_: None)


def gguf_name(name):
    if name == "model.embed_tokens.weight":
        return "token_embd.weight"
    if name == "model.norm.weight":
        return "output_norm.weight"
    layer, rest = name.removeprefix("model.layers.").split(".", 1)
    return f"blk.{layer}.{NAMES[rest.removesuffix('.weight')]}.weight"


def write_gguf(folder, dtype):
    """Of a Qwen3 with a tied head."""
    config = json.loads((folder / "config.json").read_text())
    path = folder / f"{dtype}.gguf"
    writer = gguf.GGUFWriter(str(path), "qwen3")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("none")
    for name, tensor in load_file(folder / "model.safetensors").items():
        kind = QUANTIZATION[dtype] if tensor.ndim > 1 else gguf.GGMLQuantizationType.F32
        if kind == gguf.GGMLQuantizationType.F32:
            writer.add_tensor(gguf_name(name), tensor.astype(np.float32))
        else:
            writer.add_tensor(gguf_name(name), gguf.quantize(tensor.astype(np.float32), kind),
                              raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


class Peer:
    def __init__(self, options):
        self.options = options
        path = write_gguf(pathlib.Path(options["folder"]), options["dtype"])
        llama.llama_log_set(SILENCE, ctypes.c_void_p(0))
        params = llama.llama_model_default_params()
        params.n_gpu_layers = 0
        self.model = llama.llama_model_load_from_file(str(path).encode(), params)
        self.prompts, self.samples = options["prompts"], options["samples"]
        count = len(self.prompts) * self.samples
        longest = max(map(len, self.prompts)) + options["max_tokens"]
        context = llama.llama_context_default_params()
        context.n_ctx = count * longest + 256
        context.n_batch = context.n_ubatch = 2048
        context.n_seq_max = count
        # One cache for all would let each sequence look over those of all others.
        context.kv_unified = False
        context.n_threads = context.n_threads_batch = options["threads"]
        self.context = llama.llama_init_from_model(self.model, context)
        assert self.context, "llama.cpp made no context"
        self.batch = llama.llama_batch_init(2048, 0, 1)
        self.vocab_size = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(self.model))

    def add(self, token, position, sequence, wants_logits):
        b, i = self.batch, self.batch.n_tokens
        b.token[i], b.pos[i], b.n_seq_id[i], b.seq_id[i][0] = token, position, 1, sequence
        b.logits[i] = wants_logits
        b.n_tokens += 1

    def decode(self):
        assert llama.llama_decode(self.context, self.batch) == 0

    def prefill(self, sample):
        """The first token of each sequence."""
        first = {}
        self.batch.n_tokens = 0
        waiting = []

        def flush():
            self.decode()
            for prompt, row in waiting:
                for s in range(self.samples):
                    first[prompt * self.samples + s] = sample(prompt * self.samples + s, row)
            waiting.clear()
            self.batch.n_tokens = 0

        for i, prompt in enumerate(self.prompts):
            if self.batch.n_tokens + len(prompt) > 2048:
                flush()
            for position, token in enumerate(prompt):
                self.add(token, position, i * self.samples, position == len(prompt) - 1)
            waiting.append((i, self.batch.n_tokens - 1))
        flush()
        memory = llama.llama_get_memory(self.context)
        for i in range(len(self.prompts)):
            for s in range(1, self.samples):
                llama.llama_memory_seq_cp(memory, i * self.samples, i * self.samples + s, -1, -1)
        return [first[i] for i in range(len(first))]

    def generate(self, max_tokens, sample):
        llama.llama_memory_clear(llama.llama_get_memory(self.context), True)
        tokens = self.prefill(sample)
        out = [[t] for t in tokens]
        for step in range(max_tokens - 1):
            self.batch.n_tokens = 0
            for i, token in enumerate(tokens):
                self.add(token, len(self.prompts[i // self.samples]) + step, i, True)
            self.decode()
            tokens = [sample(i, i) for i in range(len(tokens))]
            for i, token in enumerate(tokens):
                out[i].append(token)
        return out

    def greedy(self, sequence, row):
        logits = llama.llama_get_logits_ith(self.context, row)
        return int(np.argmax(np.ctypeslib.as_array(logits, (self.vocab_size,))))

    def samplers(self):
        """One chain for each sequence: temperature 1 over the whole vocabulary."""
        chains = []
        for i in range(len(self.prompts) * self.samples):
            chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
            llama.llama_sampler_chain_add(chain, llama.llama_sampler_init_dist(i))
            chains.append(chain)
        return lambda i, row: llama.llama_sampler_sample(chains[i], self.context, row)


def main():
    options = json.loads(sys.argv[1])
    peer = Peer(options)
    greedy = peer.generate(8, peer.greedy)[0]
    sample = peer.samplers()
    seconds = []
    for _ in range(options["repeats"]):
        begin = time.perf_counter()
        peer.generate(options["max_tokens"], sample)
        seconds.append(time.perf_counter() - begin)
    print(json.dumps({"seconds": seconds, "greedy": greedy}))


if __name__ == "__main__":
    main()
