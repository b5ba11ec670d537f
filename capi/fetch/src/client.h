// Releases at hand, natively: core's delivery, and the host that serves it. One thread at a time; the
// snapshots that it gives out may be shared.
#pragma once

#include <list>
#include <string>
#include <vector>

#include "capi/fetch/src/host.h"
#include "capi/include/guardrank.h"
#include "core/engine/delivery.h"

namespace guardrank::fetch {

struct FreeArtifact { void operator()(gr_artifact* artifact) const { gr_artifact_free(artifact); } };

struct Served {
  gr_snapshot* snapshot = nullptr;       // a count of the caller's own
  std::string release, stage, arm, instead_of;
  Status primary_status = Status::ok;    // why a fallback serves
  bool is_fallback = false;
};

class Client {
 public:
  Client(const gr_engine* engine, HostOptions host, std::size_t snapshots);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Until each release was looked for, or the origin was asked, or the time is over; then fails when none is
  // known: with the Status of the look, or Status::deadline.
  Status open(const DeliveryOptions& options, bool asks_origin, std::int64_t timeout_micros, Error* error);
  // Before `open`: the highest time that the folder has seen.
  void forget_time() { host_.folder().remove("highest_time"); }
  // Does what is due, for at most so long; 0: what needs no waiting.
  void poll(std::int64_t timeout_micros);
  // `shadow`: of the request's shadows that one, or no_route: what serves.
  Status serve(const RouteKey& route, std::uint32_t shadow, std::int64_t timeout_micros,
               const gr_snapshot_options* options, Served* served, Error* error);
  // What the session's last ranking wants of tables in shards, until it has it.
  Status add_shards(gr_session* session, std::int64_t timeout_micros, std::uint32_t* added, Error* error);
  // Ends what waits, from any thread; it fails with Status::deadline.
  void stop() { host_.stop(); }
  const Delivery& delivery() const { return delivery_; }

 private:
  static constexpr std::int64_t least_slice_micros = 2000;
  struct Kept {
    std::string key;                     // hashes of the artifacts
    gr_snapshot* snapshot;
  };
  // A release's next version that is being prepared, a slice of time in each call.
  struct Trial {
    TicketId id = 0;                     // 0: none
    std::string key;
    gr_snapshot* snapshot = nullptr;     // null: it is kept already
  };
  void start_needs();
  void ask_for_needs();
  bool try_next();
  Status begin_trial(const Delivered& next, Error* error);
  Status go_on_trying(std::uint32_t* left, Error* error);
  void end_trial(Status status);
  bool is_told_to_stop();
  void renew(std::int64_t deadline_micros);
  bool provide_one(std::int64_t timeout_micros);
  void provide(const Completion& completion);
  Status open_part(Bytes bytes, std::unique_ptr<gr_artifact, FreeArtifact>* artifact, Error* error);
  Status wait_for(TicketId ticket, std::int64_t deadline_micros, Delivered* delivered, Error* error);
  Status open_first(TicketId ticket, std::int64_t deadline_micros, const gr_snapshot_options* options,
                    Delivered* delivered, gr_snapshot** snapshot, Error* error);
  static Status take_error(gr_status status, gr_error* told, Error* error);
  static Status take_steps(gr_snapshot* snapshot, std::uint32_t steps, std::uint32_t* left, Error* error);
  gr_snapshot* find_kept(const std::string& key);
  void keep(std::string key, gr_snapshot* snapshot);
  Status create(const Delivered& delivered, const gr_snapshot_options* options, gr_snapshot** snapshot,
                Error* error);
  Status prepare(const Delivered& delivered, const gr_snapshot_options* options, gr_snapshot** snapshot,
                 Error* error);

  const gr_engine* engine_;
  Host host_;
  Delivery delivery_;
  std::list<Kept> kept_;                 // asked for last first
  std::size_t n_snapshots_;
  gr_snapshot_options snapshot_options_{};   // of the last that was asked for
  Trial trial_;
  std::int64_t slice_micros_ = least_slice_micros, polled_at_ = 0;
};

}  // namespace guardrank::fetch
