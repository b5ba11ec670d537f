#include "core/decision/compaction.h"

namespace guardrank {
namespace {

template <typename T>
Status keep_rows(std::span<const std::uint32_t> kept, Arena* arena, std::span<const T>* column) {
  if (column->empty()) return Status::ok;
  std::span<T> copy;
  GUARDRANK_TRY(arena->make_uninitialised(kept.size(), &copy));
  for (std::size_t i = 0; i < kept.size(); ++i) copy[i] = (*column)[kept[i]];
  *column = copy;
  return Status::ok;
}

}  // namespace

Status find_kept(std::span<const std::uint32_t> before, std::span<const std::uint32_t> after,
                 Arena* arena, std::span<const std::uint32_t>* kept) {
  std::span<std::uint32_t> positions;
  GUARDRANK_TRY(arena->make_uninitialised(after.size(), &positions));
  std::size_t found = 0;
  for (std::size_t row = 0; row < before.size() && found < after.size(); ++row) {
    if (before[row] == after[found]) positions[found++] = static_cast<std::uint32_t>(row);
  }
  if (found != after.size()) return Status::internal;
  *kept = positions;
  return Status::ok;
}

Status keep_outcomes(std::span<const std::uint32_t> kept, Arena* arena,
                     std::span<HeadOutcome> outcomes) {
  for (HeadOutcome& outcome : outcomes) {
    GUARDRANK_TRY(keep_rows(kept, arena, &outcome.logit));
    GUARDRANK_TRY(keep_rows(kept, arena, &outcome.corrected));
    GUARDRANK_TRY(keep_rows(kept, arena, &outcome.probability));
    GUARDRANK_TRY(keep_rows(kept, arena, &outcome.reach));
  }
  return Status::ok;
}

Status keep_scores(std::span<const std::uint32_t> kept, Arena* arena, Scores* scores) {
  std::span<std::span<const std::int64_t>> terms;
  GUARDRANK_TRY(arena->make(scores->terms.size(), &terms));
  for (std::size_t term = 0; term < terms.size(); ++term) {
    terms[term] = scores->terms[term];
    GUARDRANK_TRY(keep_rows(kept, arena, &terms[term]));
  }
  scores->terms = terms;
  return keep_rows(kept, arena, &scores->score);
}

}  // namespace guardrank
