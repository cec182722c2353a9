"""The random-weight Qwen3 that the comparisons share: 4.85M parameters, one token a byte."""

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

END = "<|endoftext|>"


def save_nano(folder):
    """Writes a Hugging Face folder."""
    torch.manual_seed(7)
    config = Qwen3Config(
        vocab_size=512, hidden_size=256, num_hidden_layers=6, num_attention_heads=4,
        num_key_value_heads=2, head_dim=64, intermediate_size=768, max_position_embeddings=1024,
        rope_theta=10000.0, tie_word_embeddings=True, bos_token_id=None, eos_token_id=256,
        pad_token_id=256)
    Qwen3ForCausalLM(config).float().save_pretrained(folder)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(END, special=True, normalized=False)])
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END,
                            pad_token=END).save_pretrained(folder)
