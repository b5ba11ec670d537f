#include "tests/sweep/drawn_case.h"

#include <cstdlib>
#include <stdexcept>

#include "core/base/limits.h"
#include "core/engine/bind_facts.h"
#include "core/engine/snapshot.h"
#include "models/pack/documents/catalog_document.h"
#include "models/pack/documents/policy_document.h"
#include "tests/sweep/drawn_documents.h"
#include "tests/sweep/drawn_model.h"

namespace guardrank::sweep {
namespace {

constexpr int requests_per_case = 3;

void require(Status status, const Error& error, std::uint64_t seed) {
  if (status == Status::ok) return;
  throw std::runtime_error("seed " + std::to_string(seed) + ": " + std::string(error.message()));
}

pack::AlignedBytes write_catalog_of(const Model& model, const Policy& policy, Bytes model_bytes,
                                    std::uint32_t n_offers, Drawing* drawing) {
  pack::Memory memory;
  Error error;
  FactTable facts;
  require(bind_facts(model, policy, Catalog{}, &memory.arena(), &facts, &error), error, 0);
  const std::string text = draw_catalog_document(model, n_offers, drawing);
  const pack::CatalogDocument document =
      pack::read_catalog(text, pack::CatalogFormat::json, facts);
  Catalog catalog = document.catalog();
  if (model.retrieval.is_set) {
    std::vector<std::int8_t> codes(std::size_t{n_offers} * model.retrieval.dim);
    for (std::int8_t& code : codes) code = static_cast<std::int8_t>(drawing->below(256));
    catalog.stage_one = {pack::artifact_id(model_bytes), model.retrieval.dim, 0.02f,
                         memory.copy(codes).data()};
  }
  return pack::write_catalog(catalog);
}

// Ranks every request once, so that a case that is refused stops the drawing.
class Trial {
 public:
  Trial(const DrawnCase& drawn, Coverage* coverage)
      : drawn_(drawn), coverage_(coverage), snapshot_(pack::system_allocator()),
        session_(pack::system_allocator(), limits::session_bytes) {
    require(snapshot_.open(drawn.bundle, Check::full, KernelChoice::portable, true, &error_),
            error_, drawn.seed);
  }

  std::uint64_t sums_per_offer() const {
    return kept_sums_per_row(snapshot_.pipeline().network) * sizeof(std::int16_t);
  }

  void keep_sums() {
    const Pipeline& pipeline = snapshot_.pipeline();
    require(snapshot_.keep_catalog({0, drawn_.partial_bytes}, &error_), error_, drawn_.seed);
    coverage_->with_kept_sums += pipeline.kept.sums.n_rows > 0;
    coverage_->partly_kept += pipeline.kept.sums.n_rows > 0 &&
                              pipeline.kept.sums.n_rows < pipeline.catalog->n_offers;
  }

  void rank_all() {
    const Pipeline& pipeline = snapshot_.pipeline();
    Request request(*pipeline.facts, pipeline.catalog, pack::system_allocator());
    for (const std::string& json : drawn_.requests) {
      require(read_request_json(json, &request, &error_), error_, drawn_.seed);
      Decision decision;
      require(rank(pipeline, request, &session_, &decision, &error_), error_, drawn_.seed);
      count(decision);
    }
  }

 private:
  void count(const Decision& decision) {
    ++coverage_->requests;
    coverage_->ranked += decision.ranked.size();
    coverage_->excluded += decision.excluded.size();
    coverage_->two_stage += decision.stages.is_two_stage;
    for (const Placed& placed : decision.ranked) {
      const double probability = decision.heads[0].probability[placed.row];
      coverage_->explored += placed.propensity < 1;
      coverage_->uncertain += probability > 0.01 && probability < 0.99;
    }
  }

  const DrawnCase& drawn_;
  Coverage* coverage_;
  Error error_;
  Snapshot snapshot_;
  Session session_;
};

}  // namespace

DrawnCase draw_case(std::uint64_t seed, Coverage* coverage) {
  Drawing drawing(seed);
  const DrawnModel drawn_model(seed, &drawing);
  const Model& model = drawn_model.model();
  const std::string policy_text = draw_policy_document(model, &drawing);
  const pack::PolicyDocument policy = pack::read_policy(policy_text);
  const std::uint32_t n_offers = 1 + drawing.below(drawing.one_in(3) ? 150 : 30);
  const pack::AlignedBytes model_bytes = pack::write_model(model);
  DrawnCase drawn;
  drawn.seed = seed;
  drawn.bundle = pack::write_bundle(
      "drawn", model_bytes, pack::write_policy(policy.policy()),
      write_catalog_of(model, policy.policy(), model_bytes, n_offers, &drawing), {});
  for (int i = 0; i < requests_per_case; ++i)
    drawn.requests.push_back(draw_request(model, n_offers, &drawing));
  Trial trial(drawn, coverage);
  drawn.partial_bytes = trial.sums_per_offer() * (1 + drawing.below(n_offers)) + 1;
  trial.keep_sums();
  trial.rank_all();
  coverage->bytes += drawn.bundle.size();
  return drawn;
}

}  // namespace guardrank::sweep
