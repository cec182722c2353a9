// Paths inside a model's folder. A model comes from somebody else: its files may not make Hone read
// what lies elsewhere on this machine, and hand it on in an export.
#ifndef HONE_MODEL_FOLDER_PATH_H_
#define HONE_MODEL_FOLDER_PATH_H_

#include <string>

#include "base/status.h"

namespace hone {

// folder/name, checked: `name` is a relative path without "..", and what it leads to, links
// followed, lies in the folder, or in ../../blobs beside it, where the cache of the Hugging Face
// hub keeps the files of its snapshots. Errors (InvalidArgument; NotFound for an absent file) name
// the file.
StatusOr<std::string> PathInFolder(const std::string& folder, const std::string& name);

}  // namespace hone

#endif  // HONE_MODEL_FOLDER_PATH_H_
