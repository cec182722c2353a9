// The leases that are out: who has which groups, and until when.
// Thread safety: none; the Dispatcher's lock guards it.
#ifndef HONE_TRAINER_COORDINATOR_LEASE_TABLE_H_
#define HONE_TRAINER_COORDINATOR_LEASE_TABLE_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "trainer/coordinator/job_table.h"

namespace hone {

struct Lease {
  std::string client_id;
  uint64_t policy_version = 0;
  absl::Time deadline;
  std::set<GroupRef> groups;  // those that are not back; never empty
};

// A lease that ended without all of its groups.
struct LostLease {
  uint64_t id = 0;
  Lease lease;
};

class LeaseTable {
 public:
  uint64_t NextId() const { return last_id_ + 1; }
  // Under the id that NextId() gave.
  void Add(Lease lease);

  // A group came back: from whatever lease it was on. A lease without groups ends.
  void Return(uint64_t lease_id, const GroupRef& ref);
  // The holder gave a sign of work.
  void Extend(uint64_t lease_id, absl::Time deadline);

  // Forgets the groups of a job that was given up.
  void DropJob(JobId job);

  std::vector<LostLease> TakeExpired(absl::Time now);
  std::vector<LostLease> TakeOf(const std::string& client_id);
  std::vector<LostLease> TakeOf(const std::string& client_id, uint64_t policy_version);

  bool Holds(const std::string& client_id) const;
  absl::Time NextExpiry() const;  // InfiniteFuture when there are none
  // Groups that are out, by holder.
  std::map<std::string, int> NumGroupsByClient() const;

 private:
  template <typename Predicate>
  std::vector<LostLease> TakeIf(const Predicate& predicate);

  uint64_t last_id_ = 0;
  std::map<uint64_t, Lease> leases_;
};

}  // namespace hone

#endif  // HONE_TRAINER_COORDINATOR_LEASE_TABLE_H_
