#include "capi/src/store_state.h"
#include "capi/src/texts.h"

using guardrank::Answer;
using guardrank::Bytes;
using guardrank::Delivered;
using guardrank::DeliveryOptions;
using guardrank::Error;
using guardrank::Need;
using guardrank::Report;
using guardrank::Status;

struct gr_store {
  explicit gr_store(const guardrank::Allocator& host)
      : allocator(host), scratch(host, SIZE_MAX / 2), delivery(host) {}

  guardrank::Allocator allocator;
  guardrank::Arena scratch;
  guardrank::Delivery delivery;
};

namespace {

template <typename T>
void set(T given, T* option) {
  if (given != 0) *option = given;
}

Bytes as_bytes(gr_bytes bytes) {
  return bytes.data == nullptr ? Bytes{} : Bytes{bytes.data, bytes.size};
}
gr_bytes as_bytes(Bytes bytes) { return {bytes.data(), bytes.size()}; }

Status read_policy(std::int32_t number, std::string_view name, guardrank::CacheOptions* options,
                   Error* error) {
  const auto kind = static_cast<guardrank::PolicyKind>(number);
  if (number < 0 || number > UINT8_MAX || guardrank::find_policy(kind) == nullptr)
    return error->wanted(Status::argument, name, {"a gr_cache_policy"}, {number});
  options->policy = kind;
  return Status::ok;
}

Status read_options(const gr_store_options& given, gr_store* store, DeliveryOptions* options,
                    Error* error) {
  GUARDRANK_TRY(guardrank::view_texts(given.releases, given.release_count, "releases",
                                      &store->scratch, &options->releases, error));
  guardrank::StoreOptions& inner = options->store;
  inner.tiers.memory.budget_bytes = std::uint64_t{64} << 20;
  set(given.memory_bytes, &inner.tiers.memory.budget_bytes);
  inner.tiers.disk.budget_bytes = given.disk_bytes;
  GUARDRANK_TRY(read_policy(given.memory_policy, "memory_policy", &inner.tiers.memory, error));
  GUARDRANK_TRY(read_policy(given.disk_policy, "disk_policy", &inner.tiers.disk, error));
  set(given.artifact_bytes, &inner.blob_bytes);
  set(given.tickets, &inner.tickets);
  set(given.fetches, &inner.fetches);
  inner.seed = given.seed;
  inner.bytes_per_second = given.bytes_per_second;
  inner.bytes_per_day = given.bytes_per_day;
  options->tries_next = given.tries_next != 0;
  set(given.check_micros, &options->check_micros);
  set(given.retry_micros, &options->retry_micros);
  if (given.trusted_root.data != nullptr && given.trusted_root.size == 0)
    return error->set(Status::argument, "options.trusted_root", {"has no bytes; NULL trusts the cache's"});
  options->trusted_root = as_bytes(given.trusted_root);
  return Status::ok;
}

gr_need as_need(const Need& need) {
  gr_need out{};
  out.kind = static_cast<std::int32_t>(need.kind);
  out.id = need.id;
  out.origin = static_cast<std::int32_t>(need.origin);
  out.scheme = static_cast<std::int32_t>(need.scheme);
  out.path = guardrank::as_text(need.path);
  out.offset = need.offset;
  out.max_bytes = need.max_bytes;
  out.is_range = need.is_range;
  out.entity_tag = guardrank::as_text(need.entity_tag);
  out.public_key = guardrank::as_text(need.public_key);
  out.message = as_bytes(need.message);
  out.signature = as_bytes(need.signature);
  out.key = guardrank::as_text(need.key);
  out.bytes = as_bytes(need.bytes);
  out.at_micros = need.at_micros;
  return out;
}

gr_delivered as_delivered(const Delivered& found) {
  gr_delivered out{};
  out.state = static_cast<std::int32_t>(found.state);
  out.status = static_cast<gr_status>(found.status);
  out.is_fallback = found.is_fallback;
  out.release = guardrank::as_text(found.release);
  out.model = as_bytes(found.model);
  out.policy = as_bytes(found.policy);
  out.catalog = as_bytes(found.catalog);
  out.release_bytes = as_bytes(found.release_bytes);
  out.stage = guardrank::as_text(found.stage);
  out.arm = guardrank::as_text(found.arm);
  out.instead_of = guardrank::as_text(found.instead_of);
  out.shard = as_bytes(found.shard);
  out.trouble = guardrank::as_text(found.trouble);
  return out;
}

// A ticket that `want` gives for a request's route.
template <typename Want>
gr_status want_of_route(gr_store* store, const gr_route_values* route, uint64_t* ticket,
                        gr_error** error, const Want& want) {
  Report report(error);
  if (store == nullptr) return report.null("store");
  if (ticket == nullptr) return report.null("ticket");
  report.use(store->allocator);
  guardrank::RouteKey key;
  Status status = guardrank::read_route(route, "route", &key, report.error());
  if (status == Status::ok) status = want(key, report.error());
  return report.finish(status);
}

}  // namespace

extern "C" {

gr_status gr_store_create(const gr_engine* engine, const gr_store_options* options, int64_t now,
                          gr_store** store, gr_error** error) {
  Report report(error);
  if (options == nullptr) return report.null("options");
  if (store == nullptr) return report.null("store");
  const guardrank::Allocator allocator =
      engine == nullptr ? guardrank::default_allocator() : engine->allocator;
  report.use(allocator);
  gr_store_options given;
  Status status = guardrank::read_struct(options, "options", &given, report.error());
  if (status != Status::ok) return report.finish(status);
  auto* created = guardrank::create_handle<gr_store>(allocator, allocator);
  if (created == nullptr) return report.no_memory("store");
  DeliveryOptions known;
  status = read_options(given, created, &known, report.error());
  if (status == Status::ok) status = created->delivery.open(known, now, report.error());
  if (status == Status::ok) *store = created;
  else gr_store_free(created);
  return report.finish(status);
}

void gr_store_free(gr_store* store) {
  if (store != nullptr) guardrank::free_handle(store->allocator, store);
}

gr_status gr_store_next(gr_store* store, int64_t now, gr_need* need) {
  if (store == nullptr || need == nullptr) return GR_STATUS_ARGUMENT;
  Need found;
  if (!store->delivery.next(now, &found)) return GR_STATUS_MISSING;
  return guardrank::write_struct(as_need(found), need);
}

gr_status gr_store_provide(gr_store* store, const gr_answer* answer, int64_t now) {
  if (store == nullptr || answer == nullptr) return GR_STATUS_ARGUMENT;
  Report report(store->allocator, nullptr);
  gr_answer given;
  const Status status = guardrank::read_struct(answer, "answer", &given, report.error());
  if (status != Status::ok) return static_cast<gr_status>(status);
  if (given.outcome < GR_OUTCOME_DONE || given.outcome > GR_OUTCOME_OTHER_RANGE) return GR_STATUS_ARGUMENT;
  store->delivery.provide({given.id, static_cast<guardrank::Outcome>(given.outcome),
                           as_bytes(given.bytes), guardrank::as_view(given.entity_tag),
                           guardrank::as_view(given.detail), as_bytes(given.section_hashes),
                           given.retry_after_micros}, now);
  return GR_STATUS_OK;
}

bool gr_store_is_wanted(const gr_store* store, uint64_t need) {
  return store != nullptr && store->delivery.is_wanted(need);
}

gr_status gr_store_want(gr_store* store, const gr_route_values* route, int64_t deadline, int64_t now,
                        uint64_t* ticket, gr_error** error) {
  return want_of_route(store, route, ticket, error, [=](const auto& key, guardrank::Error* what) {
    return store->delivery.want(key, deadline, now, ticket, what);
  });
}

gr_status gr_store_want_shadow(gr_store* store, const gr_route_values* route, uint32_t index,
                               int64_t deadline, int64_t now, uint64_t* ticket, gr_error** error) {
  return want_of_route(store, route, ticket, error, [=](const auto& key, guardrank::Error* what) {
    return store->delivery.want_shadow(key, index, deadline, now, ticket, what);
  });
}

gr_status gr_store_want_shard(gr_store* store, const uint8_t sha256[32], uint64_t bytes,
                              int64_t deadline, int64_t now, uint64_t* ticket, gr_error** error) {
  Report report(error);
  if (store == nullptr) return report.null("store");
  if (sha256 == nullptr) return report.null("sha256");
  if (ticket == nullptr) return report.null("ticket");
  report.use(store->allocator);
  guardrank::Sha256Digest hash;
  __builtin_memcpy(hash.data(), sha256, hash.size());
  return report.finish(
      store->delivery.want_shard(hash, bytes, deadline, now, ticket, report.error()));
}

gr_status gr_store_take(gr_store* store, uint64_t ticket, int64_t now, gr_delivered* delivered) {
  if (store == nullptr) return GR_STATUS_ARGUMENT;
  return guardrank::write_struct(as_delivered(store->delivery.take(ticket, now)), delivered);
}

void gr_store_cancel(gr_store* store, uint64_t ticket) {
  if (store != nullptr) store->delivery.cancel(ticket);
}

uint64_t gr_store_next_ended(gr_store* store, int64_t now) {
  return store == nullptr ? 0 : store->delivery.next_ended(now);
}

gr_status gr_store_next_trial(gr_store* store, int64_t now, uint64_t* trial,
                              gr_delivered* delivered) {
  if (store == nullptr || trial == nullptr) return GR_STATUS_ARGUMENT;
  Delivered found;
  *trial = store->delivery.next_trial(now, &found);
  if (*trial == 0) return GR_STATUS_MISSING;
  return guardrank::write_struct(as_delivered(found), delivered);
}

void gr_store_tried(gr_store* store, uint64_t trial, gr_status status, int64_t now) {
  if (store != nullptr) store->delivery.tried(trial, static_cast<Status>(status), now);
}

gr_status gr_store_describe(const gr_store* store, gr_store_state* state) {
  if (store == nullptr) return GR_STATUS_ARGUMENT;
  return guardrank::write_struct(guardrank::store_state(store->delivery), state);
}

}  // extern "C"
