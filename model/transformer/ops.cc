#include "model/transformer/ops.h"

#include <algorithm>
#include <optional>

#include "kernels/linear.h"
#include "kernels/matmul.h"
#include "kernels/parallel.h"

namespace hone {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

float* Data(const torch::Tensor& t) { return t.data_ptr<float>(); }

void CheckMatrix(const torch::Tensor& x, int64_t columns, const char* what) {
  TORCH_CHECK(x.dim() == 2 && x.size(1) == columns && x.is_contiguous() &&
                  x.scalar_type() == torch::kFloat && x.device().is_cpu(),
              what, ": wanted a contiguous fp32 CPU matrix with ", columns, " columns, got ",
              x.sizes(), " ", x.scalar_type());
}

torch::Tensor NewMatrix(int64_t rows, int64_t columns) {
  return torch::empty({rows, columns}, torch::kFloat);
}

// LibTorch's own copies would run on one thread: its pool is off.
torch::Tensor Copy(const torch::Tensor& x) {
  torch::Tensor y = torch::empty_like(x);
  ParallelForBlocks(x.numel(), 16384, [&](int64_t begin, int64_t end) {
    std::copy(Data(x) + begin, Data(x) + end, Data(y) + begin);
  });
  return y;
}

// The packed right operand is scratch: weights change every step, packing costs 1/rows of a
// product.
PackedMatrix& Scratch() {
  static thread_local PackedMatrix packed;
  return packed;
}

// dX = dY·W.
torch::Tensor InputGradient(const torch::Tensor& dy, const torch::Tensor& w) {
  const int64_t n = w.size(0), k = w.size(1);
  Scratch().Pack(Data(w), n, k, k);
  torch::Tensor dx = NewMatrix(dy.size(0), k);
  MatMul({Data(dy), n}, dy.size(0), Scratch(), Data(dx), k, Accumulate::kStore);
  return dx;
}

// Null for an undefined tensor: a weight or bias that the architecture lacks.
const float* DataOrNull(const torch::Tensor& t) { return t.defined() ? Data(t) : nullptr; }

// The Parameter's two tensors travel in saved_data: they are not autograd's to follow.
void Save(AutogradContext* ctx, const char* value_key, const char* grad_key, const Parameter& w) {
  ctx->saved_data[value_key] = w.value;
  ctx->saved_data[grad_key] = w.grad;
}

struct LinearFunction : Function<LinearFunction> {
  static torch::Tensor forward(AutogradContext* ctx, const std::optional<torch::Tensor>& residual,
                               const torch::Tensor& x, const Projection& p, Precision precision) {
    const torch::Tensor& w = p.weight.value;
    const int64_t n = w.size(0), k = w.size(1);
    CheckMatrix(x, k, "Linear");
    Scratch().PackTransposed(Data(w), n, k, precision);
    torch::Tensor y = residual ? Copy(*residual) : NewMatrix(x.size(0), n);
    CheckMatrix(y, n, "Linear's residual");
    const float* bias = DataOrNull(p.bias.value);
    if (residual) {
      hone::LinearAdd({Data(x), k}, x.size(0), Scratch(), bias, precision, Data(y));
    } else {
      hone::Linear({Data(x), k}, x.size(0), Scratch(), bias, precision, Data(y), n);
    }
    ctx->save_for_backward({x});
    Save(ctx, "w", "dw", p.weight);
    ctx->saved_data["dbias"] = p.bias.grad;
    ctx->saved_data["residual"] = residual.has_value();
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const torch::Tensor dy = grads[0].contiguous();
    const torch::Tensor x = ctx->get_saved_variables()[0];
    const torch::Tensor w = ctx->saved_data["w"].toTensor();
    const torch::Tensor dw = ctx->saved_data["dw"].toTensor();
    const torch::Tensor dbias = ctx->saved_data["dbias"].toTensor();
    MatMulWeightGradient(Data(dy), Data(x), dy.size(0), w.size(0), w.size(1), Data(dw));
    if (dbias.defined()) BiasGradient(Data(dy), dy.size(0), w.size(0), Data(dbias));
    return {ctx->saved_data["residual"].toBool() ? dy : torch::Tensor(), InputGradient(dy, w),
            torch::Tensor(), torch::Tensor()};
  }
};

// Returns the norm and x itself, so that the gradients of both ways meet here, in one pass.
struct RmsNormFunction : Function<RmsNormFunction> {
  static variable_list forward(AutogradContext* ctx, const torch::Tensor& x, const Parameter& w,
                               double eps, Precision precision) {
    const int64_t n = w.value.size(0);
    CheckMatrix(x, n, "RmsNorm");
    torch::Tensor y = torch::empty_like(x);
    torch::Tensor inverse = torch::empty({x.size(0)}, torch::kFloat);
    hone::RmsNorm(Data(x), x.size(0), n, Data(w.value), static_cast<float>(eps), Data(y),
                  Data(inverse), precision);
    ctx->save_for_backward({x, inverse});
    Save(ctx, "w", "dw", w);
    return {y, x};
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const torch::Tensor dy = grads[0].contiguous();
    const auto saved = ctx->get_saved_variables();
    const torch::Tensor w = ctx->saved_data["w"].toTensor();
    torch::Tensor dx = Copy(grads[1].contiguous());
    RmsNormBackward(Data(dy), Data(saved[0]), Data(saved[1]), dy.size(0), w.size(0), Data(w),
                    Data(dx), Data(ctx->saved_data["dw"].toTensor()));
    return {dx, torch::Tensor(), torch::Tensor(), torch::Tensor()};
  }
};

// Arguments that torch's saved_data cannot hold by itself.
struct QkvArguments : torch::CustomClassHolder {
  double eps;
  Precision precision;
  AttentionShape shape;
  std::shared_ptr<const PackedTokens> batch;
  std::shared_ptr<const RopeTable> rope;

  int64_t width() const {
    return int64_t{shape.num_heads + 2 * shape.num_kv_heads} * shape.head_dim;
  }
  HeadRows queries() const { return {batch->size(), shape.num_heads, shape.head_dim}; }
  HeadRows keys() const { return {batch->size(), shape.num_kv_heads, shape.head_dim}; }
  int64_t key_offset() const { return int64_t{shape.num_heads} * shape.head_dim; }
  int64_t value_offset() const {
    return int64_t{shape.num_heads + shape.num_kv_heads} * shape.head_dim;
  }
};

// Copies the value columns, which norm and rotation leave alone.
void CopyValues(const QkvArguments& a, const float* from, float* to) {
  const int64_t count = int64_t{a.shape.num_kv_heads} * a.shape.head_dim;
  ParallelForBlocks(a.batch->size(), 64, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      const int64_t at = t * a.width() + a.value_offset();
      std::copy_n(from + at, count, to + at);
    }
  });
}

struct QkvNormRopeFunction : Function<QkvNormRopeFunction> {
  static torch::Tensor forward(AutogradContext* ctx, const torch::Tensor& qkv,
                               const Parameter& q_norm, const Parameter& k_norm,
                               const c10::intrusive_ptr<QkvArguments>& args) {
    const QkvArguments& a = *args;
    CheckMatrix(qkv, a.width(), "QkvNormRope");
    const float eps = static_cast<float>(a.eps);
    torch::Tensor y = torch::empty_like(qkv);
    torch::Tensor q_inverse = NewMatrix(qkv.size(0), a.shape.num_heads);
    torch::Tensor k_inverse = NewMatrix(qkv.size(0), a.shape.num_kv_heads);
    const int32_t* positions = a.batch->positions.data();
    NormRope(a.queries(), Data(qkv), a.width(), DataOrNull(q_norm.value), eps, positions, *a.rope,
             Data(y), a.width(), Data(q_inverse), a.precision);
    NormRope(a.keys(), Data(qkv) + a.key_offset(), a.width(), DataOrNull(k_norm.value), eps,
             positions, *a.rope, Data(y) + a.key_offset(), a.width(), Data(k_inverse), a.precision);
    CopyValues(a, Data(qkv), Data(y));
    ctx->save_for_backward({qkv, q_inverse, k_inverse});
    Save(ctx, "q", "dq", q_norm);
    Save(ctx, "k", "dk", k_norm);
    ctx->saved_data["args"] = c10::IValue::make_capsule(args);
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto capsule = ctx->saved_data["args"].toCapsule();
    const QkvArguments& a = static_cast<const QkvArguments&>(*capsule);
    const torch::Tensor dy = grads[0].contiguous();
    const auto saved = ctx->get_saved_variables();
    const auto weight = [&](const char* key) -> float* {
      const torch::Tensor t = ctx->saved_data[key].toTensor();
      return t.defined() ? Data(t) : nullptr;
    };
    torch::Tensor dx = torch::empty_like(dy);
    const int32_t* positions = a.batch->positions.data();
    NormRopeBackward(a.queries(), Data(dy), a.width(), Data(saved[0]), a.width(), weight("q"),
                     Data(saved[1]), positions, *a.rope, Data(dx), a.width(), weight("dq"));
    const int64_t keys = a.key_offset();
    NormRopeBackward(a.keys(), Data(dy) + keys, a.width(), Data(saved[0]) + keys, a.width(),
                     weight("k"), Data(saved[2]), positions, *a.rope, Data(dx) + keys, a.width(),
                     weight("dk"));
    CopyValues(a, Data(dy), Data(dx));
    return {dx, torch::Tensor(), torch::Tensor(), torch::Tensor()};
  }
};

// Pointers to each sequence's blocks inside one storage tensor.
struct BlockTable {
  BlockTable(const PackedTokens& batch, const AttentionShape& shape) {
    for (int64_t s = 0; s < batch.num_sequences(); ++s) {
      first.push_back(total);
      total += (batch.starts[s + 1] - batch.starts[s] + kKvBlockTokens - 1) / kKvBlockTokens;
    }
    block_floats = shape.block_floats();
  }
  void Point(float* storage) {
    for (int64_t b = 0; b < total; ++b) pointers.push_back(storage + b * block_floats);
  }
  std::vector<int64_t> first;  // block of each sequence
  int64_t total = 0;
  int64_t block_floats = 0;
  std::vector<const float*> pointers;
};

struct AttentionFunction : Function<AttentionFunction> {
  static torch::Tensor forward(AutogradContext* ctx, const torch::Tensor& qkv,
                               const c10::intrusive_ptr<QkvArguments>& args) {
    const QkvArguments& a = *args;
    CheckMatrix(qkv, a.width(), "SelfAttention");
    BlockTable table(*a.batch, a.shape);
    torch::Tensor storage = NewMatrix(table.total, table.block_floats);
    table.Point(Data(storage));
    torch::Tensor out = NewMatrix(qkv.size(0), a.key_offset());
    torch::Tensor log_sum = NewMatrix(qkv.size(0), a.shape.num_heads);

    std::vector<AttentionQueries> queries;
    for (int64_t s = 0; s < a.batch->num_sequences(); ++s) {
      const int64_t start = a.batch->starts[s];
      queries.push_back({Data(qkv) + start * a.width(), a.batch->starts[s + 1] - start, 0,
                         &table.pointers[table.first[s]], Data(out) + start * a.key_offset(),
                         Data(log_sum) + start * a.shape.num_heads});
    }
    ParallelFor(a.batch->num_sequences(), [&](int64_t s) {
      const int64_t tokens = queries[s].num_queries;
      float* const last =
          Data(storage) + (table.first[s] + (tokens - 1) / kKvBlockTokens) * table.block_floats;
      std::fill_n(last, table.block_floats, 0.0f);  // what stays unused must be finite
      for (int64_t t = 0; t < tokens; ++t) {
        const float* row = queries[s].q + t * a.width();
        float* block = Data(storage) + (table.first[s] + t / kKvBlockTokens) * table.block_floats;
        StoreKv(a.shape, row + a.key_offset(), row + a.value_offset(), t % kKvBlockTokens, block);
      }
    });
    Attention(a.shape, queries, a.width(), a.key_offset(), a.precision);
    ctx->save_for_backward({qkv, storage, log_sum, out});
    ctx->saved_data["args"] = c10::IValue::make_capsule(args);
    return out;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto capsule = ctx->saved_data["args"].toCapsule();
    const QkvArguments& a = static_cast<const QkvArguments&>(*capsule);
    const torch::Tensor dout = grads[0].contiguous();
    const auto saved = ctx->get_saved_variables();
    torch::Tensor dqkv = torch::empty_like(saved[0]);
    BlockTable table(*a.batch, a.shape);
    table.Point(Data(saved[1]));
    std::vector<AttentionGradient> sequences;
    for (int64_t s = 0; s < a.batch->num_sequences(); ++s) {
      const int64_t start = a.batch->starts[s];
      sequences.push_back({Data(saved[0]) + start * a.width(), &table.pointers[table.first[s]],
                           Data(saved[3]) + start * a.key_offset(),
                           Data(saved[2]) + start * a.shape.num_heads,
                           Data(dout) + start * a.key_offset(), Data(dqkv) + start * a.width(),
                           a.batch->starts[s + 1] - start});
    }
    AttentionBackward(a.shape, sequences);
    return {dqkv, torch::Tensor()};
  }
};

struct SwiGluFunction : Function<SwiGluFunction> {
  static torch::Tensor forward(AutogradContext* ctx, const torch::Tensor& x, Precision precision) {
    const int64_t n = x.size(1) / 2;
    CheckMatrix(x, 2 * n, "SwiGlu");
    torch::Tensor y = NewMatrix(x.size(0), n);
    hone::SwiGlu(Data(x), x.size(0), n, Data(y), precision);
    ctx->save_for_backward({x});
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const torch::Tensor dy = grads[0].contiguous();
    const torch::Tensor x = ctx->get_saved_variables()[0];
    torch::Tensor dx = torch::empty_like(x);
    SwiGluBackward(Data(dy), Data(x), x.size(0), dy.size(1), Data(dx));
    return {dx, torch::Tensor()};
  }
};

}  // namespace

void PackedTokens::Append(const std::vector<int32_t>& sequence) {
  if (starts.empty()) starts.push_back(0);
  tokens.insert(tokens.end(), sequence.begin(), sequence.end());
  for (size_t i = 0; i < sequence.size(); ++i) positions.push_back(static_cast<int32_t>(i));
  starts.push_back(size());
}

torch::Tensor Linear(const torch::Tensor& x, const Projection& p, Precision precision) {
  return LinearFunction::apply(std::optional<torch::Tensor>(), x, p, precision);
}

torch::Tensor LinearAdd(const torch::Tensor& residual, const torch::Tensor& x, const Projection& p,
                        Precision precision) {
  return LinearFunction::apply(std::optional<torch::Tensor>(residual), x, p, precision);
}

NormBranch RmsNorm(const torch::Tensor& x, const Parameter& w, double eps, Precision precision) {
  const variable_list both = RmsNormFunction::apply(x, w, eps, precision);
  return {both[0], both[1]};
}

torch::Tensor QkvNormRope(const torch::Tensor& qkv, const Parameter& q_norm,
                          const Parameter& k_norm, double eps, const AttentionShape& shape,
                          std::shared_ptr<const PackedTokens> batch,
                          std::shared_ptr<const RopeTable> rope, Precision precision) {
  auto args = c10::make_intrusive<QkvArguments>();
  args->eps = eps;
  args->precision = precision;
  args->shape = shape;
  args->batch = std::move(batch);
  args->rope = std::move(rope);
  return QkvNormRopeFunction::apply(qkv, q_norm, k_norm, args);
}

torch::Tensor SelfAttention(const torch::Tensor& qkv, const AttentionShape& shape,
                            std::shared_ptr<const PackedTokens> batch, Precision precision) {
  auto args = c10::make_intrusive<QkvArguments>();
  args->precision = precision;
  args->shape = shape;
  args->batch = std::move(batch);
  return AttentionFunction::apply(qkv, args);
}

torch::Tensor SwiGlu(const torch::Tensor& gate_up, Precision precision) {
  return SwiGluFunction::apply(gate_up, precision);
}

}  // namespace hone
