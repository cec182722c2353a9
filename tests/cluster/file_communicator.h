// A communicator whose ranks meet in a folder: each puts what it gives to an operation into a file,
// and the operation is done when the files of all ranks are there.
#ifndef HONE_TESTS_CLUSTER_FILE_COMMUNICATOR_H_
#define HONE_TESTS_CLUSTER_FILE_COMMUNICATOR_H_

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "cluster/collectives.h"
#include "cluster/communicator.h"

namespace hone {

class FileCommunicator : public Communicator {
 public:
  // What a test sees of it, and does to it. It outlives the communicator.
  struct Outside {
    std::atomic<bool> fails = false;  // Done() gives an error
    std::atomic<bool> hangs = false;  // Done() says no
    std::atomic<int> moments = 0,
                     started_after = 0;  // numbers of Now(), and what Start() was given
    std::atomic<int> aborts = 0;
  };
  FileCommunicator(std::string folder, World world, Outside* outside)
      : folder_(std::move(folder)), world_(world), outside_(*outside) {}

  Moment Now() override { return std::make_shared<int>(++outside_.moments); }
  Status Start(const DeviceOperation& operation, const Moment& after) override;
  StatusOr<bool> Done() override;
  void Abort() override { ++outside_.aborts; }

 private:
  std::string Path(int rank) const;
  void Finish(const std::vector<std::string>& given);

  const std::string folder_;
  const World world_;
  Outside& outside_;
  int number_ = 0;  // of the operation; 0: joining
  DeviceOperation operation_;
};

}  // namespace hone

#endif  // HONE_TESTS_CLUSTER_FILE_COMMUNICATOR_H_
