#include "core/artifact/flatbuffers.h"

#include "core/artifact/release.h"
#include "core/artifact/table_reader.h"
#include "models/schema/bundle_generated.h"

namespace guardrank {
namespace {

struct BundleRoot {
  std::string_view name;
};

constexpr Member members[] = {
    GUARDRANK_MEMBER(Bundle, name, VT_NAME, BundleRoot, name, {.is_required = true}),
    GUARDRANK_UNREAD(Bundle, created, VT_CREATED),
};
constexpr Table table = table_of<members>();

Status take_section(const Container& container, SectionKind kind, Bytes* bytes, Error* error) {
  *bytes = section_bytes(container, kind);
  if (bytes->empty())
    return error->set(Status::verify, section_kind_name(kind), {"the section is missing"});
  return Status::ok;
}

}  // namespace

Status open_bundle(Bytes bytes, Check check, Arena* arena, Bundle* bundle, Error* error) {
  Bundle opened;
  GUARDRANK_TRY(open_container_of(ArtifactKind::bundle, bytes, check, arena, &opened.container,
                                  error));
  BundleRoot root;
  GUARDRANK_TRY(TableReader(arena, error).open(opened.container, SectionKind::root,
                                               schema::BundleIdentifier(), table, &root));
  const Container& all = opened.container;
  GUARDRANK_TRY(take_section(all, SectionKind::model, &opened.model, error));
  GUARDRANK_TRY(take_section(all, SectionKind::policy, &opened.policy, error));
  GUARDRANK_TRY(take_section(all, SectionKind::catalog, &opened.catalog, error));
  opened.release = section_bytes(all, SectionKind::release);
  opened.shards = section_bytes(all, SectionKind::shards);
  *bundle = opened;
  return Status::ok;
}

}  // namespace guardrank
