// A task whose problems are the records of files.
//
// The split never leaks: prompts are compared in a normal form (Unicode NFKC, case folded, white
// space collapsed). A share is held out by a hash of that form, so duplicates of a prompt stand on
// one side; and a training record whose prompt stands in the held-out file, whether it passes the
// filters there or not, is left out. A record with the same question, answer and completion as one
// before it is left out as well, and one whose question or answer is empty; notes() counts them.
//
// An answer that its reward cannot judge by (PromptTools::answers) is an error that names the first
// of them, or with bad_answers: skip its record is left out.
//
// Training problems come in the order of ShuffledIndex(), anew for each pass over the data. The
// held-out ones are in the order of a hash of their prompt, so that the first n are an even sample.
#ifndef HONE_DATA_DATASET_H_
#define HONE_DATA_DATASET_H_

#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "config/task_spec.h"
#include "data/prompt_tools.h"
#include "data/task.h"

namespace hone {

// Reads the files once, and holds an index of the records that are used. InvalidArgument for a
// malformed record or a bad answer, with file and line, and when nothing is left to train on or to
// hold out.
StatusOr<std::unique_ptr<Task>> MakeDataset(const DataSpec& spec, const PromptTools& tools);

// The hash of a prompt's normal form.
uint64_t PromptHash(absl::string_view question);

}  // namespace hone

#endif  // HONE_DATA_DATASET_H_
