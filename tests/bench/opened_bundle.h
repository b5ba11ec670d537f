// A bundle opened for a benchmark, and requests for offers of its catalog, through the C interface.
#pragma once

#include <guardrank.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

inline std::vector<char> read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "bench: cannot read %s\n", path);
    std::exit(1);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

// By reference: what the call in the other argument writes is read after it, in whichever order they come.
inline void check(gr_status status, gr_error* const& error) {
  if (status == GR_STATUS_OK) return;
  const gr_text message = gr_error_message(error);
  std::fprintf(stderr, "bench: %.*s\n", static_cast<int>(message.size), message.data);
  std::exit(1);
}

struct Bench {
  std::vector<char> bundle, context;
  std::string folder;                          // of the context's file, with what the bundle was made of
  gr_engine* engine = nullptr;
  gr_artifact* artifact = nullptr;
  gr_snapshot* snapshot = nullptr;
  gr_session* session = nullptr;
  std::vector<std::string> offers;
};

inline Bench bench;

inline gr_request* make_request() {
  gr_error* error = nullptr;
  gr_request* request = nullptr;
  check(gr_request_create(bench.snapshot, &request, &error), error);
  check(gr_request_from_json(request, bench.context.data(), bench.context.size(), &error), error);
  return request;
}

inline const gr_decision* rank(const gr_request* request) {
  gr_error* error = nullptr;
  const gr_decision* decision = nullptr;
  check(gr_rank(bench.session, request, &decision, &error), error);
  return decision;
}

inline void open() {
  gr_error* error = nullptr;
  check(gr_engine_create(nullptr, &bench.engine, &error), error);
  check(gr_artifact_open(bench.engine, reinterpret_cast<const uint8_t*>(bench.bundle.data()),
                         bench.bundle.size(), nullptr, &bench.artifact, &error), error);
  check(gr_snapshot_create(bench.engine, bench.artifact, nullptr, &bench.snapshot, &error), error);
  check(gr_session_create(bench.engine, &bench.session, &error), error);
}

inline void collect_offers() {
  gr_request* request = make_request();
  gr_request_set_limit(request, 0);
  const gr_decision* decision = rank(request);
  for (uint32_t i = 0; i < gr_decision_ranked_count(decision); ++i) {
    gr_ranked ranked{};
    ranked.struct_size = sizeof ranked;
    check(gr_decision_ranked(decision, i, &ranked), nullptr);
    bench.offers.emplace_back(ranked.offer.data, ranked.offer.size);
  }
  gr_request_free(request);
}

inline std::string context_with_candidates(std::size_t count) {
  std::string text(bench.context.begin(), bench.context.end());
  text.erase(text.rfind('}'));
  text += ", \"candidates\": [";
  for (std::size_t i = 0; i < count; ++i) {
    text += (i == 0 ? "{\"offer\": \"" : ", {\"offer\": \"") + bench.offers[i] + "\"}";
  }
  return text + "]}";
}

inline gr_snapshot* create_snapshot(std::uint64_t codes_bytes, std::uint64_t sums_bytes) {
  gr_error* error = nullptr;
  gr_snapshot* snapshot = nullptr;
  gr_snapshot_options options{};
  options.struct_size = sizeof options;
  options.catalog_codes_bytes = codes_bytes;
  options.catalog_sums_bytes = sums_bytes;
  check(gr_snapshot_create(bench.engine, bench.artifact, &options, &snapshot, &error), error);
  return snapshot;
}
