#include "rollout/engine/cuda_decoder.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "kernels/cuda/attention.h"
#include "kernels/cuda/matmul.h"
#include "kernels/cuda/pointwise.h"
#include "kernels/cuda/runtime.h"
#include "kernels/cuda/sampling.h"
#include "kernels/rope_table.h"
#include "rollout/engine/kv_cache.h"

namespace hone {
namespace {

using cuda::Check;
using cuda::DeviceArray;
using cuda::PinnedArray;

// More rows than this are not decoded but prefilled: launching takes no part of such a pass.
constexpr int64_t kMaxGraphRows = 512;
// A row's keys are cut for the sake of one reading up to so many rows; above, the parts would take
// more memory than they save time.
constexpr int64_t kMaxSplitRows = 512;

// Selects the GPU for the calling thread.
void UseGpu(const DecoderOptions& options) {
  int count = 0;
  Check(cudaGetDeviceCount(&count), "looking for one");
  if (count == 0) throw cuda::DeviceError("there is no GPU");
  Check(cudaSetDevice(options.gpu % count), "selecting it");
}

class Stream {
 public:
  Stream() { Check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "a stream"); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { cudaStreamDestroy(stream_); }
  operator cudaStream_t() const { return stream_; }  // NOLINT(google-explicit-constructor)
  void Synchronize() const { Check(cudaStreamSynchronize(stream_), "working"); }

 private:
  cudaStream_t stream_ = nullptr;
};

// All weights in two pieces of memory: matrices [n, k] as T, norms and biases as fp32.
template <typename T>
class CudaWeights : public DecoderWeights {
 public:
  struct Projection {
    const T* weight = nullptr;
    const float* bias = nullptr;  // null: none
    int64_t n = 0, k = 0;
  };
  struct Layer {
    const float *input_norm = nullptr, *post_norm = nullptr;
    const float *q_norm = nullptr, *k_norm = nullptr;  // may be null
    Projection qkv, output, gate_up, down;
  };

  // Without contents.
  explicit CudaWeights(const ModelConfig& config) { Place(config, nullptr); }
  explicit CudaWeights(const Weights& weights) {
    Place(weights.config(), &weights);
    Check(cudaStreamSynchronize(nullptr), "loading weights");  // a copy may only have been begun
  }

  // Of a model of the same shape, on `stream`.
  void CopyFrom(const CudaWeights& other, cudaStream_t stream) {
    Check(cudaMemcpyAsync(matrices_.data(), other.matrices_.data(), matrices_.size() * sizeof(T),
                          cudaMemcpyDeviceToDevice, stream),
          "copying weights");
    Check(cudaMemcpyAsync(vectors_.data(), other.vectors_.data(), vectors_.size() * sizeof(float),
                          cudaMemcpyDeviceToDevice, stream),
          "copying weights");
  }

  const T* embedding = nullptr;
  Projection head;
  const float* final_norm = nullptr;
  std::vector<Layer> layers;

 private:
  // Goes through all tensors in one order: sizes first, then places and contents.
  void Place(const ModelConfig& config, const Weights* weights) {
    int64_t matrix_elements = 0, vector_elements = 0;
    for (const bool sizes_only : {true, false}) {
      if (!sizes_only) {
        matrices_ = DeviceArray<T>(matrix_elements);
        vectors_ = DeviceArray<float>(vector_elements);
      }
      matrix_elements = vector_elements = 0;
      const auto vector = [&](const std::string& name, int64_t size) -> const float* {
        const int64_t at = std::exchange(vector_elements, vector_elements + (size + 3) / 4 * 4);
        if (sizes_only) return nullptr;
        if (weights != nullptr) Upload(weights->tensor(name), vectors_.data() + at);
        return vectors_.data() + at;
      };
      // Matrices stacked by rows become one.
      const auto matrix = [&](const std::vector<std::pair<std::string, int64_t>>& parts,
                              int64_t k) -> const T* {
        const int64_t begin = matrix_elements;
        for (const auto& [name, n] : parts) {
          if (!sizes_only && weights != nullptr) {
            Upload(weights->tensor(name), matrices_.data() + matrix_elements);
          }
          matrix_elements += n * k;
        }
        matrix_elements = (matrix_elements + 63) / 64 * 64;
        return sizes_only ? nullptr : matrices_.data() + begin;
      };
      embedding = matrix({{"model.embed_tokens.weight", config.vocab_size}}, config.hidden_size);
      head = {embedding, nullptr, config.vocab_size, config.hidden_size};
      if (!config.tie_word_embeddings) {
        head.weight = matrix({{"lm_head.weight", config.vocab_size}}, config.hidden_size);
      }
      final_norm = vector("model.norm.weight", config.hidden_size);
      layers.resize(config.num_layers);
      for (int i = 0; i < config.num_layers; ++i) {
        const std::string prefix = absl::StrCat("model.layers.", i, ".");
        const auto project = [&](const std::vector<std::pair<std::string, int64_t>>& parts,
                                 int64_t k, bool has_bias) {
          Projection projection = {nullptr, nullptr, 0, k};
          std::vector<std::pair<std::string, int64_t>> names;
          for (const auto& [name, n] : parts) {
            names.emplace_back(absl::StrCat(prefix, name, ".weight"), n);
            projection.n += n;
          }
          projection.weight = matrix(names, k);
          if (!has_bias) return projection;
          int64_t at = vector_elements;
          vector_elements += (projection.n + 3) / 4 * 4;
          if (sizes_only) return projection;
          projection.bias = vectors_.data() + at;
          for (const auto& [name, n] : parts) {
            if (weights != nullptr) {
              Upload(weights->tensor(absl::StrCat(prefix, name, ".bias")), vectors_.data() + at);
            }
            at += n;
          }
          return projection;
        };
        Layer& layer = layers[i];
        layer.input_norm =
            vector(absl::StrCat(prefix, "input_layernorm.weight"), config.hidden_size);
        layer.post_norm =
            vector(absl::StrCat(prefix, "post_attention_layernorm.weight"), config.hidden_size);
        if (config.qk_norm) {
          layer.q_norm = vector(absl::StrCat(prefix, "self_attn.q_norm.weight"), config.head_dim);
          layer.k_norm = vector(absl::StrCat(prefix, "self_attn.k_norm.weight"), config.head_dim);
        }
        layer.qkv = project({{"self_attn.q_proj", config.query_size()},
                             {"self_attn.k_proj", config.kv_size()},
                             {"self_attn.v_proj", config.kv_size()}},
                            config.hidden_size, config.qkv_bias);
        layer.output = project({{"self_attn.o_proj", config.hidden_size}}, config.query_size(),
                               config.output_bias);
        layer.gate_up = project({{"mlp.gate_proj", config.intermediate_size},
                                 {"mlp.up_proj", config.intermediate_size}},
                                config.hidden_size, config.mlp_bias);
        layer.down = project({{"mlp.down_proj", config.hidden_size}}, config.intermediate_size,
                             config.mlp_bias);
      }
    }
  }

  template <typename To>
  void Upload(absl::Span<const float> from, To* to) {
    std::vector<To> converted;
    const void* bytes = from.data();
    if constexpr (!std::is_same_v<To, float>) {
      converted.resize(from.size());
      std::transform(from.begin(), from.end(), converted.begin(),
                     [](float x) { return __float2bfloat16_rn(x); });
      bytes = converted.data();
    }
    Check(cudaMemcpy(to, bytes, from.size() * sizeof(To), cudaMemcpyHostToDevice),
          "loading weights");
  }

  DeviceArray<T> matrices_;
  DeviceArray<float> vectors_;
};

// Rows of logits that outlive a pass. Their memory is used again, since to free it would stop the
// device.
class LogitsPool {
 public:
  explicit LogitsPool(int64_t vocab) : vocab_(vocab) {}
  DeviceArray<float> Take() {
    if (free_.empty()) return DeviceArray<float>(vocab_);
    DeviceArray<float> row = std::move(free_.back());
    free_.pop_back();
    return row;
  }
  void Give(DeviceArray<float> row) { free_.push_back(std::move(row)); }

 private:
  int64_t vocab_;
  std::vector<DeviceArray<float>> free_;
};

struct DeviceLogits : KeptLogits {
  explicit DeviceLogits(std::shared_ptr<LogitsPool> from)
      : pool(std::move(from)), row(pool->Take()) {}
  ~DeviceLogits() override { pool->Give(std::move(row)); }

  std::shared_ptr<LogitsPool> pool;
  DeviceArray<float> row;
};

class Graph {
 public:
  Graph() = default;
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph() {
    if (graph_ != nullptr) cudaGraphExecDestroy(graph_);
  }
  bool recorded() const { return graph_ != nullptr; }
  template <typename Enqueue>
  void Record(cudaStream_t stream, Enqueue enqueue) {
    Check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "recording a pass");
    enqueue();
    cudaGraph_t recorded = nullptr;
    Check(cudaStreamEndCapture(stream, &recorded), "recording a pass");
    const cudaError_t made = cudaGraphInstantiate(&graph_, recorded, 0);
    cudaGraphDestroy(recorded);
    Check(made, "recording a pass");
  }
  void Play(cudaStream_t stream) const { Check(cudaGraphLaunch(graph_, stream), "playing a pass"); }

 private:
  cudaGraphExec_t graph_ = nullptr;
};

template <typename T>
class CudaDecoder : public Decoder {
 public:
  CudaDecoder(const ModelConfig& config, const DecoderOptions& options, int64_t num_blocks)
      : config_(config),
        options_(options),
        num_blocks_(num_blocks),
        shape_{config.num_heads, config.num_kv_heads, config.head_dim},
        pool_(std::make_shared<LogitsPool>(config.vocab_size)) {
    int gpu = 0;
    Check(cudaGetDevice(&gpu), "looking at it");
    Check(cudaDeviceGetAttribute(&num_multiprocessors_, cudaDevAttrMultiProcessorCount, gpu),
          "looking at it");
    if (!options.exact) blas_ = std::make_unique<cuda::Blas>(stream_);
    const RopeTable rope(config.head_dim, config.rope_theta, config.max_position_embeddings,
                         config.rope_scaling, options.precision);
    cos_ = Upload(rope.cos);
    sin_ = Upload(rope.sin);
    // Unused slots are multiplied by exact zeros: they must be finite.
    cache_ = DeviceArray<T>(config.num_layers * layer_elements());
    Check(cudaMemsetAsync(cache_.data(), 0, cache_.size() * sizeof(T), stream_), "the cache");
  }

  // The weights in use are a copy in memory that stays where it is, so that graphs stay valid.
  // Returns what was copied, which is needed no more.
  std::shared_ptr<const DecoderWeights> SetWeights(
      std::shared_ptr<const DecoderWeights> weights) override {
    if (weights == nullptr) return nullptr;
    if (weights_ == nullptr) weights_ = std::make_unique<CudaWeights<T>>(config_);
    weights_->CopyFrom(static_cast<const CudaWeights<T>&>(*weights), stream_);
    stream_.Synchronize();
    return weights;
  }

  void Forward(absl::Span<const DecoderSpan> spans) override {
    stream_.Synchronize();  // the pass before has read its input
    const Pass pass = Describe(spans);
    if (!pass.decodes || pass.rows > kMaxGraphRows) return Enqueue(pass);
    const auto [place, is_new] = graphs_.try_emplace({pass.rows, pass.splits});
    // The first of its kind runs as it is: cuBLAS may set things up that cannot be recorded.
    if (is_new) return Enqueue(pass);
    Graph& graph = place->second;
    if (!graph.recorded()) graph.Record(stream_, [&] { Enqueue(pass); });
    graph.Play(stream_);
  }

  std::unique_ptr<KeptLogits> Keep(int64_t row) override {
    auto kept = std::make_unique<DeviceLogits>(pool_);
    Check(cudaMemcpyAsync(kept->row.data(), logits_.data() + row * config_.vocab_size,
                          config_.vocab_size * sizeof(float), cudaMemcpyDeviceToDevice, stream_),
          "keeping logits");
    return kept;
  }

  // On the device, but where top_k or top_p cut: sorting is left to the host.
  void Draw(absl::Span<const TokenDraw> draws, SampledToken* drawn) override {
    const int64_t vocab = config_.vocab_size;
    const auto count = std::ssize(draws);
    cuda::Grow(&asked_, count);
    cuda::Grow(&device_asked_, count);
    cuda::Grow(&drawn_, count);
    cuda::Grow(&device_drawn_, count);
    cuda::Grow(&scratch_, count * cuda::ScratchFloats(vocab));
    for (int64_t i = 0; i < count; ++i) {
      const SampleOptions& options = draws[i].options;
      asked_.data()[i] = {Logits(draws[i]), LogitScale(options.temperature),
                          options.temperature <= 0, DrawUniform(draws[i].key)};
    }
    Check(cudaMemcpyAsync(device_asked_.data(), asked_.data(), count * sizeof(cuda::DeviceDraw),
                          cudaMemcpyHostToDevice, stream_),
          "asking for tokens");
    cuda::SampleTokens(device_asked_.data(), count, vocab, scratch_.data(), device_drawn_.data(),
                       stream_);
    Check(cudaMemcpyAsync(drawn_.data(), device_drawn_.data(), count * sizeof(SampledToken),
                          cudaMemcpyDeviceToHost, stream_),
          "fetching tokens");
    stream_.Synchronize();
    std::copy_n(drawn_.data(), count, drawn);
    for (int64_t i = 0; i < count; ++i) {
      const SampleOptions& options = draws[i].options;
      if (options.top_k <= 0 && options.top_p >= 1.0f) continue;
      std::vector<float> row(vocab);
      Check(cudaMemcpy(row.data(), Logits(draws[i]), vocab * sizeof(float), cudaMemcpyDeviceToHost),
            "fetching logits");
      drawn[i] = SampleToken(row.data(), vocab, options, draws[i].key);
    }
  }

  void CopyBlock(int32_t from, int32_t to) override {
    cuda::CopyBlock(cache_.data(), config_.num_layers, layer_elements(), shape_.block_floats(),
                    from, to, stream_);
  }

 private:
  // What is on the device for a pass: tokens, positions and first blocks of its rows, the rows
  // whose logits are wanted, and all sequences' blocks, one after the other.
  struct Pass {
    int64_t rows = 0;
    int64_t wanted = 0;
    bool decodes = false;  // every row's logits are wanted
    int splits = 1;
  };

  int64_t layer_elements() const { return num_blocks_ * shape_.block_floats(); }

  DeviceArray<float> Upload(const std::vector<float>& from) {
    DeviceArray<float> to(std::ssize(from));
    Check(cudaMemcpy(to.data(), from.data(), from.size() * sizeof(float), cudaMemcpyHostToDevice),
          "loading tables");
    return to;
  }

  const float* Logits(const TokenDraw& draw) const {
    if (draw.kept != nullptr) return static_cast<const DeviceLogits*>(draw.kept)->row.data();
    return logits_.data() + draw.row * config_.vocab_size;
  }

  // Brings the pass's description to the device, and makes room for it.
  Pass Describe(absl::Span<const DecoderSpan> spans) {
    Pass pass;
    int64_t num_blocks = 0, longest = 0;
    for (const DecoderSpan& span : spans) {
      pass.rows += span.count;
      pass.wanted += span.num_logits;
      longest = std::max(longest, span.first_position + span.count);
      num_blocks += BlocksFor(span.first_position + span.count);
    }
    pass.decodes = pass.wanted == pass.rows;
    pass.splits = Splits(pass.rows, longest);
    const int64_t size = 3 * pass.rows + pass.wanted + num_blocks;
    cuda::Grow(&input_, size);
    int32_t* tokens = input_.data();
    int32_t* positions = tokens + pass.rows;
    int32_t* first_blocks = positions + pass.rows;
    int32_t* wanted = first_blocks + pass.rows;
    int32_t* const blocks = wanted + pass.wanted;
    int32_t row = 0, block = 0;
    for (const DecoderSpan& span : spans) {
      for (int64_t i = 0; i < span.count; ++i, ++row) {
        *tokens++ = span.tokens[i];
        *positions++ = static_cast<int32_t>(span.first_position + i);
        *first_blocks++ = block;
        if (i >= span.count - span.num_logits) *wanted++ = row;
      }
      const int64_t count = BlocksFor(span.first_position + span.count);
      std::copy_n(span.blocks->begin(), count, blocks + block);
      block += static_cast<int32_t>(count);
    }
    MakeRoom(pass, size);
    Check(cudaMemcpyAsync(device_input_.data(), input_.data(), size * sizeof(int32_t),
                          cudaMemcpyHostToDevice, stream_),
          "describing a pass");
    return pass;
  }

  // Memory that moves makes all graphs invalid, so it grows by half of what it was at least.
  void MakeRoom(const Pass& pass, int64_t input_size) {
    const auto grow = [this](auto* array, int64_t size) {
      if (array->size() >= size) return;
      graphs_.clear();
      cuda::Grow(array, std::max(size, array->size() * 3 / 2));
    };
    grow(&device_input_, input_size);
    grow(&x_, pass.rows * config_.hidden_size);
    grow(&normed_, pass.rows * config_.hidden_size);
    grow(&qkv_, pass.rows * (config_.query_size() + 2 * config_.kv_size()));
    grow(&attended_, pass.rows * config_.query_size());
    grow(&gate_up_, pass.rows * 2 * config_.intermediate_size);
    grow(&activated_, pass.rows * config_.intermediate_size);
    grow(&parts_, cuda::PartFloats(shape_, pass.rows, pass.splits));
    grow(&logits_, pass.wanted * config_.vocab_size);
  }

  // Parts of each row's keys: enough to fill the device, and with few rows so many that each part
  // reads its keys once. A power of two, for the sake of few graphs.
  int Splits(int64_t rows, int64_t longest) const {
    if (options_.exact) return 1;
    const int64_t tiles = (longest + cuda::kAttentionTile - 1) / cuda::kAttentionTile;
    const int64_t to_fill = 2 * num_multiprocessors_ / (rows * config_.num_kv_heads);
    const int64_t wanted =
        std::min(std::max(to_fill, rows <= kMaxSplitRows ? tiles : 1), BlocksFor(longest) / 4);
    int splits = 1;
    while (splits < wanted) splits *= 2;
    return splits;
  }

  void Enqueue(const Pass& pass) {
    const int32_t* const tokens = device_input_.data();
    const int32_t* const wanted = tokens + 3 * pass.rows;
    const cuda::PagedRows rows = {pass.rows, tokens + pass.rows, tokens + 2 * pass.rows,
                                  wanted + pass.wanted};
    const float eps = static_cast<float>(config_.rms_norm_eps);
    const int64_t hidden = config_.hidden_size, inner = config_.intermediate_size;
    cuda::Embed(weights_->embedding, tokens, pass.rows, hidden, x_.data(), stream_);
    for (int i = 0; i < config_.num_layers; ++i) {
      const typename CudaWeights<T>::Layer& layer = weights_->layers[i];
      cuda::CacheLayer<T> cache = {shape_, cache_.data() + i * layer_elements()};
      cache.shape.window = config_.window(i);
      cuda::RmsNorm(x_.data(), nullptr, pass.rows, hidden, layer.input_norm, eps, normed_.data(),
                    stream_);
      Linear(normed_.data(), pass.rows, layer.qkv, false, qkv_.data());
      cuda::NormRopeStore<T>(
          {qkv_.data(), layer.q_norm, layer.k_norm, eps, cos_.data(), sin_.data()}, rows, cache,
          stream_);
      cuda::Attention(qkv_.data(), rows, cache, pass.splits, parts_.data(), attended_.data(),
                      stream_);
      Linear(attended_.data(), pass.rows, layer.output, true, x_.data());
      cuda::RmsNorm(x_.data(), nullptr, pass.rows, hidden, layer.post_norm, eps, normed_.data(),
                    stream_);
      Linear(normed_.data(), pass.rows, layer.gate_up, false, gate_up_.data());
      cuda::SwiGlu(gate_up_.data(), pass.rows, inner, activated_.data(), stream_);
      Linear(activated_.data(), pass.rows, layer.down, true, x_.data());
    }
    cuda::RmsNorm(x_.data(), wanted, pass.wanted, hidden, weights_->final_norm, eps, normed_.data(),
                  stream_);
    Linear(normed_.data(), pass.wanted, weights_->head, false, logits_.data());
  }

  template <typename Out>
  void Linear(const T* x, int64_t rows, const typename CudaWeights<T>::Projection& projection,
              bool add, Out* y) {
    const cuda::LinearArguments<T, Out> arguments = {x,    projection.weight, projection.bias, y,
                                                     rows, projection.n,      projection.k,    add};
    if (options_.exact) {
      cuda::ExactLinear(arguments, stream_);
    } else {
      blas_->Linear(arguments);
    }
  }

  const ModelConfig config_;
  const DecoderOptions options_;
  const int64_t num_blocks_;
  const AttentionShape shape_;  // without a window
  int num_multiprocessors_ = 0;
  Stream stream_;
  std::unique_ptr<cuda::Blas> blas_;  // null when exact
  std::unique_ptr<CudaWeights<T>> weights_;
  DeviceArray<float> cos_, sin_;
  DeviceArray<T> cache_;  // [layers][blocks][block_floats]

  PinnedArray<int32_t> input_;
  DeviceArray<int32_t> device_input_;
  DeviceArray<T> x_, normed_, qkv_, attended_, gate_up_, activated_;  // [rows][…]
  DeviceArray<float> parts_, logits_;
  std::map<std::pair<int64_t, int>, Graph> graphs_;  // by rows and splits

  std::shared_ptr<LogitsPool> pool_;
  PinnedArray<cuda::DeviceDraw> asked_;
  DeviceArray<cuda::DeviceDraw> device_asked_;
  PinnedArray<SampledToken> drawn_;
  DeviceArray<SampledToken> device_drawn_;
  DeviceArray<float> scratch_;
};

}  // namespace

std::shared_ptr<const DecoderWeights> MakeCudaWeights(const Weights& weights,
                                                      const DecoderOptions& options) {
  UseGpu(options);
  if (options.precision == Precision::kFloat32) {
    return std::make_shared<CudaWeights<float>>(weights);
  }
  return std::make_shared<CudaWeights<__nv_bfloat16>>(weights);
}

std::unique_ptr<Decoder> MakeCudaDecoder(const ModelConfig& config, const DecoderOptions& options,
                                         int64_t num_blocks) {
  UseGpu(options);
  if (options.precision == Precision::kFloat32) {
    return std::make_unique<CudaDecoder<float>>(config, options, num_blocks);
  }
  return std::make_unique<CudaDecoder<__nv_bfloat16>>(config, options, num_blocks);
}

Status CheckForGpu() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess && count > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("device cuda: no GPU can be used here: ",
                   error == cudaSuccess ? "there is none" : cudaGetErrorString(error)));
}

GpuReport ExamineCudaGpu(const DecoderOptions& options) {
  constexpr int64_t kBytes = int64_t{1} << 30;
  constexpr int kCopies = 10;
  UseGpu(options);
  int gpu = 0;
  Check(cudaGetDevice(&gpu), "looking at it");
  cudaDeviceProp properties;
  Check(cudaGetDeviceProperties(&properties, gpu), "looking at it");
  size_t free = 0, total = 0;
  Check(cudaMemGetInfo(&free, &total), "looking at its memory");
  const DeviceArray<char> from(kBytes), to(kBytes);
  const Stream stream;
  const auto copy = [&] {
    Check(cudaMemcpyAsync(to.data(), from.data(), kBytes, cudaMemcpyDeviceToDevice, stream),
          "copying");
  };
  copy();
  stream.Synchronize();
  const absl::Time begin = absl::Now();
  for (int i = 0; i < kCopies; ++i) copy();
  stream.Synchronize();
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  return {properties.name, static_cast<int64_t>(free), 2.0 * kCopies * kBytes / seconds};
}

int64_t CudaBlockBytes(const ModelConfig& config, Precision precision) {
  const AttentionShape shape{config.num_heads, config.num_kv_heads, config.head_dim};
  const int64_t element = precision == Precision::kFloat32 ? sizeof(float) : sizeof(uint16_t);
  return config.num_layers * shape.block_floats() * element;
}

}  // namespace hone
