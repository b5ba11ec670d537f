// hash {buckets, seed}: 0 missing, 1 + XXH64 mod buckets, over a string's UTF-8 bytes, an integer's
// (a timestamp's, a bool's 0 or 1) 8 little-endian bytes, or what a cross has joined.
#include "core/base/hash.h"
#include "core/feature/transforms.h"

namespace guardrank {
namespace {

Form result(const Transform& transform, Form input) {
  if (transform.buckets == 0) return Form::none;
  switch (input) {
    case Form::text:
    case Form::integer:
    case Form::boolean:
    case Form::timestamp:
    case Form::joined: return Form::code;
    case Form::text_list: return Form::code_list;
    default: return Form::none;
  }
}

std::uint32_t bucket(const Transform& transform, std::uint64_t hash) {
  return 1 + static_cast<std::uint32_t>(hash % transform.buckets);
}

std::uint32_t hash_text(const Transform& transform, std::string_view text) {
  return bucket(transform, xxh64(text, transform.seed));
}

std::uint32_t hash_integer(const Transform& transform, std::int64_t value) {
  std::uint8_t bytes[8];
  for (int i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i));
  }
  return bucket(transform, xxh64(std::span<const std::uint8_t>(bytes), transform.seed));
}

Status apply(const Transform& transform, const TransformContext& context, WorkingColumn* column) {
  if (column->form == Form::text_list) {
    return map_list_codes(context, column,
                          [&](std::string_view text) { return hash_text(transform, text); });
  }
  const Form form = column->form;
  return map_codes(context, column, [&](std::uint32_t row) {
    if (form == Form::text || form == Form::joined) return hash_text(transform, column->texts[row]);
    if (form == Form::boolean) return hash_integer(transform, column->booleans[row] != 0);
    return hash_integer(transform, column->integers[row]);
  });
}

}  // namespace

const TransformOp hash_transform = {TransformKind::hash, "hash",
                                    "a string, an integer or a cross, and at least one bucket",
                                    result, apply};

}  // namespace guardrank
