// Who is there: the workers and reward services that were heard of lately.
// Thread safety: none; the Dispatcher's lock guards it.
#ifndef HONE_TRAINER_COORDINATOR_ROSTER_H_
#define HONE_TRAINER_COORDINATOR_ROSTER_H_

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace hone {

enum class MemberRole { kRollout, kReward };

struct Member {
  MemberRole role = MemberRole::kRollout;
  std::string address;  // of a reward service
  absl::Time last_seen;
  bool told_done = false;
  // Of a reward service: how busy it is, and until when it is left alone after a failed call.
  int calls_in_flight = 0;
  int64_t num_calls = 0;
  int num_failures = 0;  // calls in a row
  absl::Time suspended_until = absl::InfinitePast();
};

class Roster {
 public:
  explicit Roster(absl::Duration longest_silence) : longest_silence_(longest_silence) {}

  // A member that registers again keeps its record but for the address.
  void Join(const std::string& id, MemberRole role, const std::string& address, absl::Time now);

  // Null for an unknown one. The pointer is valid until the next DropSilent.
  Member* Find(const std::string& id);

  // Removes those who were silent for too long and returns their ids.
  std::vector<std::string> DropSilent(absl::Time now);
  // When DropSilent has something to do if nobody says anything; InfiniteFuture when empty.
  absl::Time NextDrop() const;

  // The live reward service that is least busy, not suspended; "" if there is none.
  std::string LeastBusyService(absl::Time now) const;
  // A call to a service has ended. One whose call failed, being gone or having too much to do, is
  // suspended for `pause`, and for twice as long for each further failure in a row, up to 8 pauses.
  void EndCall(const std::string& id, bool failed, absl::Time now, absl::Duration pause);
  // When a suspended service comes back; InfiniteFuture when none is suspended.
  absl::Time NextReturn(absl::Time now) const;

  int Count(MemberRole role) const;
  std::vector<std::string> Ids(MemberRole role) const;
  bool AllToldDone() const;
  int size() const { return static_cast<int>(members_.size()); }

 private:
  absl::Duration longest_silence_;
  std::map<std::string, Member> members_;
};

}  // namespace hone

#endif  // HONE_TRAINER_COORDINATOR_ROSTER_H_
