#include "capi/src/session_lock.h"

#include "core/decision/reason_text.h"
#include "core/record/record.h"

using guardrank::Decision;
using guardrank::Placed;
using guardrank::Report;
using guardrank::Status;
using guardrank::ThresholdChange;

namespace {

bool has_position(const gr_decision* decision, uint32_t position) {
  return decision != nullptr && position < decision->decision.ranked.size();
}

Status write_json(const Decision& decision, bool with_record, guardrank::Arena* arena,
                  std::string_view* text, guardrank::Error* error) {
  if (decision.pipeline == nullptr) {
    return error->set(Status::argument, "decision", {"its session has failed to rank since"});
  }
  guardrank::Bytes record;
  if (with_record) GUARDRANK_TRY(guardrank::write_record(decision, {}, arena, &record, error));
  if (guardrank::write_decision_json(decision, record, arena, text) == Status::ok) {
    return Status::ok;
  }
  return error->no_memory("json");
}

gr_change as_change(const Decision& decision, const ThresholdChange& found) {
  gr_change known{};
  if (found.fact == guardrank::no_fact) return known;
  known.fact = guardrank::as_text(decision.pipeline->fact_names[found.fact]);
  known.share = found.share;
  if (found.from.kind == guardrank::ExprType::integer) {
    known.type = GR_TYPE_I64;
    known.from_integer = found.from.integer;
    known.to_integer = found.to.integer;
  } else if (found.from.kind == guardrank::ExprType::timestamp) {
    known.type = GR_TYPE_TIMESTAMP;
    known.from_integer = found.from.micros();
    known.to_integer = found.to.micros();
  } else {
    known.from_number = found.from.number;
    known.to_number = found.to.number;
  }
  return known;
}

// `find(decision, change)` under the session's lock; Status::argument: there is no such thing.
template <typename Find>
gr_status explain(const gr_decision* decision, gr_change* change, gr_error** error, Find find) {
  Report report(error);
  if (decision == nullptr) return report.null("decision");
  if (change == nullptr) return report.null("change");
  gr_session* session = decision->session;
  report.use(session->allocator);
  const guardrank::SessionLock lock(session);
  if (!lock.is_held()) return lock.busy(&report);
  ThresholdChange found;
  const Status status = find(decision->decision, &found);
  if (status == Status::argument)
    return report.finish(report.error()->set(status, "decision", {"it has nothing at that index"}));
  if (status != Status::ok)
    return report.finish(report.error()->set(status, "decision", {"no memory left to explain it"}));
  const gr_change known = as_change(decision->decision, found);
  return report.finish(static_cast<Status>(guardrank::write_struct(known, change)));
}

}  // namespace

extern "C" {

uint32_t gr_decision_ranked_count(const gr_decision* decision) {
  return decision == nullptr ? 0 : static_cast<uint32_t>(decision->decision.ranked.size());
}

uint32_t gr_decision_excluded_count(const gr_decision* decision) {
  return decision == nullptr ? 0 : static_cast<uint32_t>(decision->decision.excluded.size());
}

gr_status gr_decision_ranked(const gr_decision* decision, uint32_t position, gr_ranked* ranked) {
  if (!has_position(decision, position)) return GR_STATUS_ARGUMENT;
  const Decision& d = decision->decision;
  const Placed& placed = d.ranked[position];
  gr_ranked known{};
  known.candidate = d.candidates[placed.row];
  known.offer = guardrank::as_text(d.request->offer_id(known.candidate));
  known.score_micros = d.scores.score[placed.row];
  known.propensity = placed.propensity;
  known.is_mandated = placed.is_mandated ? 1 : 0;
  return guardrank::write_struct(known, ranked);
}

gr_status gr_decision_head(const gr_decision* decision, uint32_t position, uint32_t head,
                           gr_head_outcome* outcome) {
  if (!has_position(decision, position)) return GR_STATUS_ARGUMENT;
  const Decision& d = decision->decision;
  if (head >= d.heads.size()) return GR_STATUS_ARGUMENT;
  const std::uint32_t row = d.ranked[position].row;
  gr_head_outcome known{};
  known.is_value_head = d.pipeline->model->heads[head].kind == guardrank::HeadKind::log_amount;
  known.logit = static_cast<double>(d.heads[head].logit[row]);
  known.probability = d.heads[head].probability[row];
  if (known.is_value_head == 0) {
    known.corrected = d.heads[head].corrected[row];
    known.reach = d.heads[head].reach[row];
  }
  return guardrank::write_struct(known, outcome);
}

gr_status gr_decision_term_micros(const gr_decision* decision, uint32_t position, uint32_t term,
                                  int64_t* micros) {
  if (!has_position(decision, position) || micros == nullptr) return GR_STATUS_ARGUMENT;
  const Decision& d = decision->decision;
  if (term >= d.scores.terms.size()) return GR_STATUS_ARGUMENT;
  *micros = d.scores.terms[term][d.ranked[position].row];
  return GR_STATUS_OK;
}

gr_status gr_decision_excluded(const gr_decision* decision, uint32_t index, gr_excluded* excluded) {
  if (index >= gr_decision_excluded_count(decision)) return GR_STATUS_ARGUMENT;
  const guardrank::Exclusion& exclusion = decision->decision.excluded[index];
  gr_excluded known{};
  known.candidate = exclusion.candidate;
  known.offer = guardrank::as_text(decision->decision.request->offer_id(exclusion.candidate));
  known.stage = guardrank::as_text(guardrank::exclusion_stage_name(exclusion.stage));
  known.reason_count = exclusion.n_reasons;
  return guardrank::write_struct(known, excluded);
}

gr_status gr_decision_reason(const gr_decision* decision, uint32_t index, uint32_t reason,
                             gr_reason* out) {
  if (index >= gr_decision_excluded_count(decision)) return GR_STATUS_ARGUMENT;
  const Decision& d = decision->decision;
  const auto reasons = d.exclusions->reasons(d.excluded[index]);
  if (reason >= reasons.size()) return GR_STATUS_ARGUMENT;
  const guardrank::ReasonText text = guardrank::describe(*d.pipeline, reasons[reason]);
  gr_reason known{};
  known.rule = guardrank::as_text(text.rule);
  known.code = guardrank::as_text(text.code);
  known.text = guardrank::as_text(text.text);
  known.adverse_action = guardrank::as_text(text.adverse_action);
  known.value = guardrank::as_text(text.value);
  known.missing = guardrank::as_text(text.missing);
  known.principal_rank =
      guardrank::principal_reasons(d, d.excluded[index]).rank_of(reason);
  return guardrank::write_struct(known, out);
}

gr_status gr_decision_change(const gr_decision* decision, uint32_t index, uint32_t reason,
                             gr_change* change, gr_error** error) {
  return explain(decision, change, error, [&](const Decision& d, ThresholdChange* found) {
    if (index >= d.excluded.size()) return Status::argument;
    const auto reasons = d.exclusions->reasons(d.excluded[index]);
    if (reason >= reasons.size()) return Status::argument;
    return decision->explanation.change_of(d.excluded[index], reasons[reason], found);
  });
}

gr_status gr_decision_guardrail_change(const gr_decision* decision, uint32_t position,
                                       uint32_t guardrail, gr_change* change, gr_error** error) {
  return explain(decision, change, error, [&](const Decision& d, ThresholdChange* found) {
    if (position >= d.ranked.size()) return Status::argument;
    return decision->explanation.change_of_guardrail(d.ranked[position].row, guardrail, found);
  });
}

gr_status gr_decision_json(const gr_decision* decision, bool with_record, gr_text* json,
                           gr_error** error) {
  Report report(error);
  if (decision == nullptr || json == nullptr) {
    return report.null(decision == nullptr ? "decision" : "json");
  }
  gr_session* session = decision->session;
  report.use(session->allocator);
  const guardrank::SessionLock lock(session);
  if (!lock.is_held()) return lock.busy(&report);
  std::string_view& text = decision->json[with_record ? 1 : 0];
  Status status = Status::ok;
  if (text.empty()) {
    status = write_json(decision->decision, with_record, &session->session.arena(), &text,
                        report.error());
  }
  if (status == Status::ok) *json = guardrank::as_text(text);
  return report.finish(status);
}

}  // extern "C"
