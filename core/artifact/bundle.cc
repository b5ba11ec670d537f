#include "core/artifact/release.h"
#include "core/artifact/root_reader.h"
#include "models/schema/bundle_generated.h"

namespace guardrank {
namespace {

Status take_section(const Container& container, SectionKind kind, bool is_required, Bytes* bytes,
                    Error* error) {
  const Section* section = container.find(kind);
  if (section != nullptr) *bytes = section->bytes;
  if (is_required && bytes->empty())
    return error->set(Status::verify, section_kind_name(kind), {"the section is missing"});
  return Status::ok;
}

}  // namespace

Status open_bundle(Bytes bytes, Check check, Arena* arena, Bundle* bundle, Error* error) {
  Bundle opened;
  GUARDRANK_TRY(open_container_of(ArtifactKind::bundle, bytes, check, arena, &opened.container,
                                  error));
  RootReader reader(arena, error);
  const schema::Bundle* root = nullptr;
  GUARDRANK_TRY(reader.open(opened.container, SectionKind::root, schema::BundleIdentifier(),
                            &root));
  std::string_view name;
  GUARDRANK_TRY(reader.text(root->name(), Place(Place("root"), "name"), &name));
  const Container& all = opened.container;
  GUARDRANK_TRY(take_section(all, SectionKind::model, true, &opened.model, error));
  GUARDRANK_TRY(take_section(all, SectionKind::policy, true, &opened.policy, error));
  GUARDRANK_TRY(take_section(all, SectionKind::catalog, true, &opened.catalog, error));
  GUARDRANK_TRY(take_section(all, SectionKind::release, false, &opened.release, error));
  *bundle = opened;
  return Status::ok;
}

}  // namespace guardrank
