#include "core/expr/expr_value.h"

#include "core/expr/numeric_order.h"

namespace guardrank {
namespace {

ExprValue made(ExprType kind, std::int64_t integer, std::uint32_t size = 0) {
  ExprValue value;
  value.kind = kind;
  value.integer = integer;
  value.size = size;
  return value;
}

ExprValue made(ExprType kind, std::string_view text) {
  ExprValue value;
  value.kind = kind;
  value.bytes = text.data();
  value.size = static_cast<std::uint32_t>(text.size());
  return value;
}

constexpr Orderings exchanged(Orderings ordering) {
  if (ordering == ordered_less) return ordered_greater;
  return ordering == ordered_greater ? ordered_less : ordering;
}

// UTF-8 bytes stand in the order of their code points.
Orderings order_texts(std::string_view a, std::string_view b) {
  const int compared = a.compare(b);
  return compared < 0 ? ordered_less : compared > 0 ? ordered_greater : ordered_equal;
}

// The type with the lower number on the left.
Orderings order_numbers(const ExprValue& a, const ExprValue& b) {
  if (a.kind > b.kind) return exchanged(order_numbers(b, a));
  const bool is_natural = a.kind == ExprType::unsigned_integer;
  switch (b.kind) {
    case ExprType::integer: return order(a.integer, b.integer);
    case ExprType::unsigned_integer:
      return is_natural ? order(a.natural, b.natural) : order(a.integer, b.natural);
    default: break;
  }
  if (a.kind == ExprType::number) return order(a.number, b.number);
  return is_natural ? order(a.natural, b.number) : order(a.integer, b.number);
}

int key_class(const ExprValue& key) {
  if (key.kind == ExprType::boolean) return 0;
  return is_numeric(key.kind) ? 1 : 2;
}

// Moves the entry at `root` down to where both of its children stand before it.
void sift(ExprValue* entries, std::uint32_t root, std::uint32_t n) {
  for (;;) {
    std::uint32_t child = 2 * root + 1;
    if (child >= n) return;
    const bool has_right = child + 1 < n;
    if (has_right && order_keys(entries[2 * child], entries[2 * child + 2]) == ordered_less)
      ++child;
    if (order_keys(entries[2 * root], entries[2 * child]) != ordered_less) return;
    for (std::uint32_t i = 0; i < 2; ++i) {
      const ExprValue kept = entries[2 * root + i];
      entries[2 * root + i] = entries[2 * child + i];
      entries[2 * child + i] = kept;
    }
    root = child;
  }
}

}  // namespace

std::string_view expr_type_name(ExprType type) {
  constexpr std::string_view names[] = {"null_type", "bool", "int", "uint", "double", "string",
                                        "bytes", "list", "map", "timestamp", "duration", "type",
                                        "dyn"};
  return names[static_cast<unsigned>(type)];
}

std::string_view eval_problem_text(EvalProblem problem) {
  constexpr std::string_view texts[] = {
      "", "overflow", "division by zero", "no such overload", "no such key", "no such index",
      "out of range", "not convertible", "repeated key", "unsupported key type", "unknown name",
      "over the limit of steps or size",
      "invalid pattern", "unknown time zone"};
  return texts[static_cast<unsigned>(problem)];
}

ExprValue ExprValue::of(bool value) { return made(ExprType::boolean, value ? 1 : 0); }
ExprValue ExprValue::of(std::int64_t value) { return made(ExprType::integer, value); }
ExprValue ExprValue::of(std::uint64_t value) {
  return made(ExprType::unsigned_integer, static_cast<std::int64_t>(value));
}
ExprValue ExprValue::of(double value) {
  ExprValue result;
  result.kind = ExprType::number;
  result.number = value;
  return result;
}
ExprValue ExprValue::of(std::string_view value) { return made(ExprType::string, value); }
ExprValue ExprValue::of_bytes(std::string_view value) { return made(ExprType::bytes, value); }
ExprValue ExprValue::of_list(const ExprValue* elements, std::size_t size) {
  ExprValue value = made(ExprType::list, 0, static_cast<std::uint32_t>(size));
  value.elements = elements;
  return value;
}
ExprValue ExprValue::of_duration(std::int64_t nanos) { return made(ExprType::duration, nanos); }
ExprValue ExprValue::of_timestamp(std::int64_t seconds, std::uint32_t nanos) {
  return made(ExprType::timestamp, seconds, nanos);
}
ExprValue ExprValue::of_micros(std::int64_t micros) {
  constexpr std::int64_t second = 1'000'000;
  std::int64_t seconds = micros / second, rest = micros % second;
  if (rest < 0) --seconds, rest += second;
  return of_timestamp(seconds, static_cast<std::uint32_t>(rest * 1000));
}
ExprValue ExprValue::of_type(ExprType type) {
  return made(ExprType::type, static_cast<std::int64_t>(type));
}

Orderings order_values(const ExprValue& a, const ExprValue& b) {
  if (is_numeric(a.kind) && is_numeric(b.kind)) return order_numbers(a, b);
  if (a.kind != b.kind) return no_order;
  switch (a.kind) {
    case ExprType::boolean:
    case ExprType::duration: return order(a.integer, b.integer);
    case ExprType::timestamp:
      return a.integer == b.integer ? order(a.size, b.size) : order(a.integer, b.integer);
    case ExprType::string:
    case ExprType::bytes: return order_texts(a.text(), b.text());
    default: return no_order;
  }
}

bool equal_values(const ExprValue& a, const ExprValue& b, std::uint64_t* steps) {
  if (*steps == 0) return false;
  --*steps;
  if (a.kind != ExprType::list && a.kind != ExprType::map) {
    const bool is_plain = a.kind == ExprType::null || a.kind == ExprType::type;
    if (is_plain) return a.kind == b.kind && a.integer == b.integer;
    if (a.kind == ExprType::string && b.kind == ExprType::string) return a.text() == b.text();
    return order_values(a, b) == ordered_equal;
  }
  if (a.kind != b.kind || a.size != b.size) return false;
  const bool is_map = a.kind == ExprType::map;
  for (std::uint32_t i = 0; i < a.size; ++i) {
    if (!equal_values(element_of(a, i), element_of(b, i), steps)) return false;
    if (is_map && !equal_values(a.elements[2 * i + 1], b.elements[2 * i + 1], steps)) return false;
  }
  return true;
}

bool is_key(const ExprValue& value) {
  return value.kind == ExprType::boolean || value.kind == ExprType::integer ||
         value.kind == ExprType::unsigned_integer || value.kind == ExprType::string;
}

Orderings order_keys(const ExprValue& a, const ExprValue& b) {
  const int left = key_class(a), right = key_class(b);
  return left != right ? order(left, right) : order_values(a, b);
}

const ExprValue* find_key(const ExprValue& map, const ExprValue& key) {
  if (!is_key(key) && key.kind != ExprType::number) return nullptr;
  std::uint32_t begin = 0, end = map.size;
  while (begin < end) {
    const std::uint32_t middle = begin + (end - begin) / 2;
    const Orderings ordering = order_keys(map.elements[2 * middle], key);
    if (ordering == ordered_equal) return &map.elements[2 * middle + 1];
    if (ordering == ordered_less) begin = middle + 1;
    else end = middle;   // NaN too: it finds nothing
  }
  return nullptr;
}

// Heap sort: in place, and no input makes it slow.
bool sort_entries(ExprValue* entries, std::uint32_t n) {
  for (std::uint32_t root = n / 2; root > 0; --root) sift(entries, root - 1, n);
  for (std::uint32_t end = n; end > 1; --end) {
    for (std::uint32_t i = 0; i < 2; ++i) {
      const ExprValue first = entries[i];
      entries[i] = entries[2 * (end - 1) + i];
      entries[2 * (end - 1) + i] = first;
    }
    sift(entries, 0, end - 1);
  }
  for (std::uint32_t i = 1; i < n; ++i)
    if (order_keys(entries[2 * i - 2], entries[2 * i]) == ordered_equal) return false;
  return true;
}

}  // namespace guardrank
