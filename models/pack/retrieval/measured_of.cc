#include "models/pack/retrieval/measured_of.h"

#include <span>

#include "core/base/hash.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

// Everything with its size before it, so that no two models make one text.
class Hashing {
 public:
  void add(std::uint64_t number) {
    std::uint8_t bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    hash_.add(bytes);
  }
  void add(std::string_view text) {
    add(text.size());
    hash_.add({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  // As they lie in memory: the tools run on little-endian machines, as artifacts do.
  void add(const std::vector<float>& numbers) {
    add(numbers.size());
    hash_.add({reinterpret_cast<const std::uint8_t*>(numbers.data()), 4 * numbers.size()});
  }
  void add(const std::vector<FloatLayer>& layers) {
    add(layers.size());
    for (const FloatLayer& layer : layers) {
      add(layer.weights);
      add(layer.bias);
    }
  }
  std::string text() {
    const DigestText text = digest_text(hash_.finish());
    return {text.data(), text.size()};
  }

 private:
  Sha256 hash_;
};

void add_towers(const TrainedRetrieval& retrieval, Hashing* hashing) {
  hashing->add(retrieval.context);
  hashing->add(retrieval.offer);
}

void add_network(const TrainedModel& trained, Hashing* hashing) {
  for (const std::vector<float>& table : trained.tables) hashing->add(table);
  for (const TrainedLevel& level : trained.levels) {
    for (const TrainedExpert& expert : level.experts) hashing->add(expert.layers);
    for (const TrainedGate& gate : level.gates)
      hashing->add(gate.layer ? std::vector<FloatLayer>{*gate.layer} : std::vector<FloatLayer>{});
  }
  for (const TrainedHead& head : trained.heads) hashing->add(head.tower);
}

}  // namespace

std::string measured_of(const TrainedModel& trained, const Policy& policy) {
  Hashing hashing;
  if (trained.retrieval) add_towers(*trained.retrieval, &hashing);
  add_network(trained, &hashing);
  for (const Term& term : policy.terms) {
    hashing.add(term.id);
    hashing.add(static_cast<std::uint64_t>(term.kind));
    hashing.add(term.expr);
  }
  return hashing.text();
}

std::vector<std::string> check_measured_of(const TrainedModel& trained, const Policy& policy,
                                           std::string_view stated) {
  const TwoStage& figures = policy.two_stage;
  if (!figures.is_set || figures.measured_value_recall == 0) return {};
  if (stated.empty())
    return {"two_stage.measured_value_recall: nothing says of which towers, network and terms it was "
            "measured: run guardrank plan, which writes measured_of beside it"};
  const std::string found = measured_of(trained, policy);
  if (stated == found) return {};
  throw PackError(Status::reference, "two_stage.measured_of",
                  "value-recall was measured of other towers, another network or other terms (" +
                      std::string(stated) + "; these are " + found + "): run guardrank plan again");
}

}  // namespace guardrank::pack
