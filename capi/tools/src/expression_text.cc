#include "capi/tools/src/expression_text.h"

#include <cmath>

#include "core/base/number_text.h"
#include "core/expr/values.h"

namespace guardrank::tools {
namespace {

std::string quoted(std::string_view text, bool is_bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out = is_bytes ? "b'" : "'";
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (is_bytes && byte > 0x7F)) {
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    } else {
      if (c == '\'' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + "'";
}

}  // namespace

std::string number_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  char text[max_number_text_bytes];
  return {text, write_double(number, text)};
}

std::string time_text(const ExprValue& value) {
  char text[max_time_text_bytes];
  if (value.kind == ExprType::timestamp) return {text, write_time(value, text)};
  std::string duration(text, write_duration(value, text) - 1);
  if (duration.find('.') != std::string::npos) duration.erase(duration.find_last_not_of('0') + 1);
  return duration + "s";
}

std::string expression_text(const ExprValue& value) {
  switch (value.kind) {
    case ExprType::null: case ExprType::dyn: return "null";
    case ExprType::boolean: return value.integer != 0 ? "true" : "false";
    case ExprType::integer: return std::to_string(value.integer);
    case ExprType::unsigned_integer: return std::to_string(value.natural) + "u";
    case ExprType::number: {
      const std::string text = number_text(value.number);
      return text.find_first_of(".eNI") == std::string::npos ? text + ".0" : text;
    }
    case ExprType::string: return quoted(value.text(), false);
    case ExprType::bytes: return quoted(value.text(), true);
    case ExprType::timestamp: return "timestamp('" + time_text(value) + "')";
    case ExprType::duration: return "duration('" + time_text(value) + "')";
    case ExprType::type:
      return std::string(expr_type_name(static_cast<ExprType>(value.integer)));
    case ExprType::list: case ExprType::map: break;
  }
  const bool is_map = value.kind == ExprType::map;
  std::string text = is_map ? "{" : "[";
  for (std::uint32_t i = 0; i < value.size; ++i) {
    text += (i > 0 ? ", " : "") + expression_text(element_of(value, i));
    if (is_map) text += ": " + expression_text(value.elements[2 * i + 1]);
  }
  return text + (is_map ? "}" : "]");
}

}  // namespace guardrank::tools
