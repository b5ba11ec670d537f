// vocabulary {values}: 0 missing, 1 unknown, 2.. the values in order. Integers are looked up by
// their decimal text, bools as "true" and "false".
#include <algorithm>

#include "core/base/number_text.h"
#include "core/feature/transforms.h"

namespace guardrank {
namespace {

Form result(const Transform& transform, Form input) {
  if (transform.sorted.size() != transform.values.size()) return Form::none;
  switch (input) {
    case Form::text:
    case Form::integer:
    case Form::boolean: return Form::code;
    case Form::text_list: return Form::code_list;
    default: return Form::none;
  }
}

std::uint32_t find_code(const Transform& transform, std::string_view text) {
  const auto at = std::lower_bound(
      transform.sorted.begin(), transform.sorted.end(), text,
      [&](std::uint32_t ordinal, std::string_view wanted) {
        return transform.values[ordinal] < wanted;
      });
  if (at == transform.sorted.end() || transform.values[*at] != text) return 1;
  return 2 + *at;
}

std::uint32_t find_integer(const Transform& transform, std::int64_t value) {
  char digits[max_number_text_bytes];
  return find_code(transform, {digits, write_integer(value, digits)});
}

Status apply(const Transform& transform, const TransformContext& context, WorkingColumn* column) {
  if (column->form == Form::text_list) {
    return map_list_codes(context, column,
                          [&](std::string_view text) { return find_code(transform, text); });
  }
  const Form form = column->form;
  return map_codes(context, column, [&](std::uint32_t row) {
    if (form == Form::text) return find_code(transform, column->texts[row]);
    if (form == Form::integer) return find_integer(transform, column->integers[row]);
    return find_code(transform, column->booleans[row] != 0 ? "true" : "false");
  });
}

}  // namespace

const TransformOp vocabulary_transform = {TransformKind::vocabulary, "vocabulary",
                                          "a string, an integer, a bool or a list of strings",
                                          result, apply};

}  // namespace guardrank
