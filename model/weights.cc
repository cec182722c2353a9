#include "model/weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/philox.h"

namespace hone {
namespace {

// Streams of the seed that only weights use: "weight" in ASCII, then the tensor's index.
constexpr uint64_t kStream = uint64_t{0x776569676874} << 16;

// The natural logarithm from +, -, ×, ÷ alone: libm's may differ in its last bit from one version
// to the next, and then the same seed would give other weights.
double PortableLog(double x) {
  constexpr double kLn2 = 0.693147180559945309417;
  constexpr double kSqrtHalf = 0.707106781186547524401;
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);  // exact
  if (mantissa < kSqrtHalf) {
    mantissa *= 2;
    --exponent;
  }
  // log(m) = 2 atanh(z); |z| <= 0.172, so 12 terms reach double precision.
  const double z = (mantissa - 1) / (mantissa + 1);
  double series = 0;
  for (int k = 23; k >= 1; k -= 2) series = series * (z * z) + 1.0 / k;
  return exponent * kLn2 + 2 * z * series;
}

double Polynomial(const double (&coefficients)[8], double x) {  // highest power first
  double value = 0;
  for (const double c : coefficients) value = value * x + c;
  return value;
}

// Quantile of the standard normal for p in [2^-33, 1 - 2^-33]: algorithm AS 241, PPND16 (Wichura,
// Applied Statistics 37, 1988), without its branch for p < exp(-25). Error about 1e-16.
double NormalQuantile(double p) {
  constexpr double kA[8] = {2509.0809287301226727, 33430.575583588128105, 67265.770927008700853,
                            45921.953931549871457, 13731.693765509461125, 1971.5909503065514427,
                            133.14166789178437745, 3.387132872796366608};
  constexpr double kB[8] = {
      5226.495278852854561,  28729.085735721942674, 39307.89580009271061,  21213.794301586595867,
      5394.1960214247511077, 687.1870074920579083,  42.313330701600911252, 1.0};
  constexpr double kC[8] = {7.7454501427834140764e-4, 0.0227238449892691845833,
                            0.24178072517745061177,   1.27045825245236838258,
                            3.64784832476320460504,   5.7694972214606914055,
                            4.6303378461565452959,    1.42343711074968357734};
  constexpr double kD[8] = {1.05075007164441684324e-9, 5.475938084995344946e-4,
                            0.0151986665636164571966,  0.14810397642748007459,
                            0.68976733498510000455,    1.6763848301838038494,
                            2.05319162663775882187,    1.0};
  const double q = p - 0.5;
  if (std::fabs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * Polynomial(kA, r) / Polynomial(kB, r);
  }
  const double r = std::sqrt(-PortableLog(q < 0 ? p : 1 - p)) - 1.6;
  const double x = Polynomial(kC, r) / Polynomial(kD, r);
  return q < 0 ? -x : x;
}

bool EndsWithAny(absl::string_view name, std::initializer_list<absl::string_view> endings) {
  for (const absl::string_view ending : endings) {
    if (name.size() >= ending.size() && name.substr(name.size() - ending.size()) == ending) {
      return true;
    }
  }
  return false;
}

// Numbers `first` and on of the stream: each is a function of its place alone.
void FillNormal(uint64_t seed, uint64_t stream, int64_t first, double scale,
                absl::Span<float> out) {
  std::array<uint32_t, 4> block{};
  for (int64_t i = 0; i < std::ssize(out); ++i) {
    const uint64_t at = first + i;
    if (i == 0 || at % 4 == 0) block = Philox(seed, stream, at / 4);
    out[i] = static_cast<float>(scale * NormalQuantile((block[at % 4] + 0.5) * 0x1p-32));
  }
}

}  // namespace

Weights::Weights(const ModelConfig& config) : Weights() {
  SetConfig(config);
  data_.resize(offsets_.back());
}

StatusOr<Weights> Weights::Map(const ModelConfig& config, const std::string& path) {
  Weights weights;
  weights.SetConfig(config);
  HONE_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
  const size_t wanted = weights.offsets_.back() * sizeof(float);
  if (file.size() != wanted) {
    return absl::DataLossError(
        absl::StrCat(path, " has ", file.size(), " bytes, the model's weights ", wanted));
  }
  weights.file_ = std::make_shared<const MappedFile>(std::move(file));
  return weights;
}

void Weights::SetConfig(const ModelConfig& config) {
  config_ = config;
  specs_ = TensorSpecs(config);
  offsets_ = {0};
  for (const TensorSpec& spec : specs_) offsets_.push_back(offsets_.back() + spec.size());
}

absl::Span<float> Weights::flat() {
  if (file_ == nullptr) return absl::MakeSpan(data_);
  LogError("weights that are a file cannot be changed");
  std::abort();
}

absl::Span<const float> Weights::flat() const {
  if (file_ == nullptr) return data_;
  return {reinterpret_cast<const float*>(file_->data()), static_cast<size_t>(offsets_.back())};
}

absl::Span<float> Weights::tensor(int index) {
  return flat().subspan(offsets_[index], offsets_[index + 1] - offsets_[index]);
}

absl::Span<const float> Weights::tensor(int index) const {
  return flat().subspan(offsets_[index], offsets_[index + 1] - offsets_[index]);
}

absl::Span<const float> Weights::tensor(absl::string_view name) const {
  for (size_t i = 0; i < specs_.size(); ++i) {
    if (specs_[i].name == name) return tensor(static_cast<int>(i));
  }
  LogError(absl::StrCat("the model has no tensor \"", name, "\""));
  std::abort();
}

void RoundWeights(Precision precision, Weights* weights) {
  if (precision == Precision::kFloat32) return;
  for (float& value : weights->flat()) value = RoundToBFloat16(value);
}

Weights InitWeights(const ModelConfig& config, double initializer_range, uint64_t seed) {
  Weights weights(config);
  InitWeights(config, initializer_range, seed, 0, weights.flat());
  return weights;
}

void InitWeights(const ModelConfig& config, double initializer_range, uint64_t seed, int64_t begin,
                 absl::Span<float> out) {
  const double residual_scale = 1.0 / std::sqrt(2.0 * config.num_layers);
  const int64_t end = begin + std::ssize(out);
  int64_t offset = 0;  // of the tensor
  const std::vector<TensorSpec> specs = TensorSpecs(config);
  for (size_t i = 0; i < specs.size(); ++i) {
    const int64_t from = std::max(begin, offset), to = std::min(end, offset + specs[i].size());
    if (from < to) {
      const auto values = out.subspan(from - begin, to - from);
      if (specs[i].shape.size() == 1) {  // norms, and biases
        std::fill(values.begin(), values.end(),
                  EndsWithAny(specs[i].name, {".bias"}) ? 0.0f : 1.0f);
      } else {
        double scale = initializer_range;
        if (EndsWithAny(specs[i].name, {"o_proj.weight", "down_proj.weight"})) {
          scale *= residual_scale;
        }
        FillNormal(seed, kStream + i, from - offset, scale, values);
      }
    }
    offset += specs[i].size();
  }
}

}  // namespace hone
