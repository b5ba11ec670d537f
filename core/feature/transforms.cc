#include "core/feature/transforms.h"

#include "core/base/math.h"

namespace guardrank {
namespace {

constexpr const TransformOp* transforms[] = {
    &identity_transform,    &fill_transform,       &clip_transform,
    &log1p_transform,       &signed_log_transform, &standardize_transform,
    &bucketize_transform,   &vocabulary_transform, &hash_transform,
    &cross_transform,       &days_since_transform,
};

std::uint32_t list_size(const WorkingColumn& column, std::uint32_t row) {
  return column.list_offsets[row + 1] - column.list_offsets[row];
}

}  // namespace

const TransformOp* find_transform(TransformKind kind) {
  for (const TransformOp* op : transforms) {
    if (op->kind == kind) return op;
  }
  return nullptr;
}

std::string_view form_name(Form form) {
  switch (form) {
    case Form::none: return "nothing";
    case Form::number: return "a number";
    case Form::integer: return "an integer";
    case Form::boolean: return "a bool";
    case Form::timestamp: return "a timestamp";
    case Form::text: return "a string";
    case Form::text_list: return "a list of strings";
    case Form::vector: return "a vector";
    case Form::joined: return "joined values";
    case Form::code: return "a code";
    case Form::code_list: return "a list of codes";
  }
  return "nothing";
}

Form numeric_form(Form form) {
  switch (form) {
    case Form::number:
    case Form::integer:
    case Form::boolean: return Form::number;
    case Form::vector: return Form::vector;
    default: return Form::none;
  }
}

Status make_numbers(const TransformContext& context, WorkingColumn* column) {
  if (column->form == Form::number || column->form == Form::vector) return Status::ok;
  GUARDRANK_TRY(context.arena->make_uninitialised(column->n_rows, &column->numbers));
  const bool is_integer = column->form == Form::integer;
  for (std::uint32_t row = 0; row < column->n_rows; ++row) {
    column->numbers[row] = is_integer ? static_cast<double>(column->integers[row])
                                      : static_cast<double>(column->booleans[row] != 0);
  }
  column->form = Form::number;
  return Status::ok;
}

// First all at once: the larger of two numbers has the larger bits, so adding what brings the bits of
// `largest` just under the sign's place tells whether any is beyond.
void drop_beyond(double largest, WorkingColumn* column) {
  constexpr std::uint64_t magnitude = ~std::uint64_t{0} >> 1;
  const std::uint64_t room = magnitude - __builtin_bit_cast(std::uint64_t, largest);
  std::uint64_t reached = 0;
  for (const double number : column->numbers) {
    reached |= (__builtin_bit_cast(std::uint64_t, number) & magnitude) + room;
  }
  if (reached <= magnitude) return;
  for (std::uint32_t row = 0; row < column->n_rows; ++row) {
    for (const double number : column->numbers.subspan(std::size_t{row} * column->width, column->width)) {
      if (!(number >= -largest && number <= largest)) column->drop(row);
    }
  }
  column->clear_missing(column->numbers);
}

Status open_list_codes(const TransformContext& context, WorkingColumn* column,
                       std::span<std::uint32_t>* offsets) {
  GUARDRANK_TRY(context.arena->make(std::size_t{column->n_rows} + 1, offsets));
  std::uint64_t total = 0;
  for (std::uint32_t row = 0; row < column->n_rows; ++row) {
    const std::uint32_t n = list_size(*column, row);
    total += n == 0 ? 1 : n;
    if (total > UINT32_MAX) return Status::limit;
    (*offsets)[row + 1] = static_cast<std::uint32_t>(total);
  }
  return context.arena->make(static_cast<std::size_t>(total), &column->codes);
}

}  // namespace guardrank
