// What a host sees, through the C interface, one line per figure with tabs between. Usage:
//   host_bench rank BUNDLE CONTEXT.json    times of whole requests, and the memory of their session
//   host_bench load BUNDLE CONTEXT.json    from bytes in memory to the first ranking, by what is done
//   host_bench scale BUNDLE CONTEXT.json   two sessions on two cores against two processes
// Times are in microseconds: of the processor for `load`, of the clock for `rank` (asking for the
// processor's time enters the kernel, which takes as long as a tenth of a small request) and `scale`.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <thread>

#include "tests/bench/candidate_columns.h"
#include "tests/bench/opened_bundle.h"

namespace {

double seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double microseconds_of(clockid_t clock, const auto& action) {
  const double from = seconds(clock);
  action();
  return (seconds(clock) - from) * 1e6;
}

// Least, median and 99th percentile.
void print_times(const char* what, const char* of, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  std::printf("%s\t%s\t%.2f\t%.2f\t%.2f", what, of, times.front(), times[times.size() / 2],
              times[times.size() * 99 / 100]);
}

gr_request* make_request(const gr_snapshot* snapshot, std::size_t n_candidates) {
  const std::string json = context_with_candidates(n_candidates);
  gr_error* error = nullptr;
  gr_request* request = nullptr;
  check(gr_request_create(snapshot, &request, &error), error);
  check(gr_request_from_json(request, json.data(), json.size(), &error), error);
  return request;
}

// What is kept between requests, and what a request brings.
struct Keeping {
  const char* name;
  std::uint64_t codes_bytes, sums_bytes, context_bytes;
  bool sends_columns, is_one_context;
};
constexpr std::uint64_t plenty = std::uint64_t{1} << 32;
constexpr Keeping keepings[] = {{"stateless", 1, 0, 1, false, false},
                                {"stateless, candidates' facts sent as columns", 1, 0, 1, true, false},
                                {"by default", 0, 0, 0, false, false},
                                {"by default, a context seen before", 0, 0, 0, false, true},
                                {"sums kept", 0, plenty, 0, false, false},
                                {"sums kept, a context seen before", 0, plenty, 0, false, true}};

// An engine, a snapshot and a session of their own, so that the session's peak is this one's.
class Host {
 public:
  explicit Host(const Keeping& keeping) {
    gr_engine_options options{};
    options.struct_size = sizeof options;
    options.context_cache_bytes = keeping.context_bytes;
    gr_error* error = nullptr;
    check(gr_engine_create(&options, &engine_, &error), error);
    check(gr_session_create(engine_, &session_, &error), error);
    snapshot_ = create_snapshot(keeping.codes_bytes, keeping.sums_bytes);
  }
  ~Host() {
    gr_snapshot_free(snapshot_);
    gr_session_free(session_);
    gr_engine_free(engine_);
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  const gr_snapshot* snapshot() const { return snapshot_; }
  gr_session* session() const { return session_; }

 private:
  gr_engine* engine_ = nullptr;
  gr_session* session_ = nullptr;
  gr_snapshot* snapshot_ = nullptr;
};

void rank_once(gr_session* session, const gr_request* request) {
  gr_error* error = nullptr;
  const gr_decision* decision = nullptr;
  check(gr_rank(session, request, &decision, &error), error);
}

// Another user's context: four of its numbers, since one has few codes, which the model may have seen.
void change_context(const gr_snapshot* snapshot, gr_request* request, std::uint64_t i) {
  gr_error* error = nullptr;
  std::uint64_t drawn = (i + 1) * 0x9e3779b97f4a7c15;
  for (const char* name : {"context_x0", "context_x1", "context_x2", "context_x3"}) {
    const std::uint32_t fact = gr_snapshot_fact(snapshot, GR_NAMESPACE_CONTEXT, {name, std::strlen(name)});
    check(gr_request_set_context_f64(request, fact, static_cast<double>(drawn >> 48) / 16384 - 2, &error), error);
    drawn *= 0xd1342543de82ef95;
  }
}

void time_requests() {
  Columns columns(bench.folder + "catalog.csv", bench.offers);
  for (const Keeping& keeping : keepings) {
    const Host host(keeping);
    for (const std::size_t n : {1u, 10u, 100u, 1000u}) {
      if (n > bench.offers.size()) continue;
      gr_request* request = make_request(host.snapshot(), n);
      if (keeping.sends_columns) columns.prepare(host.snapshot(), request, n);
      for (int i = 0; i < 3; ++i) rank_once(host.session(), request);
      const std::uint64_t warm = gr_session_peak_bytes(host.session());
      std::vector<double> times;
      for (double total = 0; times.size() < 400 || (total < 3e5 && times.size() < 5000);) {
        if (!keeping.is_one_context) change_context(host.snapshot(), request, times.size());
        times.push_back(microseconds_of(CLOCK_MONOTONIC, [&] {
          if (keeping.sends_columns) columns.set(request, n);
          rank_once(host.session(), request);
        }));
        total += times.back();
      }
      print_times("rank", keeping.name, times);
      const std::uint64_t peak = gr_session_peak_bytes(host.session());
      std::printf("\t%zu\t%.0f\t%s\n", n, static_cast<double>(peak) / 1024,
                  peak == warm ? "flat" : "grew");
      gr_request_free(request);
    }
  }
}

struct Loading {
  const char* name;
  int check;
  std::uint64_t codes_bytes, sums_bytes;
};
constexpr Loading loadings[] = {
    {"ready", GR_CHECK_STRUCTURE, 1, 0},
    {"ready, section hashes checked", GR_CHECK_FULL, 1, 0},
    {"ready, codes of the catalog kept", GR_CHECK_STRUCTURE, 0, 0},
    {"ready, sums of the catalog kept", GR_CHECK_STRUCTURE, 1, plenty},
};

// From bytes in memory, lent and not copied, to the first ranking of ten.
void load_once(const std::uint8_t* bytes, std::size_t size, const Loading& loading) {
  gr_error* error = nullptr;
  gr_artifact* artifact = nullptr;
  gr_artifact_options options{};
  options.struct_size = sizeof options;
  options.check = loading.check;
  options.release = [](void*, const std::uint8_t*, std::size_t) {};
  check(gr_artifact_open(bench.engine, bytes, size, &options, &artifact, &error), error);
  gr_snapshot_options snapshot_options{};
  snapshot_options.struct_size = sizeof snapshot_options;
  snapshot_options.catalog_codes_bytes = loading.codes_bytes;
  snapshot_options.catalog_sums_bytes = loading.sums_bytes;
  gr_snapshot* snapshot = nullptr;
  check(gr_snapshot_create(bench.engine, artifact, &snapshot_options, &snapshot, &error), error);
  gr_request* request = make_request(snapshot, 10);
  rank_once(bench.session, request);
  gr_request_free(request);
  gr_snapshot_free(snapshot);
  gr_artifact_free(artifact);
}

void time_loading() {
  constexpr std::size_t alignment = 64;
  std::vector<std::uint8_t> room(bench.bundle.size() + alignment);
  const std::size_t off = reinterpret_cast<std::uintptr_t>(room.data()) % alignment;
  std::uint8_t* bytes = room.data() + (alignment - off) % alignment;
  std::memcpy(bytes, bench.bundle.data(), bench.bundle.size());
  for (const Loading& loading : loadings) {
    std::vector<double> times;
    for (int i = 0; i < 20; ++i) {
      times.push_back(
          microseconds_of(CLOCK_THREAD_CPUTIME_ID, [&] { load_once(bytes, bench.bundle.size(), loading); }));
    }
    print_times("load", loading.name, times);
    std::printf("\t%zu\n", bench.bundle.size());
  }
}

constexpr std::size_t n_scaled = 1000;
constexpr int n_requests = 600;

void rank_many_times(const gr_snapshot* snapshot) {
  gr_error* error = nullptr;
  gr_session* session = nullptr;
  check(gr_session_create(bench.engine, &session, &error), error);
  gr_request* request = make_request(snapshot, std::min(n_scaled, bench.offers.size()));
  for (int i = 0; i < n_requests; ++i) rank_once(session, request);
  gr_request_free(request);
  gr_session_free(session);
}

double time_two_sessions(const gr_snapshot* snapshot) {
  const double from = seconds(CLOCK_MONOTONIC);
  std::thread other(rank_many_times, snapshot);
  rank_many_times(snapshot);
  other.join();
  return seconds(CLOCK_MONOTONIC) - from;
}

double time_two_processes(const gr_snapshot* snapshot) {
  const double from = seconds(CLOCK_MONOTONIC);
  for (int i = 0; i < 2; ++i) {
    if (fork() != 0) continue;
    rank_many_times(snapshot);
    _exit(0);
  }
  for (int i = 0; i < 2; ++i) wait(nullptr);
  return seconds(CLOCK_MONOTONIC) - from;
}

// In turn, the least of each: what disturbs only adds.
void time_scaling() {
  double sessions = 1e9, processes = 1e9;
  for (int i = 0; i < 5; ++i) {
    sessions = std::min(sessions, time_two_sessions(bench.snapshot));
    processes = std::min(processes, time_two_processes(bench.snapshot));
  }
  std::printf("scale\t%.4f\t%.4f\n", sessions, processes);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: host_bench rank|load|scale BUNDLE CONTEXT.json\n");
    return 2;
  }
  bench.bundle = read(argv[2]);
  bench.context = read(argv[3]);
  bench.folder = std::string(argv[3]).substr(0, std::string(argv[3]).rfind('/') + 1);
  open();
  collect_offers();
  const std::string what = argv[1];
  if (what == "rank") time_requests();
  if (what == "load") time_loading();
  if (what == "scale") time_scaling();
  return 0;
}
