#include "core/retrieve/retrieve.h"

#include <algorithm>

#include "core/base/limits.h"
#include "core/base/math.h"

namespace guardrank {
namespace {

constexpr float largest_code = 127;

// Keys of rows: what comes first is smaller. No product gives 0, so that these stand before all.
constexpr std::uint64_t bypasses = 0, not_yet = 1;

std::uint64_t key_of(std::int32_t product, std::uint32_t rank) {
  const std::uint32_t descending = 0x7fffffffu - static_cast<std::uint32_t>(product);
  return std::uint64_t{descending} << 32 | rank;
}

Status run_layer(const Layer& layer, const std::int8_t* input, float least, Arena* arena,
                 std::span<std::int8_t>* output) {
  GUARDRANK_TRY(arena->make_uninitialised(layer.n_out, output));
  for (std::uint32_t o = 0; o < layer.n_out; ++o) {
    const std::int8_t* weights = layer.weights + std::size_t{o} * layer.n_in;
    const std::int32_t total = multiply_codes(weights, input, layer.n_in) + layer.bias[o];
    const float value = static_cast<float>(total) * layer.multiplier[o];
    const float code = round_half_even(std::clamp(value, least, largest_code));
    (*output)[o] = static_cast<std::int8_t>(code);
  }
  return Status::ok;
}

// One retrieval in progress; `keys` by row of the frame.
struct Selection {
  const RetrievalPlan& plan;
  Frame* frame;
  std::span<std::uint64_t> keys;

  std::uint32_t listed(std::uint32_t row) const {
    return frame->request().catalog_row(frame->rows()[row]);
  }
  void mark_mandated();
  void mark_given();
  Status multiply(std::span<std::uint64_t> others, std::size_t* n_others);
  Status apply(std::uint64_t last_key, ExclusionList* exclusions);
};

void Selection::mark_mandated() {
  if (plan.mandated.empty()) return;
  for (std::uint32_t row = 0; row < keys.size(); ++row) {
    const std::uint32_t offer = listed(row);
    if (std::find(plan.mandated.begin(), plan.mandated.end(), offer) != plan.mandated.end())
      keys[row] = bypasses;
  }
}

void Selection::mark_given() {
  for (const std::uint32_t fact : plan.facts) {
    const Column& given = frame->request().given(fact);
    if (given.n_rows == 0) continue;
    for (std::uint32_t row = 0; row < keys.size(); ++row)
      if (given.is_present(given.row_of(frame->rows()[row]))) keys[row] = bypasses;
  }
}

// Keys of the rows that do not bypass, also into `others`, which may be put in another order.
Status Selection::multiply(std::span<std::uint64_t> others, std::size_t* n_others) {
  std::span<const std::int8_t> vector;
  GUARDRANK_TRY(make_context_vector(*plan.towers, frame->context_codes, &frame->arena(), &vector));
  const std::span<const std::uint32_t> rank = frame->request().catalog()->rank;
  for (std::uint32_t row = 0; row < keys.size(); ++row) {
    const std::uint32_t offer = listed(row);
    if (offer == no_offer) keys[row] = bypasses;
    if (keys[row] == bypasses) continue;
    const std::int8_t* codes = plan.vectors->codes + std::size_t{offer} * vector.size();
    keys[row] = key_of(multiply_codes(codes, vector.data(), vector.size()), rank[offer]);
    others[(*n_others)++] = keys[row];
  }
  return Status::ok;
}

Status Selection::apply(std::uint64_t last_key, ExclusionList* exclusions) {
  std::span<std::uint32_t> kept;
  GUARDRANK_TRY(frame->arena().make_uninitialised(keys.size(), &kept));
  std::size_t n = 0;
  for (std::uint32_t row = 0; row < keys.size(); ++row) {
    if (keys[row] <= last_key) {
      kept[n++] = row;
      continue;
    }
    GUARDRANK_TRY(exclusions->begin(frame->rows()[row], ExclusionStage::retrieval));
    GUARDRANK_TRY(exclusions->add({ReasonKind::retrieval}));
  }
  return frame->keep(kept.first(n));
}

std::uint32_t shown(std::uint32_t limit) {
  return limit == 0 ? limits::slots : std::min(limit, limits::slots);
}

}  // namespace

std::int32_t multiply_codes(const std::int8_t* a, const std::int8_t* b, std::size_t n) {
  constexpr std::size_t block = 16;   // a fixed length is what compilers turn into vector code
  std::int32_t sum = 0;
  std::size_t i = 0;
  for (; i + block <= n; i += block)
    for (std::size_t j = i; j < i + block; ++j) sum += std::int32_t{a[j]} * b[j];
  for (; i < n; ++i) sum += std::int32_t{a[i]} * b[i];
  return sum;
}

// Byte by byte from the highest, each time going on with the keys that share it.
std::uint64_t find_smallest(std::span<std::uint64_t> keys, std::size_t k) {
  for (unsigned shift = 56; keys.size() > 1 && shift < 64; shift -= 8) {
    std::uint32_t counts[256] = {};
    for (const std::uint64_t key : keys) ++counts[key >> shift & 255];
    std::uint32_t byte = 0;
    for (; counts[byte] < k; ++byte) k -= counts[byte];
    std::size_t n = 0;
    for (const std::uint64_t key : keys)
      if ((key >> shift & 255) == byte) keys[n++] = key;
    keys = keys.first(n);
  }
  return keys[0];
}

StageChoice choose_stages(const RetrievalPlan& plan, std::uint32_t n_rows, std::uint32_t limit) {
  if (plan.vectors == nullptr || !needs_stage_one(plan.figures, n_rows)) return {n_rows, n_rows};
  const TwoStage& figures = plan.figures;
  const double room =
      (figures.budget_us - figures.fixed_us - figures.c1_us * n_rows) / figures.c2_us;
  const auto n_in_budget = static_cast<std::uint32_t>(std::clamp(room, 0.0, static_cast<double>(n_rows)));
  return {std::max(n_in_budget, std::min(shown(limit), n_rows)), n_in_budget};
}

Status make_context_vector(const Retrieval& towers, std::span<const std::uint8_t> codes,
                           Arena* arena, std::span<const std::int8_t>* vector) {
  const std::int8_t* input = reinterpret_cast<const std::int8_t*>(codes.data());
  std::span<std::int8_t> output;
  for (const Layer& layer : towers.context_tower) {
    const bool is_last = &layer == &towers.context_tower.back();
    GUARDRANK_TRY(run_layer(layer, input, is_last ? -largest_code : 0, arena, &output));
    input = output.data();
  }
  *vector = output;
  return Status::ok;
}

Status retrieve(const RetrievalPlan& plan, std::uint32_t n_kept, Frame* frame,
                ExclusionList* exclusions) {
  Selection selection{plan, frame, {}};
  std::span<std::uint64_t> others;
  GUARDRANK_TRY(frame->arena().make_uninitialised(frame->n_rows(), &selection.keys));
  GUARDRANK_TRY(frame->arena().make_uninitialised(frame->n_rows(), &others));
  std::fill(selection.keys.begin(), selection.keys.end(), not_yet);
  selection.mark_mandated();
  selection.mark_given();
  std::size_t n_others = 0;
  GUARDRANK_TRY(selection.multiply(others, &n_others));
  const std::size_t n_bypassing = frame->n_rows() - n_others;
  const std::size_t room = n_kept > n_bypassing ? n_kept - n_bypassing : 0;
  const std::size_t n_wanted = std::max<std::size_t>(room, shown(frame->request().limit()));
  if (n_wanted >= n_others) return Status::ok;
  return selection.apply(find_smallest(others.first(n_others), n_wanted), exclusions);
}

}  // namespace guardrank
