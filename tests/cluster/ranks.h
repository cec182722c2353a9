// For tests that mpirun starts as several processes: each runs all of the tests, in step.
#ifndef HONE_TESTS_CLUSTER_RANKS_H_
#define HONE_TESTS_CLUSTER_RANKS_H_

#include "cluster/collectives.h"
#include "cluster/mpi_world.h"

namespace hone {

// The ranks of this test.
MpiWorld& TestWorld();
// A group of all of them.
Collectives& Everybody();

}  // namespace hone

#endif  // HONE_TESTS_CLUSTER_RANKS_H_
