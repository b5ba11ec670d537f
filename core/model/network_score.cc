// Requests through the network: each context once, then the candidates of all, tile by tile.
#include <cstring>

#include "core/model/prepared_network.h"

namespace guardrank {
namespace {

constexpr auto context = static_cast<std::uint32_t>(Side::context);
constexpr auto candidate = static_cast<std::uint32_t>(Side::candidate);
constexpr auto pair = static_cast<std::uint32_t>(Side::pair);

bool fits_rows(const NetworkPlan& plan, const ScoredRows& part) {
  const std::span<const Field> fields = plan.model->fields;
  const bool needs_candidates = needs_candidate_fields(plan, part.kept);
  const std::size_t n_codes = part.kept.codes.size(), n_sums = part.kept.sums.size();
  if (n_codes != 0 && n_codes != part.n_rows) return false;
  if (n_sums != 0 && n_sums != part.n_rows) return false;
  if (part.encoded.size() != fields.size()) return false;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Side side = fields[i].side;
    if (side == Side::candidate && !needs_candidates) continue;
    const std::uint32_t n_rows = part.encoded[i].n_rows;
    if (n_rows != 1 && (side == Side::context || n_rows != part.n_rows)) return false;
    if (fields[i].is_apart() && part.encoded[i].rows == nullptr) return false;
  }
  return true;
}

// Rows [first, first + n) of a part, from row `at` of the tile on.
struct Piece {
  const ScoredRows* part;
  std::uint32_t first, n, at;
};

class Scoring {
 public:
  Scoring(const NetworkPlan& plan, std::span<ScoredRows> parts) : plan_(plan), parts_(parts) {}

  Status open(ContextCache* cache, Arena* arena) {
    bool has_sums = false, has_missing = false;
    GUARDRANK_TRY(arena->make(parts_.size(), &reads_codes_));
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      ScoredRows& part = parts_[p];
      if (kept_sums_per_row(plan_) == 0) part.kept = {};
      if (!fits_rows(plan_, part)) return Status::internal;
      if (part.n_rows > UINT32_MAX - n_rows_) return Status::limit;
      n_rows_ += part.n_rows;
      has_sums = has_sums || !part.kept.sums.empty();
      are_far_ = are_far_ || part.kept.are_far;
      reads_codes_[p] = reads_candidate_codes(plan_, part.kept);
      has_missing = has_missing || reads_codes_[p];
    }
    GUARDRANK_TRY(open_logits(arena));
    if (n_rows_ == 0) return Status::ok;
    const auto n_parts = static_cast<std::uint32_t>(parts_.size());
    GUARDRANK_TRY(open_tile(plan_, n_rows_, n_parts, arena, &tile_));
    if (has_sums) GUARDRANK_TRY(open_sums(has_missing, arena));
    GUARDRANK_TRY(sum_contexts(cache, arena));
    return n_parts == 1 && has_missing ? open_starts(arena) : Status::ok;
  }

  void run() {
    std::uint32_t p = 0, from = 0;
    for (std::uint32_t first = 0; first < n_rows_; first += tile_.n) {
      for (tile_.n = 0; p < parts_.size() && tile_.n < tile_.rows;) {
        const std::uint32_t left = parts_[p].n_rows - from, room = tile_.rows - tile_.n;
        const std::uint32_t n = left < room ? left : room;
        fill({&parts_[p], from, n, tile_.n}, p);
        tile_.n += n;
        from += n;
        if (from == parts_[p].n_rows) {
          ++p;
          from = 0;
        }
      }
      if (!sums_.empty()) take_sums(first);
      run_tile(plan_, tile_, first, logits_);
    }
  }

 private:
  // One array per head for the rows of all parts.
  Status open_logits(Arena* arena) {
    const std::size_t n_heads = plan_.model->heads.size();
    GUARDRANK_TRY(arena->make(n_heads, &logits_));
    for (std::span<float>& head : logits_) GUARDRANK_TRY(arena->make(n_rows_, &head));
    std::uint32_t first = 0;
    for (ScoredRows& part : parts_) {
      GUARDRANK_TRY(arena->make(n_heads, &part.logits));
      for (std::size_t h = 0; h < n_heads; ++h) {
        part.logits[h] = logits_[h].subspan(first, part.n_rows);
      }
      first += part.n_rows;
    }
    return Status::ok;
  }

  // For few rows it would take longer than it spares.
  Status open_starts(Arena* arena) {
    constexpr std::uint32_t few_rows = 12;
    if (!has_wide_kernels || n_rows_ < few_rows || !plan_.kernel->folds) return Status::ok;
    std::span<std::int32_t> starts;
    GUARDRANK_TRY(arena->make_uninitialised(plan_.prepared->n_context_sums, &starts));
    tile_.starts = starts.data();
    start_folded_layers(plan_, tile_);
    return Status::ok;
  }

  // The kept sums' addresses of all parts in a row, and room for those of a tile that are not kept.
  Status open_sums(bool has_missing, Arena* arena) {
    GUARDRANK_TRY(arena->make_uninitialised(tile_.rows, &rows_));
    if (has_missing) {
      GUARDRANK_TRY(arena->make_uninitialised(tile_.rows * kept_sums_per_row(plan_), &fresh_));
    }
    if (parts_.size() == 1) {
      sums_ = parts_[0].kept.sums;
      return Status::ok;
    }
    std::span<const std::int16_t*> joined;
    GUARDRANK_TRY(arena->make(n_rows_, &joined));
    sums_ = joined;
    for (const ScoredRows& part : parts_) {
      for (std::size_t row = 0; row < part.kept.sums.size(); ++row) joined[row] = part.kept.sums[row];
      joined = joined.subspan(part.n_rows);
    }
    return Status::ok;
  }

  // What the contexts contribute: from the cache where they were seen before, else computed, as many
  // as stand side by side at once.
  Status sum_contexts(ContextCache* cache, Arena* arena) {
    const std::uint32_t stride = plan_.prepared->block_strides[context];
    std::span<bool> is_known;
    GUARDRANK_TRY(arena->make(parts_.size(), &is_known));
    if (plan_.serial == 0) cache = nullptr;
    for (std::uint32_t p = 0; p < parts_.size(); ++p) {
      std::uint8_t* codes = tile_.x[context] + std::size_t{p} * stride;
      quantise_block(plan_, context, parts_[p].encoded, 0, 1, codes);
      is_known[p] = cache != nullptr && cache->find(plan_.serial, {codes, stride}, sums_of(p));
    }
    for (std::uint32_t p = 0, end = 0; p < parts_.size(); p = end) {
      for (end = p; end < parts_.size() && !is_known[end]; ++end) continue;
      for_each_layer_over_x(*plan_.prepared, [=, this](const PreparedLayer& layer) {
        if (end != p) add_contexts(plan_, layer, tile_, p, end - p);
      });
      for (; cache != nullptr && p < end; ++p) {
        cache->add(plan_.serial, {tile_.x[context] + std::size_t{p} * stride, stride}, sums_of(p));
      }
      end += end < parts_.size();
    }
    return Status::ok;
  }

  std::span<std::int32_t> sums_of(std::uint32_t part) {
    const std::size_t n = plan_.prepared->n_context_sums;
    return {tile_.context_sums + part * n, n};
  }

  void fill(const Piece& piece, std::uint32_t p) {
    const ScoredRows& part = *piece.part;
    if (reads_codes_[p]) read_codes(piece);
    quantise_block(plan_, pair, part.encoded, piece.first, piece.n, block_at(pair, piece.at));
    if (tile_.context_of == nullptr) return;
    for (std::uint32_t row = 0; row < piece.n; ++row) tile_.context_of[piece.at + row] = p;
  }

  std::uint8_t* block_at(std::uint32_t side, std::uint32_t row) {
    return tile_.x[side] + std::size_t{row} * plan_.prepared->block_strides[side];
  }

  // Candidate blocks: kept, or from their fields. Rows of a large table come from memory: asked for
  // before they are needed.
  void read_codes(const Piece& piece) {
    constexpr std::uint32_t rows_ahead = 12;
    const ScoredRows& part = *piece.part;
    std::uint8_t* to = block_at(candidate, piece.at);
    if (part.kept.codes.empty()) {
      return quantise_block(plan_, candidate, part.encoded, piece.first, piece.n, to);
    }
    const std::size_t stride = plan_.prepared->block_strides[candidate];
    for (std::uint32_t row = piece.first; row < piece.first + piece.n; ++row, to += stride) {
      if (row + rows_ahead < part.n_rows) __builtin_prefetch(part.kept.codes[row + rows_ahead]);
      std::memcpy(to, part.kept.codes[row], stride);
    }
  }

  // The tile's rows of kept sums; rows that have none are summed, unless none has any.
  void take_sums(std::uint32_t first) {
    const std::span<const std::int16_t* const> given = sums_.subspan(first, tile_.n);
    std::uint32_t n_missing = 0;
    for (const std::int16_t* row : given) n_missing += row == nullptr;
    tile_.kept = nullptr;
    if (n_missing == tile_.n) return;
    const std::size_t stride = kept_sums_per_row(plan_);
    for (std::uint32_t row = 0; row < tile_.n; ++row) {
      rows_[row] = given[row] != nullptr ? given[row] : fresh_.data() + row * stride;
    }
    for (std::uint32_t row = 0, end = 0; n_missing != 0 && row < tile_.n; row = end + 1) {
      for (end = row; end < tile_.n && given[end] == nullptr; ++end) continue;
      if (end > row) sum_rows(row, end - row);
    }
    tile_.kept = rows_.data();
    tile_.ahead = nullptr;
    if (are_far_) fetch_after(first + tile_.n);
  }

  // Rows of the next tile are asked for evenly while this one is multiplied: all at once they would be
  // waited for.
  void fetch_after(std::uint32_t next) {
    constexpr std::uint32_t line_values = 64 / sizeof(std::int16_t), rows_at_once = 12;
    const std::uint32_t left = n_rows_ - next;
    ahead_ = {};
    ahead_.rows = sums_.data() + next;
    ahead_.n_rows = left < tile_.n ? left : tile_.n;
    ahead_.lines_per_row = (plan_.prepared->n_context_sums + line_values - 1) / line_values;
    // Of longer rows the processor fetches ahead by itself, since each layer reads enough in a row.
    constexpr std::uint32_t most_lines = 64;
    if (ahead_.lines_per_row > most_lines) return;
    const std::uint32_t n_calls =
        (tile_.n + rows_at_once - 1) / rows_at_once * plan_.prepared->n_wide_blocks + 1;
    ahead_.lines_at_once = ahead_.n_rows * ahead_.lines_per_row / n_calls + 1;
    tile_.ahead = &ahead_;
  }

  void sum_rows(std::uint32_t first, std::uint32_t n) {
    for_each_layer_over_x(*plan_.prepared, [=, this](const PreparedLayer& layer) {
      sum_candidate_block(plan_, layer, tile_, first, n, fresh_.data());
    });
  }

  const NetworkPlan& plan_;
  std::span<ScoredRows> parts_;
  std::span<bool> reads_codes_;   // by part: of the candidates' side
  std::uint32_t n_rows_ = 0;
  Tile tile_;
  std::span<std::span<float>> logits_;
  std::span<const std::int16_t* const> sums_;
  std::span<const std::int16_t*> rows_;
  std::span<std::int16_t> fresh_;
  bool are_far_ = false;   // kept sums that are worth asking for ahead
  Ahead ahead_;
};

}  // namespace

Status score_together(const NetworkPlan& plan, std::span<ScoredRows> parts, ContextCache* cache,
                      Arena* arena) {
  Scoring scoring(plan, parts);
  GUARDRANK_TRY(scoring.open(cache, arena));
  scoring.run();
  return Status::ok;
}

Status score_encoded(const NetworkPlan& plan, std::span<const EncodedField> encoded,
                     const KeptCandidates& kept, std::uint32_t n_rows, Arena* arena,
                     std::span<std::span<float>>* logits) {
  ScoredRows part{encoded, kept, n_rows, {}};
  GUARDRANK_TRY(score_together(plan, {&part, 1}, nullptr, arena));
  *logits = part.logits;
  return Status::ok;
}

Status score_network(const NetworkPlan& plan, Frame* frame) {
  return score_encoded(plan, frame->encoded, {}, frame->n_rows(), &frame->arena(), &frame->logits);
}

}  // namespace guardrank
