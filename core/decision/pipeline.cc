#include "core/decision/pipeline.h"

#include <algorithm>
#include <new>

#include "core/base/math.h"
#include "core/base/sort.h"
#include "core/decision/compaction.h"

namespace guardrank {
namespace {

// One ranking in progress.
struct Run {
  const Pipeline& pipeline;
  Arena* arena;
  Decision* decision;
  Frame frame;
  ExclusionList* exclusions = nullptr;
  std::span<HeadOutcome> outcomes;
  KeptSums kept_sums;
};

Status open_run(Run* run) {
  void* memory = run->arena->allocate(sizeof(ExclusionList), alignof(ExclusionList));
  if (memory == nullptr) return Status::memory;
  run->exclusions = ::new (memory) ExclusionList(run->arena);
  run->decision->exclusions = run->exclusions;
  GUARDRANK_TRY(run->frame.open(*run->decision->request, run->arena));
  run->decision->stages.candidates = run->frame.n_rows();
  return Status::ok;
}

Status run_eligibility(Run* run) {
  GUARDRANK_TRY(apply_eligibility(run->pipeline.eligibility, &run->frame, run->exclusions));
  StageCounts& stages = run->decision->stages;
  stages.eligible = stages.retrieved = stages.scored = run->frame.n_rows();
  return Status::ok;
}

Status run_retrieval(Run* run) {
  const Pipeline& pipeline = run->pipeline;
  StageCounts& stages = run->decision->stages;
  const StageChoice choice =
      choose_stages(pipeline.retrieval, stages.eligible, run->decision->request->limit());
  stages.is_two_stage = choice.n_kept < stages.eligible;
  if (stages.is_two_stage) {
    GUARDRANK_TRY(encode_context(pipeline.features, &run->frame));
    GUARDRANK_TRY(quantise_context(pipeline.network, &run->frame));
    GUARDRANK_TRY(retrieve(pipeline.retrieval, choice.n_kept, &run->frame, run->exclusions));
  }
  stages.retrieved = stages.scored = run->frame.n_rows();
  stages.is_raised = stages.scored > choice.n_in_budget;
  return Status::ok;
}

Status run_features(Run* run) {
  const Pipeline& pipeline = run->pipeline;
  bool needs_candidate = true;
  if (pipeline.scorer.score == nullptr) {
    GUARDRANK_TRY(find_kept_sums(pipeline.catalog_sums, &run->frame, &run->kept_sums));
    needs_candidate = !are_all_kept(run->kept_sums) || needs_candidate_fields(pipeline.network);
  }
  return encode_features(pipeline.features, &run->frame, needs_candidate);
}

Status run_model(Run* run) {
  const LogitScorer& scorer = run->pipeline.scorer;
  if (scorer.score != nullptr) return scorer.score(scorer.self, &run->frame);
  return score_network(run->pipeline.network, run->kept_sums, &run->frame);
}

Status run_calibration(Run* run) {
  return apply_calibration(run->pipeline.calibration, &run->frame, run->exclusions,
                           &run->outcomes);
}

// The rows in play, kept apart from what a removing stage does to the frame.
Status copy_rows(Run* run, std::span<const std::uint32_t>* rows) {
  std::span<std::uint32_t> copy;
  GUARDRANK_TRY(run->arena->make_uninitialised(run->frame.n_rows(), &copy));
  std::copy(run->frame.rows().begin(), run->frame.rows().end(), copy.begin());
  *rows = copy;
  return Status::ok;
}

Status run_value(Run* run) {
  std::span<const std::uint32_t> before, kept;
  GUARDRANK_TRY(copy_rows(run, &before));
  GUARDRANK_TRY(apply_value(run->pipeline.value, &run->frame, run->exclusions,
                            &run->decision->scores));
  if (run->frame.n_rows() == before.size()) return Status::ok;
  GUARDRANK_TRY(find_kept(before, run->frame.rows(), run->arena, &kept));
  return keep_outcomes(kept, run->arena, run->outcomes);
}

// The outcomes' arrays stay as they are: removing rows makes new ones.
Status keep_guardrail_inputs(Run* run) {
  std::span<HeadOutcome> heads;
  GUARDRANK_TRY(run->arena->make(run->outcomes.size(), &heads));
  std::copy(run->outcomes.begin(), run->outcomes.end(), heads.begin());
  run->decision->guarded.heads = heads;
  return copy_rows(run, &run->decision->guarded.candidates);
}

Status run_guardrails(Run* run) {
  const std::uint32_t n_before = run->frame.n_rows();
  if (!run->pipeline.policy->guardrails.empty()) GUARDRANK_TRY(keep_guardrail_inputs(run));
  std::span<const std::uint32_t> kept;
  GUARDRANK_TRY(
      apply_guardrails(run->pipeline.placement, &run->frame, run->exclusions, &kept));
  if (kept.size() == n_before) return Status::ok;
  GUARDRANK_TRY(keep_outcomes(kept, run->arena, run->outcomes));
  return keep_scores(kept, run->arena, &run->decision->scores);
}

Status run_placement(Run* run) {
  return place(run->pipeline.placement, &run->frame, run->decision->scores.score,
               run->decision->request->limit(), &run->decision->ranked);
}

struct Step {
  std::string_view name;
  Status (*run)(Run*);
};

constexpr Step steps[] = {
    {"frame", open_run},       {"eligibility", run_eligibility}, {"retrieval", run_retrieval},
    {"feature", run_features}, {"model", run_model},             {"calibration", run_calibration},
    {"value", run_value},      {"guardrails", run_guardrails},   {"placement", run_placement},
};

// Stages append as they run: within "value", calibration's exclusions stand before those of terms.
Status order_exclusions(Run* run) {
  const std::span<const Exclusion> found = run->exclusions->exclusions();
  std::span<Exclusion> ordered;
  std::span<KeyedRow> rows, scratch;
  GUARDRANK_TRY(run->arena->make_uninitialised(found.size(), &ordered));
  GUARDRANK_TRY(run->arena->make_uninitialised(found.size(), &rows));
  GUARDRANK_TRY(run->arena->make_uninitialised(found.size(), &scratch));
  for (std::uint32_t i = 0; i < found.size(); ++i)
    rows[i] = {static_cast<std::uint64_t>(found[i].stage) << 32 | found[i].candidate, i};
  sort_by_key(rows, scratch);
  for (std::size_t i = 0; i < rows.size(); ++i) ordered[i] = found[rows[i].row];
  run->decision->excluded = ordered;
  return Status::ok;
}

Status finish(Run* run) {
  Decision* decision = run->decision;
  decision->candidates = run->frame.rows();
  decision->heads = run->outcomes;
  decision->stages.removed = decision->stages.scored - run->frame.n_rows();
  return order_exclusions(run);
}

Status fail(Status status, std::string_view stage, Error* error) {
  if (status == Status::memory) {
    return error->set(status, stage, {"no memory left for this ranking: the host refused, or the "
                                      "session's limit is reached"});
  }
  return error->set(status, stage, {"the stage failed with ", status_name(status)});
}

}  // namespace

Session::Session(const Allocator& allocator, std::size_t limit_bytes)
    : arena_(allocator, limit_bytes) {}

Status rank(const Pipeline& pipeline, const Request& request, Session* session, Decision* decision,
            Error* error) {
  const FloatingPointEnvironment environment;
  session->arena().reset();
  *decision = {};
  decision->pipeline = &pipeline;
  decision->request = &request;
  Run run{pipeline, &session->arena(), decision, {}, nullptr, {}, {}};
  for (const Step& step : steps) {
    if (const Status status = step.run(&run); status != Status::ok) {
      return fail(status, step.name, error);
    }
    if (run.frame.n_rows() == 0) break;   // nothing left for later stages to do
  }
  const Status status = finish(&run);
  return status == Status::ok ? status : fail(status, "decision", error);
}

}  // namespace guardrank
