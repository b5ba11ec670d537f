// From one type to another.
#include "core/base/math.h"
#include "core/base/number_text.h"
#include "core/base/slice.h"
#include "core/base/utf8.h"
#include "core/expr/literal.h"
#include "core/expr/values.h"

namespace guardrank {
namespace {

// What is no number, and one that is beyond its type.
EvalProblem refused(std::string_view text) {
  if (!text.empty() && text[0] == '-') text = slice(text, 1);
  bool is_number = !text.empty();
  for (const char c : text) is_number = is_number && c >= '0' && c <= '9';
  return is_number ? EvalProblem::out_of_range : EvalProblem::bad_text;
}

// Towards zero; both ends of the range are refused, for the doubles next to them are rounded.
EvalProblem to_int(const ExprValue& value, ExprValue* result) {
  std::int64_t integer = value.integer;
  bool is_right = true;
  switch (value.kind) {
    case ExprType::integer: case ExprType::timestamp: break;
    case ExprType::unsigned_integer: is_right = value.natural <= INT64_MAX; break;
    case ExprType::number:
      is_right = value.number > -0x1p63 && value.number < 0x1p63;
      if (is_right) integer = static_cast<std::int64_t>(value.number);
      break;
    case ExprType::string:
      if (!parse_integer(value.text(), &integer)) return refused(value.text());
      break;
    default: return EvalProblem::no_overload;
  }
  *result = ExprValue::of(integer);
  return is_right ? EvalProblem::none : EvalProblem::out_of_range;
}

EvalProblem to_uint(const ExprValue& value, ExprValue* result) {
  std::uint64_t natural = value.natural;
  bool is_right = true;
  switch (value.kind) {
    case ExprType::unsigned_integer: break;
    case ExprType::integer: is_right = value.integer >= 0; break;
    case ExprType::number:
      is_right = value.number >= 0 && value.number < 0x1p64;
      if (is_right) natural = static_cast<std::uint64_t>(value.number);
      break;
    case ExprType::string:
      is_right = value.size > 0 && value.bytes[0] != '-' &&
                 refused(value.text()) == EvalProblem::out_of_range &&
                 read_unsigned_literal(value.text(), &natural);
      if (!is_right) return refused(value.text());
      break;
    default: return EvalProblem::no_overload;
  }
  *result = ExprValue::of(natural);
  return is_right ? EvalProblem::none : EvalProblem::out_of_range;
}

EvalProblem to_double(const ExprValue& value, ExprValue* result) {
  double number = value.number;
  switch (value.kind) {
    case ExprType::number: break;
    case ExprType::integer: number = static_cast<double>(value.integer); break;
    case ExprType::unsigned_integer: number = static_cast<double>(value.natural); break;
    case ExprType::string: {
      std::string_view text = value.text();
      const bool is_negative = !text.empty() && text[0] == '-';
      const std::string_view magnitude = slice(text, is_negative ? 1 : 0);
      if (text == "NaN") number = __builtin_nan("");
      else if (magnitude == "Infinity") number = is_negative ? -__builtin_inf() : __builtin_inf();
      else if (!parse_double(text, &number)) return EvalProblem::bad_text;
      break;
    }
    default: return EvalProblem::no_overload;
  }
  *result = ExprValue::of(number);
  return EvalProblem::none;
}

EvalProblem to_bool(const ExprValue& value, ExprValue* result) {
  *result = value;
  if (value.kind == ExprType::boolean) return EvalProblem::none;
  if (value.kind != ExprType::string) return EvalProblem::no_overload;
  constexpr std::string_view words[] = {"1", "t", "true", "TRUE", "True",
                                        "0", "f", "false", "FALSE", "False"};
  for (std::size_t i = 0; i < 10; ++i) {
    *result = ExprValue::of(i < 5);
    if (words[i] == value.text()) return EvalProblem::none;
  }
  return EvalProblem::bad_text;
}

// Text of a value that is neither text nor bytes; bytes written.
std::size_t write_value(const ExprValue& value, char* out) {
  switch (value.kind) {
    case ExprType::integer: return write_integer(value.integer, out);
    case ExprType::unsigned_integer: return write_natural(value.natural, out);
    case ExprType::number: return write_pieces(out, max_number_text_bytes, {value.number});
    case ExprType::timestamp: return write_time(value, out);
    case ExprType::duration: return write_duration(value, out);
    case ExprType::boolean:
      return write_pieces(out, max_number_text_bytes, {value.integer != 0 ? "true" : "false"});
    default: return 0;
  }
}

}  // namespace

EvalProblem convert(const Call& call, ExprValue* result) {
  switch (call.function()) {
    case Function::to_int: return to_int(call[0], result);
    case Function::to_uint: return to_uint(call[0], result);
    case Function::to_double: return to_double(call[0], result);
    case Function::to_bool: return to_bool(call[0], result);
    default: *result = ExprValue::of_type(call[0].kind); return EvalProblem::none;
  }
}

EvalProblem convert_to_text(const Call& call, ExprValue* result) {
  const ExprValue& value = call[0];
  const bool wants_text = call.function() == Function::to_string;
  *result = value;
  result->kind = wants_text ? ExprType::string : ExprType::bytes;
  if (value.kind == ExprType::string || value.kind == ExprType::bytes) {
    const bool is_new_text = wants_text && value.kind == ExprType::bytes;
    return is_new_text && !is_valid_utf8(value.text()) ? EvalProblem::bad_text : EvalProblem::none;
  }
  char text[max_time_text_bytes];
  const std::size_t size = wants_text ? write_value(value, text) : 0;
  if (size == 0) return EvalProblem::no_overload;
  char* bytes = static_cast<char*>(call.take(size));
  if (bytes == nullptr) return EvalProblem::limit;
  __builtin_memcpy(bytes, text, size);
  *result = ExprValue::of(std::string_view{bytes, size});
  return EvalProblem::none;
}

EvalProblem convert_to_time(const Call& call, ExprValue* result) {
  const ExprValue& value = call[0];
  const bool wants_time = call.function() == Function::to_timestamp;
  *result = value;
  if (value.kind == (wants_time ? ExprType::timestamp : ExprType::duration))
    return EvalProblem::none;
  if (value.kind == ExprType::integer && wants_time) {
    *result = ExprValue::of_timestamp(value.integer, 0);
    return is_time_in_range(value.integer) ? EvalProblem::none : EvalProblem::out_of_range;
  }
  if (value.kind != ExprType::string) return EvalProblem::no_overload;
  const bool is_right = wants_time ? read_time(value.text(), result)
                                   : read_duration(value.text(), result);
  return is_right ? EvalProblem::none : EvalProblem::bad_text;
}

}  // namespace guardrank
