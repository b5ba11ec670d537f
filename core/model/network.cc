// One request through the network: context once, then candidates tile by tile.
#include "core/model/network.h"

#include "core/model/prepared_network.h"

namespace guardrank {
namespace {

// The layer reads `input`, or x; its codes go to one of the two hidden slots.
Slot hidden_slot(const NetworkPlan& plan, std::size_t k, std::uint32_t width) {
  const Slot& slot = plan.prepared->hidden[k % 2];
  return {slot.offset, width, slot.stride};
}

void run_expert(const NetworkPlan& plan, const PreparedExpert& expert, const Tile& tile) {
  Slot input = expert.input;
  for (std::size_t k = 0; k < expert.layers.size(); ++k) {
    const PreparedLayer& layer = expert.layers[k];
    const bool is_last = k + 1 == expert.layers.size();
    const Slot output = is_last ? expert.output : hidden_slot(plan, k, layer.n_out);
    run_hidden_layer(plan, layer, input, output, tile);
    input = output;
  }
}

void run_tower(const NetworkPlan& plan, const PreparedTower& tower, const Tile& tile,
               float* logits) {
  Slot input = tower.input;
  for (std::size_t k = 0; k + 1 < tower.layers.size(); ++k) {
    const Slot output = hidden_slot(plan, k, tower.layers[k].n_out);
    run_hidden_layer(plan, tower.layers[k], input, output, tile);
    input = output;
  }
  const PreparedLayer& last = tower.layers.back();
  const Rows<const std::int32_t> totals = layer_totals(plan, last, input, tile);
  for (std::uint32_t row = 0; row < tile.n; ++row) {
    logits[row] = static_cast<float>(totals.first[row * totals.stride]) * last.multiplier[0];
  }
}

void run_tile(const NetworkPlan& plan, const Tile& tile, std::uint32_t first_row,
              std::span<std::span<float>> logits) {
  for (const PreparedLevel& level : plan.prepared->levels) {
    for (const PreparedExpert& expert : level.experts) run_expert(plan, expert, tile);
    run_gates(plan, level, tile);
  }
  for (std::size_t h = 0; h < logits.size(); ++h) {
    run_tower(plan, plan.prepared->towers[h], tile, logits[h].data() + first_row);
  }
}

constexpr auto context = static_cast<std::uint32_t>(Side::context);
constexpr auto candidate = static_cast<std::uint32_t>(Side::candidate);
constexpr auto pair = static_cast<std::uint32_t>(Side::pair);

bool fits_rows(const Model& model, std::span<const EncodedField> encoded, std::uint32_t n_rows,
               bool needs_candidates) {
  if (encoded.size() != model.fields.size()) return false;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    const Side side = model.fields[i].side;
    if (side == Side::candidate && !needs_candidates) continue;
    const bool is_context = side == Side::context;
    if (encoded[i].n_rows != 1 && (is_context || encoded[i].n_rows != n_rows)) return false;
  }
  return true;
}

// Scores one request's rows, tile after tile.
class Scoring {
 public:
  Scoring(const NetworkPlan& plan, std::span<const EncodedField> encoded, KeptSums kept,
          std::uint32_t n_rows)
      : plan_(plan), encoded_(encoded), kept_(kept), n_rows_(n_rows),
        needs_candidates_(!are_all_kept(kept) || needs_candidate_fields(plan)) {}

  Status open(Arena* arena) {
    if (!kept_.empty() && kept_.size() != n_rows_) return Status::internal;
    if (!fits_rows(*plan_.model, encoded_, n_rows_, needs_candidates_)) return Status::internal;
    GUARDRANK_TRY(open_tile(plan_, n_rows_, arena, &tile_));
    if (!kept_.empty()) {
      GUARDRANK_TRY(arena->make_uninitialised(tile_.rows, &rows_));
      if (!are_all_kept(kept_)) {
        GUARDRANK_TRY(arena->make_uninitialised(tile_.rows * kept_sums_per_row(plan_), &fresh_));
      }
    }
    quantise_block(plan_, context, encoded_, 0, 1, tile_.x[context]);
    for_each_layer_over_x(*plan_.prepared, [this](const PreparedLayer& layer) {
      add_context(plan_, layer, tile_);
    });
    return Status::ok;
  }

  void run(std::span<std::span<float>> logits) {
    for (std::uint32_t first = 0; first < n_rows_; first += tile_.n) {
      tile_.n = n_rows_ - first < tile_.rows ? n_rows_ - first : tile_.rows;
      if (needs_candidates_) {
        quantise_block(plan_, candidate, encoded_, first, tile_.n, tile_.x[candidate]);
      }
      quantise_block(plan_, pair, encoded_, first, tile_.n, tile_.x[pair]);
      if (!kept_.empty()) take_kept(first);
      run_tile(plan_, tile_, first, logits);
    }
  }

 private:
  // The tile's rows of kept sums; rows that have none are summed, unless none has any.
  void take_kept(std::uint32_t first) {
    const KeptSums given = kept_.subspan(first, tile_.n);
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
    const std::uint32_t after = n_rows_ - first - tile_.n;
    tile_.n_next = after < tile_.n ? after : tile_.n;
    tile_.next_kept = kept_.data() + first + tile_.n;
  }

  void sum_rows(std::uint32_t first, std::uint32_t n) {
    for_each_layer_over_x(*plan_.prepared, [=, this](const PreparedLayer& layer) {
      sum_candidate_block(plan_, layer, tile_, first, n, fresh_.data());
    });
  }

  const NetworkPlan& plan_;
  std::span<const EncodedField> encoded_;
  KeptSums kept_;
  std::uint32_t n_rows_;
  bool needs_candidates_;
  Tile tile_;
  std::span<const std::int16_t*> rows_;
  std::span<std::int16_t> fresh_;
};

Status open_logits(std::size_t n_heads, std::uint32_t n_rows, Arena* arena,
                   std::span<std::span<float>>* logits) {
  GUARDRANK_TRY(arena->make(n_heads, logits));
  for (std::span<float>& head : *logits) GUARDRANK_TRY(arena->make(n_rows, &head));
  return Status::ok;
}

}  // namespace

bool are_all_kept(KeptSums kept) {
  for (const std::int16_t* row : kept) {
    if (row == nullptr) return false;
  }
  return !kept.empty();
}

std::size_t kept_sums_per_row(const NetworkPlan& plan) {
  return plan.prepared->block_inputs[candidate] == 0 ? 0 : plan.prepared->n_context_sums;
}

bool needs_candidate_fields(const NetworkPlan& plan) {
  for (const FedColumns& fed : plan.prepared->fed) {
    if (fed.side == candidate) return true;
  }
  return false;
}

Status sum_candidates(const NetworkPlan& plan, std::span<const EncodedField> encoded,
                      std::uint32_t n_rows, Arena* arena, std::int16_t* sums) {
  if (n_rows == 0 || kept_sums_per_row(plan) == 0) return Status::ok;
  Tile tile;
  GUARDRANK_TRY(open_tile(plan, n_rows, arena, &tile));
  for (std::uint32_t first = 0; first < n_rows; first += tile.n) {
    tile.n = n_rows - first < tile.rows ? n_rows - first : tile.rows;
    quantise_block(plan, candidate, encoded, first, tile.n, tile.x[candidate]);
    for_each_layer_over_x(*plan.prepared, [&](const PreparedLayer& layer) {
      sum_candidate_block(plan, layer, tile, 0, tile.n, sums + first * kept_sums_per_row(plan));
    });
  }
  return Status::ok;
}

Status quantise_context(const NetworkPlan& plan, Frame* frame) {
  std::uint8_t* codes = nullptr;
  GUARDRANK_TRY(take_codes(&frame->arena(), plan.prepared->block_strides[context], &codes));
  quantise_block(plan, context, frame->encoded, 0, 1, codes);
  frame->context_codes = {codes, plan.prepared->block_inputs[context]};
  return Status::ok;
}

Status score_encoded(const NetworkPlan& plan, std::span<const EncodedField> encoded, KeptSums kept,
                     std::uint32_t n_rows, Arena* arena, std::span<std::span<float>>* logits) {
  GUARDRANK_TRY(open_logits(plan.model->heads.size(), n_rows, arena, logits));
  if (n_rows == 0) return Status::ok;
  Scoring scoring(plan, encoded, kept_sums_per_row(plan) == 0 ? KeptSums{} : kept, n_rows);
  GUARDRANK_TRY(scoring.open(arena));
  scoring.run(*logits);
  return Status::ok;
}

Status score_network(const NetworkPlan& plan, KeptSums kept, Frame* frame) {
  return score_encoded(plan, frame->encoded, kept, frame->n_rows(), &frame->arena(),
                       &frame->logits);
}

}  // namespace guardrank
