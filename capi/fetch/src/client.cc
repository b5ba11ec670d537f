#include "capi/fetch/src/client.h"

#include <algorithm>

#include "capi/fetch/src/border.h"

namespace guardrank::fetch {
namespace {

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
  gr_snapshot_free(trial_.snapshot);
  for (const Kept& kept : kept_) gr_snapshot_free(kept.snapshot);
}

Status Client::open(const DeliveryOptions& options, bool asks_origin, std::int64_t timeout_micros,
                    Error* error) {
  host_.follow_clock();
  polled_at_ = host_.now();
  const std::int64_t until = polled_at_ + bounded(timeout_micros);
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

bool Client::provide_one(std::int64_t timeout_micros) {
  Completion completion;
  const bool has_come = host_.wait(trial_.id != 0 ? 0 : timeout_micros, &completion);
  if (has_come) provide(completion);
  if (has_come || trial_.id != 0) start_needs();
  return has_come;
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

// A stop ends one call.
bool Client::is_told_to_stop() {
  if (!host_.is_stopped()) return false;
  host_.go_on();
  return true;
}

// What is prepared takes no more than a tenth of the time, or a little: whoever polls rarely waits longer for it.
void Client::poll(std::int64_t timeout_micros) {
  host_.follow_clock();
  const std::int64_t now = host_.now(), until = now + bounded(timeout_micros);
  slice_micros_ = std::max(least_slice_micros, (now - polled_at_) / 10);
  polled_at_ = now;
  start_needs();
  slice_micros_ = least_slice_micros;
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
