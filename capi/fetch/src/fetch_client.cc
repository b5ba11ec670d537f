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
  bool asks_origin = false;
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
  // Spreads waits before retries; not a secret.
  out->delivery.store.seed = static_cast<std::uint64_t>(fetch::wall_clock_micros());
  out->delivery.trusted_root = out->repository.trusted_root;
  return Status::ok;
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
    GUARDRANK_TRY(made->client.open(read.delivery, read.asks_origin, report.error()));
    *client = made.release();
    return Status::ok;
  });
}

void gr_fetch_client_free(gr_fetch_client* client) { delete client; }

gr_status gr_fetch_client_snapshot(gr_fetch_client* client, const gr_route_values* route,
                                   int64_t timeout_micros, const gr_snapshot_options* options,
                                   gr_fetch_served* served, gr_error** error) {
  Report report(error);
  if (client == nullptr) return report.null("client");
  if (served == nullptr) return report.null("served");
  return fetch::at_border(&report, [&] {
    guardrank::RouteKey key;
    GUARDRANK_TRY(guardrank::read_route(route, "route", &key, report.error()));
    GUARDRANK_TRY(client->client.serve(key, timeout_micros, options, &client->served, report.error()));
    gr_fetch_served out{};
    out.snapshot = client->served.snapshot;
    const fetch::Served& served_by = client->served;
    out.release = guardrank::as_text(served_by.release);
    out.stage = guardrank::as_text(served_by.stage);
    out.arm = guardrank::as_text(served_by.arm);
    out.instead_of = guardrank::as_text(served_by.instead_of);
    out.is_fallback = client->served.is_fallback;
    out.primary_status = static_cast<gr_status>(client->served.primary_status);
    if (guardrank::write_struct(out, served) == GR_STATUS_OK) return Status::ok;
    gr_snapshot_free(out.snapshot);
    return report.error()->set(Status::struct_size, "served.struct_size", {"is no size of it"});
  });
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
