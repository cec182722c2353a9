#include "model/tokenizer/byte_level.h"

#include <algorithm>
#include <numeric>

#include "model/tokenizer/utf8.h"

namespace hone {
namespace {

constexpr int kNumCharacters = 0x100 + 68;  // 68 bytes do not stand for themselves

bool StandsForItself(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

std::array<char32_t, 256> CodePoints() {
  std::array<char32_t, 256> points{};
  char32_t next = 0x100;
  for (int byte = 0; byte < 256; ++byte) points[byte] = StandsForItself(byte) ? byte : next++;
  return points;
}

}  // namespace

const std::array<std::string, 256>& ByteCharacters() {
  static const auto& table = *new std::array<std::string, 256>([] {
    std::array<std::string, 256> characters;
    const std::array<char32_t, 256> points = CodePoints();
    for (int byte = 0; byte < 256; ++byte) AppendUtf8(points[byte], &characters[byte]);
    return characters;
  }());
  return table;
}

std::array<uint8_t, 256> BytesByCharacter() {
  const std::array<char32_t, 256> points = CodePoints();
  std::array<uint8_t, 256> order;
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](uint8_t a, uint8_t b) { return points[a] < points[b]; });
  return order;
}

std::string BytesToCharacters(absl::string_view bytes) {
  std::string out;
  for (const char byte : bytes) out += ByteCharacters()[static_cast<uint8_t>(byte)];
  return out;
}

std::optional<std::string> CharactersToBytes(absl::string_view characters) {
  static const auto& bytes = *new std::array<int, kNumCharacters>([] {
    std::array<int, kNumCharacters> table;
    table.fill(-1);
    const std::array<char32_t, 256> points = CodePoints();
    for (int byte = 0; byte < 256; ++byte) table[points[byte]] = byte;
    return table;
  }());
  std::string out;
  while (!characters.empty()) {
    const Utf8Step step = NextUtf8(characters);
    if (!step.valid) return std::nullopt;
    const char32_t point = CodePointOf(characters.substr(0, step.length));
    if (point >= kNumCharacters || bytes[point] < 0) return std::nullopt;
    out.push_back(static_cast<char>(bytes[point]));
    characters.remove_prefix(step.length);
  }
  return out;
}

}  // namespace hone
