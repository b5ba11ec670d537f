#include "tests/sweep/drawn_fields.h"

#include <algorithm>
#include <numeric>

namespace guardrank::sweep {
namespace {

using Chain = std::vector<Transform>;

Transform step(TransformKind kind) {
  Transform transform;
  transform.kind = kind;
  return transform;
}

class ChainDrawing {
 public:
  ChainDrawing(Drawing* drawing, pack::Memory* memory) : drawing_(drawing), memory_(memory) {}

  Field draw(Field field) {
    if (field.output == OutputKind::dense) return dense(field);
    if (field.pooling != Pooling::none) return codes_of_text(field);
    if (!fields_.empty() && drawing_->one_in(4) && cross(&field)) return field;
    switch (drawing_->below(6)) {
      case 0: return buckets(field, FactType::f64);
      case 1: return buckets(field, FactType::timestamp);
      case 2: return hashed(field, drawing_->pick<FactType>({FactType::boolean,
                                                             FactType::timestamp}));
      case 3: return codes_of_integers(field);
      default: return codes_of_text(field);
    }
  }

  std::vector<Field> draw_all(std::span<const Field> fields) {
    for (const Field& field : fields) fields_.push_back(draw(field));
    return fields_;
  }

 private:
  Transform fill(double number) {
    Transform transform = step(TransformKind::fill);
    transform.number = number;
    return transform;
  }

  // Numbers to numbers. `is_truth`: what is filled in must be 0 or 1.
  Transform arithmetic(bool is_truth) {
    switch (drawing_->below(6)) {
      case 0: return fill(is_truth ? drawing_->below(2) : drawing_->below(9));
      case 1: {
        Transform clip = step(TransformKind::clip);
        clip.minimum = drawing_->between(-20, 1);
        clip.maximum = clip.minimum + drawing_->between(0, 40);
        return clip;
      }
      case 2: return step(TransformKind::log1p);
      case 3: return step(TransformKind::signed_log);
      case 4: {
        Transform standardize = step(TransformKind::standardize);
        standardize.mean = drawing_->between(-3, 3);
        standardize.standard_deviation = drawing_->between(0.3, 4);
        return standardize;
      }
      default: return step(TransformKind::identity);
    }
  }

  void add_arithmetic(FactType type, Chain* chain) {
    if (type == FactType::timestamp) {
      chain->push_back(step(TransformKind::days_since));
      // Years become a few units.
      chain->push_back(step(TransformKind::standardize));
      chain->back().standard_deviation = 200;
    }
    for (std::uint32_t n = drawing_->below(4); n > 0; --n)
      chain->push_back(arithmetic(type == FactType::boolean));
  }

  Field with(Field field, const Chain& chain) {
    field.transforms = memory_->copy(chain);
    return field;
  }

  Field dense(Field field) {
    if (field.width == 1)
      field.type = drawing_->pick<FactType>({FactType::f64, FactType::f64, FactType::f64,
                                             FactType::i64, FactType::boolean,
                                             FactType::timestamp});
    Chain chain;
    add_arithmetic(field.type, &chain);
    return with(field, chain);
  }

  Field buckets(Field field, FactType type) {
    field.type = type;
    Chain chain;
    add_arithmetic(type, &chain);
    Transform bucketize = step(TransformKind::bucketize);
    std::vector<double> edges(field.n_codes - 2);
    for (std::size_t i = 0; i < edges.size(); ++i)
      edges[i] = -8.0 + static_cast<double>(i) + drawing_->between(0, 0.9);
    bucketize.edges = memory_->copy(edges);
    chain.push_back(bucketize);
    return with(field, chain);
  }

  Transform hash(std::uint32_t n_codes) {
    Transform transform = step(TransformKind::hash);
    transform.buckets = n_codes - 1;
    transform.seed = drawing_->bits();
    return transform;
  }

  Field hashed(Field field, FactType type) {
    field.type = type;
    return with(field, {hash(field.n_codes)});
  }

  // Values in code order "v0", "v1" and so on, or "0", "1"; `sorted` in byte order.
  Transform vocabulary(const std::string& prefix, std::uint32_t n_codes) {
    std::vector<std::string_view> values;
    for (std::uint32_t i = 0; i + 2 < n_codes; ++i)
      values.push_back(memory_->text(prefix + std::to_string(i)));
    std::vector<std::uint32_t> sorted(values.size());
    std::iota(sorted.begin(), sorted.end(), 0u);
    std::sort(sorted.begin(), sorted.end(),
              [&](std::uint32_t a, std::uint32_t b) { return values[a] < values[b]; });
    Transform transform = step(TransformKind::vocabulary);
    transform.values = memory_->copy(values);
    transform.sorted = memory_->copy(sorted);
    return transform;
  }

  Field codes_of_integers(Field field) {
    field.type = FactType::i64;
    Chain chain;
    if (drawing_->one_in(3)) chain.push_back(fill(drawing_->below(9)));
    chain.push_back(drawing_->one_in(2) ? vocabulary("", field.n_codes) : hash(field.n_codes));
    return with(field, chain);
  }

  Field codes_of_text(Field field) {
    Chain chain;
    if (drawing_->one_in(3)) {
      chain.push_back(step(TransformKind::fill));
      chain.back().text = "v1";
    }
    const bool is_named = field.side == Side::candidate && field.type == FactType::string &&
                          !has_offer_id_ && drawing_->one_in(3);
    if (is_named) field.name = "offer_id";
    has_offer_id_ = has_offer_id_ || is_named;
    chain.push_back(is_named || drawing_->one_in(2) ? hash(field.n_codes)
                                                    : vocabulary("v", field.n_codes));
    return with(field, chain);
  }

  // False where no field drawn before may be read.
  bool cross(Field* field) {
    std::vector<std::string_view> names;
    for (const Field& other : fields_) {
      const bool is_near = field->side == Side::pair || other.side == field->side;
      const bool is_joinable = other.type == FactType::string || other.type == FactType::i64 ||
                               other.type == FactType::boolean ||
                               other.type == FactType::timestamp;
      if (is_near && is_joinable && other.inputs.empty()) names.push_back(other.name);
    }
    if (names.empty()) return false;
    const std::uint32_t n = 1 + drawing_->below(3);
    while (names.size() > n)
      names.erase(names.begin() + drawing_->below(static_cast<std::uint32_t>(names.size())));
    field->inputs = memory_->copy(names);
    *field = with(*field, {step(TransformKind::cross), hash(field->n_codes)});
    return true;
  }

  Drawing* drawing_;
  pack::Memory* memory_;
  std::vector<Field> fields_;
  bool has_offer_id_ = false;
};

std::string draw_number(const Field& field, Drawing* drawing) {
  switch (drawing->below(10)) {
    case 0: return number_text(static_cast<double>(field.scale) * 0.5 *
                               (static_cast<double>(drawing->below(200)) - 100));  // between codes
    case 1: return number_text(drawing->between(-1e6, 1e6));
    case 2: return drawing->pick<std::string>({"0", "-0.0", "1e-310", "-1", "3e9"});
    default: return number_text(drawing->between(-12, 12));
  }
}

std::string draw_time(Drawing* drawing) {
  char text[32];
  const unsigned month = 1 + drawing->below(12), day = 1 + drawing->below(28);
  const unsigned hour = drawing->below(24), second = drawing->below(60);
  std::snprintf(text, sizeof text, "\"2026-%02u-%02uT%02u:30:%02uZ\"", month, day, hour, second);
  return text;
}

std::string draw_text(Drawing* drawing) {
  return quoted(drawing->one_in(12) ? "caf\xc3\xa9" : "v" + std::to_string(drawing->below(32)));
}

template <typename Element>
std::string draw_list(std::uint32_t n, Element element) {
  std::vector<std::string> parts;
  for (std::uint32_t i = 0; i < n; ++i) parts.push_back(element());
  return "[" + joined(parts) + "]";
}

}  // namespace

std::vector<Field> draw_chains(std::span<const Field> fields, Drawing* drawing,
                               pack::Memory* memory) {
  return ChainDrawing(drawing, memory).draw_all(fields);
}

std::string draw_value(const Field& field, Drawing* drawing) {
  if (!field.inputs.empty() || field.name == "offer_id") return "";
  if (drawing->one_in(7)) return drawing->one_in(2) ? "null" : "";
  switch (field.type) {
    case FactType::f64: return draw_number(field, drawing);
    case FactType::i64: return std::to_string(static_cast<int>(drawing->below(40)) - 5);
    case FactType::boolean: return drawing->one_in(2) ? "true" : "false";
    case FactType::string: return draw_text(drawing);
    case FactType::timestamp: return draw_time(drawing);
    case FactType::string_list:
      return draw_list(drawing->below(6), [&] { return draw_text(drawing); });
    case FactType::f32_vector:
      return draw_list(field.width, [&] { return draw_number(field, drawing); });
  }
  return "";
}

std::string draw_values(std::span<const Field> fields, Side side, Drawing* drawing) {
  std::vector<std::string> parts;
  for (const Field& field : fields) {
    if (field.side != side) continue;
    const std::string value = draw_value(field, drawing);
    if (!value.empty()) parts.push_back(quoted(std::string(field.name)) + ": " + value);
  }
  return joined(parts);
}

}  // namespace guardrank::sweep
