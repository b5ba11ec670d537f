// Expressions tried on values of their facts, through the engine's own evaluation.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/lint/critical_values.h"

namespace guardrank::lint {

// Combinations of values of several facts: all of them when they are few, else drawn.
class Combinations {
 public:
  Combinations(std::vector<CriticalValues> facts, std::size_t most, std::uint64_t seed);

  std::size_t size() const { return size_; }
  bool is_complete() const { return is_complete_; }
  std::size_t n_facts() const { return facts_.size(); }
  const CriticalValues& fact(std::size_t f) const { return facts_[f]; }
  // Which value of fact `f` the combination has.
  std::size_t value(std::size_t combination, std::size_t f) const;

 private:
  std::vector<CriticalValues> facts_;
  std::size_t size_ = 1;
  bool is_complete_ = true;
  std::uint64_t seed_;
};

// Rows of candidates under one context at a time.
class Trial {
 public:
  // Rows that take combinations of the candidate and pair facts among `values`; contexts those of
  // the context facts and of the time, which begins at `now` (micros).
  Trial(const CompiledPolicy& policy, const ValuesToTry& values, std::size_t most_contexts,
        std::size_t most_rows, std::int64_t now);
  // The catalog's offers as rows; pair facts take one value for all of them.
  static Trial over_catalog(const CompiledPolicy& policy, const ValuesToTry& values,
                            std::size_t most_contexts, std::int64_t now);

  std::size_t n_contexts() const { return contexts_.size(); }
  std::size_t n_rows() const { return request_->n_candidates(); }
  bool is_complete() const { return contexts_.is_complete() && is_complete_; }
  // What is so on all that is tried is so.
  bool is_proof() const { return is_complete() && is_exhaustive_; }

  // Puts the context in force for what is evaluated next.
  void set_context(std::size_t context);
  // A result per row: true, false or neither. The last one's memory is used again.
  EvaluatedColumn evaluate(const CompiledExpression& expression);

 private:
  Trial(const CompiledPolicy& policy, std::vector<CriticalValues> varied,
        std::size_t most_contexts, std::int64_t now);
  void set_value(const CriticalValues& values, std::size_t which, std::uint32_t row);
  void set_outcome(const CriticalValues& values, std::size_t which, std::uint32_t row);
  void open_rows(std::vector<CriticalValues> facts, std::size_t most_rows);

  const CompiledPolicy& policy_;
  Combinations contexts_;
  std::int64_t now_;
  bool is_complete_ = true, is_exhaustive_ = false;
  // What a model would say of each row.
  struct Outcome {
    std::uint32_t fact = no_fact;
    std::vector<double> numbers;
    std::vector<std::uint8_t> present;
  };
  std::vector<Outcome> outcomes_;
  std::unique_ptr<Request> request_;
  std::unique_ptr<Arena> arena_;
  std::unique_ptr<Frame> frame_;
};

}  // namespace guardrank::lint
