// Publishes whole models through a coordinator, as a trainer of one rank does.
#ifndef HONE_TESTS_TRAINER_COORDINATOR_PUBLISHING_H_
#define HONE_TESTS_TRAINER_COORDINATOR_PUBLISHING_H_

#include <memory>

#include "cluster/weights_publisher.h"
#include "gtest/gtest.h"
#include "model/weights.h"
#include "trainer/coordinator/coordinator.h"

namespace hone {

class Publishing {
 public:
  Publishing() : publisher_(*WeightsPublisher::Start("127.0.0.1:0")) {}

  // On the rank alone: the coordinator does not know of it yet.
  WeightsSource Hold(uint64_t version, const Weights& weights) {
    const StatusOr<WeightsSource> source = publisher_->Publish(version, {{0, weights.flat()}});
    EXPECT_TRUE(source.ok()) << source.status();
    return *source;
  }

  void Publish(Coordinator* coordinator, uint64_t version, const Weights& weights) {
    const Status status = coordinator->Publish(version, weights.config(), {Hold(version, weights)});
    EXPECT_TRUE(status.ok()) << status;
  }

 private:
  std::unique_ptr<WeightsPublisher> publisher_;
};

}  // namespace hone

#endif  // HONE_TESTS_TRAINER_COORDINATOR_PUBLISHING_H_
