// Hash tables that are filled once and then only read: one array, open addressing, at most half
// full. The tokenizer spends its time here.
#ifndef HONE_MODEL_TOKENIZER_FLAT_TABLE_H_
#define HONE_MODEL_TOKENIZER_FLAT_TABLE_H_

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/numeric/bits.h"
#include "absl/strings/string_view.h"

namespace hone {

// From two non-negative numbers to a value.
template <typename T>
class PairTable {
 public:
  // For up to `size` pairs.
  explicit PairTable(size_t size)
      : slots_(absl::bit_ceil(2 * size + 2)), shift_(64 - absl::bit_width(slots_.size() - 1)) {}

  // Replaces the value of a pair that is there.
  void Put(int32_t left, int32_t right, const T& value) {
    Slot& slot = slots_[Place(Key(left, right))];
    slot = {Key(left, right), value};
  }
  // Null when the pair is not there.
  const T* Find(int32_t left, int32_t right) const {
    const Slot& slot = slots_[Place(Key(left, right))];
    return slot.key == kEmpty ? nullptr : &slot.value;
  }

 private:
  static constexpr uint64_t kEmpty = UINT64_MAX;
  struct Slot {
    uint64_t key = kEmpty;
    T value{};
  };

  static uint64_t Key(int32_t left, int32_t right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
  }
  // Where the key is, or the free slot where it would go.
  size_t Place(uint64_t key) const {
    // Fibonacci hashing, twice: the halves of a key are small numbers.
    constexpr uint64_t multiplier = 0x9e3779b97f4a7c15;
    const uint64_t mixed = (key ^ key >> 29) * multiplier;
    size_t at = (mixed ^ mixed >> 32) * multiplier >> shift_;
    while (slots_[at].key != key && slots_[at].key != kEmpty) at = (at + 1) & (slots_.size() - 1);
    return at;
  }

  std::vector<Slot> slots_;
  int shift_;
};

// From a text to a non-negative number.
class WordTable {
 public:
  // For up to `size` texts.
  explicit WordTable(size_t size)
      : slots_(absl::bit_ceil(2 * size + 2)), shift_(64 - absl::bit_width(slots_.size() - 1)) {}

  // Keeps the first number of a text.
  void Put(absl::string_view word, int32_t number) {
    const uint64_t hash = Hash(word);
    Slot& slot = slots_[Place(word, hash)];
    if (slot.number >= 0) return;
    slot = {static_cast<uint32_t>(hash), number, static_cast<uint32_t>(bytes_.size()),
            static_cast<uint32_t>(word.size())};
    bytes_.append(word.data(), word.size());
  }
  // -1 when the text is not there.
  int32_t Find(absl::string_view word) const { return slots_[Place(word, Hash(word))].number; }

 private:
  struct Slot {
    uint32_t check = 0;  // lower half of the hash
    int32_t number = -1;
    uint32_t begin = 0;  // in bytes_
    uint32_t size = 0;
  };

  static uint64_t Hash(absl::string_view word) {
    constexpr uint64_t multiplier = 0x9e3779b97f4a7c15;
    uint64_t hash = word.size() * multiplier;
    const auto add = [&](const char* from, size_t size) {
      uint64_t bytes = 0;
      std::memcpy(&bytes, from, size);
      hash = (hash ^ bytes) * multiplier;
      hash ^= hash >> 32;
    };
    size_t at = 0;
    for (; at + 8 <= word.size(); at += 8) add(word.data() + at, 8);
    add(word.data() + at, word.size() - at);
    return hash * multiplier;
  }
  size_t Place(absl::string_view word, uint64_t hash) const {
    size_t at = hash >> shift_;
    while (slots_[at].number >= 0 && !Holds(slots_[at], word, hash)) {
      at = (at + 1) & (slots_.size() - 1);
    }
    return at;
  }
  bool Holds(const Slot& slot, absl::string_view word, uint64_t hash) const {
    return slot.check == static_cast<uint32_t>(hash) && slot.size == word.size() &&
           std::memcmp(bytes_.data() + slot.begin, word.data(), word.size()) == 0;
  }

  std::vector<Slot> slots_;
  int shift_;
  std::string bytes_;
};

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_FLAT_TABLE_H_
