#include "core/decision/explanation.h"
#include "core/decision/reason_text.h"
#include "core/decision/version.h"
#include "core/base/json.h"
#include "core/base/number_text.h"

namespace guardrank {
namespace {

constexpr Sha256Digest no_digest{};

void write_digest(JsonWriter* json, std::string_view key, const Sha256Digest& digest) {
  json->key(key);
  if (digest == no_digest) {
    json->null();
    return;
  }
  const DigestText text = digest_text(digest);
  json->string({text.data(), text.size()});
}

void write_identity(JsonWriter* json, const Decision& decision) {
  const Pipeline& pipeline = *decision.pipeline;
  const std::string_view request_id = decision.request->request_id();
  json->key("request_id");
  if (request_id.empty()) json->null(); else json->string(request_id);
  json->key("release").string(pipeline.release_name);
  write_served(decision.request->served(), json);
  json->key("artifacts").begin_object();
  write_digest(json, "release", pipeline.ids.release);
  write_digest(json, "model", pipeline.ids.model);
  write_digest(json, "policy", pipeline.ids.policy);
  write_digest(json, "catalog", pipeline.ids.catalog);
  json->end_object();
  json->key("engine").string(engine_version);
  json->key("numerics").natural(numerics_version);
}

void write_stages(JsonWriter* json, const StageCounts& stages) {
  json->key("stages").begin_object();
  json->key("path").string(stages.is_two_stage ? "two_stage" : "single");
  if (stages.is_raised) json->key("raised").boolean(true);
  json->key("candidates").natural(stages.candidates);
  json->key("eligible").natural(stages.eligible);
  json->key("retrieved").natural(stages.retrieved);
  json->key("scored").natural(stages.scored);
  json->key("removed").natural(stages.removed);
  json->end_object();
}

// The logit is written as the double that it becomes, so that readers compute on what the engine
// computed on, not on a shorter text of the float.
void write_heads(JsonWriter* json, const Decision& decision, std::uint32_t row) {
  const std::span<const Head> heads = decision.pipeline->model->heads;
  json->key("heads").begin_object();
  for (std::size_t h = 0; h < heads.size(); ++h) {
    const HeadOutcome& outcome = decision.heads[h];
    json->key(heads[h].name).begin_object();
    json->key("logit").number(static_cast<double>(outcome.logit[row]));
    if (heads[h].kind == HeadKind::log_amount) {
      json->key("value").number(outcome.probability[row]);
    } else {
      json->key("corrected").number(outcome.corrected[row]);
      json->key("probability").number(outcome.probability[row]);
      json->key("reach").number(outcome.reach[row]);
    }
    json->end_object();
  }
  json->end_object();
}

void write_terms(JsonWriter* json, const Decision& decision, std::uint32_t row) {
  const std::span<const Term> terms = decision.pipeline->policy->terms;
  json->key("terms").begin_array();
  for (std::size_t t = 0; t < terms.size(); ++t) {
    json->begin_object();
    json->key("id").string(terms[t].id);
    json->key("micros").integer(decision.scores.terms[t][row]);
    json->end_object();
  }
  json->end_array();
}

void write_number(JsonWriter* json, std::string_view key, const ExprValue& value) {
  json->key(key);
  if (value.kind == ExprType::timestamp) {
    char text[max_number_text_bytes];
    json->string({text, write_timestamp(value.micros(), text)});
  } else if (value.kind == ExprType::integer) {
    json->integer(value.integer);
  } else {
    json->number(value.number);
  }
}

// "fact", "from" and "to", into the object that is open.
void write_change(JsonWriter* json, const Decision& decision, const ThresholdChange& change) {
  json->key("fact").string(decision.pipeline->fact_names[change.fact]);
  write_number(json, "from", change.from);
  write_number(json, "to", change.to);
}

// The guardrails that a small change of one number would make remove this row.
Status write_near_edge(JsonWriter* json, const Decision& decision, std::uint32_t row,
                       Explanation* explanation) {
  const std::span<const Guardrail> guardrails = decision.pipeline->policy->guardrails;
  bool is_open = false;
  for (std::uint32_t g = 0; g < guardrails.size(); ++g) {
    ThresholdChange change;
    GUARDRANK_TRY(explanation->change_of_guardrail(row, g, &change));
    if (change.fact == no_fact || !(change.share <= near_edge_share)) continue;
    if (!is_open) json->key("near_edge").begin_array();
    is_open = true;
    json->begin_object().key("guardrail").string(guardrails[g].id);
    write_change(json, decision, change);
    json->end_object();
  }
  if (is_open) json->end_array();
  return Status::ok;
}

Status write_ranked(JsonWriter* json, const Decision& decision, Explanation* explanation) {
  json->key("ranked").begin_array();
  std::uint64_t position = 0;
  for (const Placed& placed : decision.ranked) {
    json->begin_object();
    json->key("position").natural(++position);
    json->key("offer").string(decision.request->offer_id(decision.candidates[placed.row]));
    json->key("score_micros").integer(decision.scores.score[placed.row]);
    json->key("propensity").number(placed.propensity);
    if (placed.is_mandated) json->key("mandated").boolean(true);
    if (decision.request->explain()) {
      write_heads(json, decision, placed.row);
      write_terms(json, decision, placed.row);
      GUARDRANK_TRY(write_near_edge(json, decision, placed.row, explanation));
    }
    json->end_object();
  }
  json->end_array();
  return Status::ok;
}

void write_reason(JsonWriter* json, const ReasonText& reason, bool explain) {
  json->key("rule").string(reason.rule);
  json->key("code").string(reason.code);
  if (explain) json->key("text").string(reason.text);
  json->key("value").string(reason.value);
  if (!reason.missing.empty()) json->key("missing").string(reason.missing);
  if (!reason.problem.empty()) json->key("problem").string(reason.problem);
  if (explain && !reason.adverse_action.empty()) {
    json->key("adverse_action").string(reason.adverse_action);
  }
}

Status write_reasons(JsonWriter* json, const Decision& decision, const Exclusion& exclusion,
                     Explanation* explanation) {
  const bool explain = decision.request->explain();
  const std::span<const Reason> reasons = decision.exclusions->reasons(exclusion);
  const PrincipalReasons principal = principal_reasons(decision, exclusion);
  json->key("reasons").begin_array();
  for (std::uint32_t i = 0; i < reasons.size(); ++i) {
    json->begin_object();
    write_reason(json, describe(*decision.pipeline, reasons[i]), explain);
    if (explain) {
      if (const std::uint32_t rank = principal.rank_of(i); rank != 0)
        json->key("principal").natural(rank);
      ThresholdChange change;
      GUARDRANK_TRY(explanation->change_of(exclusion, reasons[i], &change));
      if (change.fact != no_fact) {
        json->key("change").begin_object();
        write_change(json, decision, change);
        json->end_object();
      }
    }
    json->end_object();
  }
  json->end_array();
  return Status::ok;
}

Status write_excluded(JsonWriter* json, const Decision& decision, Explanation* explanation) {
  json->key("excluded").begin_array();
  const bool explains = decision.request->explain();
  for (const Exclusion& exclusion : decision.excluded) {
    if (!explains && exclusion.stage == ExclusionStage::retrieval) continue;   // thousands
    json->begin_object();
    json->key("offer").string(decision.request->offer_id(exclusion.candidate));
    json->key("stage").string(exclusion_stage_name(exclusion.stage));
    GUARDRANK_TRY(write_reasons(json, decision, exclusion, explanation));
    json->end_object();
  }
  json->end_array();
  return Status::ok;
}

}  // namespace

Status write_decision_json(const Decision& decision, Bytes record, Arena* arena,
                           std::string_view* text) {
  JsonWriter json(arena);
  Explanation explanation(&decision, arena);
  json.begin_object();
  write_identity(&json, decision);
  write_stages(&json, decision.stages);
  GUARDRANK_TRY(write_ranked(&json, decision, &explanation));
  GUARDRANK_TRY(write_excluded(&json, decision, &explanation));
  if (!record.empty()) json.key("record").base64(record);
  json.end_object();
  GUARDRANK_TRY(json.status());
  *text = json.view();
  return Status::ok;
}

}  // namespace guardrank
