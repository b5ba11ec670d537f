// fill {value}: what a missing value becomes. An integer stays one when the value is whole; an
// empty or missing list becomes a list of the one string. The indicator still tells that it was
// missing.
#include "core/base/math.h"
#include "core/feature/transforms.h"

namespace guardrank {
namespace {

bool is_whole(double number) {
  return number >= -0x1p63 && number < 0x1p63 && number == round_half_even(number);
}

Form result(const Transform& transform, Form input) {
  switch (input) {
    case Form::number:
    case Form::vector: return is_finite(transform.number) ? input : Form::none;
    case Form::integer:
      if (!is_finite(transform.number)) return Form::none;
      return is_whole(transform.number) ? Form::integer : Form::number;
    case Form::boolean:
      return transform.number == 0 || transform.number == 1 ? Form::boolean : Form::none;
    case Form::timestamp: return is_whole(transform.number) ? Form::timestamp : Form::none;
    case Form::text:
    case Form::text_list: return input;
    default: return Form::none;
  }
}

template <typename T>
void fill_rows(WorkingColumn* column, std::span<T> values, T value) {
  for (std::uint32_t row = 0; row < column->n_rows; ++row) {
    if (column->present[row] != 0) continue;
    for (std::uint32_t i = 0; i < column->width; ++i) {
      values[std::size_t{row} * column->width + i] = value;
    }
    column->present[row] = 1;
  }
}

Status fill_lists(std::string_view text, const TransformContext& context, WorkingColumn* column) {
  std::uint64_t total = 0;
  for (std::uint32_t row = 0; row < column->n_rows; ++row) {
    const std::uint32_t n = column->list_offsets[row + 1] - column->list_offsets[row];
    total += n == 0 ? 1 : n;
  }
  if (total > UINT32_MAX) return Status::limit;
  std::span<std::string_view> texts;
  std::span<std::uint32_t> offsets;
  GUARDRANK_TRY(context.arena->make(static_cast<std::size_t>(total), &texts));
  GUARDRANK_TRY(context.arena->make(std::size_t{column->n_rows} + 1, &offsets));
  std::uint32_t at = 0;
  for (std::uint32_t row = 0; row < column->n_rows; ++row) {
    for (std::uint32_t i = column->list_offsets[row]; i < column->list_offsets[row + 1]; ++i) {
      texts[at++] = column->texts[i];
    }
    if (at == offsets[row]) texts[at++] = text;
    offsets[row + 1] = at;
    column->present[row] = 1;
  }
  column->texts = texts;
  column->list_offsets = offsets;
  return Status::ok;
}

Status apply(const Transform& transform, const TransformContext& context, WorkingColumn* column) {
  const Form form = result(transform, column->form);
  if (form == Form::text_list) return fill_lists(transform.text, context, column);
  if (form == Form::text) {
    fill_rows(column, column->texts, transform.text);
  } else if (form == Form::boolean) {
    fill_rows(column, column->booleans, static_cast<std::uint8_t>(transform.number != 0));
  } else if (form == Form::integer || form == Form::timestamp) {
    fill_rows(column, column->integers, static_cast<std::int64_t>(transform.number));
  } else {
    GUARDRANK_TRY(make_numbers(context, column));
    fill_rows(column, column->numbers, transform.number);
  }
  return Status::ok;
}

void apply_to_number(const Transform& transform, LoneNumber* number) {
  if (number->is_present) return;
  number->number = transform.number;
  number->is_present = true;
}

}  // namespace

const TransformOp fill_transform = {TransformKind::fill, "fill",
                                    "a fact and a value of its own type", result, apply,
                                    apply_to_number};

}  // namespace guardrank
