// A field built step by step, and its encoding over columns, for tests.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "core/feature/feature.h"
#include "tests/core/support/heap.h"

namespace guardrank::testing {

// A column that owns its values; nothing in an optional is missing.
class OwnedColumn {
 public:
  static OwnedColumn of(FactType type, const std::vector<std::optional<double>>& values) {
    OwnedColumn column(type, values.size());
    for (const std::optional<double>& value : values) {
      column.present_.push_back(value.has_value());
      // What a missing row holds must not be read: a value that would show.
      const double number = value.value_or(12345.0);
      column.numbers_.push_back(number);
      const bool fits = number > -0x1p62 && number < 0x1p62;
      column.integers_.push_back(fits ? static_cast<std::int64_t>(number) : 0);
      column.booleans_.push_back(number != 0);
    }
    return column;
  }
  static OwnedColumn of(const std::vector<std::optional<std::string_view>>& values) {
    OwnedColumn column(FactType::string, values.size());
    for (const std::optional<std::string_view>& value : values) {
      column.present_.push_back(value.has_value());
      column.strings_.push_back(value.value_or("must not be read"));
    }
    return column;
  }
  static OwnedColumn integers(FactType type, const std::vector<std::int64_t>& values) {
    OwnedColumn column(type, values.size());
    column.present_.assign(values.size(), 1);
    column.integers_ = values;
    return column;
  }
  static OwnedColumn lists(
      const std::vector<std::optional<std::vector<std::string_view>>>& values) {
    OwnedColumn column(FactType::string_list, values.size());
    column.offsets_ = {0};
    for (const auto& value : values) {
      column.present_.push_back(value.has_value());
      const std::vector<std::string_view> list = value.value_or(std::vector<std::string_view>{});
      column.strings_.insert(column.strings_.end(), list.begin(), list.end());
      column.offsets_.push_back(static_cast<std::uint32_t>(column.strings_.size()));
    }
    return column;
  }
  static OwnedColumn vectors(std::uint32_t width,
                             const std::vector<std::optional<std::vector<float>>>& values) {
    OwnedColumn column(FactType::f32_vector, values.size());
    column.width_ = width;
    for (const auto& value : values) {
      column.present_.push_back(value.has_value());
      const std::vector<float> row = value.value_or(std::vector<float>(width, 9.0f));
      column.floats_.insert(column.floats_.end(), row.begin(), row.end());
    }
    return column;
  }

  Column view() const {
    Column column;
    column.type = type_;
    column.n_rows = n_rows_;
    column.width = width_;
    column.present = present_.data();
    column.list_offsets = offsets_.data();
    switch (type_) {
      case FactType::f64: column.numbers = numbers_.data(); break;
      case FactType::i64:
      case FactType::timestamp: column.integers = integers_.data(); break;
      case FactType::boolean: column.booleans = booleans_.data(); break;
      case FactType::string:
      case FactType::string_list: column.strings = strings_.data(); break;
      case FactType::f32_vector: column.floats = floats_.data(); break;
    }
    return column;
  }

 private:
  OwnedColumn(FactType type, std::size_t n_rows)
      : type_(type), n_rows_(static_cast<std::uint32_t>(n_rows)) {}

  FactType type_;
  std::uint32_t n_rows_, width_ = 0;
  std::vector<std::uint8_t> present_, booleans_;
  std::vector<double> numbers_;
  std::vector<std::int64_t> integers_;
  std::vector<std::string_view> strings_;
  std::vector<std::uint32_t> offsets_;
  std::vector<float> floats_;
};

class FieldFixture {
 public:
  explicit FieldFixture(FactType type) {
    field_.name = "field";
    field_.type = type;
  }

  FieldFixture& embedding(Pooling pooling = Pooling::none) {
    field_.output = OutputKind::embedding;
    field_.pooling = pooling;
    return *this;
  }
  FieldFixture& vector(std::uint32_t width) {
    field_.width = width;
    return *this;
  }
  FieldFixture& on(Side side) {
    field_.side = side;
    return *this;
  }
  FieldFixture& named(std::string_view name) {
    field_.name = name;
    return *this;
  }
  FieldFixture& crossing(std::vector<std::string_view> inputs) {
    inputs_ = std::move(inputs);
    return op(TransformKind::cross);
  }

  FieldFixture& op(TransformKind kind) {
    Transform transform;
    transform.kind = kind;
    transforms_.push_back(transform);
    return *this;
  }
  FieldFixture& fill(double number) {
    op(TransformKind::fill).transforms_.back().number = number;
    return *this;
  }
  FieldFixture& fill(std::string_view text) {
    op(TransformKind::fill).transforms_.back().text = text;
    return *this;
  }
  FieldFixture& clip(double minimum, double maximum) {
    op(TransformKind::clip).transforms_.back().minimum = minimum;
    transforms_.back().maximum = maximum;
    return *this;
  }
  FieldFixture& standardize(double mean, double deviation) {
    op(TransformKind::standardize).transforms_.back().mean = mean;
    transforms_.back().standard_deviation = deviation;
    return *this;
  }
  FieldFixture& hash(std::uint32_t buckets, std::uint64_t seed) {
    op(TransformKind::hash).transforms_.back().buckets = buckets;
    transforms_.back().seed = seed;
    return *this;
  }
  FieldFixture& bucketize(std::vector<double> edges) {
    edges_.push_back(std::move(edges));
    op(TransformKind::bucketize).transforms_.back().edges = edges_.back();
    return *this;
  }
  FieldFixture& vocabulary(std::vector<std::string_view> values) {
    values_.push_back(std::move(values));
    const std::vector<std::string_view>& words = values_.back();
    std::vector<std::uint32_t> sorted(words.size());
    for (std::uint32_t i = 0; i < sorted.size(); ++i) sorted[i] = i;
    std::sort(sorted.begin(), sorted.end(),
              [&](std::uint32_t a, std::uint32_t b) { return words[a] < words[b]; });
    sorted_.push_back(std::move(sorted));
    op(TransformKind::vocabulary).transforms_.back().values = words;
    transforms_.back().sorted = sorted_.back();
    return *this;
  }

  Field& field() {
    field_.transforms = transforms_;
    field_.inputs = inputs_;
    return field_;
  }

  // Encodes over `n_rows`; the results below are of the last call.
  Status encode(const std::vector<Column>& inputs, std::uint32_t n_rows, std::int64_t now = 0) {
    arena_.reset();
    return encode_field(field(), inputs, n_rows, now, &arena_, &encoded_);
  }
  Status encode(const OwnedColumn& input, std::int64_t now = 0) {
    const Column column = input.view();
    return encode({column}, column.n_rows, now);
  }

  const EncodedField& encoded() const { return encoded_; }
  std::vector<float> dense() const {
    return {encoded_.dense, encoded_.dense + std::size_t{encoded_.n_rows} * encoded_.width};
  }
  std::vector<int> missing() const {
    return {encoded_.is_missing, encoded_.is_missing + encoded_.n_rows};
  }
  std::vector<std::uint32_t> codes() const {
    const std::uint32_t n =
        encoded_.list_offsets ? encoded_.list_offsets[encoded_.n_rows] : encoded_.n_rows;
    return {encoded_.codes, encoded_.codes + n};
  }
  std::vector<std::uint32_t> offsets() const {
    return {encoded_.list_offsets, encoded_.list_offsets + encoded_.n_rows + 1};
  }

 private:
  Field field_;
  std::vector<Transform> transforms_;
  std::vector<std::string_view> inputs_;
  std::deque<std::vector<double>> edges_;
  std::deque<std::vector<std::string_view>> values_;
  std::deque<std::vector<std::uint32_t>> sorted_;
  Arena arena_{heap, std::size_t{1} << 26};
  EncodedField encoded_;
};

}  // namespace guardrank::testing
