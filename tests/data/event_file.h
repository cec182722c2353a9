// Reads TensorBoard event files, written apart from the writer under test.
#ifndef HONE_TESTS_DATA_EVENT_FILE_H_
#define HONE_TESTS_DATA_EVENT_FILE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/hash.h"

namespace hone {

struct ReadEvent {
  double wall_time = 0;
  int64_t step = 0;
  std::string file_version;
  std::vector<std::pair<std::string, float>> values;
};

template <typename T>
T TakeLittleEndian(absl::string_view* rest) {
  T value{};
  if (rest->size() < sizeof(T)) {
    ADD_FAILURE() << "cut short";
    *rest = {};
    return value;
  }
  std::memcpy(&value, rest->data(), sizeof(T));
  rest->remove_prefix(sizeof(T));
  return value;
}

inline uint64_t TakeVarint(absl::string_view* rest) {
  uint64_t value = 0;
  for (int shift = 0; !rest->empty(); shift += 7) {
    const uint8_t byte = (*rest)[0];
    rest->remove_prefix(1);
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) break;
  }
  return value;
}

inline absl::string_view TakeBytes(absl::string_view* rest) {
  const uint64_t size = TakeVarint(rest);
  const absl::string_view bytes = rest->substr(0, size);
  EXPECT_EQ(bytes.size(), size);
  rest->remove_prefix(bytes.size());
  return bytes;
}

inline void ExpectMaskedCrc(uint32_t stored, absl::string_view data) {
  const uint32_t crc = Crc32c(data);
  EXPECT_EQ(stored, static_cast<uint32_t>(((crc >> 15) | (crc << 17)) + 0xa282ead8u));
}

inline ReadEvent ParseEvent(absl::string_view data) {
  ReadEvent event;
  while (!data.empty()) {
    switch (TakeVarint(&data)) {
      case 1 << 3 | 1:
        event.wall_time = TakeLittleEndian<double>(&data);
        break;
      case 2 << 3 | 0:
        event.step = static_cast<int64_t>(TakeVarint(&data));
        break;
      case 3 << 3 | 2:
        event.file_version = std::string(TakeBytes(&data));
        break;
      case 5 << 3 | 2: {
        absl::string_view summary = TakeBytes(&data);
        while (!summary.empty()) {
          EXPECT_EQ(TakeVarint(&summary), 1u << 3 | 2);
          absl::string_view value = TakeBytes(&summary);
          EXPECT_EQ(TakeVarint(&value), 1u << 3 | 2);
          const std::string tag(TakeBytes(&value));
          EXPECT_EQ(TakeVarint(&value), 2u << 3 | 5);
          event.values.emplace_back(tag, TakeLittleEndian<float>(&value));
          EXPECT_TRUE(value.empty());
        }
        break;
      }
      default:
        ADD_FAILURE() << "unknown field";
        return event;
    }
  }
  return event;
}

// The events of all files of the folder.
inline std::vector<ReadEvent> ReadEvents(const std::string& folder, int* num_files = nullptr) {
  std::vector<ReadEvent> events;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    ++files;
    EXPECT_EQ(entry.path().filename().string().find("events.out.tfevents."), 0u);
    const std::string content = ReadFile(entry.path()).value();
    for (absl::string_view rest = content; !rest.empty();) {
      const absl::string_view length_bytes = rest.substr(0, 8);
      const uint64_t length = TakeLittleEndian<uint64_t>(&rest);
      ExpectMaskedCrc(TakeLittleEndian<uint32_t>(&rest), length_bytes);
      const absl::string_view data = rest.substr(0, length);
      rest.remove_prefix(data.size());
      ExpectMaskedCrc(TakeLittleEndian<uint32_t>(&rest), data);
      events.push_back(ParseEvent(data));
    }
  }
  if (num_files != nullptr) *num_files = files;
  return events;
}

}  // namespace hone

#endif  // HONE_TESTS_DATA_EVENT_FILE_H_
