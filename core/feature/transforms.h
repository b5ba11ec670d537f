// The steps of a field's chain. Each op stands in a file of its own under transforms/ and has one
// line in the table of transforms.cc.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/artifact/model.h"
#include "core/base/arena.h"
#include "core/base/status.h"

namespace guardrank {

// What a value is on its way through the chain. `none` is no form: the op does not suit its input.
enum class Form : std::uint8_t {
  none = 0,
  number,      // double
  integer,     // int64
  boolean,
  timestamp,   // int64 micros
  text,
  text_list,
  vector,      // `width` doubles per row
  joined,      // bytes of a cross
  code,
  code_list,
};

std::string_view form_name(Form form);

inline constexpr double largest_double = 0x1.fffffffffffffp1023;

// A column being transformed, in the arena. Steps may write to it in place. A missing row's number is
// finite, so that steps may compute on all rows alike.
struct WorkingColumn {
  Form form = Form::none;
  std::uint32_t n_rows = 0;
  std::uint32_t width = 1;                      // vector: numbers per row
  std::span<std::uint8_t> present;              // by row: 1 while the value is there
  std::span<std::uint8_t> was_missing;          // by row: 1 when it was missing at any point
  std::span<double> numbers;                    // number, vector
  std::span<std::int64_t> integers;             // integer, timestamp
  std::span<std::uint8_t> booleans;
  std::span<std::string_view> texts;            // text, joined, elements of text_list
  std::span<std::uint32_t> list_offsets;        // text_list, code_list: n_rows + 1
  std::span<std::uint32_t> codes;               // code, elements of code_list

  void drop(std::uint32_t row) {
    present[row] = 0;
    was_missing[row] = 1;
  }
  bool has_missing() const {
    return n_rows != 0 && __builtin_memchr(present.data(), 0, n_rows) != nullptr;
  }
  // 0 for what is missing; `values`: `width` per row.
  template <typename T>
  void clear_missing(std::span<T> values) const {
    if (!has_missing()) return;
    for (std::size_t row = 0; row < n_rows; ++row) {
      if (present[row] == 0) std::fill_n(values.begin() + row * width, width, T());
    }
  }
};

// A context's number being transformed.
struct LoneNumber {
  double number = 0;
  bool is_present = false;
  bool was_missing = false;

  void drop_beyond(double largest) {
    if (number >= -largest && number <= largest) return;
    *this = {0.0, false, true};
  }
};

struct TransformContext {
  std::int64_t now = 0;                         // micros
  Arena* arena = nullptr;
};

// One op. `result` gives the form after the op (Form::none: refused); `apply` may rely on it.
struct TransformOp {
  TransformKind kind;
  std::string_view name;
  std::string_view wants;                       // for the message of a refusal
  Form (*result)(const Transform& transform, Form input);
  Status (*apply)(const Transform& transform, const TransformContext& context,
                  WorkingColumn* column);
  // The same for one number by itself; null where a column of one row is made of it instead.
  void (*apply_to_number)(const Transform& transform, LoneNumber* number) = nullptr;
};

// Null for a number that is no op.
const TransformOp* find_transform(TransformKind kind);

// Number, integer, boolean and vector become numbers (a vector stays one); other forms have none.
Form numeric_form(Form form);
Status make_numbers(const TransformContext& context, WorkingColumn* column);
// Rows with a number beyond +-`largest`, or with none, are missing from here on, their numbers 0.
void drop_beyond(double largest, WorkingColumn* column);

// An op that computes numbers from numbers: apply and apply_to_number of
// compute(transform, number). What is not finite then is dropped.
template <double (*compute)(const Transform&, double)>
Status map_numbers(const Transform& transform, const TransformContext& context, WorkingColumn* column) {
  GUARDRANK_TRY(make_numbers(context, column));
  for (double& number : column->numbers) number = compute(transform, number);
  drop_beyond(largest_double, column);
  return Status::ok;
}
template <double (*compute)(const Transform&, double)>
void map_number(const Transform& transform, LoneNumber* number) {
  number->number = compute(transform, number->number);
  number->drop_beyond(largest_double);
}

// Codes by row, 0 where missing, compute(row) elsewhere.
template <typename Compute>
Status map_codes(const TransformContext& context, WorkingColumn* column, const Compute& compute) {
  GUARDRANK_TRY(context.arena->make_uninitialised(column->n_rows, &column->codes));
  for (std::uint32_t row = 0; row < column->n_rows; ++row) {
    column->codes[row] = column->present[row] != 0 ? compute(row) : 0;
  }
  column->form = Form::code;
  return Status::ok;
}

// Codes by list element, compute(text) each; an empty or missing list gets the one code 0.
// Status::limit when the codes of a column do not fit 32 bits.
Status open_list_codes(const TransformContext& context, WorkingColumn* column,
                       std::span<std::uint32_t>* offsets);
template <typename Compute>
Status map_list_codes(const TransformContext& context, WorkingColumn* column,
                      const Compute& compute) {
  std::span<std::uint32_t> offsets;
  GUARDRANK_TRY(open_list_codes(context, column, &offsets));
  for (std::uint32_t row = 0; row < column->n_rows; ++row) {
    const std::uint32_t first = column->list_offsets[row];
    const std::uint32_t n = column->list_offsets[row + 1] - first;
    for (std::uint32_t i = 0; i < n; ++i) {
      column->codes[offsets[row] + i] = compute(column->texts[first + i]);
    }
  }
  column->list_offsets = offsets;
  column->form = Form::code_list;
  return Status::ok;
}

extern const TransformOp identity_transform, fill_transform, clip_transform, log1p_transform,
    signed_log_transform, standardize_transform, bucketize_transform, vocabulary_transform,
    hash_transform, cross_transform, days_since_transform;

}  // namespace guardrank
