#include "capi/fetch/src/host.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>

#include "capi/fetch/src/signature.h"

namespace guardrank::fetch {

namespace {

// The largest file that is read; artifacts are far below it (StoreOptions::blob_bytes).
constexpr std::uint64_t most_read_bytes = std::uint64_t{1} << 30;

// libcurl wants this before its first use by any thread, and once.
void prepare_curl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw std::bad_alloc();
}

CURLM* create_multi() {
  prepare_curl();
  return curl_multi_init();
}

Completion file_completion(const Need& need, bool maps_files, Folder* folder) {
  Completion completion;
  int problem = 0;
  if (need.kind == NeedKind::read && need.may_lend && maps_files)
    problem = folder->map(need.key, most_read_bytes, &completion.mapping);
  else if (need.kind == NeedKind::read)
    problem = folder->read(need.key, most_read_bytes, &completion.bytes);
  if (need.kind == NeedKind::write) problem = folder->write(need.key, need.bytes.data(), need.bytes.size());
  if (need.kind == NeedKind::remove) problem = folder->remove(need.key);
  completion.outcome = problem == 0 ? Outcome::done : problem == ENOENT ? Outcome::not_found : Outcome::failed;
  if (problem != 0) completion.detail = std::generic_category().message(problem);
  return completion;
}

Completion local_completion(const Need& need, bool maps_files, Folder* folder) {
  Completion completion;
  if (need.kind == NeedKind::verify) {
    const bool is_good = is_good_signature(need.scheme, need.public_key, need.message, need.signature);
    completion.outcome = is_good ? Outcome::done : Outcome::failed;
  } else {
    completion = file_completion(need, maps_files, folder);
  }
  completion.id = need.id;
  return completion;
}

}  // namespace

Host::Host(HostOptions options)
    : options_(std::move(options)), folder_(options_.cache_folder, options_.is_folder_required),
      multi_(create_multi()),
      random_(std::random_device{}()) {
  if (multi_ == nullptr) throw std::bad_alloc();
}

Host::~Host() { withdraw_all(); }

void Host::withdraw_all() {
  for (const auto& [id, download] : downloads_) curl_multi_remove_handle(multi_.get(), download->handle());
  downloads_.clear();
  waiting_.clear();
  wakes_.clear();
  done_.clear();
}

void Host::start(const Need& need) {
  if (need.kind == NeedKind::fetch) return start_fetch(need);
  if (need.kind == NeedKind::wake) {
    wakes_.emplace(need.at_micros, need.id);
    return;
  }
  done_.push_back(local_completion(need, options_.maps_files, &folder_));
}

void Host::start_fetch(const Need& need) {
  const std::string& base = options_.addresses[static_cast<std::size_t>(need.origin)];
  if (base.empty()) {
    Completion completion;
    completion.id = need.id;
    completion.detail = "no address is given for it";
    done_.push_back(std::move(completion));
    return;
  }
  Patience patience = options_.patience;
  if (need.origin == Origin::blobs) patience.retry.attempts = 1;   // the store tries artifacts again itself
  auto download = std::make_unique<Download>(need, base + std::string(need.path), patience,
                                             options_.user_agent, &options_.progress);
  if (!options_.ca_file.empty() &&
      curl_easy_setopt(download->handle(), CURLOPT_CAINFO, options_.ca_file.c_str()) != CURLE_OK)
    throw std::bad_alloc();
  downloads_.emplace(need.id, std::move(download));
  waiting_.emplace(steady_micros(), need.id);
}

void Host::withdraw(std::uint64_t id) {
  if (const auto found = downloads_.find(id); found != downloads_.end()) {
    curl_multi_remove_handle(multi_.get(), found->second->handle());
    downloads_.erase(found);
  }
  const auto is_it = [id](const auto& entry) { return entry.second == id; };
  std::erase_if(waiting_, is_it);
  std::erase_if(wakes_, is_it);
  std::erase_if(done_, [id](const Completion& completion) { return completion.id == id; });
}

// Hands tries whose time has come to libcurl.
void Host::begin_due() {
  while (!waiting_.empty() && waiting_.begin()->first <= steady_micros()) {
    const std::uint64_t id = waiting_.begin()->second;
    Download& download = *downloads_.at(id);
    waiting_.erase(waiting_.begin());
    download.prepare();
    if (curl_multi_add_handle(multi_.get(), download.handle()) == CURLM_OK) continue;
    Completion failed;
    failed.id = id;
    failed.detail = "libcurl takes no more requests";
    done_.push_back(std::move(failed));
    downloads_.erase(id);
  }
}

// Takes from libcurl what has ended: a completion, or another try later.
void Host::collect() {
  int n_left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &n_left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    const CURLcode code = message->data.result;
    const auto found = std::find_if(downloads_.begin(), downloads_.end(),
                                    [easy](const auto& entry) { return entry.second->handle() == easy; });
    if (found == downloads_.end()) continue;
    std::int64_t wait_micros = 0;
    const double uniform = std::uniform_real_distribution<double>()(random_);
    auto completion = found->second->finish(code, wall_clock_micros(), uniform, &wait_micros);
    curl_multi_remove_handle(multi_.get(), easy);
    if (completion) {
      done_.push_back(std::move(*completion));
      downloads_.erase(found);
    } else {
      waiting_.emplace(steady_micros() + wait_micros, found->first);
    }
  }
}

bool Host::wake_due(Completion* completion) {
  if (wakes_.empty() || wakes_.begin()->first > now()) return false;
  *completion = {};
  completion->id = wakes_.begin()->second;
  completion->outcome = Outcome::done;
  wakes_.erase(wakes_.begin());
  return true;
}

// Micros until something is due, at most `limit`.
std::int64_t Host::next_due(std::int64_t limit) const {
  if (!waiting_.empty()) limit = std::min(limit, waiting_.begin()->first - steady_micros());
  if (!wakes_.empty()) limit = std::min(limit, wakes_.begin()->first - now());
  return std::max<std::int64_t>(limit, 0);
}

bool Host::wait(std::int64_t timeout_micros, Completion* completion) {
  const std::int64_t deadline = steady_micros() + timeout_micros;
  for (;;) {
    if (is_stopped_) return false;
    if (!done_.empty()) {
      *completion = std::move(done_.front());
      done_.pop_front();
      return true;
    }
    if (wake_due(completion)) return true;
    begin_due();
    int n_running = 0;
    curl_multi_perform(multi_.get(), &n_running);
    collect();
    if (!done_.empty()) continue;
    const std::int64_t left = deadline - steady_micros();
    if (left <= 0) return false;
    if (is_idle()) return false;
    constexpr std::int64_t longest = 60'000'000;   // libcurl counts milliseconds in an int
    const std::int64_t pause = next_due(std::min(left, longest));
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>((pause + 999) / 1000), nullptr);
  }
}

void Host::stop() {
  is_stopped_ = true;
  curl_multi_wakeup(multi_.get());
}

}  // namespace guardrank::fetch
