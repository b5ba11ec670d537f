#include "core/artifact/release.h"

#include "core/artifact/root_reader.h"
#include "core/base/limits.h"
#include "models/schema/release_generated.h"

namespace guardrank {
namespace {

// 32 bytes, or absent: then all zero, which names nothing.
Status read_id(const flatbuffers::Vector<std::uint8_t>* source, const Place& place,
               RootReader* reader, Sha256Digest* id) {
  std::span<const std::uint8_t> bytes;
  GUARDRANK_TRY(reader->numbers(source, id->size(), place, &bytes));
  if (bytes.size() != id->size())
    return reader->wanted(Status::verify, place, {"an artifact id of 32 bytes"},
                          {bytes.size(), " bytes"});
  __builtin_memcpy(id->data(), bytes.data(), id->size());
  return Status::ok;
}

Status read_key(const schema::Route& source, const Place& place, RootReader* reader,
                Route* route) {
  GUARDRANK_TRY(reader->text(source.product(), Place(place, "product"), &route->product));
  GUARDRANK_TRY(reader->text(source.market(), Place(place, "market"), &route->market));
  GUARDRANK_TRY(reader->text(source.segment(), Place(place, "segment"), &route->segment));
  GUARDRANK_TRY(reader->text(source.partner(), Place(place, "partner"), &route->partner));
  GUARDRANK_TRY(reader->text(source.surface(), Place(place, "surface"), &route->surface));
  GUARDRANK_TRY(reader->text(source.arm(), Place(place, "arm"), &route->arm));
  return reader->text(source.fallback(), Place(place, "fallback"), &route->fallback);
}

Status read_route(const schema::Route& source, const Place& place, RootReader* reader,
                  Route* route) {
  GUARDRANK_TRY(read_key(source, place, reader, route));
  if (source.stage() > schema::Stage::full)
    return reader->fail(Status::verify, Place(place, "stage"), "unknown stage");
  route->stage = static_cast<Stage>(source.stage());
  const Place weight(place, "traffic_weight");
  route->traffic_weight = source.traffic_weight();
  GUARDRANK_TRY(reader->check_finite(route->traffic_weight, weight));
  if (route->traffic_weight < 0)
    return reader->wanted_number(Status::verify, weight, "0 or more", route->traffic_weight);
  GUARDRANK_TRY(read_id(source.model(), Place(place, "model"), reader, &route->model));
  GUARDRANK_TRY(read_id(source.policy(), Place(place, "policy"), reader, &route->policy));
  return read_id(source.catalog(), Place(place, "catalog"), reader, &route->catalog);
}

Status read_routes(const schema::Release& source, const Place& root, RootReader* reader,
                   std::span<const Route>* out) {
  std::span<Route> routes;
  GUARDRANK_TRY(reader->make(source.routes(), limits::routes, Place(root, "routes"), &routes));
  if (routes.empty())
    return reader->wanted(Status::verify, Place(root, "routes"), "at least one", "none");
  for (std::uint32_t i = 0; i < routes.size(); ++i)
    GUARDRANK_TRY(
        read_route(*source.routes()->Get(i), Place(root, "routes", i), reader, &routes[i]));
  *out = routes;
  return Status::ok;
}

}  // namespace

Status open_release(Bytes bytes, Check check, Arena* arena, Release* release, Error* error) {
  Release opened;
  GUARDRANK_TRY(open_container_of(ArtifactKind::release, bytes, check, arena, &opened.container,
                                  error));
  RootReader reader(arena, error);
  const schema::Release* root = nullptr;
  GUARDRANK_TRY(reader.open(opened.container, SectionKind::root, schema::ReleaseIdentifier(),
                            &root));
  const Place place("root");
  GUARDRANK_TRY(reader.name(root->name(), Place(place, "name"), &opened.name));
  GUARDRANK_TRY(reader.name(root->version(), Place(place, "version"), &opened.version));
  GUARDRANK_TRY(read_routes(*root, place, &reader, &opened.routes));
  *release = opened;
  return Status::ok;
}

}  // namespace guardrank
