#include "reward/math/rename.h"

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace hone::math {
namespace {

class Renamer {
 public:
  explicit Renamer(Arena* arena) : arena_(arena) {}

  Ref Rename(Ref node) {
    if (node == nullptr) return nullptr;
    if (node->kind == Kind::kSymbol) {
      const size_t number = numbers_.emplace(node->text, numbers_.size() + 1).first->second;
      return arena_->Symbol(absl::StrCat("#", number));
    }
    std::vector<Ref> args;
    bool changed = false;
    for (const Ref arg : node->args) {
      args.push_back(Rename(arg));
      changed = changed || args.back() != arg;
    }
    if (!changed) return node;
    if (node->kind == Kind::kMatrix) {
      return arena_->Matrix(std::move(args), node->number.ToInt().value_or(1));
    }
    return arena_->Make(node->kind, std::move(args), node->text);
  }

 private:
  Arena* arena_;
  absl::flat_hash_map<std::string, size_t> numbers_;
};

}  // namespace

Ref NumberVariables(Ref node, Arena* arena) { return Renamer(arena).Rename(node); }

}  // namespace hone::math
