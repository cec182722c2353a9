// GSM8K (Cobbe et al. 2021, arXiv 2110.14168) as a data set: {"question", "answer"} a line, the
// answer's last line "#### 72". train.jsonl trains, test.jsonl is held out.
#ifndef HONE_DATA_GSM8K_H_
#define HONE_DATA_GSM8K_H_

#include "config/task_spec.h"

namespace hone {

DataSpec Gsm8kData(const Gsm8kSpec& spec);

}  // namespace hone

#endif  // HONE_DATA_GSM8K_H_
