#include "core/artifact/policy_reader.h"
#include "core/base/math.h"

namespace guardrank {
namespace {

// One element in the arena, for a column of one row.
template <typename T>
Status keep(const T& value, RootReader* reader, const T** out) {
  std::span<T> one;
  GUARDRANK_TRY(reader->allocate(1, &one));
  one[0] = value;
  *out = one.data();
  return Status::ok;
}

Status read_texts(const schema::FactDefault& source, const Place& place, RootReader* reader,
                  Column* column) {
  std::span<const std::string_view> texts;
  GUARDRANK_TRY(reader->texts(source.texts(), limits::list_elements, place, &texts));
  column->strings = texts.data();
  std::span<std::uint32_t> offsets;
  GUARDRANK_TRY(reader->allocate(2, &offsets));
  offsets[1] = static_cast<std::uint32_t>(texts.size());
  column->list_offsets = offsets.data();
  return Status::ok;
}

Status read_default(const schema::FactDefault& source, FactType type, const Place& place,
                    RootReader* reader, Column* column) {
  column->type = type;
  column->n_rows = 1;
  switch (type) {
    case FactType::f64:
      GUARDRANK_TRY(reader->check_finite(source.number(), place));
      return keep(source.number(), reader, &column->numbers);
    case FactType::i64:
    case FactType::timestamp: return keep(source.integer(), reader, &column->integers);
    case FactType::boolean:
      return keep<std::uint8_t>(source.boolean() ? 1 : 0, reader, &column->booleans);
    case FactType::string: {
      std::string_view text;
      GUARDRANK_TRY(reader->text(source.text(), place, &text));
      return keep(text, reader, &column->strings);
    }
    case FactType::string_list: return read_texts(source, place, reader, column);
    case FactType::f32_vector: break;
  }
  return reader->fail(Status::verify, place, "a vector has no default");
}

Status read_fact(const schema::FactDeclaration& source, Place* place, RootReader* reader,
                 Fact* fact) {
  GUARDRANK_TRY(reader->name(source.name(), Place(*place, "name"), &fact->name));
  place->set_label(fact->name);
  if (source.side() > schema::FactSide::pair)
    return reader->fail(Status::verify, Place(*place, "side"), "unknown side");
  if (source.type() > schema::PolicyFactType::f32_vector)
    return reader->fail(Status::verify, Place(*place, "type"), "unknown type");
  fact->space = static_cast<Namespace>(source.side());
  fact->type = static_cast<FactType>(source.type());
  fact->is_declared = true;
  fact->is_protected = source.protected_fact();
  fact->may_override = source.may_override();
  if (source.fallback() == nullptr) return Status::ok;
  return read_default(*source.fallback(), fact->type, Place(*place, "fallback"), reader,
                      &fact->fallback);
}

Status check_facts(std::span<const Fact> facts, const Place& root, RootReader* reader) {
  for (std::uint32_t i = 0; i < facts.size(); ++i)
    for (std::uint32_t j = 0; j < i; ++j)
      if (facts[i].space == facts[j].space && facts[i].name == facts[j].name) {
        Place place(root, "facts", i);
        place.set_label(facts[i].name);
        return reader->fail(Status::reference, place, "declared twice");
      }
  return Status::ok;
}

Status read_parameter(const schema::Parameter& source, Place* place, RootReader* reader,
                      Parameter* parameter) {
  GUARDRANK_TRY(reader->name(source.name(), Place(*place, "name"), &parameter->name));
  place->set_label(parameter->name);
  GUARDRANK_TRY(reader->text(source.owner(), Place(*place, "owner"), &parameter->owner));
  GUARDRANK_TRY(
      reader->text(source.experiment(), Place(*place, "experiment"), &parameter->experiment));
  parameter->value = source.value();
  parameter->minimum = source.minimum();
  parameter->maximum = source.maximum();
  GUARDRANK_TRY(reader->check_finite(parameter->value, Place(*place, "value")));
  // Bounds may be infinite: none was stated.
  if (parameter->minimum <= parameter->value && parameter->value <= parameter->maximum)
    return Status::ok;
  return reader->wanted(Status::verify, Place(*place, "value"),
                        {parameter->minimum, " to ", parameter->maximum}, {parameter->value});
}

}  // namespace

Status read_facts(const schema::Policy& source, RootReader* reader, Policy* policy) {
  const Place root("root");
  std::span<Fact> facts;
  GUARDRANK_TRY(reader->make(source.facts(), limits::facts, Place(root, "facts"), &facts));
  for (std::uint32_t i = 0; i < facts.size(); ++i) {
    Place place(root, "facts", i);
    GUARDRANK_TRY(read_fact(*source.facts()->Get(i), &place, reader, &facts[i]));
  }
  policy->facts = facts;
  return check_facts(facts, root, reader);
}

Status read_parameters(const schema::Policy& source, RootReader* reader, Policy* policy) {
  const Place root("root");
  std::span<Parameter> parameters;
  GUARDRANK_TRY(reader->make(source.parameters(), limits::parameters, Place(root, "parameters"),
                             &parameters));
  for (std::uint32_t i = 0; i < parameters.size(); ++i) {
    Place place(root, "parameters", i);
    GUARDRANK_TRY(
        read_parameter(*source.parameters()->Get(i), &place, reader, &parameters[i]));
  }
  policy->parameters = parameters;
  return check_unique(policy->parameters, &Parameter::name, root, "parameters", reader);
}

}  // namespace guardrank
