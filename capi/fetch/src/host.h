// Performs needs: requests by libcurl, signatures by libcrypto, files in a folder, the clock. Whatever
// asks in the form of core/store/need.h can be served by it. One thread at a time, but for `stop`.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "capi/fetch/src/clock.h"
#include "capi/fetch/src/download.h"
#include "capi/fetch/src/folder.h"

namespace guardrank::fetch {

struct HostOptions {
  std::string addresses[3];              // by Origin; each ends in a slash, empty: not served
  std::string cache_folder;
  bool is_folder_required = true;        // else, where it cannot be made, nothing is kept
  bool maps_files = false;               // those that a need lets it lend: see mapping.h
  std::string user_agent;
  std::string ca_file;                   // empty: libcurl's own
  Patience patience;
  ProgressCall progress;
};

struct FreeMulti { void operator()(CURLM* multi) const { curl_multi_cleanup(multi); } };

class Host {
 public:
  explicit Host(HostOptions options);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // Begins a need. What it points to must stay until it is complete or withdrawn.
  void start(const Need& need);
  void withdraw(std::uint64_t id);
  void withdraw_all();
  // The next need that ended, waiting up to `timeout_micros`. False when there is none, or `stop` was
  // called.
  bool wait(std::int64_t timeout_micros, Completion* completion);
  // The time that machines are told, and that their wakes are by.
  std::int64_t now() const { return clock_.now(); }
  // To be called where nobody waits: a jump ahead would end the waiting.
  void follow_clock() { clock_.follow(); }
  Folder& folder() { return folder_; }
  // Those that were lent to whoever was provided with them.
  Mappings& mappings() { return mappings_; }
  bool is_idle() const { return done_.empty() && downloads_.empty() && wakes_.empty(); }

  // Ends a `wait` now and every later one at once, until `go_on`. From any thread.
  void stop();
  void go_on() { is_stopped_ = false; }
  bool is_stopped() const { return is_stopped_; }

 private:
  void start_fetch(const Need& need);
  void begin_due();
  void collect();
  bool wake_due(Completion* completion);
  std::int64_t next_due(std::int64_t limit) const;

  HostOptions options_;
  Clock clock_;
  Folder folder_;
  Mappings mappings_;
  std::unique_ptr<CURLM, FreeMulti> multi_;
  std::map<std::uint64_t, std::unique_ptr<Download>> downloads_;
  std::multimap<std::int64_t, std::uint64_t> waiting_;   // downloads by steady time of their next try
  std::multimap<std::int64_t, std::uint64_t> wakes_;     // by `now`
  std::deque<Completion> done_;
  std::mt19937_64 random_;
  std::atomic<bool> is_stopped_{false};
};

// Serves a machine (next, provide, is_busy) until it has no more to do. False when stopped.
template <typename Machine>
bool serve(Host* host, Machine* machine) {
  constexpr std::int64_t patience = 1'000'000;
  while (machine->is_busy()) {
    Need need;
    while (machine->next(&need)) host->start(need);
    Completion completion;
    if (host->wait(patience, &completion)) machine->provide(completion.answer());
    if (host->is_stopped()) return false;
  }
  return true;
}

}  // namespace guardrank::fetch
