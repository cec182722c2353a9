#include "trainer/coordinator/roster.h"

#include <algorithm>
#include <tuple>

namespace hone {
namespace {

constexpr int kMaxDoublings = 3;  // of a suspension

}  // namespace

void Roster::Join(const std::string& id, MemberRole role, const std::string& address,
                  absl::Time now) {
  Member& member = members_[id];
  member.role = role;
  member.address = address;
  member.last_seen = now;
}

Member* Roster::Find(const std::string& id) {
  const auto it = members_.find(id);
  return it == members_.end() ? nullptr : &it->second;
}

std::vector<std::string> Roster::DropSilent(absl::Time now) {
  std::vector<std::string> dropped;
  for (auto it = members_.begin(); it != members_.end();) {
    if (now - it->second.last_seen >= longest_silence_) {
      dropped.push_back(it->first);
      it = members_.erase(it);
    } else {
      ++it;
    }
  }
  return dropped;
}

absl::Time Roster::NextDrop() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [id, member] : members_) {
    next = std::min(next, member.last_seen + longest_silence_);
  }
  return next;
}

std::string Roster::LeastBusyService(absl::Time now) const {
  const std::pair<const std::string, Member>* best = nullptr;
  for (const auto& entry : members_) {
    const Member& member = entry.second;
    if (member.role != MemberRole::kReward || member.suspended_until > now) continue;
    const auto busy = [](const Member& m) { return std::tie(m.calls_in_flight, m.num_calls); };
    if (best == nullptr || busy(member) < busy(best->second)) best = &entry;
  }
  return best == nullptr ? "" : best->first;
}

void Roster::EndCall(const std::string& id, bool failed, absl::Time now, absl::Duration pause) {
  Member* service = Find(id);
  if (service == nullptr) return;
  service->calls_in_flight = std::max(0, service->calls_in_flight - 1);
  service->num_failures = failed ? service->num_failures + 1 : 0;
  if (!failed) return;
  service->suspended_until =
      now + pause * (1 << std::min(service->num_failures - 1, kMaxDoublings));
}

absl::Time Roster::NextReturn(absl::Time now) const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [id, member] : members_) {
    if (member.suspended_until > now) next = std::min(next, member.suspended_until);
  }
  return next;
}

int Roster::Count(MemberRole role) const { return static_cast<int>(Ids(role).size()); }

std::vector<std::string> Roster::Ids(MemberRole role) const {
  std::vector<std::string> ids;
  for (const auto& [id, member] : members_) {
    if (member.role == role) ids.push_back(id);
  }
  return ids;
}

bool Roster::AllToldDone() const {
  return std::all_of(members_.begin(), members_.end(),
                     [](const auto& entry) { return entry.second.told_done; });
}

}  // namespace hone
