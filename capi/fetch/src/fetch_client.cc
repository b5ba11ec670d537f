// The C functions of a client: releases at hand.
#include <memory>

#include "capi/fetch/src/border.h"
#include "capi/fetch/src/client.h"
#include "capi/src/store_state.h"
#include "capi/src/texts.h"

namespace fetch = guardrank::fetch;
using guardrank::Error;
using guardrank::Report;
using guardrank::Status;

struct gr_fetch_client {
  gr_fetch_client(const gr_engine* engine, fetch::HostOptions host, std::size_t snapshots)
      : client(engine, std::move(host), snapshots) {}
  fetch::Client client;
  fetch::Served served;                  // of the last call: its texts
};

namespace {

struct ReadOptions {
  fetch::RepositoryOptions repository;   // addresses, folder, root
  guardrank::Arena arena{guardrank::default_allocator(), SIZE_MAX / 2};
  guardrank::DeliveryOptions delivery;
  std::size_t snapshots = 8;
  std::int64_t open_micros = INT64_MAX;
  bool asks_origin = false, forgets_time = false;
};

Status read_client_options(const gr_fetch_client_options* options, ReadOptions* out, Error* error) {
  gr_fetch_client_options known;
  GUARDRANK_TRY(guardrank::read_struct(options, "options", &known, error));
  if (known.fetch == nullptr) return error->set(Status::argument, "options.fetch", {"must not be NULL"});
  GUARDRANK_TRY(fetch::read_options(known.fetch, &out->repository, error));
  std::string* const addresses = out->repository.host.addresses;
  addresses[2] = fetch::beside(addresses[0], "blobs");
  GUARDRANK_TRY(fetch::read_address(known.blobs_address, "options.blobs_address", &addresses[2], error));
  GUARDRANK_TRY(guardrank::view_texts(known.releases, known.release_count, "releases", &out->arena,
                                      &out->delivery.releases, error));
  guardrank::TierOptions& tiers = out->delivery.store.tiers;
  tiers.memory.budget_bytes = known.memory_bytes != 0 ? known.memory_bytes : std::uint64_t{64} << 20;
  tiers.disk.budget_bytes = known.disk_bytes != 0 ? known.disk_bytes : std::uint64_t{1} << 30;
  if (known.artifact_bytes != 0) out->delivery.store.blob_bytes = known.artifact_bytes;
  if (known.check_micros != 0) out->delivery.check_micros = known.check_micros;
  if (known.snapshots != 0) out->snapshots = known.snapshots;
  out->delivery.store.bytes_per_second = known.bytes_per_second;
  out->delivery.store.bytes_per_day = known.bytes_per_day;
  out->delivery.tries_next = true;
  out->asks_origin = known.asks_origin != 0;
  if (known.open_micros != 0) out->open_micros = known.open_micros;
  out->forgets_time = known.forgets_time != 0;
  out->repository.host.is_folder_required = false;
  out->repository.host.maps_files = known.maps_files != 0;
  // The store tries artifacts again, in place of the host: so many times in all.
  const fetch::RetryPolicy& retry = out->repository.host.patience.retry;
  out->delivery.store.attempts = retry.attempts;
  out->delivery.store.backoff_micros = retry.base_micros;
  out->delivery.store.backoff_most_micros = retry.most_micros;
  out->delivery.store.asked_most_micros = retry.most_asked_micros;
  // Spreads waits before retries; not a secret.
  out->delivery.store.seed = static_cast<std::uint64_t>(fetch::wall_clock_micros());
  out->delivery.trusted_root = out->repository.trusted_root;
  return Status::ok;
}

// What serves, or one of its shadows.
gr_status serve(gr_fetch_client* client, const gr_route_values* route, std::uint32_t shadow,
                std::int64_t timeout_micros, const gr_snapshot_options* options, gr_fetch_served* served,
                gr_error** error) {
  Report report(error);
  if (client == nullptr) return report.null("client");
  if (served == nullptr) return report.null("served");
  return fetch::at_border(&report, [&] {
    guardrank::RouteKey key;
    GUARDRANK_TRY(guardrank::read_route(route, "route", &key, report.error()));
    fetch::Served& found = client->served;
    GUARDRANK_TRY(client->client.serve(key, shadow, timeout_micros, options, &found, report.error()));
    gr_fetch_served out{};
    out.snapshot = found.snapshot;
    out.release = guardrank::as_text(found.release);
    out.stage = guardrank::as_text(found.stage);
    out.arm = guardrank::as_text(found.arm);
    out.instead_of = guardrank::as_text(found.instead_of);
    out.is_fallback = found.is_fallback;
    out.primary_status = static_cast<gr_status>(found.primary_status);
    if (guardrank::write_struct(out, served) == GR_STATUS_OK) return Status::ok;
    gr_snapshot_free(out.snapshot);
    return report.error()->set(Status::struct_size, "served.struct_size", {"is no size of it"});
  });
}

}  // namespace

extern "C" {

gr_status gr_fetch_client_open(const gr_engine* engine, const gr_fetch_client_options* options,
                               gr_fetch_client** client, gr_error** error) {
  Report report(error);
  if (engine == nullptr) return report.null("engine");
  if (options == nullptr) return report.null("options");
  if (client == nullptr) return report.null("client");
  return fetch::at_border(&report, [&] {
    ReadOptions read;
    GUARDRANK_TRY(read_client_options(options, &read, report.error()));
    auto made = std::make_unique<gr_fetch_client>(engine, std::move(read.repository.host), read.snapshots);
    if (read.forgets_time) made->client.forget_time();
    GUARDRANK_TRY(made->client.open(read.delivery, read.asks_origin, read.open_micros, report.error()));
    *client = made.release();
    return Status::ok;
  });
}

void gr_fetch_client_free(gr_fetch_client* client) { delete client; }

gr_status gr_fetch_client_snapshot(gr_fetch_client* client, const gr_route_values* route,
                                   int64_t timeout_micros, const gr_snapshot_options* options,
                                   gr_fetch_served* served, gr_error** error) {
  return serve(client, route, guardrank::no_route, timeout_micros, options, served, error);
}

gr_status gr_fetch_client_shadow(gr_fetch_client* client, const gr_route_values* route, uint32_t index,
                                 int64_t timeout_micros, const gr_snapshot_options* options,
                                 gr_fetch_served* served, gr_error** error) {
  // No number of a shadow: GR_STATUS_MISSING all the same.
  const std::uint32_t shadow = index == guardrank::no_route ? index - 1 : index;
  return serve(client, route, shadow, timeout_micros, options, served, error);
}

gr_status gr_fetch_client_add_shards(gr_fetch_client* client, gr_session* session,
                                     int64_t timeout_micros, uint32_t* added, gr_error** error) {
  Report report(error);
  if (client == nullptr) return report.null("client");
  if (session == nullptr) return report.null("session");
  return fetch::at_border(&report, [&] {
    std::uint32_t n = 0;
    const Status status = client->client.add_shards(session, timeout_micros, &n, report.error());
    if (added != nullptr) *added = n;
    return status;
  });
}

gr_status gr_fetch_client_poll(gr_fetch_client* client, int64_t timeout_micros, gr_error** error) {
  Report report(error);
  if (client == nullptr) return report.null("client");
  return fetch::at_border(&report, [&] {
    client->client.poll(timeout_micros);
    return Status::ok;
  });
}

gr_status gr_fetch_client_describe(const gr_fetch_client* client, gr_store_state* state) {
  if (client == nullptr) return GR_STATUS_ARGUMENT;
  return guardrank::write_struct(guardrank::store_state(client->client.delivery()), state);
}

void gr_fetch_client_stop(gr_fetch_client* client) {
  if (client != nullptr) client->client.stop();
}

}  // extern "C"
