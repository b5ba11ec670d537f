#include "core/frame/exclusion.h"

#include <algorithm>

namespace guardrank {

namespace {

// Makes room for one more element; twice as much each time, so that appending stays linear.
template <typename T>
Status reserve_one(Arena* arena, std::uint32_t size, std::span<T>* elements) {
  if (size < elements->size()) return Status::ok;
  std::span<T> grown;
  GUARDRANK_TRY(arena->make(std::max<std::size_t>(16, elements->size() * 2), &grown));
  std::copy(elements->begin(), elements->end(), grown.begin());
  *elements = grown;
  return Status::ok;
}

}  // namespace

Status ExclusionList::begin(std::uint32_t candidate, ExclusionStage stage) {
  GUARDRANK_TRY(reserve_one(arena_, n_exclusions_, &exclusions_));
  exclusions_[n_exclusions_++] = {candidate, stage, n_reasons_, 0};
  return Status::ok;
}

Status ExclusionList::add(const Reason& reason) {
  if (n_exclusions_ == 0) return Status::internal;
  GUARDRANK_TRY(reserve_one(arena_, n_reasons_, &reasons_));
  reasons_[n_reasons_++] = reason;
  ++exclusions_[n_exclusions_ - 1].n_reasons;
  return Status::ok;
}

}  // namespace guardrank
