// A shortest path in a connected undirected graph whose edges have lengths. It has two edges or
// more, and there may be several of them.
//   record   "edges":[["A","B",3],…],"from":"A","to":"F","length":7
//   key      the edges in order, and the two ends in either order
//   attempt  by the algorithm of Dijkstra; each settled node with its distance and the node before:
//            A0,C2A,B3A,F7B
#ifndef HONE_DATA_PROCEDURAL_SHORTEST_PATH_H_
#define HONE_DATA_PROCEDURAL_SHORTEST_PATH_H_

#include "config/procedural_spec.h"
#include "data/procedural/exercise.h"

namespace hone {

Exercise DrawShortestPath(const ShortestPathSpec& spec, Random* random);

}  // namespace hone

#endif  // HONE_DATA_PROCEDURAL_SHORTEST_PATH_H_
