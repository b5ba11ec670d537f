// The columns of one request while the stages run: facts joined from request, catalog and defaults,
// and what the stages have computed so far, over the candidates that are still in play.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/arena.h"
#include "core/frame/encoded_field.h"
#include "core/frame/fact_table.h"
#include "core/frame/request.h"

namespace guardrank {

// A part of the policy, for messages: "rules." and its id.
struct PolicyPart {
  const char* kind = "";
  std::string_view id;
};

struct Pick;   // where one row's value comes from (core/frame/gather.h)

class Frame {
 public:
  // All candidates in play. Allocates from `arena`, which the session resets per request.
  Status open(const Request& request, Arena* arena);

  const Request& request() const { return *request_; }
  const FactTable& facts() const { return request_->facts(); }
  Arena& arena() { return *arena_; }

  std::uint32_t n_rows() const { return static_cast<std::uint32_t>(rows_.size()); }
  // Candidate index of each row in play, ascending.
  std::span<const std::uint32_t> rows() const { return rows_; }
  // Keeps the rows (indices into the present rows, ascending). Gathered columns are forgotten and
  // gathered again on demand; columns set by stages are compacted; `encoded` and `logits` are
  // forgotten.
  Status keep(std::span<const std::uint32_t> kept);

  // A fact over the rows in play (or one row). Order of precedence: set by a stage, given by the
  // request (for a context string also by its route), catalog, default of the policy. Whatever is
  // then absent is missing.
  Status column(std::uint32_t fact, Column* column);
  // A stage's output: n_rows = n_rows() or 1; memory from arena().
  void set_column(std::uint32_t fact, const Column& column);

  // Between feature and model: one entry per model field, in the model's order.
  std::span<EncodedField> encoded;
  // Between the context's features and stage one: u7 codes of the context block of x.
  std::span<const std::uint8_t> context_codes;
  // Between model and calibration: float logits by head, n_rows() each.
  std::span<std::span<float>> logits;
  // Whose expression a stage evaluates: to be named where that takes more than a request may.
  PolicyPart evaluated;

 private:
  Status gather(std::uint32_t fact, Column* column);
  Status gather_ids(Column* column);
  Status gather_candidates(std::uint32_t fact, Column* column);
  Status compact(std::span<const std::uint32_t> kept, Column* column);
  Status open_picks(std::size_t n, std::span<Pick>* picks);
  const Column* catalog_column(const Fact& fact) const;
  bool is_catalog_in_order() const;
  Status find_catalog_rows();

  const Request* request_ = nullptr;
  Arena* arena_ = nullptr;
  std::span<const std::uint32_t> rows_;
  // The catalog's row of each row in play; empty where not all are the catalog's, or not yet looked up.
  std::span<const std::uint32_t> catalog_rows_;
  bool has_catalog_rows_ = false;      // looked up
  std::span<Column> cache_;            // by fact; n_rows 0: not gathered
  std::span<std::uint8_t> is_output_;  // by fact; set by a stage
  Pick* picks_ = nullptr;              // room for a pick per row, used by one gathering at a time
};

}  // namespace guardrank
