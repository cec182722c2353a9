#include "trainer/coordinator/lease_table.h"

#include <algorithm>
#include <utility>

namespace hone {

void LeaseTable::Add(Lease lease) { leases_[++last_id_] = std::move(lease); }

void LeaseTable::Return(uint64_t lease_id, const GroupRef& ref) {
  const auto it = leases_.find(lease_id);
  if (it == leases_.end()) return;
  it->second.groups.erase(ref);
  if (it->second.groups.empty()) leases_.erase(it);
}

void LeaseTable::Extend(uint64_t lease_id, absl::Time deadline) {
  const auto it = leases_.find(lease_id);
  if (it != leases_.end()) it->second.deadline = deadline;
}

void LeaseTable::DropJob(JobId job) {
  for (auto& [id, lease] : leases_) {
    std::erase_if(lease.groups, [&](const GroupRef& ref) { return ref.job == job; });
  }
  std::erase_if(leases_, [](const auto& entry) { return entry.second.groups.empty(); });
}

template <typename Predicate>
std::vector<LostLease> LeaseTable::TakeIf(const Predicate& predicate) {
  std::vector<LostLease> taken;
  for (auto it = leases_.begin(); it != leases_.end();) {
    if (predicate(it->second)) {
      taken.push_back({it->first, std::move(it->second)});
      it = leases_.erase(it);
    } else {
      ++it;
    }
  }
  return taken;
}

std::vector<LostLease> LeaseTable::TakeExpired(absl::Time now) {
  return TakeIf([&](const Lease& lease) { return lease.deadline <= now; });
}

std::vector<LostLease> LeaseTable::TakeOf(const std::string& client_id) {
  return TakeIf([&](const Lease& lease) { return lease.client_id == client_id; });
}

std::vector<LostLease> LeaseTable::TakeOf(const std::string& client_id, uint64_t policy_version) {
  return TakeIf([&](const Lease& lease) {
    return lease.client_id == client_id && lease.policy_version == policy_version;
  });
}

bool LeaseTable::Holds(const std::string& client_id) const {
  return std::any_of(leases_.begin(), leases_.end(),
                     [&](const auto& entry) { return entry.second.client_id == client_id; });
}

absl::Time LeaseTable::NextExpiry() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [id, lease] : leases_) next = std::min(next, lease.deadline);
  return next;
}

std::map<std::string, int> LeaseTable::NumGroupsByClient() const {
  std::map<std::string, int> counts;
  for (const auto& [id, lease] : leases_) {
    counts[lease.client_id] += static_cast<int>(lease.groups.size());
  }
  return counts;
}

}  // namespace hone
