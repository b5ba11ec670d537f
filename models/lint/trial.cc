#include "models/lint/trial.h"

#include <algorithm>

#include "core/base/random.h"
#include "core/frame/fact_path.h"
#include "models/pack/pack_error.h"

namespace guardrank::lint {
namespace {

constexpr std::uint64_t context_seed = 1, row_seed = 2;

bool is_context(const CompiledPolicy& policy, const CriticalValues& values) {
  const Namespace space = policy.facts()[values.fact].space;
  return space == Namespace::context || space == Namespace::time;
}

std::vector<CriticalValues> of_side(const CompiledPolicy& policy,
                                    const std::vector<CriticalValues>& values,
                                    bool wants_context) {
  std::vector<CriticalValues> out;
  for (const CriticalValues& one : values)
    if (is_context(policy, one) == wants_context && !is_offer_id(policy.facts()[one.fact]))
      out.push_back(one);
  return out;
}

Value value_of(const CriticalValues& values, std::size_t which, std::int64_t now,
               std::vector<std::string_view>* texts) {
  if (which == values.n_values()) return Value();
  switch (values.type) {
    case FactType::f64: return Value::of(values.numbers[which]);
    case FactType::i64: return Value::of(static_cast<std::int64_t>(values.numbers[which]));
    case FactType::boolean: return Value::of(which != 0);
    case FactType::string: return Value::of(std::string_view(values.strings[which]));
    case FactType::timestamp: {
      Value time = Value::of(now + values.times[which]);
      time.type = FactType::timestamp;
      return time;
    }
    case FactType::string_list: {
      texts->assign(values.lists[which].begin(), values.lists[which].end());
      Value list;
      list.type = FactType::string_list;
      list.is_missing = false;
      list.strings = *texts;
      return list;
    }
    case FactType::f32_vector: break;
  }
  return Value();
}

}  // namespace

Combinations::Combinations(std::vector<CriticalValues> facts, std::size_t most,
                           std::uint64_t seed)
    : facts_(std::move(facts)), seed_(seed) {
  for (const CriticalValues& fact : facts_) {
    if (size_ > most / fact.size()) {
      is_complete_ = false;
      size_ = most;
      return;
    }
    size_ *= fact.size();
  }
}

std::size_t Combinations::value(std::size_t combination, std::size_t f) const {
  if (!is_complete_) {
    const double draw = uniform(seed_, f, combination);
    return static_cast<std::size_t>(draw * static_cast<double>(facts_[f].size()));
  }
  for (std::size_t before = 0; before < f; ++before) combination /= facts_[before].size();
  return combination % facts_[f].size();
}

Trial::Trial(const CompiledPolicy& policy, std::vector<CriticalValues> varied,
             std::size_t most_contexts, std::int64_t now)
    : policy_(policy),
      contexts_(std::move(varied), most_contexts, context_seed),
      now_(now),
      arena_(std::make_unique<Arena>(pack::system_allocator(), SIZE_MAX)),
      frame_(std::make_unique<Frame>()) {}

Trial::Trial(const CompiledPolicy& policy, const ValuesToTry& values, std::size_t most_contexts,
             std::size_t most_rows, std::int64_t now)
    : Trial(policy, of_side(policy, values.facts, true), most_contexts, now) {
  is_exhaustive_ = values.is_exhaustive;
  request_ = std::make_unique<Request>(policy.facts(), nullptr, pack::system_allocator());
  open_rows(of_side(policy, values.facts, false), most_rows);
}

Trial Trial::over_catalog(const CompiledPolicy& policy, const ValuesToTry& values,
                          std::size_t most_contexts, std::int64_t now) {
  // Pair facts vary with the context here: one value for all rows.
  std::vector<CriticalValues> varied;
  for (const CriticalValues& one : values.facts)
    if (policy.facts()[one.fact].space != Namespace::candidate) varied.push_back(one);
  Trial trial(policy, std::move(varied), most_contexts, now);
  trial.is_exhaustive_ = values.is_exhaustive;
  trial.request_ = std::make_unique<Request>(policy.facts(), &policy.catalog(),
                                             pack::system_allocator());
  trial.request_->set_time(now);
  Error error;
  pack::throw_if(trial.request_->set_whole_catalog(&error), error);
  return trial;
}

void Trial::open_rows(std::vector<CriticalValues> facts, std::size_t most_rows) {
  const Combinations rows(std::move(facts), most_rows, row_seed);
  is_complete_ = rows.is_complete();
  std::vector<std::string> names;
  for (std::size_t row = 0; row < rows.size(); ++row) names.push_back("o" + std::to_string(row));
  const std::vector<std::string_view> ids(names.begin(), names.end());
  Error error;
  request_->set_time(now_);
  pack::throw_if(request_->set_candidates(ids, &error), error);
  for (std::uint32_t row = 0; row < rows.size(); ++row)
    for (std::size_t f = 0; f < rows.n_facts(); ++f)
      set_value(rows.fact(f), rows.value(row, f), row);
}

void Trial::set_value(const CriticalValues& values, std::size_t which, std::uint32_t row) {
  std::vector<std::string_view> texts;
  const Value value = value_of(values, which, now_, &texts);
  const Namespace space = policy_.facts()[values.fact].space;
  if (is_outcome(space)) return set_outcome(values, which, row);
  if (space == Namespace::time) return request_->set_time(now_ + values.times[which]);
  Error error;
  pack::throw_if(space == Namespace::context ? request_->set_context(values.fact, value, &error)
                 : space == Namespace::pair  ? request_->set_pair(row, values.fact, value, &error)
                                 : request_->set_candidate(row, values.fact, value, &error),
                 error);
}

void Trial::set_outcome(const CriticalValues& values, std::size_t which, std::uint32_t row) {
  auto held = std::find_if(outcomes_.begin(), outcomes_.end(),
                           [&](const Outcome& outcome) { return outcome.fact == values.fact; });
  if (held == outcomes_.end()) {
    const std::vector<std::uint8_t> none(request_->n_candidates());
    held = outcomes_.insert(held, {values.fact, std::vector<double>(none.size()), none});
  }
  if (which == values.n_values()) return;
  held->numbers[row] = values.numbers[which];
  held->present[row] = 1;
}

void Trial::set_context(std::size_t context) {
  for (std::size_t f = 0; f < contexts_.n_facts(); ++f) {
    const CriticalValues& values = contexts_.fact(f);
    const bool is_pair = policy_.facts()[values.fact].space == Namespace::pair;
    const std::uint32_t n_rows = is_pair ? request_->n_candidates() : 1;
    for (std::uint32_t row = 0; row < n_rows; ++row)
      set_value(values, contexts_.value(context, f), row);
  }
  arena_->reset();
  if (frame_->open(*request_, arena_.get()) != Status::ok)
    throw pack::PackError(Status::memory, "", "no memory to try the policy");
  for (const Outcome& outcome : outcomes_) {
    Column column;
    column.n_rows = request_->n_candidates();
    column.numbers = outcome.numbers.data();
    column.present = outcome.present.data();
    frame_->set_column(outcome.fact, column);
  }
}

EvaluatedColumn Trial::evaluate(const CompiledExpression& expression) {
  EvaluatedColumn column;
  if (const Status status = guardrank::evaluate(expression.program, frame_.get(), &column);
      status != Status::ok)
    throw pack::PackError(status, expression.where, "cannot be evaluated");
  return column;
}

}  // namespace guardrank::lint
