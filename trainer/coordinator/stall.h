// What jobs that do not move are waiting for, in words.
#ifndef HONE_TRAINER_COORDINATOR_STALL_H_
#define HONE_TRAINER_COORDINATOR_STALL_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "trainer/coordinator/job_table.h"
#include "trainer/coordinator/lease_table.h"
#include "trainer/coordinator/roster.h"

namespace hone {

// E.g. "no rollout worker is registered (8 of 32 groups are still to be generated)".
std::string DescribeStall(const std::vector<const Job*>& jobs, const Roster& roster,
                          const LeaseTable& leases, bool weights_published,
                          absl::string_view last_reward_error);

}  // namespace hone

#endif  // HONE_TRAINER_COORDINATOR_STALL_H_
