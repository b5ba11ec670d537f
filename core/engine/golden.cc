#include "core/engine/golden.h"

#include "core/base/limits.h"
#include "core/base/math.h"
#include "core/calibration/calibration.h"
#include "core/feature/feature.h"
#include "core/frame/request.h"

namespace guardrank {
namespace {

// The stages that a model takes part in, with facts of its own and no catalog.
class GoldenScorer {
 public:
  GoldenScorer(const Model& model, const NetworkPlan& network, const Allocator& allocator)
      : model_(model), network_(network), allocator_(allocator),
        plans_(allocator, limits::session_bytes), rows_(allocator, limits::session_bytes) {
    catalog_.allows_unlisted = true;
  }

  Status open(Error* error);
  // `given`: the rows of tables in shards, which are read where those are apart from the model.
  Status score(std::string_view request_json, std::span<const std::uint8_t> given, Arena* arena,
               GoldenRequest* golden, Error* error);

 private:
  Status run(const Request& request, std::span<const std::uint8_t> given, GoldenRequest* golden,
             Arena* arena, ExclusionList* exclusions, std::span<HeadOutcome>* outcomes);
  Status explain(Status status, const ExclusionList& exclusions, Error* error) const;

  const Model& model_;
  const NetworkPlan& network_;
  const Allocator& allocator_;
  Arena plans_, rows_;
  Catalog catalog_;
  FactTable facts_;
  FeaturePlan features_;
  CalibrationPlan calibration_;
};

std::uint32_t count_facts(const Model& model) {
  // Per head: p or value, reach, and the segment's fact.
  std::size_t count = model.fields.size() + 3 * model.heads.size();
  for (const Field& field : model.fields) count += field.inputs.size();
  return count < limits::facts ? static_cast<std::uint32_t>(count) : limits::facts;
}

Status GoldenScorer::open(Error* error) {
  GUARDRANK_TRY(facts_.open(count_facts(model_), &plans_, error));
  GUARDRANK_TRY(add_model_facts(model_.fields, &facts_, error));
  GUARDRANK_TRY(add_calibration_facts(model_.heads, &facts_, error));
  GUARDRANK_TRY(prepare_features(model_.fields, facts_, &plans_, &features_, error));
  return prepare_calibration(model_.heads, facts_, &plans_, &calibration_, error);
}

std::size_t bytes_of_rows(const Field& field, const EncodedField& encoded) {
  return field.shard_rows == 0 ? 0 : std::size_t{encoded.n_codes()} * field.dim;
}

// Status::golden when they are not as many as the request reads.
Status take_rows(std::span<const Field> fields, std::span<const std::uint8_t> given,
                 std::span<EncodedField> encoded) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t size = bytes_of_rows(fields[i], encoded[i]);
    if (size > given.size()) return Status::golden;
    if (size == 0) continue;
    encoded[i].rows = given.data();
    given = given.subspan(size);
  }
  return given.empty() ? Status::ok : Status::golden;
}

Status keep_rows(std::span<const Field> fields, std::span<const EncodedField> encoded, Arena* arena,
                 GoldenRequest* golden) {
  std::size_t size = 0, at = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) size += bytes_of_rows(fields[i], encoded[i]);
  std::span<std::uint8_t> rows;
  GUARDRANK_TRY(arena->make_uninitialised(size, &rows));
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field& field = fields[i];
    const std::size_t end = at + bytes_of_rows(field, encoded[i]);
    for (std::uint32_t k = 0; at < end; ++k, at += field.dim) {
      const std::uint32_t code = encoded[i].codes[k] < field.n_codes ? encoded[i].codes[k] : 0;
      __builtin_memcpy(&rows[at], field.table + std::size_t{code} * field.dim, field.dim);
    }
  }
  golden->rows = rows;
  return Status::ok;
}

// Status::not_finite when a row fell out: a golden row has a figure for every head.
Status GoldenScorer::run(const Request& request, std::span<const std::uint8_t> given,
                         GoldenRequest* golden, Arena* arena, ExclusionList* exclusions,
                         std::span<HeadOutcome>* outcomes) {
  Frame frame;
  GUARDRANK_TRY(frame.open(request, &rows_));
  GUARDRANK_TRY(encode_features(features_, &frame));
  golden->rows = given;
  GUARDRANK_TRY(model_.has_tables_apart ? take_rows(model_.fields, given, frame.encoded)
                                        : keep_rows(model_.fields, frame.encoded, arena, golden));
  GUARDRANK_TRY(score_network(network_, &frame));
  GUARDRANK_TRY(apply_calibration(calibration_, &frame, exclusions, outcomes));
  return frame.n_rows() == request.n_candidates() ? Status::ok : Status::not_finite;
}

Status GoldenScorer::explain(Status status, const ExclusionList& exclusions, Error* error) const {
  if (status != Status::not_finite || exclusions.exclusions().empty()) {
    return error->set(status, "golden", {"scoring failed with ", status_name(status)});
  }
  const Exclusion& first = exclusions.exclusions().front();
  const std::span<const Reason> reasons = exclusions.reasons(first);
  const std::size_t head = reasons.empty() ? model_.heads.size() : reasons.front().index;
  const std::string_view name = head < model_.heads.size() ? model_.heads[head].name : "";
  return error->set(status, "golden",
                    {"row ", first.candidate, ", head ", name, ": its logit or amount is not finite"});
}

Status copy_outcomes(std::span<const HeadOutcome> outcomes, std::uint32_t n_rows, Arena* arena,
                     GoldenRequest* golden) {
  const std::size_t n_heads = outcomes.size();
  std::span<float> logits;
  std::span<double> probabilities;
  GUARDRANK_TRY(arena->make(n_rows * n_heads, &logits));
  GUARDRANK_TRY(arena->make(n_rows * n_heads, &probabilities));
  for (std::size_t row = 0; row < n_rows; ++row) {
    for (std::size_t head = 0; head < n_heads; ++head) {
      logits[row * n_heads + head] = outcomes[head].logit[row];
      probabilities[row * n_heads + head] = outcomes[head].probability[row];
    }
  }
  golden->n_rows = n_rows;
  golden->logits = logits;
  golden->probabilities = probabilities;
  return Status::ok;
}

Status GoldenScorer::score(std::string_view request_json, std::span<const std::uint8_t> given,
                           Arena* arena, GoldenRequest* golden, Error* error) {
  const FloatingPointEnvironment environment;
  rows_.reset();
  Request request(facts_, &catalog_, allocator_);
  if (read_request_json(request_json, &request, error) != Status::ok) {
    return error->within("golden");
  }
  const std::uint32_t n_rows = request.n_candidates();
  if (n_rows > limits::golden_rows) {
    return error->over_limit("golden.candidates", limits::golden_rows, "", n_rows);
  }
  ExclusionList exclusions(&rows_);
  std::span<HeadOutcome> outcomes;
  const Status status = run(request, given, golden, arena, &exclusions, &outcomes);
  if (status != Status::ok) {
    return explain(status, exclusions, error);
  }
  golden->request = request_json;
  if (copy_outcomes(outcomes, n_rows, arena, golden) == Status::ok) return Status::ok;
  return error->no_memory("golden");
}

bool is_same(float a, float b) {
  return __builtin_bit_cast(std::uint32_t, a) == __builtin_bit_cast(std::uint32_t, b);
}
bool is_same(double a, double b) {
  return __builtin_bit_cast(std::uint64_t, a) == __builtin_bit_cast(std::uint64_t, b);
}

Status compare(const Model& model, std::size_t index, const GoldenRequest& wanted,
               const GoldenRequest& found, Error* error) {
  const Text<32> where{"golden[", index, "]"};
  if (wanted.n_rows != found.n_rows) {
    return error->wanted(Status::golden, where, {wanted.n_rows, " rows"}, {found.n_rows, " rows"});
  }
  if (wanted.rows.size() != found.rows.size() ||
      __builtin_memcmp(wanted.rows.data(), found.rows.data(), found.rows.size()) != 0) {
    return error->set(Status::golden, where, {"its rows are not those of the tables in shards"});
  }
  for (std::size_t i = 0; i < found.logits.size(); ++i) {
    const bool same_logit = is_same(wanted.logits[i], found.logits[i]);
    if (same_logit && is_same(wanted.probabilities[i], found.probabilities[i])) continue;
    const std::size_t row = i / model.heads.size();
    const std::string_view head = model.heads[i % model.heads.size()].name;
    const Text<Error::max_part_bytes> place{where.view(), " row ", row, ", ", head,
                                            same_logit ? " probability" : " logit"};
    if (same_logit) {
      return error->wanted(Status::golden, place, {wanted.probabilities[i]},
                           {found.probabilities[i]});
    }
    return error->wanted(Status::golden, place, {double{wanted.logits[i]}},
                         {double{found.logits[i]}});
  }
  return Status::ok;
}

}  // namespace

Status score_golden(const Model& model, KernelChoice kernel, const Allocator& allocator,
                    std::string_view request_json, Arena* arena, GoldenRequest* golden,
                    Error* error) {
  const FloatingPointEnvironment environment;
  const Kernel* chosen = nullptr;
  GUARDRANK_TRY(choose_kernel(kernel, &chosen, error));
  Arena weights(allocator, limits::session_bytes);
  NetworkPlan network;
  GUARDRANK_TRY(prepare_network(model, *chosen, &weights, &network, error));
  GoldenScorer scorer(model, network, allocator);
  GUARDRANK_TRY(scorer.open(error));
  return scorer.score(request_json, {}, arena, golden, error);
}

Status replay_golden(const Model& model, const NetworkPlan& network, const Allocator& allocator,
                     Error* error) {
  if (model.golden.empty()) return Status::ok;
  GoldenScorer scorer(model, network, allocator);
  GUARDRANK_TRY(scorer.open(error));
  Arena arena(allocator, limits::session_bytes);
  for (std::size_t i = 0; i < model.golden.size(); ++i) {
    arena.reset();
    GoldenRequest found;
    GUARDRANK_TRY(scorer.score(model.golden[i].request, model.golden[i].rows, &arena, &found, error));
    GUARDRANK_TRY(compare(model, i, model.golden[i], found, error));
  }
  return Status::ok;
}

}  // namespace guardrank
