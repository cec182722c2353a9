// Where a stage's problems come from: a named task, or files of one's own.
#ifndef HONE_CONFIG_TASK_SPEC_H_
#define HONE_CONFIG_TASK_SPEC_H_

#include <optional>
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

// A task by name. Beside `name` a task has keys of its own: only those are read and printed.
struct TaskSpec {
  std::string name = "countdown";
  CountdownSpec countdown;

  // In the order that people are told them; the first is the default.
  static std::vector<std::string> Names() { return {"countdown"}; }

  template <typename V>
  void Fields(V& v) {
    v("name", name, "countdown");
    if (name == "countdown") countdown.Fields(v);
  }

  friend bool operator==(const TaskSpec&, const TaskSpec&) = default;
};

}  // namespace hone

#endif  // HONE_CONFIG_TASK_SPEC_H_
