#include "core/artifact/policy_reader.h"

namespace guardrank {
namespace {

Status read_names(const schema::Policy& source, RootReader* reader, Policy* policy) {
  const Place root("root");
  GUARDRANK_TRY(reader->name(source.name(), Place(root, "name"), &policy->name));
  GUARDRANK_TRY(reader->name(source.version(), Place(root, "version"), &policy->version));
  return reader->text(source.source(), Place(root, "source"), &policy->source,
                      limits::request_json_bytes);
}

Status read_root(const schema::Policy& source, RootReader* reader, Policy* policy) {
  GUARDRANK_TRY(read_names(source, reader, policy));
  GUARDRANK_TRY(read_facts(source, reader, policy));
  GUARDRANK_TRY(read_parameters(source, reader, policy));
  GUARDRANK_TRY(read_rules(source, reader, policy));
  GUARDRANK_TRY(read_guardrails(source, reader, policy));
  GUARDRANK_TRY(read_terms(source, reader, policy));
  GUARDRANK_TRY(read_placement(source, reader, policy));
  return read_two_stage(source, reader, policy);
}

}  // namespace

Status read_expression(const flatbuffers::String* source, bool is_required, const Place& place,
                       RootReader* reader, std::string_view* out) {
  if (is_required) return reader->name(source, place, out, limits::expression_bytes);
  return reader->text(source, place, out, limits::expression_bytes);
}

Status open_policy(Bytes bytes, Check check, Arena* arena, Policy* policy, Error* error) {
  Policy opened;
  GUARDRANK_TRY(open_container_of(ArtifactKind::policy, bytes, check, arena, &opened.container,
                                  error));
  RootReader reader(arena, error);
  const schema::Policy* root = nullptr;
  GUARDRANK_TRY(reader.open(opened.container, SectionKind::root, schema::PolicyIdentifier(),
                            &root));
  GUARDRANK_TRY(read_root(*root, &reader, &opened));
  *policy = opened;
  return Status::ok;
}

}  // namespace guardrank
