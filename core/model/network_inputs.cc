// Encoded fields to the u7 codes of x.
#include <cstring>

#include "core/model/prepared_network.h"

namespace guardrank {
namespace {

// Clamps, then rounds half to even: adding 1.5 * 2^23 leaves the spacing 1 for values within
// +-255. The order changes nothing, since the bounds are whole. NaN gives the lower bound.
std::uint8_t quantise(float value, std::uint8_t zero_point) {
  constexpr float magic = 12582912.0f;
  const float zero = static_cast<float>(zero_point);
  const float least = -zero, most = static_cast<float>(largest_code) - zero;
  value = value > least ? value : least;
  value = value < most ? value : most;
  return static_cast<std::uint8_t>(((value + magic) - magic) + zero);
}

// A row of a u7 table. The mask keeps a hostile table's bytes within what kernels cannot saturate
// on; bytes of a verified table are unchanged by it.
inline void copy_codes(const std::uint8_t* from, std::uint32_t n, std::uint8_t* to) {
  std::uint32_t i = 0;
  for (; i + 8 <= n; i += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, from + i, 8);
    eight &= 0x7f7f7f7f7f7f7f7fULL;
    std::memcpy(to + i, &eight, 8);
  }
  for (; i < n; ++i) to[i] = from[i] & largest_code;
}

const std::uint8_t* table_row(const Field& field, std::uint32_t code) {
  return field.table + std::size_t{code < field.n_codes ? code : 0} * field.dim;
}

// Of the code at this place.
const std::uint8_t* row_at(const Field& field, const EncodedField& encoded, std::uint32_t at) {
  if (encoded.rows != nullptr) return encoded.rows + std::size_t{at} * field.dim;
  return table_row(field, encoded.codes[at]);
}

// Codes from `first` up to `end`.
void pool_codes(const Field& field, const EncodedField& encoded, std::uint32_t first,
                std::uint32_t end, std::uint8_t* to) {
  for (std::uint32_t i = 0; i < field.dim; ++i) {
    std::int32_t sum = 0;  // at most limits::list_elements * 128 in size when checked at the door
    for (std::uint32_t at = first; at < end; ++at) {
      sum = static_cast<std::int32_t>(
          static_cast<std::uint32_t>(sum) +
          static_cast<std::uint32_t>(static_cast<std::int8_t>(row_at(field, encoded, at)[i])));
    }
    float value = static_cast<float>(sum) * field.table_scale;
    if (field.pooling == Pooling::mean) value = value / static_cast<float>(end - first);
    to[i] = quantise(value / field.scale, embedding_zero_point);
  }
}

struct Target {
  std::uint8_t* codes;   // the field's first column in the block's first row
  std::size_t stride;
  std::uint32_t first, n;
};

std::uint32_t source_row(const EncodedField& encoded, const Target& target, std::uint32_t row) {
  return encoded.n_rows == 1 ? 0 : target.first + row;
}

void quantise_pooled(const Field& field, const EncodedField& encoded, const Target& target) {
  for (std::uint32_t row = 0; row < target.n; ++row) {
    const std::uint32_t from = source_row(encoded, target, row);
    const std::uint32_t* offsets = encoded.list_offsets;
    const std::uint32_t first = offsets == nullptr ? from : offsets[from];
    const std::uint32_t end = offsets == nullptr ? from + 1 : offsets[from + 1];
    pool_codes(field, encoded, first, end, target.codes + row * target.stride);
  }
}

// An embedding of one code a row.
struct Lookup {
  const Field* field;
  const EncodedField* encoded;
  std::uint8_t* codes;
};

// Some embeddings row by row: rows of a large table come from memory, those of all fields at once, and
// are asked for before they are needed, also for rows behind the target's.
void look_up(std::span<const Lookup> lookups, const Target& target) {
  constexpr std::uint32_t rows_ahead = 12;
  for (std::uint32_t row = 0; row < target.n; ++row) {
    for (const Lookup& lookup : lookups) {
      const EncodedField& encoded = *lookup.encoded;
      const Field& field = *lookup.field;
      const std::uint32_t from = source_row(encoded, target, row), next = from + rows_ahead;
      if (next < encoded.n_rows) __builtin_prefetch(table_row(field, encoded.codes[next]));
      copy_codes(row_at(field, encoded, from), field.dim,
                 lookup.codes + row * target.stride);
    }
  }
}

void quantise_dense(const Kernel& kernel, const Field& field, const EncodedField& encoded,
                    const Target& target) {
  const std::uint32_t n_sources = encoded.n_rows == 1 ? 1 : target.n;
  QuantiseTask task;
  task.values = encoded.dense + std::size_t{source_row(encoded, target, 0)} * field.width;
  task.scale = field.scale;
  task.zero_point = field.zero_point;
  task.codes = target.codes;
  task.n = field.width == 1 ? n_sources : field.width;
  task.stride = field.width == 1 ? target.stride : 1;
  if (task.n == 1) {
    *task.codes = quantise(*task.values / field.scale, field.zero_point);   // a context's
  } else if (field.width == 1) {
    kernel.quantise(&task);
  } else {
    for (std::uint32_t row = 0; row < n_sources; ++row) {
      kernel.quantise(&task);
      task.values += field.width;
      task.codes += target.stride;
    }
  }
  for (std::uint32_t row = n_sources; row < target.n; ++row) {
    std::memcpy(target.codes + row * target.stride, target.codes, field.width);
  }
}

void write_indicator(const Field& field, const EncodedField& encoded, const Target& target) {
  const std::uint8_t codes[2] = {quantise(0.0f / field.indicator_scale, field.indicator_zero_point),
                                 quantise(1.0f / field.indicator_scale, field.indicator_zero_point)};
  std::uint8_t* to = target.codes + field.width;
  for (std::uint32_t row = 0; row < target.n; ++row, to += target.stride) {
    *to = codes[encoded.is_missing[source_row(encoded, target, row)] != 0];
  }
}

// Dense columns that stand side by side, each a value a row, until there are as many as a kernel
// takes at once; their indicators, which stand between them, are written after them.
class DenseColumns {
 public:
  DenseColumns(const Kernel& kernel, const Target& target) : kernel_(kernel), target_(target) {
    task_.n_rows = target.n;
    task_.stride = target.stride;
  }

  static bool takes(const Kernel& kernel, const Field& field, const EncodedField& encoded,
                    std::uint32_t n) {
    return has_wide_kernels && kernel.quantise_columns != nullptr && n > 1 && field.width == 1 && encoded.n_rows != 1;
  }

  void add(const Field& field, const EncodedField& encoded, std::uint32_t column) {
    if (n_ == 0) first_ = column;
    if (column + field.n_inputs() - first_ > columns_at_once) {
      flush();
      first_ = column;
    }
    task_.columns[column - first_] = {encoded.dense + target_.first, field.scale, field.zero_point};
    if (field.has_indicator) indicators_[n_indicators_++] = {&field, &encoded, column};
    ++n_;
  }

  void flush() {
    if (n_ == 0) return;
    task_.codes = target_.codes + first_;
    kernel_.quantise_columns(&task_);
    for (QuantisedColumn& column : task_.columns) column = {};
    for (std::uint32_t i = 0; i < n_indicators_; ++i) {
      Target target = target_;
      target.codes += indicators_[i].column;
      write_indicator(*indicators_[i].field, *indicators_[i].encoded, target);
    }
    n_ = n_indicators_ = 0;
  }

 private:
  struct Indicator {
    const Field* field;
    const EncodedField* encoded;
    std::uint32_t column;
  };

  const Kernel& kernel_;
  const Target& target_;
  QuantiseColumnsTask task_;
  Indicator indicators_[columns_at_once];
  std::uint32_t first_ = 0, n_ = 0, n_indicators_ = 0;
};

}  // namespace

// In the order of the columns, since a kernel that writes several at once writes 0 where a column is
// another's: dense fields first, then embeddings.
void quantise_block(const NetworkPlan& plan, std::uint32_t side,
                    std::span<const EncodedField> encoded, std::uint32_t first, std::uint32_t n,
                    std::uint8_t* codes) {
  const NetworkPlan::Prepared& prepared = *plan.prepared;
  const Target block = {codes, prepared.block_strides[side], first, n};
  DenseColumns dense(*plan.kernel, block);
  constexpr std::size_t most_lookups = 16;
  Lookup lookups[most_lookups];
  std::size_t n_lookups = 0;
  for (const PreparedField& place : prepared.fields[side]) {
    const Field& field = plan.model->fields[place.ordinal];
    const EncodedField& source = encoded[place.ordinal];
    const Target target = {codes + place.column, block.stride, first, n};
    if (field.output == OutputKind::dense && DenseColumns::takes(*plan.kernel, field, source, n)) {
      dense.add(field, source, place.column);
      continue;
    }
    dense.flush();
    if (field.output == OutputKind::dense) {
      quantise_dense(*plan.kernel, field, source, target);
      if (field.has_indicator) write_indicator(field, source, target);
    } else if (field.pooling != Pooling::none) {
      quantise_pooled(field, source, target);
    } else {
      lookups[n_lookups++] = {&field, &source, target.codes};
      if (n_lookups < most_lookups) continue;
      look_up(lookups, block);
      n_lookups = 0;
    }
  }
  dense.flush();
  look_up({lookups, n_lookups}, block);
}

}  // namespace guardrank
