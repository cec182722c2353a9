#include "trainer/learner_command.h"

#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

namespace hone {
namespace {

// Fields one after the other; a text or list is its length and its elements.
class Writer {
 public:
  template <typename T>
  void operator()(const T& value) {
    if constexpr (std::is_trivially_copyable_v<T>) {
      Raw(&value, sizeof(value));
    } else {
      Fields(*this, const_cast<T&>(value));
    }
  }
  void operator()(const std::string& text) {
    (*this)(uint64_t{text.size()});
    Raw(text.data(), text.size());
  }
  template <typename T>
  void operator()(const std::vector<T>& list) {
    (*this)(uint64_t{list.size()});
    if constexpr (std::is_trivially_copyable_v<T>) {
      Raw(list.data(), list.size() * sizeof(T));
    } else {
      for (const T& element : list) (*this)(element);
    }
  }

  std::string bytes;

 private:
  void Raw(const void* data, size_t size) { bytes.append(static_cast<const char*>(data), size); }
};

class Reader {
 public:
  explicit Reader(const std::string& bytes) : bytes_(bytes) {}

  template <typename T>
  void operator()(T& value) {
    if constexpr (std::is_trivially_copyable_v<T>) {
      Raw(&value, sizeof(value));
    } else {
      Fields(*this, value);
    }
  }
  void operator()(std::string& text) {
    text.resize(Length(1));
    Raw(text.data(), text.size());
  }
  template <typename T>
  void operator()(std::vector<T>& list) {
    if constexpr (std::is_trivially_copyable_v<T>) {
      list.resize(Length(sizeof(T)));
      Raw(list.data(), list.size() * sizeof(T));
    } else {
      list.resize(Length(1));  // an element has a length at least
      for (T& element : list) (*this)(element);
    }
  }

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  // What follows must be there.
  uint64_t Length(size_t element_bytes) {
    uint64_t length = 0;
    Raw(&length, sizeof(length));
    if (length <= (bytes_.size() - at_) / element_bytes) return length;
    ok_ = false;
    return 0;
  }
  void Raw(void* out, size_t size) {
    if (size > bytes_.size() - at_) {
      ok_ = false;
      return;
    }
    std::memcpy(out, bytes_.data() + at_, size);
    at_ += size;
  }

  const std::string& bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

template <typename Archive>
void Fields(Archive& archive, TrainSequence& sequence) {
  archive(sequence.tokens);
  archive(sequence.prompt_size);
}

template <typename Archive>
void Fields(Archive& archive, TrainBatch& batch) {
  archive(batch.sequences);
  archive(batch.groups);
  archive(batch.rewards);
  archive(batch.advantages);
  archive(batch.weights);
  archive(batch.rollout_logprobs);
  archive(batch.old_logprobs);
  archive(batch.ref_logprobs);
}

template <typename Archive>
void Fields(Archive& archive, LearnerCommand& command) {
  archive(command.kind);
  archive(command.stage);
  archive(command.temperature);
  archive(command.lr);
  archive(command.version);
  archive(command.checkpoint);
  archive(command.batch);
}

}  // namespace

std::string Encode(const LearnerCommand& command) {
  Writer writer;
  writer(command);
  return std::move(writer.bytes);
}

StatusOr<LearnerCommand> DecodeLearnerCommand(const std::string& bytes) {
  Reader reader(bytes);
  LearnerCommand command;
  reader(command);
  if (!reader.ok() || !reader.at_end()) {
    return absl::DataLossError("a command for the learner arrived broken");
  }
  return command;
}

}  // namespace hone
