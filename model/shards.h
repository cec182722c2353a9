// The tensors of a Hugging Face folder, wherever its files keep them.
#ifndef HONE_MODEL_SHARDS_H_
#define HONE_MODEL_SHARDS_H_

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/safetensors.h"

namespace hone {

// Open files and the place of every tensor in them.
class Shards {
 public:
  // model.safetensors, or model.safetensors.index.json and the files that it names. Those must
  // lie in the folder (PathInFolder). The index and the files must agree on what is where.
  static StatusOr<Shards> Open(const std::string& folder);

  struct Place {
    std::string path;
    absl::string_view bytes;
    TensorEntry entry;
  };
  // By the tensor's name. Valid while this object lives.
  const std::map<std::string, Place>& tensors() const { return tensors_; }
  // Of all files; of a key that several have, the value that comes first.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  Status Add(const std::string& path);

  std::vector<SafetensorsFile> files_;
  std::map<std::string, Place> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace hone

#endif  // HONE_MODEL_SHARDS_H_
