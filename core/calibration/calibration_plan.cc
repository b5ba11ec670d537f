// The facts that calibration reads and sets.
#include "core/calibration/calibration.h"

namespace guardrank {
namespace {

Status add_output(Namespace space, const Head& head, FactTable* facts, Error* error) {
  return facts->add(fact_of(space, FactType::f64, head.name, true), nullptr, error);
}

bool picks_segments(FactType type) {
  return type == FactType::string || type == FactType::i64 || type == FactType::boolean;
}

// The segment's field may be a string (the default), or an integer or bool that the model or the
// policy has declared; those go by their text.
Status add_segment(const Head& head, FactTable* facts, Error* error) {
  const std::uint32_t known = facts->find(Namespace::context, head.segment_field);
  if (known != no_fact && picks_segments((*facts)[known].type)) {
    facts->at(known).is_declared = true;
    return Status::ok;
  }
  return facts->add(fact_of(Namespace::context, FactType::string, head.segment_field, true), nullptr,
                    error);
}

Status find_output(Namespace space, const Head& head, const FactTable& facts,
                   std::uint32_t* ordinal, Error* error) {
  *ordinal = facts.find(space, head.name);
  if (*ordinal != no_fact) return Status::ok;
  return error->set(Status::internal, head.name, {"facts of the head were not added"});
}

Status check_condition(std::span<const Head> heads, std::size_t h, Error* error) {
  const std::uint32_t given = heads[h].given;
  if (given == no_head) return Status::ok;
  if (given < h && heads[given].kind == HeadKind::probability) return Status::ok;
  return error->set(Status::reference, heads[h].name,
                    {"given must be an earlier probability head"});
}

Status resolve(const Head& head, const FactTable& facts, HeadFacts* found, Error* error) {
  if (head.kind == HeadKind::log_amount) {
    GUARDRANK_TRY(find_output(Namespace::value, head, facts, &found->value, error));
  } else {
    GUARDRANK_TRY(find_output(Namespace::probability, head, facts, &found->probability, error));
    GUARDRANK_TRY(find_output(Namespace::reach, head, facts, &found->reach, error));
  }
  if (!head.segment_field.empty()) {
    found->segment = facts.find(Namespace::context, head.segment_field);
  }
  return Status::ok;
}

}  // namespace

Status add_calibration_facts(std::span<const Head> heads, FactTable* facts, Error* error) {
  for (const Head& head : heads) {
    if (head.kind == HeadKind::log_amount) {
      GUARDRANK_TRY(add_output(Namespace::value, head, facts, error));
    } else {
      GUARDRANK_TRY(add_output(Namespace::probability, head, facts, error));
      GUARDRANK_TRY(add_output(Namespace::reach, head, facts, error));
    }
    if (!head.segment_field.empty()) GUARDRANK_TRY(add_segment(head, facts, error));
  }
  return Status::ok;
}

Status prepare_calibration(std::span<const Head> heads, const FactTable& facts, Arena* arena,
                           CalibrationPlan* plan, Error* error) {
  std::span<HeadFacts> found;
  GUARDRANK_TRY(arena->make(heads.size(), &found));
  for (std::size_t h = 0; h < heads.size(); ++h) {
    GUARDRANK_TRY(check_condition(heads, h, error));
    GUARDRANK_TRY(resolve(heads[h], facts, &found[h], error));
  }
  *plan = {heads, found};
  return Status::ok;
}

}  // namespace guardrank
