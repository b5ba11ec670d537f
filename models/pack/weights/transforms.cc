#include "models/pack/weights/transforms.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/base/limits.h"
#include "core/base/number_text.h"

namespace guardrank::pack {
namespace {

// Inputs of the network are floats: a larger number would be infinite there.
double float_number(const JsonNode& node) {
  const double number = node.is(JsonType::number) ? node.value().number : 0;
  constexpr double largest = std::numeric_limits<float>::max();
  if (!node.is(JsonType::number) || !(number >= -largest && number <= largest))
    node.wanted("a number that a 32-bit float holds");
  return number;
}

double read_time(const JsonNode& node) {
  std::int64_t micros = 0;
  if (!node.is(JsonType::string) || !parse_timestamp(node.text(), &micros))
    node.wanted("a time as RFC 3339 has it");
  return static_cast<double>(micros);
}

double read_truth(const JsonNode& node) {
  if (!node.is(JsonType::boolean) && !node.is(JsonType::number)) node.wanted("a boolean, 0 or 1");
  return node.is(JsonType::boolean) ? (node.boolean() ? 1 : 0) : float_number(node);
}

// `type` is what the ops before it made of the field. A value of another type would silently be 0 or "".
void read_fill(const JsonNode& node, FactType type, Memory* memory, Transform* out) {
  node.allow({"op", "value"});
  const JsonNode value = node.at("value");
  switch (type) {
    case FactType::string:
    case FactType::string_list:
      if (!value.is(JsonType::string)) value.wanted("a string");
      out->text = memory->text(value.text());
      return;
    case FactType::timestamp:
      out->number = value.is(JsonType::number) ? float_number(value) : read_time(value);
      return;
    case FactType::boolean:
      out->number = read_truth(value);
      return;
    default:
      out->number = float_number(value);
  }
}

void read_clip(const JsonNode& node, FactType, Memory*, Transform* out) {
  node.allow({"op", "min", "max"});
  out->minimum = node.at("min").number();
  out->maximum = node.at("max").number();
  if (out->minimum > out->maximum) node.at("max").refuse("is below min");
}

void read_standardize(const JsonNode& node, FactType, Memory*, Transform* out) {
  node.allow({"op", "mean", "std"});
  out->mean = node.at("mean").number();
  out->standard_deviation = node.at("std").number();
  if (!(out->standard_deviation > 0)) node.at("std").wanted("a number above 0");
}

void read_bucketize(const JsonNode& node, FactType, Memory* memory, Transform* out) {
  node.allow({"op", "edges"});
  const JsonNode edges = node.at("edges");
  const std::vector<double> numbers = edges.numbers(limits::vocabulary_values);
  if (numbers.empty()) edges.refuse("wanted at least one edge");
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    if (!(numbers[i - 1] < numbers[i]))
      edges.refuse("wanted strictly increasing edges; edge " + std::to_string(i) + " is not");
  }
  out->edges = memory->copy(numbers);
}

// A value as the engine compares it: text, or the decimal text of a whole number or boolean.
std::string_view vocabulary_text(const JsonNode& node) {
  if (node.is(JsonType::string)) return node.text();
  if (node.is(JsonType::boolean)) return node.boolean() ? "true" : "false";
  if (!node.is(JsonType::number) || !node.value().is_integer)
    node.wanted("a string, a whole number or a boolean");
  return node.value().text;
}

// What the engine writes of no whole number or boolean would be a code that nothing gets.
void check_vocabulary_text(const JsonNode& item, FactType type, std::string_view text) {
  if (type == FactType::boolean && text != "true" && text != "false") item.wanted("true or false");
  if (type != FactType::i64) return;
  std::int64_t value = 0;
  char written[32];
  if (!parse_integer(text, &value) || text != std::string_view(written, write_integer(value, written)))
    item.wanted("a whole number as it is written in full");
}

void read_vocabulary(const JsonNode& node, FactType type, Memory* memory, Transform* out) {
  node.allow({"op", "values"});
  const JsonNode list = node.at("values");
  std::vector<std::string_view> values;
  for (const JsonNode& item : list.items(limits::vocabulary_values)) {
    values.push_back(memory->text(vocabulary_text(item)));
    check_vocabulary_text(item, type, values.back());
  }
  std::vector<std::uint32_t> sorted(values.size());
  std::iota(sorted.begin(), sorted.end(), 0u);
  std::sort(sorted.begin(), sorted.end(),
            [&](std::uint32_t a, std::uint32_t b) { return values[a] < values[b]; });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (values[sorted[i - 1]] == values[sorted[i]])
      list.refuse("\"" + std::string(values[sorted[i]]) + "\" stands twice");
  }
  out->values = memory->copy(values);
  out->sorted = memory->copy(sorted);
}

void read_hash(const JsonNode& node, FactType, Memory*, Transform* out) {
  node.allow({"op", "buckets", "seed"});
  out->buckets = node.at("buckets").natural(1, limits::embedding_rows - 1);
  out->seed = node.at("seed").seed();
}

void read_plain(const JsonNode& node, FactType, Memory*, Transform*) { node.allow({"op"}); }

struct Operation {
  std::string_view name;
  TransformKind kind;
  void (*read)(const JsonNode&, FactType, Memory*, Transform*);
};

constexpr Operation operations[] = {
    {"identity", TransformKind::identity, read_plain},
    {"fill", TransformKind::fill, read_fill},
    {"clip", TransformKind::clip, read_clip},
    {"log1p", TransformKind::log1p, read_plain},
    {"signed_log", TransformKind::signed_log, read_plain},
    {"standardize", TransformKind::standardize, read_standardize},
    {"bucketize", TransformKind::bucketize, read_bucketize},
    {"vocabulary", TransformKind::vocabulary, read_vocabulary},
    {"hash", TransformKind::hash, read_hash},
    {"cross", TransformKind::cross, read_plain},
    {"days_since", TransformKind::days_since, read_plain},
};

}  // namespace

Transform read_transform(const JsonNode& node, FactType type, Memory* memory) {
  const JsonNode op = node.at("op");
  const std::string_view name = op.text();
  for (const Operation& operation : operations) {
    if (operation.name != name) continue;
    Transform transform;
    transform.kind = operation.kind;
    operation.read(node, type, memory, &transform);
    return transform;
  }
  op.wanted(
      "one of identity, fill, clip, log1p, signed_log, standardize, bucketize, vocabulary, "
      "hash, cross, days_since");
}

FactType type_after(const Transform& transform, FactType type) {
  return transform.kind == TransformKind::days_since ? FactType::f64 : type;
}

std::uint32_t code_count(const Transform& transform) {
  switch (transform.kind) {
    case TransformKind::vocabulary:
      return static_cast<std::uint32_t>(transform.values.size()) + 2;
    case TransformKind::bucketize:
      return static_cast<std::uint32_t>(transform.edges.size()) + 2;
    case TransformKind::hash:
      return transform.buckets + 1;
    default:
      return 0;
  }
}

}  // namespace guardrank::pack
