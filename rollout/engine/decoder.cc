#include "rollout/engine/decoder.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "kernels/parallel.h"

namespace hone {
namespace {

std::vector<float> Copy(absl::Span<const float> x) { return {x.begin(), x.end()}; }

// Several weights [n_i, k] stacked by rows become one packed matrix.
void PackStacked(std::initializer_list<absl::Span<const float>> parts, int64_t k,
                 PackedMatrix* packed) {
  std::vector<float> stacked;
  for (const auto part : parts) stacked.insert(stacked.end(), part.begin(), part.end());
  packed->PackTransposed(stacked.data(), static_cast<int64_t>(stacked.size()) / k, k);
}

void Grow(std::vector<float>* buffer, int64_t size) {
  if (static_cast<int64_t>(buffer->size()) < size) buffer->resize(size);
}

}  // namespace

Decoder::Decoder(const ModelConfig& config)
    : config_(config),
      attention_{config.num_heads, config.num_kv_heads, config.head_dim},
      rope_(config.head_dim, config.rope_theta, config.max_position_embeddings),
      layers_(config.num_layers) {}

void Decoder::SetWeights(const Weights& weights) {
  const int64_t hidden = config_.hidden_size;
  embedding_ = Copy(weights.tensor("model.embed_tokens.weight"));
  final_norm_ = Copy(weights.tensor("model.norm.weight"));
  const auto head = config_.tie_word_embeddings ? weights.tensor("model.embed_tokens.weight")
                                                : weights.tensor("lm_head.weight");
  head_.PackTransposed(head.data(), config_.vocab_size, hidden);
  for (int i = 0; i < config_.num_layers; ++i) {
    const auto get = [&](absl::string_view name) {
      return weights.tensor(absl::StrCat("model.layers.", i, ".", name, ".weight"));
    };
    Layer& layer = layers_[i];
    layer.input_norm = Copy(get("input_layernorm"));
    layer.post_norm = Copy(get("post_attention_layernorm"));
    layer.q_norm = Copy(get("self_attn.q_norm"));
    layer.k_norm = Copy(get("self_attn.k_norm"));
    PackStacked({get("self_attn.q_proj"), get("self_attn.k_proj"), get("self_attn.v_proj")}, hidden,
                &layer.qkv);
    PackStacked({get("mlp.gate_proj"), get("mlp.up_proj")}, hidden, &layer.gate_up);
    layer.output.PackTransposed(get("self_attn.o_proj").data(), hidden, config_.query_size());
    layer.down.PackTransposed(get("mlp.down_proj").data(), hidden, config_.intermediate_size);
  }
}

float* Decoder::Forward(absl::Span<const DecoderSpan> spans, KvCache* cache) {
  tokens_.clear();
  positions_.clear();
  int64_t wanted = 0;
  for (const DecoderSpan& span : spans) {
    for (int64_t i = 0; i < span.count; ++i) {
      tokens_.push_back(span.tokens[i]);
      positions_.push_back(static_cast<int32_t>(span.first_position + i));
    }
    wanted += span.wants_logits;
  }
  const int64_t rows = static_cast<int64_t>(tokens_.size());
  const int64_t hidden = config_.hidden_size;
  const int64_t qkv_width = config_.query_size() + 2 * config_.kv_size();
  Grow(&x_, rows * hidden);
  Grow(&normed_, rows * hidden);
  Grow(&qkv_, rows * qkv_width);
  Grow(&attended_, rows * config_.query_size());
  Grow(&gate_up_, rows * 2 * config_.intermediate_size);
  Grow(&activated_, rows * config_.intermediate_size);
  Grow(&logits_, wanted * logits_stride());

  Embed(embedding_.data(), tokens_.data(), rows, hidden, x_.data());
  for (int i = 0; i < config_.num_layers; ++i) Block(layers_[i], i, spans, rows, cache);

  // Only the rows whose logits are wanted, moved to the front.
  int64_t row = 0, kept = 0;
  for (const DecoderSpan& span : spans) {
    row += span.count;
    if (!span.wants_logits) continue;
    std::copy_n(&x_[(row - 1) * hidden], hidden, &normed_[kept++ * hidden]);
  }
  RmsNorm(normed_.data(), kept, hidden, final_norm_.data(),
          static_cast<float>(config_.rms_norm_eps), normed_.data(), nullptr);
  MatMul({normed_.data(), hidden}, kept, head_, logits_.data(), logits_stride(),
         Accumulate::kStore);
  return logits_.data();
}

void Decoder::Block(const Layer& layer, int index, absl::Span<const DecoderSpan> spans,
                    int64_t rows, KvCache* cache) {
  const int64_t hidden = config_.hidden_size;
  const int64_t q_size = config_.query_size(), kv_size = config_.kv_size();
  const int64_t qkv_width = q_size + 2 * kv_size;
  const float eps = static_cast<float>(config_.rms_norm_eps);

  RmsNorm(x_.data(), rows, hidden, layer.input_norm.data(), eps, normed_.data(), nullptr);
  MatMul({normed_.data(), hidden}, rows, layer.qkv, qkv_.data(), qkv_width, Accumulate::kStore);
  NormRope({rows, config_.num_heads, config_.head_dim}, qkv_.data(), qkv_width, layer.q_norm.data(),
           eps, positions_.data(), rope_, qkv_.data(), qkv_width, nullptr);
  float* keys = qkv_.data() + q_size;
  NormRope({rows, config_.num_kv_heads, config_.head_dim}, keys, qkv_width, layer.k_norm.data(),
           eps, positions_.data(), rope_, keys, qkv_width, nullptr);

  block_pointers_.clear();
  for (const DecoderSpan& span : spans) {
    const int64_t blocks = BlocksFor(span.first_position + span.count);
    for (int64_t b = 0; b < blocks; ++b) {
      block_pointers_.push_back(cache->data(index, (*span.blocks)[b]));
    }
  }
  queries_.clear();
  int64_t row = 0;
  const float* const* pointers = block_pointers_.data();
  for (const DecoderSpan& span : spans) {
    queries_.push_back({&qkv_[row * qkv_width], span.count, span.first_position, pointers,
                        &attended_[row * q_size], nullptr});
    pointers += BlocksFor(span.first_position + span.count);
    row += span.count;
  }
  // Spans write into blocks of their own, so they can go in parallel.
  ParallelForBlocks(static_cast<int64_t>(spans.size()), 16, [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; ++s) {
      for (int64_t i = 0; i < spans[s].count; ++i) {
        const int64_t position = spans[s].first_position + i;
        const float* k = queries_[s].q + i * qkv_width + q_size;
        float* block = cache->data(index, (*spans[s].blocks)[position / kKvBlockTokens]);
        StoreKv(attention_, k, k + kv_size, position % kKvBlockTokens, block);
      }
    }
  });
  Attention(attention_, queries_, qkv_width, q_size);
  MatMul({attended_.data(), q_size}, rows, layer.output, x_.data(), hidden, Accumulate::kAdd);

  RmsNorm(x_.data(), rows, hidden, layer.post_norm.data(), eps, normed_.data(), nullptr);
  const int64_t inner = config_.intermediate_size;
  MatMul({normed_.data(), hidden}, rows, layer.gate_up, gate_up_.data(), 2 * inner,
         Accumulate::kStore);
  SwiGlu(gate_up_.data(), rows, inner, activated_.data());
  MatMul({activated_.data(), inner}, rows, layer.down, x_.data(), hidden, Accumulate::kAdd);
}

}  // namespace hone
