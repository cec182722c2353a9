#include "reward/math/vocabulary.h"

#include <array>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"

namespace hone::math {
namespace {

using Words = absl::flat_hash_set<absl::string_view>;
using Map = absl::flat_hash_map<absl::string_view, absl::string_view>;

// What each of these is stands in the header.
const Words& Layout() {
  static const auto* const words = new Words{
      "left",         "right",      "big",         "Big",        "bigg",       "Bigg",
      "bigl",         "bigr",       "Bigl",        "Bigr",       "biggl",      "biggr",
      "displaystyle", "textstyle",  "scriptstyle", "limits",     "nolimits",   "boxed",
      "fbox",         "quad",       "qquad",       "hspace",     "phantom",    "strut",
      "middle",       "large",      "Large",       "tiny",       "small",      "normalsize",
      "rm",           "bf",         "it",          "ensuremath", "bm",         "framebox",
      "rlap",         "enspace",    "thinspace",   "medspace",   "thickspace", "negthinspace",
      "mathstrut",    "allowbreak", "nobreak",     "hfill",      "noindent",   "checkmark",
      "centering"};
  return *words;
}

const Map& Relations() {
  static const auto* const map =
      new Map{{"le", "l"},       {"leq", "l"},     {"leqslant", "l"},   {"leqq", "l"},
              {"ge", "g"},       {"geq", "g"},     {"geqslant", "g"},   {"geqq", "g"},
              {"lt", "<"},       {"gt", ">"},      {"ne", "!"},         {"neq", "!"},
              {"approx", "~"},   {"simeq", "~"},   {"sim", "?"},        {"in", "e"},
              {"equiv", "?"},    {"cong", "?"},    {"to", "?"},         {"rightarrow", "?"},
              {"mapsto", "?"},   {"subset", "?"},  {"subseteq", "?"},   {"parallel", "?"},
              {"perp", "?"},     {"notin", "?"},   {"ni", "?"},         {"supset", "?"},
              {"supseteq", "?"}, {"implies", "?"}, {"Rightarrow", "?"}, {"iff", "?"},
              {"propto", "?"},   {"doteq", "="},   {"coloneqq", "="}};
  return *map;
}

const Words& PrefixFunctions() {
  static const auto* const words = new Words{
      "sin",    "cos",    "tan",    "cot",     "sec",     "csc",     "arcsin", "arccos", "arctan",
      "arccot", "arcsec", "arccsc", "sinh",    "cosh",    "tanh",    "coth",   "sech",   "csch",
      "asin",   "acos",   "atan",   "arcsinh", "arccosh", "arctanh", "asinh",  "acosh",  "atanh",
      "arsinh", "arcosh", "artanh", "ln",      "log",     "lg",      "exp",    "abs",    "gcd",
      "lcm",    "max",    "min",    "det",     "arg",     "Re",      "Im",     "sgn",    "sign",
      "floor",  "ceil",   "dim",    "ker",     "deg",     "sup",     "inf",    "tr",     "rank",
      "hom",    "Pr",     "csch",   "cosec",   "tg",      "ctg",     "arctg"};
  return *words;
}

const Words& Others() {
  static const auto* const words = new Words{
      "frac",       "dfrac",    "tfrac",  "cfrac",     "sqrt",      "binom",      "dbinom",
      "tbinom",     "pi",       "infty",  "cdot",      "times",     "div",        "pm",
      "mp",         "cup",      "cap",    "setminus",  "backslash", "circ",       "degree",
      "begin",      "end",      "langle", "rangle",    "lfloor",    "rfloor",     "lceil",
      "rceil",      "lvert",    "rvert",  "vert",      "mid",       "emptyset",   "varnothing",
      "overline",   "bar",      "hat",    "vec",       "dot",       "dots",       "ldots",
      "cdots",      "sum",      "prod",   "int",       "lim",       "alpha",      "beta",
      "gamma",      "delta",    "theta",  "lambda",    "omega",     "phi",        "varphi",
      "rho",        "sigma",    "tau",    "mathbb",    "lbrace",    "rbrace",     "lbrack",
      "rbrack",     "land",     "lor",    "wedge",     "vee",       "prime",      "over",
      "choose",     "xi",       "mu",     "nu",        "eta",       "zeta",       "epsilon",
      "varepsilon", "psi",      "chi",    "kappa",     "iota",      "Delta",      "Gamma",
      "Omega",      "Theta",    "Phi",    "partial",   "colon",     "ast",        "star",
      "angle",      "triangle", "dotsc",  "underline", "tilde",     "widehat",    "overrightarrow",
      "pmod",       "bmod",     "mod",    "euro",      "pounds",    "textdollar", "percent"};
  return *words;
}

const Map& PlainWords() {
  static const auto* const map =
      new Map{{"sqrt", "sqrt"},       {"cbrt", "cbrt"},      {"pi", "pi"},
              {"Pi", "pi"},           {"infinity", "infty"}, {"Infinity", "infty"},
              {"inf", "infty"},       {"oo", "infty"},       {"infty", "infty"},
              {"percent", "percent"}, {"pct", "percent"},    {"percentage", "percent"},
              {"degrees", "degree"},  {"degree", "degree"},  {"theta", "theta"},
              {"alpha", "alpha"},     {"beta", "beta"},      {"union", "cup"},
              {"cup", "cup"},         {"sin", "sin"},        {"cos", "cos"},
              {"tan", "tan"},         {"cot", "cot"},        {"sec", "sec"},
              {"csc", "csc"},         {"ln", "ln"},          {"log", "log"},
              {"exp", "exp"},         {"arcsin", "arcsin"},  {"arccos", "arccos"},
              {"arctan", "arctan"},   {"asin", "arcsin"},    {"acos", "arccos"},
              {"atan", "arctan"},     {"sinh", "sinh"},      {"cosh", "cosh"},
              {"tanh", "tanh"},       {"abs", "abs"},        {"gcd", "gcd"},
              {"lcm", "lcm"},         {"frac", "frac"},      {"emptyset", "emptyset"},
              {"floor", "floor"},     {"ceil", "ceil"},      {"max", "max"},
              {"min", "min"},         {"det", "det"},        {"times", "times"},
              {"lambda", "lambda"},   {"gamma", "gamma"},    {"omega", "omega"},
              {"phi", "phi"}};
  return *map;
}

constexpr std::array<std::pair<absl::string_view, absl::string_view>, 53> kUnicode = {
    {{"\u2212", "-"},      {"\u2013", "-"},     {"\u00d7", "times"},    {"\u00b7", "cdot"},
     {"\u22c5", "cdot"},   {"\u2217", "cdot"},  {"\u00f7", "div"},      {"\u00b1", "pm"},
     {"\u2213", "mp"},     {"\u2264", "le"},    {"\u2265", "ge"},       {"\u2a7d", "le"},
     {"\u2a7e", "ge"},     {"\u2260", "ne"},    {"\u2248", "approx"},   {"\u2208", "in"},
     {"\u222a", "cup"},    {"\u2229", "cap"},   {"\u2216", "setminus"}, {"\u2205", "emptyset"},
     {"\u221e", "infty"},  {"\u221a", "sqrt"},  {"\u03c0", "pi"},       {"\u00b0", "degree"},
     {"\u03b8", "theta"},  {"\u03b1", "alpha"}, {"\u03b2", "beta"},     {"\u03b3", "gamma"},
     {"\u03bb", "lambda"}, {"\u03c9", "omega"}, {"\u03c6", "phi"},      {"\u03bc", "mu"},
     {"\u211d", "setR"},   {"\u2124", "setZ"},  {"\u2115", "setN"},     {"\u211a", "setQ"},
     {"\u2227", "land"},   {"\u2228", "lor"},   {"\u2032", "prime"},    {"\u2026", "dots"},
     {"\u22ef", "cdots"},  {"\u2220", "angle"}, {"\uff0c", ","},        {"\u2223", "|"},
     {"\u20ac", ""},       {"\u00a3", ""},      {"\u00a5", ""},         {"\u20b9", ""},
     {"\u00a0", ""},       {"\u2009", ""},      {"\u202f", ""},         {"\u200b", ""},
     {"\u2061", ""}}};

constexpr std::array<std::pair<absl::string_view, absl::string_view>, 20> kUnicodeDigits = {
    {{"\u2070", "0"}, {"\u00b9", "1"}, {"\u00b2", "2"}, {"\u00b3", "3"}, {"\u2074", "4"},
     {"\u2075", "5"}, {"\u2076", "6"}, {"\u2077", "7"}, {"\u2078", "8"}, {"\u2079", "9"},
     {"\u2080", "0"}, {"\u2081", "1"}, {"\u2082", "2"}, {"\u2083", "3"}, {"\u2084", "4"},
     {"\u2085", "5"}, {"\u2086", "6"}, {"\u2087", "7"}, {"\u2088", "8"}, {"\u2089", "9"}}};

}  // namespace

bool IsLayout(absl::string_view command) { return Layout().contains(command); }

bool IsTextCommand(absl::string_view command) {
  return command == "text" || command == "mbox" || command == "hbox" || command == "textbf" ||
         command == "textrm" || command == "textit" || command == "textnormal" ||
         command == "textsf" || command == "texttt" || command == "emph" || command == "textup" ||
         command == "unit";
}

bool IsFontCommand(absl::string_view command) {
  return command == "mathrm" || command == "mathbf" || command == "mathit" ||
         command == "operatorname" || command == "mathsf" || command == "mathcal" ||
         command == "mathfrak" || command == "boldsymbol" || command == "mathtt";
}

bool IsKnownCommand(absl::string_view command) {
  return IsLayout(command) || IsTextCommand(command) || IsFontCommand(command) ||
         RelationOf(command) != 0 || IsPrefixFunction(command) || Others().contains(command);
}

char RelationOf(absl::string_view command) {
  const auto found = Relations().find(command);
  return found == Relations().end() ? '\0' : found->second[0];
}

bool IsPrefixFunction(absl::string_view command) { return PrefixFunctions().contains(command); }

absl::string_view CommandOfWord(absl::string_view word) {
  const auto found = PlainWords().find(word);
  return found == PlainWords().end() ? absl::string_view() : found->second;
}

UnicodeSign LeadingUnicodeSign(absl::string_view text) {
  for (const auto& [sign, command] : kUnicode) {
    if (absl::StartsWith(text, sign)) return {command, "", sign.size()};
  }
  for (const auto& [sign, digit] : kUnicodeDigits) {
    if (!absl::StartsWith(text, sign)) continue;
    const bool below = absl::StartsWith(sign, "\xe2\x82");
    return {below ? "_" : "^", digit, sign.size()};
  }
  return {};
}

}  // namespace hone::math
