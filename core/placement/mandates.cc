#include "core/placement/mandates.h"

#include "core/expr/row_failures.h"

namespace guardrank {
namespace {

constexpr std::uint32_t no_row = UINT32_MAX;

struct Wanted {
  std::string_view offer;
  std::uint32_t catalog_row = no_offer;
  std::uint32_t row = no_row;
};

// One pass over the rows; listed offers are compared by their place in the catalog.
void find_rows(const Frame& frame, std::span<Wanted> wanted) {
  const Request& request = frame.request();
  for (std::uint32_t row = 0; row < frame.n_rows(); ++row) {
    const std::uint32_t listed = request.catalog_row(frame.rows()[row]);
    for (Wanted& offer : wanted) {
      if (offer.catalog_row != listed) continue;
      if (listed == no_offer && request.offer_id(frame.rows()[row]) != offer.offer) continue;
      offer.row = row;
    }
  }
}

Status applies(const CompiledMandate& mandate, std::uint32_t row, Frame* frame,
               EvaluationMemory* memory, bool* result) {
  *result = true;
  if (!mandate.has_when) return Status::ok;
  EvaluatedColumn when;
  GUARDRANK_TRY(evaluate(mandate.when, frame, memory, &when));
  *result = is_true(when, row);
  return Status::ok;
}

bool stands_in(std::span<const Mandate> mandates, std::uint32_t row) {
  for (const Mandate& mandate : mandates)
    if (mandate.row == row) return true;
  return false;
}

// Keeps ascending slots; equal ones in the order of insertion.
void insert(std::span<Mandate> mandates, std::size_t size, Mandate mandate) {
  std::size_t at = size;
  for (; at > 0 && mandates[at - 1].slot > mandate.slot; --at) mandates[at] = mandates[at - 1];
  mandates[at] = mandate;
}

// Moves those that share a slot apart; returns how many are due by `last_slot`.
std::size_t spread(std::span<Mandate> mandates, std::uint32_t last_slot) {
  std::uint32_t next_free = 1;
  for (std::size_t i = 0; i < mandates.size(); ++i) {
    if (mandates[i].slot < next_free) mandates[i].slot = next_free;
    if (mandates[i].slot > last_slot) return i;   // later ones are due later still
    next_free = mandates[i].slot + 1;
  }
  return mandates.size();
}

}  // namespace

Status find_mandates(const PlacementPlan& plan, Frame* frame, std::uint32_t last_slot,
                     std::span<const Mandate>* mandates) {
  *mandates = {};
  const auto declared = plan.policy->mandated;
  if (declared.empty() || frame->n_rows() == 0) return Status::ok;
  const Catalog* catalog = frame->request().catalog();
  std::span<Wanted> wanted;
  std::span<Mandate> found;
  GUARDRANK_TRY(frame->arena().make(declared.size(), &wanted));
  GUARDRANK_TRY(frame->arena().make(declared.size(), &found));
  for (std::size_t i = 0; i < declared.size(); ++i) {
    wanted[i].offer = declared[i].offer;
    if (catalog != nullptr) wanted[i].catalog_row = catalog->find(declared[i].offer);
  }
  find_rows(*frame, wanted);
  EvaluationMemory memory;
  std::size_t size = 0;
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (wanted[i].row == no_row || stands_in(found.subspan(0, size), wanted[i].row)) continue;
    if (declared[i].slot > last_slot) continue;
    bool is_due = false;
    frame->evaluated = {"placement.mandated.", declared[i].offer};
    GUARDRANK_TRY(applies(plan.mandated[i], wanted[i].row, frame, &memory, &is_due));
    if (is_due) insert(found, size++, {wanted[i].row, declared[i].slot});
  }
  *mandates = found.subspan(0, spread(found.subspan(0, size), last_slot));
  return Status::ok;
}

}  // namespace guardrank
