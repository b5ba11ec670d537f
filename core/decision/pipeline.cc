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
  const Pipeline* pipeline = nullptr;
  Arena* arena = nullptr;
  ShardCache* shards = nullptr;
  Decision* decision = nullptr;
  Frame frame;
  ExclusionList* exclusions = nullptr;
  std::span<HeadOutcome> outcomes;
  KeptCandidates kept;
  bool reads_kept = true;                // of the catalog
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
  GUARDRANK_TRY(apply_eligibility(run->pipeline->eligibility, &run->frame, run->exclusions));
  StageCounts& stages = run->decision->stages;
  stages.eligible = stages.retrieved = stages.scored = run->frame.n_rows();
  return Status::ok;
}

Status take_rows(Run* run) {
  return run->shards->take_rows(*run->pipeline->model, run->arena, run->frame.encoded);
}

Status run_retrieval(Run* run) {
  const Pipeline& pipeline = *run->pipeline;
  StageCounts& stages = run->decision->stages;
  const StageChoice choice =
      choose_stages(pipeline.retrieval, stages.eligible, run->decision->request->limit());
  stages.is_two_stage = choice.n_kept < stages.eligible;
  if (stages.is_two_stage) {
    GUARDRANK_TRY(encode_context(pipeline.features, &run->frame));
    GUARDRANK_TRY(take_rows(run));
    GUARDRANK_TRY(quantise_context(pipeline.network, &run->frame));
    GUARDRANK_TRY(retrieve(pipeline.retrieval, choice.n_kept, &run->frame, run->exclusions));
  }
  stages.retrieved = stages.scored = run->frame.n_rows();
  stages.is_raised = stages.scored > choice.n_in_budget;
  return Status::ok;
}

Status run_features(Run* run) {
  const Pipeline& pipeline = *run->pipeline;
  bool needs_candidate = true;
  if (pipeline.scorer.score == nullptr) {
    if (run->reads_kept)
      GUARDRANK_TRY(find_kept_candidates(pipeline.kept, &run->frame, &run->kept));
    needs_candidate = needs_candidate_fields(pipeline.network, run->kept);
  }
  GUARDRANK_TRY(encode_features(pipeline.features, &run->frame, needs_candidate));
  return take_rows(run);
}

Status run_calibration(Run* run) {
  return apply_calibration(run->pipeline->calibration, &run->frame, run->exclusions,
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
  GUARDRANK_TRY(apply_value(run->pipeline->value, &run->frame, run->exclusions,
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
  if (!run->pipeline->policy->guardrails.empty()) GUARDRANK_TRY(keep_guardrail_inputs(run));
  std::span<const std::uint32_t> kept;
  GUARDRANK_TRY(
      apply_guardrails(run->pipeline->placement, &run->frame, run->exclusions, &kept));
  if (kept.size() == n_before) return Status::ok;
  GUARDRANK_TRY(keep_outcomes(kept, run->arena, run->outcomes));
  return keep_scores(kept, run->arena, &run->decision->scores);
}

Status run_placement(Run* run) {
  return place(run->pipeline->placement, &run->frame, run->decision->scores.score,
               run->decision->request->limit(), &run->decision->ranked);
}

struct Step {
  std::string_view name;
  Status (*run)(Run*);
};

constexpr Step steps_before_model[] = {
    {"frame", open_run},
    {"eligibility", run_eligibility},
    {"retrieval", run_retrieval},
    {"feature", run_features},
};
constexpr Step steps_after_model[] = {
    {"calibration", run_calibration},
    {"value", run_value},
    {"guardrails", run_guardrails},
    {"placement", run_placement},
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

Status fail(Status status, std::string_view stage, Error* error) {
  if (status == Status::memory) return error->no_memory(stage);
  return error->set(status, stage, {"the stage failed with ", status_name(status)});
}

Status finish(Run* run, Error* error) {
  Decision* decision = run->decision;
  decision->candidates = run->frame.rows();
  decision->heads = run->outcomes;
  decision->stages.removed = decision->stages.scored - run->frame.n_rows();
  const Status status = order_exclusions(run);
  return status == Status::ok ? status : fail(status, "decision", error);
}

// What the others lack is told as well: a host fetches it all at once.
Status tell_wanted(const WantedShard& first, Error* error) {
  return error->set(Status::missing,
                    Text<Error::max_part_bytes>{"fields[", first.field, "].shards[", first.shard, "]"},
                    {"the rows are not at hand"});
}

// A request whose expressions take too much fails as a whole: it is told by which of them.
Status fail_step(Status status, const Step& step, const PolicyPart& part, Error* error) {
  if (status != Status::limit || part.id.empty()) return fail(status, step.name, error);
  return error->set(status, Text<Error::max_part_bytes>{part.kind, part.id},
                    {step.name, ": its expression takes more steps or memory than a request has"});
}

// Where nothing is left, later steps have nothing to do.
Status run_steps(std::span<const Step> steps, Run* run, Error* error) {
  for (const Step& step : steps) {
    if (run->decision->exclusions != nullptr && run->frame.n_rows() == 0) break;
    run->frame.evaluated = {};
    if (const Status status = step.run(run); status != Status::ok) {
      return fail_step(status, step, run->frame.evaluated, error);
    }
  }
  return Status::ok;
}

// Of several requests, which one failed is told.
Status fail_request(std::span<const Run> runs, const Run& run, Status status, Error* error) {
  if (runs.size() == 1) return status;
  return error->within(Text<32>{"requests[", static_cast<std::uint64_t>(&run - runs.data()), "]"});
}

Status score_each(const LogitScorer& scorer, std::span<Run> runs) {
  for (Run& run : runs) {
    if (run.frame.n_rows() != 0) GUARDRANK_TRY(scorer.score(scorer.self, &run.frame));
  }
  return Status::ok;
}

Status run_model(const Pipeline& pipeline, Session* session, std::span<Run> runs) {
  if (pipeline.scorer.score != nullptr) return score_each(pipeline.scorer, runs);
  std::span<ScoredRows> parts;
  GUARDRANK_TRY(session->arena().make(runs.size(), &parts));
  std::size_t n = 0;
  for (const Run& run : runs) {
    if (run.frame.n_rows() == 0) continue;
    parts[n++] = {run.frame.encoded, run.kept, run.frame.n_rows(), {}};
  }
  GUARDRANK_TRY(score_together(pipeline.network, parts.first(n), &session->contexts(),
                               &session->arena()));
  n = 0;
  for (Run& run : runs) {
    if (run.frame.n_rows() != 0) run.frame.logits = parts[n++].logits;
  }
  return Status::ok;
}

Status open_runs(const Pipeline& pipeline, std::span<const Request* const> requests,
                 Session* session, std::span<Decision* const> decisions, std::span<Run>* runs) {
  GUARDRANK_TRY(session->arena().make(requests.size(), runs));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    *decisions[i] = {};
    decisions[i]->pipeline = &pipeline;
    decisions[i]->request = requests[i];
    (*runs)[i].pipeline = &pipeline;
    (*runs)[i].arena = &session->arena();
    (*runs)[i].shards = &session->shards();
    (*runs)[i].decision = decisions[i];
    (*runs)[i].reads_kept = session->reads_kept();
  }
  return Status::ok;
}

}  // namespace

Session::Session(const Allocator& allocator, std::size_t limit_bytes, std::size_t cache_bytes,
                 std::size_t shard_bytes)
    : arena_(allocator, limit_bytes), contexts_(allocator, cache_bytes),
      shards_(allocator, shard_bytes) {}

Status rank(const Pipeline& pipeline, const Request& request, Session* session, Decision* decision,
            Error* error) {
  const Request* requests[] = {&request};
  return rank_many(pipeline, requests, session, {&decision, 1}, error);
}

Status rank_many(const Pipeline& pipeline, std::span<const Request* const> requests,
                 Session* session, std::span<Decision* const> decisions, Error* error) {
  const FloatingPointEnvironment environment;
  session->arena().reset();
  session->shards().begin();
  std::span<Run> runs;
  Status status = open_runs(pipeline, requests, session, decisions, &runs);
  if (status != Status::ok) return fail(status, "session", error);
  for (Run& run : runs) {
    status = run_steps(steps_before_model, &run, error);
    if (status != Status::ok && session->shards().wanted().empty())
      return fail_request(runs, run, status, error);
  }
  if (!session->shards().wanted().empty()) return tell_wanted(session->shards().wanted()[0], error);
  status = run_model(pipeline, session, runs);
  if (status != Status::ok) return fail(status, "model", error);
  for (Run& run : runs) {
    status = run_steps(steps_after_model, &run, error);
    if (status == Status::ok) status = finish(&run, error);
    if (status != Status::ok) return fail_request(runs, run, status, error);
  }
  return Status::ok;
}

}  // namespace guardrank
