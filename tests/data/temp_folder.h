// A folder for one test, removed with everything in it.
#ifndef HONE_TESTS_DATA_TEMP_FOLDER_H_
#define HONE_TESTS_DATA_TEMP_FOLDER_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace hone {

class TempFolder {
 public:
  TempFolder() : path_(testing::TempDir() + "/hone-data-XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) ADD_FAILURE() << "cannot create " << path_;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace hone

#endif  // HONE_TESTS_DATA_TEMP_FOLDER_H_
