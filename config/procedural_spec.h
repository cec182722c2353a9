// Tasks whose problems are made by rule: each one's difficulty. docs/tasks.md shows them.
#ifndef HONE_CONFIG_PROCEDURAL_SPEC_H_
#define HONE_CONFIG_PROCEDURAL_SPEC_H_

#include <string>
#include <vector>

namespace hone {

// The Countdown task: reach a target from numbers with + - * /.
struct CountdownSpec {
  int num_numbers = 3;  // how many numbers a problem gives
  int max_number = 9;   // numbers are drawn from 1 … max_number
  int min_target = 5;
  int max_target = 30;
  int heldout = 512;                      // problems kept out of training, with all permutations
  std::string prompt_template = "short";  // short | r1_zero

  template <typename V>
  void Fields(V& v) {
    v("num_numbers", num_numbers, "numbers a problem gives (2 to 4)");
    v("max_number", max_number, "numbers are drawn from 1 to this");
    v("min_target", min_target, "smallest target");
    v("max_target", max_target, "largest target");
    v("heldout", heldout, "problems kept out of training, with all their permutations");
    v("prompt_template", prompt_template, "short or r1_zero: the text around the question");
  }

  friend bool operator==(const CountdownSpec&, const CountdownSpec&) = default;
};

// What the tasks below have in common.
struct FamilySpec {
  int heldout = 512;                      // problems that are measured
  std::string prompt_template = "short";  // short | r1_zero

  template <typename V>
  void Fields(V& v) {
    v("heldout", heldout, "held-out problems; not 0: an eighth of all problems never trains");
    v("prompt_template", prompt_template, "short or r1_zero: the text around the question");
  }

  friend bool operator==(const FamilySpec&, const FamilySpec&) = default;
};

// A chain of numbers and operators: 7 + 12 * 3 - 5.
struct ArithmeticSpec {
  int num_terms = 4;
  int max_number = 20;
  std::string operators = "+-*";

  template <typename V>
  void Fields(V& v) {
    v("num_terms", num_terms, "numbers of a chain (2 to 12)");
    v("max_number", max_number, "numbers are drawn from 1 to this");
    v("operators", operators, "some of + - *; a product has two factors");
  }

  friend bool operator==(const ArithmeticSpec&, const ArithmeticSpec&) = default;
};

// A number from one base to another.
struct BaseConversionSpec {
  int max_value = 255;
  int min_base = 2;
  int max_base = 16;

  template <typename V>
  void Fields(V& v) {
    v("max_value", max_value, "largest number, at least max_base");
    v("min_base", min_base, "smallest base (2 or more)");
    v("max_base", max_base, "largest base (up to 36)");
  }

  friend bool operator==(const BaseConversionSpec&, const BaseConversionSpec&) = default;
};

// Truth values that make a formula true.
struct BooleanLogicSpec {
  int num_variables = 3;
  int num_operators = 4;

  template <typename V>
  void Fields(V& v) {
    v("num_variables", num_variables, "variables of a formula (2 to 6)");
    v("num_operators", num_operators, "and, or, xor: at least num_variables - 1, up to 24");
  }

  friend bool operator==(const BooleanLogicSpec&, const BooleanLogicSpec&) = default;
};

// Weekdays, dates some days later, days between dates.
struct CalendarSpec {
  int min_year = 1970;
  int max_year = 2069;
  int max_days = 365;

  template <typename V>
  void Fields(V& v) {
    v("min_year", min_year, "dates are drawn from this year's first day (1583 or later)");
    v("max_year", max_year, "to this year's last (up to 9000)");
    v("max_days", max_days, "days between two dates");
  }

  friend bool operator==(const CalendarSpec&, const CalendarSpec&) = default;
};

// A shortest path in an undirected graph with lengths.
struct ShortestPathSpec {
  int num_nodes = 6;
  int num_edges = 9;
  int max_length = 9;

  template <typename V>
  void Fields(V& v) {
    v("num_nodes", num_nodes, "nodes of a graph (3 to 20)");
    v("num_edges", num_edges, "its edges: at least num_nodes - 1, less than all pairs");
    v("max_length", max_length, "edges have lengths from 1 to this");
  }

  friend bool operator==(const ShortestPathSpec&, const ShortestPathSpec&) = default;
};

// Operations on a word of random letters, one after the other.
struct StringManipulationSpec {
  int word_length = 6;
  int num_operations = 3;

  template <typename V>
  void Fields(V& v) {
    v("word_length", word_length, "letters of the word (2 to 40)");
    v("num_operations", num_operations, "operations on it, one after the other (1 to 12)");
  }

  friend bool operator==(const StringManipulationSpec&, const StringManipulationSpec&) = default;
};

// A sudoku of 4 rows, 4 columns and 4 boxes, with one solution.
struct SudokuSpec {
  int num_blanks = 6;

  template <typename V>
  void Fields(V& v) {
    v("num_blanks", num_blanks, "empty cells (1 to 11)");
  }

  friend bool operator==(const SudokuSpec&, const SudokuSpec&) = default;
};

// A procedural task by name; may be written as the bare name. Only the keys of that one are read
// and printed.
struct ProceduralSpec {
  std::string name = "countdown";
  CountdownSpec countdown;
  ArithmeticSpec arithmetic;
  BaseConversionSpec base_conversion;
  BooleanLogicSpec boolean_logic;
  CalendarSpec calendar;
  ShortestPathSpec shortest_path;
  StringManipulationSpec string_manipulation;
  SudokuSpec sudoku;
  FamilySpec family;  // of all but Countdown

  static std::vector<std::string> Names() {
    return {"countdown", "arithmetic",    "base_conversion",     "boolean_logic",
            "calendar",  "shortest_path", "string_manipulation", "sudoku"};
  }

  int heldout() const { return name == "countdown" ? countdown.heldout : family.heldout; }

  template <typename V>
  void Fields(V& v) {
    v("name", name,
      "countdown, arithmetic, base_conversion, boolean_logic, calendar, shortest_path, "
      "string_manipulation or sudoku");
    OwnFields(v);
  }

  friend bool operator==(const ProceduralSpec&, const ProceduralSpec&) = default;

 protected:
  // Those beside the name; none for a name that is not listed above.
  template <typename V>
  void OwnFields(V& v) {
    if (name == "countdown") return countdown.Fields(v);
    if (name == "arithmetic")
      arithmetic.Fields(v);
    else if (name == "base_conversion")
      base_conversion.Fields(v);
    else if (name == "boolean_logic")
      boolean_logic.Fields(v);
    else if (name == "calendar")
      calendar.Fields(v);
    else if (name == "shortest_path")
      shortest_path.Fields(v);
    else if (name == "string_manipulation")
      string_manipulation.Fields(v);
    else if (name == "sudoku")
      sudoku.Fields(v);
    else
      return;
    family.Fields(v);
  }
};

// One of the tasks that a mixture draws from.
struct MixturePart : ProceduralSpec {
  double weight = 1.0;

  template <typename V>
  void Fields(V& v) {
    ProceduralSpec::Fields(v);
    v("weight", weight, "its share of the problems, relative to the others'");
  }

  friend bool operator==(const MixturePart&, const MixturePart&) = default;
};

}  // namespace hone

#endif  // HONE_CONFIG_PROCEDURAL_SPEC_H_
