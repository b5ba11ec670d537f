#include "core/decision/kept_catalog.h"

#include <algorithm>

#include "core/base/limits.h"
#include "core/frame/fact_path.h"

namespace guardrank {
namespace {

// Offers of a step: a tile, so that a host can do other things between two.
constexpr std::uint32_t rows_of_step = 120;
// Where a host asks for more of them, these are encoded at a time: enough that what each time costs does not
// count, little enough for the cache.
constexpr std::uint32_t steps_at_once = 8;
// A table that a core's own caches more or less hold.
constexpr std::size_t near_bytes = std::size_t{4} << 20;

bool depends_on_time(const Field& field) {
  for (const Transform& transform : field.transforms) {
    if (transform.kind == TransformKind::days_since) return true;
  }
  return false;
}

bool has_fixed_candidates(const FeaturePlan& features) {
  for (const Field& field : features.fields) {
    if (field.side == Side::candidate && depends_on_time(field)) return false;
  }
  return true;
}

// The facts that candidate fields read, less the offer's id, which no request gives.
Status collect_facts(const FeaturePlan& features, const FactTable& facts, Arena* arena,
                     KeptCatalog* kept) {
  std::span<std::uint32_t> found;
  std::size_t capacity = 0, n = 0;
  for (const std::span<const std::uint32_t> inputs : features.inputs) capacity += inputs.size();
  GUARDRANK_TRY(arena->make(capacity, &found));
  for (std::size_t i = 0; i < features.fields.size(); ++i) {
    if (features.fields[i].side != Side::candidate) continue;
    for (const std::uint32_t fact : features.inputs[i]) {
      if (!is_offer_id(facts[fact])) found[n++] = fact;
    }
  }
  kept->facts = found.first(n);
  return Status::ok;
}

// Room for the rows of as many offers as the budget holds; none where memory is refused.
template <typename T>
std::span<T> open_rows(std::size_t per_row, std::uint64_t budget_bytes, std::size_t n_offers,
                       Arena* arena, KeptRows<T>* rows) {
  std::span<T> values;
  if (per_row == 0) return values;
  const std::uint64_t affordable = budget_bytes / (per_row * sizeof(T));
  const std::size_t n = affordable < n_offers ? static_cast<std::size_t>(affordable) : n_offers;
  if (n == 0 || n > SIZE_MAX / sizeof(T) / per_row) return values;
  if (arena->make_uninitialised(n * per_row, &values) != Status::ok) return values;
  *rows = {values, per_row, 0};
  return values;
}

template <typename T>
std::uint32_t n_rows_of(std::span<T> values, std::size_t per_row) {
  return per_row == 0 ? 0 : static_cast<std::uint32_t>(values.size() / per_row);
}

bool gives_fact(const KeptCatalog& kept, const Request& request, std::uint32_t candidate) {
  for (const std::uint32_t fact : kept.facts) {
    const Column& given = request.given(fact);
    if (given.n_rows != 0 && given.is_present(given.row_of(candidate))) return true;
  }
  return false;
}

bool gives_any_fact(const KeptCatalog& kept, const Request& request) {
  for (const std::uint32_t fact : kept.facts) {
    if (request.given(fact).n_rows != 0) return true;
  }
  return false;
}

// An address by row, as far as there are any.
template <typename T>
Status open_found(const KeptRows<T>& rows, Frame* frame, std::span<const T*>* found) {
  return frame->arena().make(rows.n_rows == 0 ? 0 : frame->n_rows(), found);
}

}  // namespace

KeptCatalogBuilder::KeptCatalogBuilder(const FeaturePlan& features, const NetworkPlan& network,
                                       const FactTable& facts, const Catalog& catalog,
                                       const Allocator& allocator)
    : features_(features), network_(network), facts_(facts), catalog_(catalog),
      request_(facts, &catalog, allocator), arena_(allocator, limits::session_bytes) {}

void KeptCatalogBuilder::open(const KeptBudget& budget, Arena* arena, KeptCatalog* kept) {
  *kept = {};
  kept_ = kept;
  if (!has_fixed_candidates(features_)) return;
  const std::size_t n_offers = catalog_.ids.size();
  if (collect_facts(features_, facts_, arena, kept) != Status::ok) return;
  codes_ = open_rows(kept_codes_per_row(network_), budget.codes_bytes, n_offers, arena, &kept->codes);
  sums_ = open_rows(kept_sums_per_row(network_), budget.sums_bytes, n_offers, arena, &kept->sums);
  n_coded_ = n_rows_of(codes_, kept->codes.per_row);
  n_summed_ = n_rows_of(sums_, kept->sums.per_row);
  end_ = std::max(n_coded_, n_summed_);
}

std::uint32_t KeptCatalogBuilder::n_steps_left() const {
  return (end_ - next_ + rows_of_step - 1) / rows_of_step;
}

Status KeptCatalogBuilder::step(std::uint32_t n_steps, Error* error) {
  const std::uint32_t n = std::min(end_ - next_, rows_of_step * std::min(n_steps, steps_at_once));
  if (n == 0) return Status::ok;
  const Status status = add_rows(n, error);
  next_ = status == Status::ok ? next_ + n : end_;
  if (status != Status::memory) return status;
  error->clear();                          // the rows that were written serve
  return Status::ok;
}

// Offers next_, next_ + 1, ...
Status KeptCatalogBuilder::add_rows(std::uint32_t n, Error* error) {
  request_.reset();
  arena_.reset();
  GUARDRANK_TRY(request_.set_candidates(catalog_.ids.subspan(next_, n), error));
  Frame frame;
  GUARDRANK_TRY(frame.open(request_, &arena_));
  GUARDRANK_TRY(encode_features(features_, &frame));
  if (const std::uint32_t more = std::min(n, rows_left(n_coded_)); more != 0) {
    code_candidates(network_, frame.encoded, more, codes_.data() + next_ * kept_->codes.per_row);
    kept_->codes.n_rows = next_ + more;
  }
  if (const std::uint32_t more = std::min(n, rows_left(n_summed_)); more != 0) {
    GUARDRANK_TRY(sum_candidates(network_, frame.encoded, more, &arena_,
                                 sums_.data() + next_ * kept_->sums.per_row));
    kept_->sums.n_rows = next_ + more;
  }
  return Status::ok;
}

Status find_kept_candidates(const KeptCatalog& catalog, Frame* frame, KeptCandidates* kept) {
  *kept = {};
  if (catalog.codes.n_rows == 0 && catalog.sums.n_rows == 0) return Status::ok;
  const Request& request = frame->request();
  const bool may_give = gives_any_fact(catalog, request);
  const std::span<const std::uint32_t> rows = frame->rows();
  std::span<const std::uint8_t*> codes;
  std::span<const std::int16_t*> sums;
  GUARDRANK_TRY(open_found(catalog.codes, frame, &codes));
  GUARDRANK_TRY(open_found(catalog.sums, frame, &sums));
  std::size_t n_coded = 0, n_summed = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (may_give && gives_fact(catalog, request, rows[i])) continue;
    const std::uint32_t row = request.catalog_row(rows[i]);
    if (!codes.empty()) n_coded += (codes[i] = catalog.codes.row(row)) != nullptr;
    if (!sums.empty()) n_summed += (sums[i] = catalog.sums.row(row)) != nullptr;
  }
  if (n_coded == rows.size()) kept->codes = codes;
  if (n_summed != 0) kept->sums = sums;
  kept->are_far = catalog.sums.values.size_bytes() > near_bytes;
  return Status::ok;
}

}  // namespace guardrank
