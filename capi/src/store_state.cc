#include "capi/src/store_state.h"

namespace guardrank {

Status read_route(const gr_route_values* values, std::string_view argument, RouteKey* key,
                  Error* error) {
  gr_route_values known;
  GUARDRANK_TRY(read_struct(values, argument, &known, error));
  *key = {as_view(known.product), as_view(known.market),  as_view(known.segment),
          as_view(known.partner), as_view(known.surface), as_view(known.unit)};
  return Status::ok;
}

gr_store_state store_state(const Delivery& delivery) {
  const MetadataClient& metadata = delivery.metadata();
  gr_store_state state{};
  state.has_looked = delivery.has_looked();
  state.revision = delivery.revision();
  state.status = static_cast<gr_status>(delivery.status());
  state.is_disk_writable = delivery.store().is_disk_writable();
  state.message = as_text(delivery.error().message());
  state.root = metadata.version(MetadataKind::root);
  state.timestamp = metadata.version(MetadataKind::timestamp);
  state.snapshot = metadata.version(MetadataKind::snapshot);
  state.targets = metadata.version(MetadataKind::targets);
  state.expires_micros = metadata.expires_micros();
  const Store& store = delivery.store();
  state.memory_bytes = store.blob_bytes();
  state.disk_bytes = store.tiers().disk().bytes();
  state.fetched_bytes = store.fetched_bytes();
  state.reused_bytes = store.reused_bytes();
  state.warming = delivery.n_warming();
  state.pinned = delivery.n_pinned();
  return state;
}

}  // namespace guardrank
