// What a Hugging Face folder holds besides the numbers, so that a model that was loaded from one
// can be written as it came: how each tensor is kept, config.json with fields that Hone does not
// know, the tokenizer's files, templates, licence. All of it is data: nothing is followed or run.
#ifndef HONE_MODEL_FOLDER_ORIGIN_H_
#define HONE_MODEL_FOLDER_ORIGIN_H_

#include <map>
#include <optional>
#include <string>

#include "base/status.h"
#include "model/weights_file.h"

namespace hone {

struct FolderOrigin {
  WeightsFormat format;
  std::map<std::string, std::string> files;  // by path in the folder; config.json among them
};

// The files of a folder: all regular ones in it and in additional_chat_templates/, but no weights
// of any format and nothing above 64 MiB (a warning names it). A link out of the folder is an
// error (PathInFolder).
StatusOr<std::map<std::string, std::string>> ReadFolderFiles(const std::string& folder);

// How `weights`, loaded from this origin and perhaps trained since, are written. With `dtype` all
// tensors have that type. Without, a tensor that the type it came in still holds exactly keeps it
// (so one that did not change keeps its bytes), and any other is fp32: nothing is lost.
WeightsFormat FormatFor(const FolderOrigin& origin, const Weights& weights,
                        std::optional<DType> dtype);

// The origin's config.json, changed only where `format` or `weights` no longer fit it.
std::string ConfigFor(const FolderOrigin& origin, const Weights& weights,
                      const WeightsFormat& format, std::optional<DType> dtype);

}  // namespace hone

#endif  // HONE_MODEL_FOLDER_ORIGIN_H_
