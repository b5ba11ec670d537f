// Ranking time through the C interface. Usage: rank_bench BUNDLE CONTEXT.json [benchmark options].
// "rank" is what a host gets by default: the catalog's codes are kept, and the context, which is the
// same again and again, is remembered; "rank_stateless" does without both, "rank_kept" keeps the sums
// of all offers as well. "rank_64_together" is gr_rank_many, against the same requests one by one.
// CONTEXT.json is a request; each benchmark ranks the first N offers of the catalog for it.
#include <benchmark/benchmark.h>

#include "tests/bench/opened_bundle.h"

namespace {

void rank_on(benchmark::State& state, const gr_snapshot* snapshot) {
  const auto count = static_cast<std::size_t>(state.range(0));
  if (count > bench.offers.size()) return state.SkipWithError("the catalog has fewer offers");
  const std::string json = context_with_candidates(count);
  gr_error* error = nullptr;
  gr_request* request = nullptr;
  check(gr_request_create(snapshot, &request, &error), error);
  check(gr_request_from_json(request, json.data(), json.size(), &error), error);
  for (auto _ : state) benchmark::DoNotOptimize(rank(request));
  state.counters["session_KB"] = static_cast<double>(gr_session_peak_bytes(bench.session)) / 1024;
  gr_request_free(request);
}

void rank_candidates(benchmark::State& state) { rank_on(state, bench.snapshot); }

void rank_kept(benchmark::State& state) {
  gr_snapshot* snapshot = create_snapshot(0, std::uint64_t{1} << 32);
  rank_on(state, snapshot);
  gr_snapshot_free(snapshot);
}

// Nothing kept of the catalog, no context seen before.
void rank_stateless(benchmark::State& state) {
  gr_session* warm = bench.session;
  gr_engine_options options{};
  options.struct_size = sizeof options;
  options.context_cache_bytes = 1;
  gr_engine* engine = nullptr;
  gr_error* error = nullptr;
  check(gr_engine_create(&options, &engine, &error), error);
  check(gr_session_create(engine, &bench.session, &error), error);
  gr_snapshot* snapshot = create_snapshot(1, 0);
  rank_on(state, snapshot);
  gr_snapshot_free(snapshot);
  gr_session_free(bench.session);
  gr_engine_free(engine);
  bench.session = warm;
}

// Requests of ten offers by contexts of which none is seen again soon enough to be remembered.
constexpr std::size_t n_together = 64;

std::vector<gr_request*> make_requests() {
  const std::string json = context_with_candidates(10);
  const uint32_t fact = gr_snapshot_fact(bench.snapshot, GR_NAMESPACE_CONTEXT, {"context_x0", 10});
  std::vector<gr_request*> requests(n_together);
  for (std::size_t i = 0; i < n_together; ++i) {
    gr_error* error = nullptr;
    check(gr_request_create(bench.snapshot, &requests[i], &error), error);
    check(gr_request_from_json(requests[i], json.data(), json.size(), &error), error);
    check(gr_request_set_context_f64(requests[i], fact, 0.05 * static_cast<double>(i), &error), error);
  }
  return requests;
}

void per_request(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(n_together));
}

void rank_64_apart(benchmark::State& state) {
  const std::vector<gr_request*> requests = make_requests();
  for (auto _ : state) {
    for (const gr_request* request : requests) benchmark::DoNotOptimize(rank(request));
  }
  per_request(state);
  for (gr_request* request : requests) gr_request_free(request);
}

void rank_64_together(benchmark::State& state) {
  const std::vector<gr_request*> requests = make_requests();
  const gr_decision* decisions[n_together];
  for (auto _ : state) {
    gr_error* error = nullptr;
    check(gr_rank_many(bench.session, requests.data(), n_together, decisions, &error), error);
    benchmark::DoNotOptimize(decisions);
  }
  per_request(state);
  for (gr_request* request : requests) gr_request_free(request);
}

void rank_from_json(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  if (count > bench.offers.size()) return state.SkipWithError("the catalog has fewer offers");
  const std::string json = context_with_candidates(count);
  gr_error* error = nullptr;
  gr_request* request = nullptr;
  check(gr_request_create(bench.snapshot, &request, &error), error);
  for (auto _ : state) {
    check(gr_request_from_json(request, json.data(), json.size(), &error), error);
    gr_text text{};
    check(gr_decision_json(rank(request), true, &text, &error), error);
    benchmark::DoNotOptimize(text);
  }
  gr_request_free(request);
}

void load(benchmark::State& state) {
  for (auto _ : state) {
    gr_error* error = nullptr;
    gr_artifact* artifact = nullptr;
    gr_snapshot* snapshot = nullptr;
    check(gr_artifact_open(bench.engine, reinterpret_cast<const uint8_t*>(bench.bundle.data()),
                           bench.bundle.size(), nullptr, &artifact, &error), error);
    check(gr_snapshot_create(bench.engine, artifact, nullptr, &snapshot, &error), error);
    gr_snapshot_free(snapshot);
    gr_artifact_free(artifact);
  }
  state.counters["bundle_KB"] = static_cast<double>(bench.bundle.size()) / 1024;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc != 3) {
    std::fprintf(stderr, "usage: rank_bench BUNDLE CONTEXT.json [benchmark options]\n");
    return 2;
  }
  bench.bundle = read(argv[1]);
  bench.context = read(argv[2]);
  open();
  collect_offers();
  const gr_text kernel = gr_engine_kernel(bench.engine);
  benchmark::AddCustomContext("kernel", std::string(kernel.data, kernel.size));
  for (auto* each : {benchmark::RegisterBenchmark("rank_stateless", rank_stateless),
                     benchmark::RegisterBenchmark("rank", rank_candidates),
                     benchmark::RegisterBenchmark("rank_kept", rank_kept),
                     benchmark::RegisterBenchmark("json_rank_json_record", rank_from_json)}) {
    each->Arg(1)->Arg(100)->Arg(1000)->Unit(benchmark::kMicrosecond);
  }
  benchmark::RegisterBenchmark("rank_64_apart", rank_64_apart)->Unit(benchmark::kMicrosecond);
  benchmark::RegisterBenchmark("rank_64_together", rank_64_together)->Unit(benchmark::kMicrosecond);
  benchmark::RegisterBenchmark("load", load)->Unit(benchmark::kMicrosecond);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
