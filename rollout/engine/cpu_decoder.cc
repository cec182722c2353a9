#include "rollout/engine/cpu_decoder.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/bfloat16_pairs.h"
#include "kernels/linear.h"
#include "kernels/parallel.h"
#include "rollout/engine/kv_cache.h"

namespace hone {
namespace {

constexpr size_t kAlignment = 64;

struct HostLogits : KeptLogits {
  std::vector<float> row;
};

std::vector<float> Copy(absl::Span<const float> x) { return {x.begin(), x.end()}; }

const float* DataOrNull(const std::vector<float>& x) { return x.empty() ? nullptr : x.data(); }

void Grow(std::vector<float>* buffer, int64_t size) {
  if (static_cast<int64_t>(buffer->size()) < size) buffer->resize(size);
}

// What the cache holds.
AttentionShape CacheShape(const ModelConfig& config, Precision precision) {
  AttentionShape shape{config.num_heads, config.num_kv_heads, config.head_dim};
  shape.pairs = precision == Precision::kBFloat16 && HasPairs() && config.head_dim % 2 == 0;
  return shape;
}

}  // namespace

PackedWeights::PackedWeights(const Weights& weights, Precision precision)
    : layers_(weights.config().num_layers) {
  const ModelConfig& config = weights.config();
  const int64_t hidden = config.hidden_size;
  embedding_ = Copy(weights.tensor("model.embed_tokens.weight"));
  final_norm_ = Copy(weights.tensor("model.norm.weight"));
  const auto head = config.tie_word_embeddings ? weights.tensor("model.embed_tokens.weight")
                                               : weights.tensor("lm_head.weight");
  head_.PackTransposed(head.data(), config.vocab_size, hidden, precision);
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
      to->weight.PackTransposed(weight.data(), static_cast<int64_t>(weight.size()) / k, k,
                                precision);
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

CpuDecoder::CpuDecoder(const ModelConfig& config, Precision precision, int64_t num_blocks)
    : config_(config),
      precision_(precision),
      attention_(CacheShape(config, precision)),
      layer_attention_(config.num_layers, attention_),
      rope_(config.head_dim, config.rope_theta, config.max_position_embeddings, config.rope_scaling,
            precision),
      num_blocks_(num_blocks) {
  for (int i = 0; i < config.num_layers; ++i) layer_attention_[i].window = config.window(i);
  // The kernels multiply unused slots by exact zeros: they must be finite. calloc's zeros cost
  // memory only where something is written, so a large cache that stays half empty is no loss.
  const auto bytes = static_cast<size_t>(num_blocks * BlockBytes(config, precision));
  storage_.reset(std::calloc(bytes + kAlignment, 1));
  if (storage_ == nullptr) throw std::bad_alloc();
  void* aligned = storage_.get();
  size_t space = bytes + kAlignment;
  blocks_ = static_cast<float*>(std::align(kAlignment, bytes, aligned, space));
}

int64_t CpuDecoder::BlockBytes(const ModelConfig& config, Precision precision) {
  return config.num_layers * CacheShape(config, precision).block_floats() * int64_t{sizeof(float)};
}

std::shared_ptr<const DecoderWeights> CpuDecoder::SetWeights(
    std::shared_ptr<const DecoderWeights> weights) {
  return std::exchange(weights_, std::static_pointer_cast<const PackedWeights>(std::move(weights)));
}

void CpuDecoder::CopyBlock(int32_t from, int32_t to) {
  for (int layer = 0; layer < config_.num_layers; ++layer) {
    std::copy_n(BlockData(layer, from), attention_.block_floats(), BlockData(layer, to));
  }
}

std::unique_ptr<KeptLogits> CpuDecoder::Keep(int64_t row) {
  auto kept = std::make_unique<HostLogits>();
  const auto first = logits_.begin() + row * config_.vocab_size;
  kept->row.assign(first, first + config_.vocab_size);
  return kept;
}

const float* CpuDecoder::Logits(const TokenDraw& draw) const {
  if (draw.kept != nullptr) return static_cast<const HostLogits*>(draw.kept)->row.data();
  return logits_.data() + draw.row * config_.vocab_size;
}

void CpuDecoder::Draw(absl::Span<const TokenDraw> draws, SampledToken* drawn) {
  ParallelForBlocks(std::ssize(draws), 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      drawn[i] = SampleToken(Logits(draws[i]), config_.vocab_size, draws[i].options, draws[i].key);
    }
  });
}

// With enough rows for all threads each takes sequences of its own through all layers: no thread
// waits for another within a pass, and activations stay in the cache of one core. Else, and where
// the spans cannot be dealt evenly, there is one part, and each kernel runs on all threads.
int CpuDecoder::CutIntoParts(absl::Span<const DecoderSpan> spans) {
  constexpr int64_t kLeastRows = 24;  // two tall tiles: enough work for each weight that is read
  int64_t rows = 0;
  for (const DecoderSpan& span : spans) rows += span.count;
  const int threads = NumThreads();
  parts_.resize(std::max<size_t>(parts_.size(), threads));
  const auto cut = [&](int64_t count) {
    size_t s = 0;
    int64_t done = 0;
    for (int64_t i = 0; i < count; ++i) {
      const size_t first = s;
      const int64_t before = done;
      for (; s < spans.size() && done < rows * (i + 1) / count; ++s) done += spans[s].count;
      parts_[i].spans = spans.subspan(first, s - first);
      parts_[i].rows = done - before;
      if (parts_[i].rows > rows / count + 2) return false;
    }
    return true;
  };
  if (rows >= kLeastRows * threads && cut(threads)) return threads;
  cut(1);
  return 1;
}

void CpuDecoder::Forward(absl::Span<const DecoderSpan> spans) {
  int64_t wanted = 0;
  for (const DecoderSpan& span : spans) wanted += span.num_logits;
  Grow(&logits_, wanted * int64_t{config_.vocab_size});
  const int parts = CutIntoParts(spans);
  float* logits = logits_.data();
  for (int i = 0; i < parts; ++i) {
    parts_[i].logits = logits;
    for (const DecoderSpan& span : parts_[i].spans)
      logits += span.num_logits * int64_t{config_.vocab_size};
  }
  ParallelFor(parts, [&](int64_t i) { ForwardPart(&parts_[i]); });
}

void CpuDecoder::ForwardPart(Part* part) {
  const int64_t rows = part->rows, hidden = config_.hidden_size;
  part->tokens.clear();
  part->positions.clear();
  for (const DecoderSpan& span : part->spans) {
    for (int64_t i = 0; i < span.count; ++i) {
      part->tokens.push_back(span.tokens[i]);
      part->positions.push_back(static_cast<int32_t>(span.first_position + i));
    }
  }
  Grow(&part->x, rows * hidden);
  Grow(&part->normed, rows * hidden);
  Grow(&part->qkv, rows * (config_.query_size() + 2 * config_.kv_size()));
  Grow(&part->attended, rows * config_.query_size());
  Grow(&part->gate_up, rows * 2 * config_.intermediate_size);
  Grow(&part->activated, rows * config_.intermediate_size);

  const PackedWeights& weights = *weights_;
  float* const x = part->x.data();
  float* const normed = part->normed.data();
  Embed(weights.embedding_.data(), part->tokens.data(), rows, hidden, x);
  for (int i = 0; i < config_.num_layers; ++i) Block(weights.layers_[i], i, part);

  // Only the rows whose logits are wanted, moved to the front.
  int64_t row = 0, kept = 0;
  for (const DecoderSpan& span : part->spans) {
    row += span.count;
    std::copy_n(x + (row - span.num_logits) * hidden, span.num_logits * hidden,
                normed + kept * hidden);
    kept += span.num_logits;
  }
  RmsNorm(normed, kept, hidden, weights.final_norm_.data(),
          static_cast<float>(config_.rms_norm_eps), normed, nullptr, precision_);
  // Logits stay in fp32.
  MatMul({normed, hidden}, kept, weights.head_, part->logits, int64_t{config_.vocab_size},
         Accumulate::kStore);
}

void CpuDecoder::Block(const PackedWeights::Layer& layer, int index, Part* part) {
  const int64_t rows = part->rows, hidden = config_.hidden_size;
  const int64_t q_size = config_.query_size(), kv_size = config_.kv_size();
  const int64_t qkv_width = q_size + 2 * kv_size;
  const float eps = static_cast<float>(config_.rms_norm_eps);
  const absl::Span<const DecoderSpan> spans = part->spans;
  float* const x = part->x.data();
  float* const normed = part->normed.data();
  float* const qkv = part->qkv.data();
  float* const attended = part->attended.data();

  const auto linear = [&](const float* in, int64_t k, const PackedWeights::Projection& projection,
                          float* out) {
    Linear({in, k}, rows, projection.weight, DataOrNull(projection.bias), precision_, out,
           projection.weight.n());
  };
  const auto linear_add = [&](const float* in, int64_t k,
                              const PackedWeights::Projection& projection) {
    LinearAdd({in, k}, rows, projection.weight, DataOrNull(projection.bias), precision_, x);
  };

  RmsNorm(x, rows, hidden, layer.input_norm.data(), eps, normed, nullptr, precision_);
  linear(normed, hidden, layer.qkv, qkv);
  NormRope({rows, config_.num_heads, config_.head_dim}, qkv, qkv_width, DataOrNull(layer.q_norm),
           eps, part->positions.data(), rope_, qkv, qkv_width, nullptr, precision_);
  float* keys = qkv + q_size;
  NormRope({rows, config_.num_kv_heads, config_.head_dim}, keys, qkv_width,
           DataOrNull(layer.k_norm), eps, part->positions.data(), rope_, keys, qkv_width, nullptr,
           precision_);

  part->block_pointers.clear();
  for (const DecoderSpan& span : spans) {
    const int64_t blocks = BlocksFor(span.first_position + span.count);
    for (int64_t b = 0; b < blocks; ++b) {
      part->block_pointers.push_back(BlockData(index, (*span.blocks)[b]));
    }
  }
  part->queries.clear();
  int64_t row = 0;
  const float* const* pointers = part->block_pointers.data();
  for (const DecoderSpan& span : spans) {
    part->queries.push_back({qkv + row * qkv_width, span.count, span.first_position, pointers,
                             attended + row * q_size, nullptr});
    pointers += BlocksFor(span.first_position + span.count);
    row += span.count;
  }
  // Spans write into blocks of their own, so they can go in parallel.
  ParallelForBlocks(static_cast<int64_t>(spans.size()), 16, [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; ++s) {
      for (int64_t i = 0; i < spans[s].count; ++i) {
        const int64_t position = spans[s].first_position + i;
        const float* k = part->queries[s].q + i * qkv_width + q_size;
        float* block = BlockData(index, (*spans[s].blocks)[position / kKvBlockTokens]);
        StoreKv(attention_, k, k + kv_size, position % kKvBlockTokens, block);
      }
    }
  });
  Attention(layer_attention_[index], part->queries, qkv_width, q_size, precision_);
  linear_add(attended, q_size, layer.output);

  RmsNorm(x, rows, hidden, layer.post_norm.data(), eps, normed, nullptr, precision_);
  const int64_t inner = config_.intermediate_size;
  linear(normed, hidden, layer.gate_up, part->gate_up.data());
  SwiGlu(part->gate_up.data(), rows, inner, part->activated.data(), precision_);
  linear_add(part->activated.data(), inner, layer.down);
}

}  // namespace hone
