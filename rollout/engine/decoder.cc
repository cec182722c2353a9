#include "rollout/engine/decoder.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/linear.h"
#include "kernels/parallel.h"

namespace hone {
namespace {

std::vector<float> Copy(absl::Span<const float> x) { return {x.begin(), x.end()}; }

const float* DataOrNull(const std::vector<float>& x) { return x.empty() ? nullptr : x.data(); }

void Grow(std::vector<float>* buffer, int64_t size) {
  if (static_cast<int64_t>(buffer->size()) < size) buffer->resize(size);
}

}  // namespace

PackedWeights::PackedWeights(const Weights& weights) : layers_(weights.config().num_layers) {
  const ModelConfig& config = weights.config();
  const int64_t hidden = config.hidden_size;
  embedding_ = Copy(weights.tensor("model.embed_tokens.weight"));
  final_norm_ = Copy(weights.tensor("model.norm.weight"));
  const auto head = config.tie_word_embeddings ? weights.tensor("model.embed_tokens.weight")
                                               : weights.tensor("lm_head.weight");
  head_.PackTransposed(head.data(), config.vocab_size, hidden);
  for (int i = 0; i < config.num_layers; ++i) {
    const auto get = [&](absl::string_view name) {
      return weights.tensor(absl::StrCat("model.layers.", i, ".", name));
    };
    Layer& layer = layers_[i];
    // Matrices [n_i, k] stacked by rows become one.
    const auto project = [&](std::initializer_list<const char*> names, int64_t k, bool has_bias,
                             Projection* to) {
      std::vector<float> weight;
      for (const absl::string_view name : names) {
        const auto part = get(absl::StrCat(name, ".weight"));
        weight.insert(weight.end(), part.begin(), part.end());
        if (!has_bias) continue;
        const auto bias = get(absl::StrCat(name, ".bias"));
        to->bias.insert(to->bias.end(), bias.begin(), bias.end());
      }
      to->weight.PackTransposed(weight.data(), static_cast<int64_t>(weight.size()) / k, k);
    };
    layer.input_norm = Copy(get("input_layernorm.weight"));
    layer.post_norm = Copy(get("post_attention_layernorm.weight"));
    if (config.qk_norm) {
      layer.q_norm = Copy(get("self_attn.q_norm.weight"));
      layer.k_norm = Copy(get("self_attn.k_norm.weight"));
    }
    project({"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"}, hidden, config.qkv_bias,
            &layer.qkv);
    project({"self_attn.o_proj"}, config.query_size(), config.output_bias, &layer.output);
    project({"mlp.gate_proj", "mlp.up_proj"}, hidden, config.mlp_bias, &layer.gate_up);
    project({"mlp.down_proj"}, config.intermediate_size, config.mlp_bias, &layer.down);
  }
}

Decoder::Decoder(const ModelConfig& config, Precision precision)
    : config_(config),
      precision_(precision),
      attention_{config.num_heads, config.num_kv_heads, config.head_dim},
      layer_attention_(config.num_layers, attention_),
      rope_(config.head_dim, config.rope_theta, config.max_position_embeddings, config.rope_scaling,
            precision) {
  for (int i = 0; i < config.num_layers; ++i) layer_attention_[i].window = config.window(i);
}

std::shared_ptr<const PackedWeights> Decoder::SetWeights(
    std::shared_ptr<const PackedWeights> weights) {
  return std::exchange(weights_, std::move(weights));
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
    wanted += span.num_logits;
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

  const PackedWeights& weights = *weights_;
  Embed(weights.embedding_.data(), tokens_.data(), rows, hidden, x_.data());
  for (int i = 0; i < config_.num_layers; ++i) Block(weights.layers_[i], i, spans, rows, cache);

  // Only the rows whose logits are wanted, moved to the front.
  int64_t row = 0, kept = 0;
  for (const DecoderSpan& span : spans) {
    row += span.count;
    std::copy_n(&x_[(row - span.num_logits) * hidden], span.num_logits * hidden,
                &normed_[kept * hidden]);
    kept += span.num_logits;
  }
  RmsNorm(normed_.data(), kept, hidden, weights.final_norm_.data(),
          static_cast<float>(config_.rms_norm_eps), normed_.data(), nullptr, precision_);
  // Logits stay in fp32.
  MatMul({normed_.data(), hidden}, kept, weights.head_, logits_.data(), logits_stride(),
         Accumulate::kStore);
  return logits_.data();
}

void Decoder::Block(const PackedWeights::Layer& layer, int index,
                    absl::Span<const DecoderSpan> spans, int64_t rows, KvCache* cache) {
  const int64_t hidden = config_.hidden_size;
  const int64_t q_size = config_.query_size(), kv_size = config_.kv_size();
  const int64_t qkv_width = q_size + 2 * kv_size;
  const float eps = static_cast<float>(config_.rms_norm_eps);

  const auto linear = [&](const float* x, int64_t k, const PackedWeights::Projection& projection,
                          float* y) {
    Linear({x, k}, rows, projection.weight, DataOrNull(projection.bias), precision_, y,
           projection.weight.n());
  };
  const auto linear_add = [&](const float* x, int64_t k,
                              const PackedWeights::Projection& projection) {
    LinearAdd({x, k}, rows, projection.weight, DataOrNull(projection.bias), precision_, x_.data());
  };

  RmsNorm(x_.data(), rows, hidden, layer.input_norm.data(), eps, normed_.data(), nullptr,
          precision_);
  linear(normed_.data(), hidden, layer.qkv, qkv_.data());
  NormRope({rows, config_.num_heads, config_.head_dim}, qkv_.data(), qkv_width,
           DataOrNull(layer.q_norm), eps, positions_.data(), rope_, qkv_.data(), qkv_width, nullptr,
           precision_);
  float* keys = qkv_.data() + q_size;
  NormRope({rows, config_.num_kv_heads, config_.head_dim}, keys, qkv_width,
           DataOrNull(layer.k_norm), eps, positions_.data(), rope_, keys, qkv_width, nullptr,
           precision_);

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
  Attention(layer_attention_[index], queries_, qkv_width, q_size, precision_);
  linear_add(attended_.data(), q_size, layer.output);

  RmsNorm(x_.data(), rows, hidden, layer.post_norm.data(), eps, normed_.data(), nullptr,
          precision_);
  const int64_t inner = config_.intermediate_size;
  linear(normed_.data(), hidden, layer.gate_up, gate_up_.data());
  SwiGlu(gate_up_.data(), rows, inner, activated_.data(), precision_);
  linear_add(activated_.data(), inner, layer.down);
}

}  // namespace hone
