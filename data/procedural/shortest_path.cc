#include "data/procedural/shortest_path.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace hone {
namespace {

struct Edge {
  int a, b;
  int length;
};

struct Graph {
  int num_nodes;
  std::vector<Edge> edges;
  int from, to;
};

constexpr int64_t kUnreached = std::numeric_limits<int64_t>::max();

std::string NodeName(int node) { return std::string(1, static_cast<char>('A' + node)); }

// A tree that joins all nodes in a random order, then any other pairs. The ends are still open.
Graph DrawGraph(const ShortestPathSpec& spec, Random* random) {
  Graph graph{.num_nodes = spec.num_nodes, .edges = {}, .from = 0, .to = 0};
  std::vector<int> order;
  for (int node = 0; node < spec.num_nodes; ++node) order.push_back(node);
  random->Shuffle(&order);
  std::vector<std::pair<int, int>> joined, others;
  for (int i = 1; i < spec.num_nodes; ++i) {
    joined.emplace_back(std::minmax(order[i], order[random->Below(i)]));
  }
  std::vector<std::pair<int, int>> tree = joined;
  std::sort(tree.begin(), tree.end());
  for (int a = 0; a < spec.num_nodes; ++a) {
    for (int b = a + 1; b < spec.num_nodes; ++b) {
      const std::pair<int, int> pair(a, b);
      if (!std::binary_search(tree.begin(), tree.end(), pair)) others.push_back(pair);
    }
  }
  random->Shuffle(&others);
  joined.insert(joined.end(), others.begin(),
                others.begin() + (spec.num_edges - (spec.num_nodes - 1)));
  random->Shuffle(&joined);
  for (auto [a, b] : joined) {
    if (random->Below(2) == 1) std::swap(a, b);
    graph.edges.push_back({a, b, 1 + static_cast<int>(random->Below(spec.max_length))});
  }
  return graph;
}

struct Search {
  std::string steps;
  std::vector<int> path;  // from … to
  int64_t length = 0;
};

// Dijkstra's algorithm; `jot` writes down a distance.
template <typename Jot>
Search Dijkstra(const Graph& graph, Jot jot) {
  std::vector<int64_t> distance(graph.num_nodes, kUnreached);
  std::vector<int> before(graph.num_nodes, -1);
  std::vector<bool> settled(graph.num_nodes);
  distance[graph.from] = 0;
  Search search;
  int node = graph.from;
  while (true) {
    settled[node] = true;
    AppendStep(absl::StrCat(NodeName(node), distance[node],
                            before[node] < 0 ? "" : NodeName(before[node])),
               &search.steps);
    if (node == graph.to) break;
    for (const Edge& edge : graph.edges) {
      if (edge.a != node && edge.b != node) continue;
      const int next = edge.a == node ? edge.b : edge.a;
      if (settled[next]) continue;
      const int64_t length = jot(distance[node] + edge.length);
      if (length < distance[next]) {
        distance[next] = length;
        before[next] = node;
      }
    }
    node = -1;
    for (int i = 0; i < graph.num_nodes; ++i) {
      if (!settled[i] && (node < 0 || distance[i] < distance[node])) node = i;
    }
  }
  search.length = distance[graph.to];
  for (int at = graph.to; at >= 0; at = before[at]) search.path.push_back(at);
  std::reverse(search.path.begin(), search.path.end());
  return search;
}

std::string PathText(const std::vector<int>& path) {
  return absl::StrJoin(path, "-", [](std::string* out, int node) { out->append(NodeName(node)); });
}

std::string Key(const Graph& graph) {
  std::vector<std::string> edges;
  for (const Edge& edge : graph.edges) {
    const auto [a, b] = std::minmax(edge.a, edge.b);
    edges.push_back(absl::StrCat(NodeName(a), NodeName(b), edge.length));
  }
  std::sort(edges.begin(), edges.end());
  const auto [a, b] = std::minmax(graph.from, graph.to);
  return absl::StrCat(absl::StrJoin(edges, " "), " ", NodeName(a), NodeName(b));
}

// The edges, each by `format`, which gets the names of its ends and its length.
template <typename Format>
std::string EdgesText(const Graph& graph, absl::string_view separator, Format format) {
  return absl::StrJoin(graph.edges, separator, [&](std::string* out, const Edge& edge) {
    out->append(format(NodeName(edge.a), NodeName(edge.b), edge.length));
  });
}

}  // namespace

Exercise DrawShortestPath(const ShortestPathSpec& spec, Random* random) {
  Graph graph = DrawGraph(spec, random);
  std::vector<std::pair<int, int>> ends;
  for (int from = 0; from < spec.num_nodes; ++from) {
    for (int to = 0; to < spec.num_nodes; ++to) {
      if (from != to) ends.emplace_back(from, to);
    }
  }
  random->Shuffle(&ends);
  Search best;
  for (const auto& [from, to] : ends) {  // some pair has no edge, so one will do
    graph.from = from;
    graph.to = to;
    best = Dijkstra(graph, [](int64_t distance) { return distance; });
    if (best.path.size() >= 3) break;
  }
  const std::string from = NodeName(graph.from), to = NodeName(graph.to);
  using Name = const std::string&;
  return {.key = Key(graph),
          .brief = absl::StrCat(
              "shortest ", from, "-", to, " in ",
              EdgesText(graph, " ",
                        [](Name a, Name b, int length) { return absl::StrCat(a, b, length); })),
          .question = absl::StrCat("An undirected graph has these edges, with their lengths: ",
                                   EdgesText(graph, ", ",
                                             [](Name a, Name b, int length) {
                                               return absl::StrCat(a, "-", b, " (", length, ")");
                                             }),
                                   ". Find a shortest path from ", from, " to ", to,
                                   ". Answer with its nodes in order, in the form A-B-C."),
          .record = absl::StrCat(
              "\"edges\":[",
              EdgesText(graph, ",",
                        [](Name a, Name b, int length) {
                          return absl::StrCat("[\"", a, "\",\"", b, "\",", length, "]");
                        }),
              "],\"from\":\"", from, "\",\"to\":\"", to, "\",\"length\":", best.length),
          .attempt = [graph](Random* r) {
            Search search = Dijkstra(
                graph, [r](int64_t distance) { return std::max<int64_t>(Jotted(distance, r), 1); });
            return Attempt{std::move(search.steps), PathText(search.path), {}};
          }};
}

}  // namespace hone
