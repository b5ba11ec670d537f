#include "models/plan/stage_sample.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include <nlohmann/json.hpp>

#include "models/pack/pack_error.h"
#include "models/pack/rows/request_lines.h"

namespace guardrank::plan {
namespace {

using Json = nlohmann::ordered_json;
using pack::PackError;

Json parse_request(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& problem) {
    throw PackError(Status::json, "", problem.what());
  }
}

// The thread's processor time: on a machine at rest a ranking takes no other, and on a busy one the
// wall clock would count what others took.
double micros_now() {
#if defined(CLOCK_THREAD_CPUTIME_ID)
  std::timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
#else
  return std::chrono::duration<double, std::micro>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
#endif
}

}  // namespace

std::vector<SampledRequest> read_sample(std::string_view requests, std::uint32_t limit) {
  std::vector<SampledRequest> sample;
  pack::for_each_request_line(requests, [&](std::string_view line, std::size_t number) {
    pack::Memory memory;
    Json request = parse_request(pack::take_labels(line, &memory).request);
    for (auto member = request.begin(); request.is_object() && member != request.end();)
      member = member->is_null() ? request.erase(member) : std::next(member);      // null is absent
    if (!request.contains("limit") || request.at("limit") == 0) request["limit"] = limit;
    sample.push_back({request.dump(), number});
  });
  if (sample.empty()) throw PackError(Status::missing, "requests", "there are none");
  return sample;
}

std::string with_fewer_candidates(const SampledRequest& request, const Catalog& catalog,
                                  std::size_t n) {
  Json json = Json::parse(request.json);
  Json all = json.contains("candidates") ? json.at("candidates") : Json();
  const std::size_t size = all.is_array() ? all.size() : catalog.n_offers;
  n = std::min(n, size);
  Json chosen = Json::array();
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t at = i * size / n;
    if (all.is_array()) chosen.push_back(all[at]);
    else chosen.push_back({{"offer", std::string(catalog.ids[at])}});
  }
  json["candidates"] = chosen;
  return json.dump();
}

StageRunner::StageRunner(const Pipeline& pipeline)
    : pipeline_(pipeline),
      request_(*pipeline.facts, pipeline.catalog, pack::system_allocator()),
      session_(pack::system_allocator(), SIZE_MAX) {}

// Once to warm caches and memory, then `n_runs` times.
TimedRanking StageRunner::run(const SampledRequest& request, std::size_t n_runs) {
  std::vector<double> times;
  Error error;
  try {
    pack::throw_if(read_request_json(request.json, &request_, &error), error);
    for (std::size_t i = 0; i <= n_runs; ++i) {
      const double start = micros_now();
      pack::throw_if(rank(pipeline_, request_, &session_, &decision_, &error), error);
      if (i > 0) times.push_back(micros_now() - start);
    }
  } catch (const PackError& problem) {
    throw problem.within("line " + std::to_string(request.line));
  }
  const StageCounts& stages = decision_.stages;
  return {double(stages.eligible), double(stages.scored), median(times), stages.is_two_stage};
}

TimedRanking StageRunner::run_full(const SampledRequest& request, std::size_t n_runs) {
  pipeline_.retrieval.figures = {};
  const TimedRanking timed = run(request, n_runs);
  shown_.clear();
  for (const Placed& placed : decision_.ranked) {
    const std::int64_t score = decision_.scores.score[placed.row];
    shown_.push_back({decision_.candidates[placed.row],
                      static_cast<double>(std::max<std::int64_t>(score, 0))});
  }
  return timed;
}

TimedRanking StageRunner::run_with(const SampledRequest& request, std::uint32_t n_kept,
                                   std::size_t n_runs) {
  TwoStage figures;
  figures.is_set = true;
  figures.budget_us = n_kept;
  figures.c2_us = 1;
  pipeline_.retrieval.figures = figures;
  return run(request, n_runs);
}

TimedRanking StageRunner::run_planned(const SampledRequest& request, const TwoStage& figures) {
  pipeline_.retrieval.figures = figures;
  return run(request, 0);
}

ValueKept StageRunner::value_kept() const {
  ValueKept value;
  for (const Shown& shown : shown_) {
    value.total += shown.value;
    const bool is_cut = std::any_of(
        decision_.excluded.begin(), decision_.excluded.end(), [&](const Exclusion& exclusion) {
          return exclusion.candidate == shown.candidate &&
                 exclusion.stage == ExclusionStage::retrieval;
        });
    if (!is_cut) value.kept += shown.value;
  }
  return value;
}

}  // namespace guardrank::plan
