#include "core/decision/catalog_sums.h"

#include "core/base/limits.h"
#include "core/frame/fact_path.h"

namespace guardrank {
namespace {

// Offers encoded at a time: enough for whole tiles, little enough for the cache.
constexpr std::uint32_t rows_at_once = 1024;

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
                     CatalogSums* sums) {
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
  sums->facts = found.first(n);
  return Status::ok;
}

// Encodes the catalog piece by piece and sums each.
class Builder {
 public:
  Builder(const FeaturePlan& features, const NetworkPlan& network, const FactTable& facts,
          const Catalog& catalog, const Allocator& allocator)
      : features_(features), network_(network), catalog_(catalog),
        request_(facts, &catalog, allocator), arena_(allocator, limits::session_bytes) {}

  Status run(std::uint32_t n_rows, std::int16_t* sums, Error* error) {
    for (std::uint32_t first = 0; first < n_rows; first += rows_at_once) {
      const std::uint32_t left = n_rows - first;
      const std::uint32_t n = left < rows_at_once ? left : rows_at_once;
      request_.reset();
      arena_.reset();
      GUARDRANK_TRY(request_.set_candidates(catalog_.ids.subspan(first, n), error));
      Frame frame;
      GUARDRANK_TRY(frame.open(request_, &arena_));
      GUARDRANK_TRY(encode_features(features_, &frame));
      GUARDRANK_TRY(sum_candidates(network_, frame.encoded, n, &arena_,
                                   sums + first * kept_sums_per_row(network_)));
    }
    return Status::ok;
  }

 private:
  const FeaturePlan& features_;
  const NetworkPlan& network_;
  const Catalog& catalog_;
  Request request_;
  Arena arena_;
};

bool gives_fact(const CatalogSums& sums, const Request& request, std::uint32_t candidate) {
  for (const std::uint32_t fact : sums.facts) {
    const Column& given = request.given(fact);
    if (given.n_rows != 0 && given.is_present(given.row_of(candidate))) return true;
  }
  return false;
}

bool gives_any_fact(const CatalogSums& sums, const Request& request) {
  for (const std::uint32_t fact : sums.facts) {
    if (request.given(fact).n_rows != 0) return true;
  }
  return false;
}

}  // namespace

Status build_catalog_sums(const FeaturePlan& features, const NetworkPlan& network,
                          const FactTable& facts, const Catalog& catalog,
                          const Allocator& allocator, std::uint64_t budget_bytes, Arena* arena,
                          CatalogSums* sums, Error* error) {
  *sums = {};
  const std::size_t per_row = kept_sums_per_row(network);
  if (per_row == 0 || !has_fixed_candidates(features)) return Status::ok;
  const std::uint64_t affordable = budget_bytes / (per_row * sizeof(std::int16_t));
  const std::uint64_t n_offers = catalog.ids.size();
  const auto n_rows = static_cast<std::uint32_t>(affordable < n_offers ? affordable : n_offers);
  if (n_rows == 0) return Status::ok;
  std::span<std::int16_t> values;
  if (arena->make_uninitialised(n_rows * per_row, &values) != Status::ok) return Status::ok;
  GUARDRANK_TRY(collect_facts(features, facts, arena, sums));
  Builder builder(features, network, facts, catalog, allocator);
  GUARDRANK_TRY(builder.run(n_rows, values.data(), error));
  sums->sums = values;
  sums->n_rows = n_rows;
  return Status::ok;
}

Status find_kept_sums(const CatalogSums& sums, Frame* frame, KeptSums* kept) {
  *kept = {};
  if (sums.n_rows == 0) return Status::ok;
  const Request& request = frame->request();
  const std::size_t per_row = sums.sums.size() / sums.n_rows;
  const bool may_give = gives_any_fact(sums, request);
  const std::span<const std::uint32_t> rows = frame->rows();
  std::span<const std::int16_t*> found;
  GUARDRANK_TRY(frame->arena().make(rows.size(), &found));
  std::size_t n_kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t row = request.catalog_row(rows[i]);   // no_offer is beyond every catalog
    if (row >= sums.n_rows || (may_give && gives_fact(sums, request, rows[i]))) continue;
    found[i] = sums.sums.data() + row * per_row;
    ++n_kept;
  }
  if (n_kept != 0) *kept = found;
  return Status::ok;
}

}  // namespace guardrank
