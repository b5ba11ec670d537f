// A record as plain structs, verified.
#pragma once

#include <span>
#include <string_view>

#include "core/artifact/container.h"
#include "core/artifact/table.h"

namespace guardrank {

struct RecordedOffer {
  std::uint32_t candidate = 0;
  std::string_view offer;
  std::int64_t score_micros = 0;
  double propensity = 0;
  bool is_mandated = false;
};

struct RecordedExclusion {
  std::uint32_t candidate = 0;
  std::string_view offer;
  std::uint8_t stage = 0;
  std::span<const std::uint32_t> reasons;
};

struct RecordRoot {
  std::uint8_t level = 0;
  std::uint32_t numerics = 0;
  std::string_view engine, release_name, request;
  std::span<const std::string_view> shown;            // redacted
  std::span<const std::uint8_t> previous, digest;     // 32 bytes, or none
  Sha256Digest release{}, model{}, policy{}, catalog{};
  std::span<const std::string_view> heads, terms;
  std::span<const RecordedOffer> ranked;
  std::span<const RecordedExclusion> excluded;
  std::span<const float> logits;
  std::span<const double> probabilities;
  std::span<const std::int64_t> term_micros;
  std::span<const std::uint32_t> stages;
};

// Its first rows say what was asked of what; the others are the outcomes, which a replay compares.
extern const Table record_table;
inline constexpr std::size_t n_not_compared = 11;

// Status: truncated, argument, identifier, verify. Lists of names and of offers stand in `arena`;
// without one they are verified and left empty.
Status read_record_root(Bytes record, Arena* arena, RecordRoot* root, Error* error);

}  // namespace guardrank
