// Which facts the fields read, and whether every op suits what it gets.
#include "core/base/text.h"
#include "core/feature/feature.h"
#include "core/feature/load.h"
#include "core/feature/transforms.h"
#include "core/frame/fact_path.h"

namespace guardrank {
namespace {

using Place = Text<Error::max_part_bytes>;

Place place_of(const Field& field) { return {"field ", field.name}; }

Namespace space_of(Side side) {
  switch (side) {
    case Side::context: return Namespace::context;
    case Side::candidate: return Namespace::candidate;
    case Side::pair: return Namespace::pair;
  }
  return Namespace::context;
}

// What a fact of a field is called, and its type.
struct Source {
  Side side = Side::context;
  FactType type = FactType::f64;
  std::string_view name;
  std::uint32_t width = 0;
};

Source own_source(const Field& field) {
  return {field.side, field.type, field.name,
          field.type == FactType::f32_vector ? field.width : 0};
}

const Field* find_field(std::span<const Field> fields, std::string_view name) {
  for (const Field& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

// A pair field may join anything; context and candidate fields stay on their side, since their part
// of the network is computed once per request and once per offer.
bool may_read(Side reader, Side source) { return reader == Side::pair || reader == source; }

Status find_source(std::span<const Field> fields, const Field& reader, std::string_view name,
                   Source* source, Error* error) {
  const Field* field = find_field(fields, name);
  if (field != nullptr) {
    *source = own_source(*field);
  } else if (name == offer_id_name) {
    *source = {Side::candidate, FactType::string, offer_id_name, 0};
  } else {
    return error->set(Status::model_json, place_of(reader),
                      {"op cross: input ", name, " is no field"});
  }
  if (field != nullptr && !field->inputs.empty()) {
    return error->set(Status::model_json, place_of(reader),
                      {"op cross: input ", name, " is itself a cross"});
  }
  if (!may_join(source->type)) {
    return error->set(Status::model_json, place_of(reader),
                      {"op cross: cannot join ", fact_type_name(source->type), " ", name});
  }
  if (!may_read(reader.side, source->side)) {
    return error->set(Status::model_json, place_of(reader),
                      {"op cross: input ", name, " is of another side; make it a pair field"});
  }
  return Status::ok;
}

Status add_source(const Source& source, FactTable* facts, Error* error) {
  Fact fact = fact_of(space_of(source.side), source.type, source.name, false);
  fact.width = source.width;
  return facts->add(fact, nullptr, error);
}

Status check_chain(const Field& field, Error* error) {
  const bool is_cross = !field.inputs.empty();
  Form form = is_cross ? Form::joined : form_of(field.type);
  if (is_cross && (field.transforms.empty() || field.transforms[0].kind != TransformKind::cross)) {
    return error->set(Status::model_json, place_of(field), {"has inputs and does not cross them"});
  }
  for (const Transform& transform : field.transforms) {
    const TransformOp* op = find_transform(transform.kind);
    if (op == nullptr) return error->set(Status::model_json, place_of(field), {"unknown op"});
    const Form next = op->result(transform, form);
    if (next == Form::none) {
      const Place where = {place_of(field).view(), " op ", op->name};
      return error->wanted(Status::model_json, where, {op->wants}, {form_name(form)});
    }
    form = next;
  }
  if (field.output == OutputKind::dense && numeric_form(form) == Form::none) {
    return error->wanted(Status::model_json, place_of(field), {"a number for its dense output"},
                         {form_name(form)});
  }
  if (field.output == OutputKind::embedding && form != Form::code && form != Form::code_list) {
    return error->wanted(Status::model_json, place_of(field), {"a code for its embedding"},
                         {form_name(form)});
  }
  if (form == Form::code_list && field.pooling == Pooling::none) {
    return error->set(Status::model_json, place_of(field), {"a list needs pool: mean or sum"});
  }
  if (field.output == OutputKind::dense && form != Form::vector && field.width != 1) {
    return error->wanted(Status::model_json, place_of(field), {"width 1"}, {field.width});
  }
  return Status::ok;
}

Status find_fact(const Source& source, const Field& field, const FactTable& facts,
                 std::uint32_t* ordinal, Error* error) {
  *ordinal = facts.find(space_of(source.side), source.name);
  if (*ordinal != no_fact) return Status::ok;
  return error->set(Status::internal, place_of(field), {"fact ", source.name, " was not added"});
}

Status resolve_inputs(std::span<const Field> fields, const Field& field, const FactTable& facts,
                      std::span<std::uint32_t> inputs, Error* error) {
  if (field.inputs.empty()) return find_fact(own_source(field), field, facts, &inputs[0], error);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Source source;
    GUARDRANK_TRY(find_source(fields, field, field.inputs[i], &source, error));
    GUARDRANK_TRY(find_fact(source, field, facts, &inputs[i], error));
  }
  return Status::ok;
}

}  // namespace

Status add_model_facts(std::span<const Field> fields, FactTable* facts, Error* error) {
  for (const Field& field : fields) {
    if (field.inputs.empty()) GUARDRANK_TRY(add_source(own_source(field), facts, error));
    for (const std::string_view name : field.inputs) {
      Source source;
      GUARDRANK_TRY(find_source(fields, field, name, &source, error));
      GUARDRANK_TRY(add_source(source, facts, error));
    }
  }
  return Status::ok;
}

Status prepare_features(std::span<const Field> fields, const FactTable& facts, Arena* arena,
                        FeaturePlan* plan, Error* error) {
  std::span<std::span<const std::uint32_t>> inputs;
  GUARDRANK_TRY(arena->make(fields.size(), &inputs));
  for (std::size_t i = 0; i < fields.size(); ++i) {
    GUARDRANK_TRY(check_chain(fields[i], error));
    std::span<std::uint32_t> ordinals;
    GUARDRANK_TRY(arena->make(fields[i].inputs.empty() ? 1 : fields[i].inputs.size(), &ordinals));
    GUARDRANK_TRY(resolve_inputs(fields, fields[i], facts, ordinals, error));
    inputs[i] = ordinals;
  }
  *plan = {fields, inputs};
  return Status::ok;
}

}  // namespace guardrank
