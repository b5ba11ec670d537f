#include "capi/fetch/src/client.h"

#include <algorithm>

#include "capi/fetch/src/border.h"

namespace guardrank::fetch {
namespace {

using Artifact = std::unique_ptr<gr_artifact, FreeArtifact>;

// An artifact's header holds the hash of header and table: another one for another artifact.
void append_hash(Bytes artifact, std::string* key) {
  key->append(reinterpret_cast<const char*>(artifact.data()) + 32, sizeof(Sha256Digest));
}

std::string key_of(const Delivered& delivered) {
  std::string key;
  key.reserve(4 * sizeof(Sha256Digest));
  for (const Bytes part : {delivered.model, delivered.policy, delivered.catalog, delivered.release_bytes})
    append_hash(part, &key);
  return key;
}

// What a C function told, in this side's form.
Status take_error(gr_status status, gr_error* told, Error* error) {
  if (status == GR_STATUS_OK) return Status::ok;
  const auto code = static_cast<Status>(status);
  const std::string_view where = as_view(gr_error_where(told));
  std::string_view message = as_view(gr_error_message(told));
  // It begins with the place, and is about to do so again.
  if (!where.empty() && message.starts_with(std::string(where) + ": ")) message.remove_prefix(where.size() + 2);
  error->set(code, where, {message});
  gr_error_free(told);
  return code;
}

// A year at most: sums with it do not overflow.
std::int64_t bounded(std::int64_t timeout_micros) {
  return std::clamp<std::int64_t>(timeout_micros, 0, std::int64_t{365} * 86'400 * 1'000'000);
}

}  // namespace

Client::Client(const gr_engine* engine, HostOptions host, std::size_t snapshots)
    : engine_(engine), host_(std::move(host)), delivery_(default_allocator()),
      n_snapshots_(std::max<std::size_t>(snapshots, 1)) {}

Client::~Client() {
  host_.withdraw_all();
  for (const Kept& kept : kept_) gr_snapshot_free(kept.snapshot);
}

Status Client::open(const DeliveryOptions& options, bool asks_origin, std::int64_t timeout_micros,
                    Error* error) {
  host_.follow_clock();
  const std::int64_t until = host_.now() + bounded(timeout_micros);
  GUARDRANK_TRY(delivery_.open(options, host_.now(), error));
  start_needs();
  const auto is_open = [&] { return asks_origin ? delivery_.has_asked() : delivery_.has_looked(); };
  while (!is_open() && host_.now() < until) {
    provide_one(std::clamp<std::int64_t>(until - host_.now(), 0, 1'000'000));
    if (is_told_to_stop()) return error->set(Status::deadline, "releases", {"stopped while looking"});
  }
  if (delivery_.routes() != nullptr) return Status::ok;
  if (!is_open()) return error->set(Status::deadline, "releases", {"the origin did not answer in time"});
  *error = delivery_.error();
  if (delivery_.status() == Status::ok) error->set(Status::missing, "releases", {"the origin has none"});
  return error->code();
}

void Client::ask_for_needs() {
  Need need;
  while (delivery_.next(host_.now(), &need)) host_.start(need);
}

void Client::start_needs() {
  do ask_for_needs();
  while (try_next());
}

// The snapshot is kept: when traffic shifts it is ready.
bool Client::try_next() {
  Delivered next;
  const TicketId trial = delivery_.next_trial(host_.now(), &next);
  if (trial == 0) return false;
  Error error;
  gr_snapshot* snapshot = nullptr;
  const bool has_options = snapshot_options_.struct_size != 0;
  const Status status = prepare(next, has_options ? &snapshot_options_ : nullptr, &snapshot, &error);
  delivery_.tried(trial, status, host_.now());
  return true;
}

bool Client::provide_one(std::int64_t timeout_micros) {
  Completion completion;
  if (!host_.wait(timeout_micros, &completion)) return false;
  provide(completion);
  start_needs();
  return true;
}

// A mapped file is lent, if it is wanted.
void Client::provide(const Completion& completion) {
  Answer answer = completion.answer();
  if (completion.mapping == nullptr) return delivery_.provide(answer, host_.now());
  Loan loan = host_.mappings().lend(completion.mapping);
  answer.loan = &loan;
  delivery_.provide(answer, host_.now());
  if (!loan.is_taken) host_.mappings().take_back(answer.bytes);
}

// Copied; but what is mapped stays where it is, as long as the store or the snapshot lives.
Status Client::open_part(Bytes bytes, Artifact* artifact, Error* error) {
  using Held = std::shared_ptr<const Mapping>;
  gr_artifact_options options{};
  options.struct_size = sizeof options;
  if (Held mapping = host_.mappings().find(bytes)) {
    options.release = [](void* held, const uint8_t*, size_t) { delete static_cast<Held*>(held); };
    options.release_user = new Held(std::move(mapping));
  }
  gr_artifact* opened = nullptr;
  gr_error* told = nullptr;
  const gr_status status = gr_artifact_open(engine_, bytes.data(), bytes.size(), &options, &opened, &told);
  artifact->reset(opened);
  return take_error(status, told, error);
}

// A stop ends one call.
bool Client::is_told_to_stop() {
  if (!host_.is_stopped()) return false;
  host_.go_on();
  return true;
}

void Client::poll(std::int64_t timeout_micros) {
  host_.follow_clock();
  const std::int64_t until = host_.now() + bounded(timeout_micros);
  start_needs();
  while (!is_told_to_stop()) {
    const bool did = provide_one(std::max<std::int64_t>(until - host_.now(), 0));
    if (!did && host_.now() >= until) return;
  }
}

// Whoever comes first after a long sleep has the look begin that may prolong what expired meanwhile.
void Client::renew(std::int64_t deadline_micros) {
  const MetadataClient& metadata = delivery_.metadata();
  start_needs();
  while (metadata.is_ready() && metadata.expires_micros() <= host_.now() &&
         host_.now() < deadline_micros && !host_.is_stopped()) {
    provide_one(std::max<std::int64_t>(deadline_micros - host_.now(), 1000));
  }
}

Status Client::wait_for(TicketId ticket, std::int64_t deadline_micros, Delivered* delivered,
                        Error* error) {
  for (;;) {
    *delivered = delivery_.take(ticket, host_.now());
    if (delivered->state == TicketState::ready) return Status::ok;
    if (delivered->state != TicketState::pending) break;
    const std::int64_t left = deadline_micros - host_.now();
    start_needs();
    provide_one(std::max<std::int64_t>(left, 1000));
    if (is_told_to_stop()) return error->set(Status::deadline, "release", {"stopped while waiting"});
  }
  const bool is_release = !delivered->release.empty();
  error->set(delivered->status, is_release ? delivered->release : "shard",
             {"it is not at hand (", status_name(delivered->status), delivered->trouble.empty() ? "" : "; ",
              delivered->trouble, is_release ? "), and no fallback is" : ")"});
  start_needs();                         // what is still on its way goes on
  return error->code();
}

Status Client::prepare(const Delivered& delivered, const gr_snapshot_options* options,
                       gr_snapshot** snapshot, Error* error) {
  std::string key = key_of(delivered);
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.key == key; });
  if (found != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, found);
    *snapshot = kept_.front().snapshot;
    return Status::ok;
  }
  Artifact model, policy, catalog, release;
  GUARDRANK_TRY(open_part(delivered.model, &model, error));
  GUARDRANK_TRY(open_part(delivered.policy, &policy, error));
  GUARDRANK_TRY(open_part(delivered.catalog, &catalog, error));
  GUARDRANK_TRY(open_part(delivered.release_bytes, &release, error));
  gr_snapshot_parts parts{};
  parts.struct_size = sizeof parts;
  parts.model = model.get();
  parts.policy = policy.get();
  parts.catalog = catalog.get();
  parts.release = release.get();
  gr_error* told = nullptr;
  const gr_status status = gr_snapshot_create_from(engine_, &parts, options, snapshot, &told);
  GUARDRANK_TRY(take_error(status, told, error));
  kept_.push_front({std::move(key), *snapshot});
  for (; kept_.size() > n_snapshots_; kept_.pop_back()) gr_snapshot_free(kept_.back().snapshot);
  return Status::ok;
}

// The first of the ticket's chain that opens; else what was wrong with the first that did not. A caller's
// wrong options would harm the next as well.
Status Client::open_first(TicketId ticket, std::int64_t deadline_micros, const gr_snapshot_options* options,
                          Delivered* delivered, gr_snapshot** snapshot, Error* error) {
  for (Status refused = Status::ok;;) {
    Error later;
    Error* const told = refused == Status::ok ? error : &later;
    Status status = wait_for(ticket, deadline_micros, delivered, told);
    if (status != Status::ok) return refused == Status::ok ? status : refused;
    status = prepare(*delivered, options, snapshot, told);
    if (status == Status::ok || status < Status::json) return status;
    if (refused == Status::ok) refused = status;
    delivery_.tried(ticket, status, host_.now());
  }
}

Status Client::add_shards(gr_session* session, std::int64_t timeout_micros, std::uint32_t* added,
                          Error* error) {
  host_.follow_clock();
  const std::int64_t deadline = host_.now() + bounded(timeout_micros);
  struct Tickets {                       // cancelled whatever happens
    Delivery* delivery;
    std::vector<TicketId> ids;
    ~Tickets() {
      for (const TicketId id : ids) delivery->cancel(id);
    }
  } tickets{&delivery_, {}};
  gr_wanted_shard wanted{};
  wanted.struct_size = sizeof wanted;
  for (std::uint32_t i = 0; gr_session_wanted_shard(session, i, &wanted) == GR_STATUS_OK; ++i) {
    Sha256Digest hash;
    std::copy_n(wanted.sha256, hash.size(), hash.begin());
    TicketId ticket = 0;
    GUARDRANK_TRY(delivery_.want_shard(hash, wanted.bytes, deadline, host_.now(), &ticket, error));
    tickets.ids.push_back(ticket);
  }
  *added = 0;
  for (const TicketId ticket : tickets.ids) {
    Delivered delivered;
    GUARDRANK_TRY(wait_for(ticket, deadline, &delivered, error));
    gr_error* told = nullptr;
    const gr_status status =
        gr_session_add_shard(session, delivered.shard.data(), delivered.shard.size(), &told);
    GUARDRANK_TRY(take_error(status, told, error));
    ++*added;
  }
  return Status::ok;
}

Status Client::serve(const RouteKey& route, std::uint32_t shadow, std::int64_t timeout_micros,
                     const gr_snapshot_options* options, Served* served, Error* error) {
  host_.follow_clock();
  const std::int64_t deadline = host_.now() + bounded(timeout_micros);
  if (options != nullptr && options->struct_size == sizeof snapshot_options_) snapshot_options_ = *options;
  if (delivery_.metadata().expires_micros() <= host_.now()) renew(deadline);
  TicketId ticket = 0;
  const std::int64_t now = host_.now();
  GUARDRANK_TRY(shadow == no_route ? delivery_.want(route, deadline, now, &ticket, error)
                                   : delivery_.want_shadow(route, shadow, deadline, now, &ticket, error));
  const struct Cancel {                  // whatever is thrown
    Delivery* delivery;
    TicketId ticket;
    ~Cancel() { delivery->cancel(ticket); }
  } cancel{&delivery_, ticket};
  Delivered delivered;
  GUARDRANK_TRY(open_first(ticket, deadline, options, &delivered, &served->snapshot, error));
  gr_snapshot_retain(served->snapshot);
  served->release = delivered.release;
  served->stage = delivered.stage;
  served->arm = delivered.arm;
  served->instead_of = delivered.instead_of;
  served->is_fallback = delivered.is_fallback;
  served->primary_status = delivered.is_fallback ? delivered.status : Status::ok;
  return Status::ok;
}

}  // namespace guardrank::fetch
