#include "data/procedural/arithmetic.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace hone {
namespace {

struct Term {
  char sign;                 // + or -
  std::vector<int> factors;  // one or two

  int64_t Product() const {
    return int64_t{factors.front()} * (factors.size() > 1 ? factors[1] : 1);
  }
};

// The chain as its terms, the first of them positive.
std::vector<Term> DrawChain(const ArithmeticSpec& spec, Random* random) {
  const auto number = [&] { return 1 + static_cast<int>(random->Below(spec.max_number)); };
  std::vector<Term> chain = {{'+', {number()}}};
  for (int i = 1; i < spec.num_terms; ++i) {
    char op = '*';
    do {
      op = spec.operators[random->Below(spec.operators.size())];
    } while (op == '*' && chain.back().factors.size() == 2);
    if (op == '*') {
      chain.back().factors.push_back(number());
    } else {
      chain.push_back({op, {number()}});
    }
  }
  return chain;
}

std::string ChainText(const std::vector<Term>& chain) {
  std::string text = absl::StrJoin(chain.front().factors, " * ");
  for (size_t i = 1; i < chain.size(); ++i) {
    absl::StrAppend(&text, " ", std::string(1, chain[i].sign), " ",
                    absl::StrJoin(chain[i].factors, " * "));
  }
  return text;
}

std::string Key(const std::vector<Term>& chain) {
  std::vector<std::string> terms;
  for (Term term : chain) {
    std::sort(term.factors.begin(), term.factors.end());
    terms.push_back(absl::StrCat(std::string(1, term.sign), absl::StrJoin(term.factors, "*")));
  }
  std::sort(terms.begin(), terms.end());
  return absl::StrJoin(terms, "");
}

Attempt Compute(const std::vector<Term>& chain, Random* random) {
  Attempt attempt;
  std::vector<int64_t> values;
  for (const Term& term : chain) {
    const bool is_product = term.factors.size() > 1;
    values.push_back(is_product ? Jotted(term.Product(), random) : term.Product());
    if (is_product) {
      AppendStep(absl::StrCat(absl::StrJoin(term.factors, "*"), "=", values.back()),
                 &attempt.steps);
    }
  }
  int64_t sum = values.front();
  for (size_t i = 1; i < chain.size(); ++i) {
    const int64_t right = chain[i].sign == '+' ? sum + values[i] : sum - values[i];
    const int64_t result = Jotted(right, random);
    AppendStep(absl::StrCat(sum, std::string(1, chain[i].sign), values[i], "=", result),
               &attempt.steps);
    sum = result;
  }
  attempt.answer = absl::StrCat(sum);
  return attempt;
}

}  // namespace

Exercise DrawArithmetic(const ArithmeticSpec& spec, Random* random) {
  std::vector<Term> chain = DrawChain(spec, random);
  int64_t value = 0;
  for (const Term& term : chain) value += term.sign == '+' ? term.Product() : -term.Product();
  const std::string text = ChainText(chain);
  return {.key = Key(chain),
          .brief = text,
          .question = absl::StrCat("What is ", text, "? Answer with a whole number."),
          .record = absl::StrCat("\"value\":", value),
          .attempt = [chain = std::move(chain)](Random* r) { return Compute(chain, r); }};
}

}  // namespace hone
