// Simulates the tiers: one workload, any number of runs, a line of JSON for each.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/bench/tiers/optimum_bound.h"
#include "tests/bench/tiers/simulation.h"

using namespace guardrank;
using namespace guardrank::tiers;
using Json = nlohmann::ordered_json;

namespace {

// "POLICY:MEMORY[:DISK[:SPEED]]", budgets in percent of all bytes.
struct Run {
  std::string policy;
  double memory_percent = 0, disk_percent = 0, speed = 1;
};

Run parse_run(const std::string& text) {
  std::istringstream in(text);
  Run run;
  std::string part;
  std::getline(in, run.policy, ':');
  double* const numbers[] = {&run.memory_percent, &run.disk_percent, &run.speed};
  for (double* number : numbers)
    if (std::getline(in, part, ':')) *number = std::stod(part);
  return run;
}

std::uint64_t part_of(const Workload& workload, double percent) {
  return static_cast<std::uint64_t>(static_cast<double>(workload.total_bytes()) * percent / 100);
}

Json described(const Run& run) {
  return {{"policy", run.policy}, {"memory_percent", run.memory_percent},
          {"disk_percent", run.disk_percent}, {"speed", run.speed}};
}

Json simulated(const Workload& workload, const Run& run, SimulationOptions options) {
  if (!parse_policy(run.policy, &options.memory_policy))
    throw std::runtime_error("no such policy: " + run.policy);
  options.disk_policy = options.memory_policy;
  options.memory_bytes = part_of(workload, run.memory_percent);
  options.disk_bytes = part_of(workload, run.disk_percent);
  const Figures figures = simulate(workload, options);
  Json line = described(run);
  line.update({{"memory_gb", static_cast<double>(options.memory_bytes) * 1e-9},
               {"requests", figures.requests},
               {"hits", figures.hits},
               {"coalesced", figures.coalesced},
               {"disk_loads", figures.disk_loads},
               {"fetches", figures.fetches},
               {"not_kept", figures.not_kept},
               {"object_hit_ratio", figures.object_hit_ratio},
               {"byte_hit_ratio", figures.byte_hit_ratio},
               {"cost_hit_ratio", figures.cost_hit_ratio},
               {"fetched_gb", figures.fetched_gb},
               {"disk_read_gb", figures.disk_read_gb},
               {"mean_ms", figures.mean_ms},
               {"p50_ms", figures.p50_ms},
               {"p90_ms", figures.p90_ms},
               {"p99_ms", figures.p99_ms},
               {"most_memory_bytes", figures.most_memory_bytes},
               {"most_disk_bytes", figures.most_disk_bytes},
               {"core_nanoseconds", figures.core_nanoseconds}});
  return line;
}

// What a hit is worth: 1, its bytes, or the expected time of a fetch.
Json bounded(const Workload& workload, const Run& run, const Delays& delays) {
  std::vector<std::uint32_t> objects;
  for (const Request& request : workload.requests) objects.push_back(request.model);
  const std::vector<Interval> intervals = find_intervals(objects, workload.first_counted);
  const std::vector<double> bytes(workload.bytes.begin(), workload.bytes.end());
  std::vector<double> one(bytes.size(), 1), cost;
  for (const std::uint64_t size : workload.bytes)
    cost.push_back(delays.origin.expected_micros(size));
  const std::pair<const char*, const std::vector<double>*> values[] = {
      {"object_hit_ratio", &one}, {"byte_hit_ratio", &bytes}, {"cost_hit_ratio", &cost}};
  Json line = described(run);
  for (const auto& [name, value] : values) {
    double sum = 0;
    for (std::size_t i = workload.first_counted; i < objects.size(); ++i)
      sum += (*value)[objects[i]];
    const BoundInput input{&intervals, &bytes, value,
                           static_cast<double>(part_of(workload, run.memory_percent)),
                           objects.size() - workload.first_counted, workload.first_counted};
    line[name] = most_value(input) / sum;
    line[std::string("packed_") + name] = packed_value(input) / sum;
  }
  return line;
}

void add_workload_flags(CLI::App* app, WorkloadOptions* workload) {
  app->add_option("--seed", workload->seed, "of all that is drawn")->capture_default_str();
  app->add_option("--models", workload->models, "how many")->capture_default_str();
  app->add_option("--days", workload->days, "the first warms up")->capture_default_str();
  app->add_option("--requests-per-day", workload->requests_per_day, "on average")
      ->capture_default_str();
  app->add_option("--zipf", workload->zipf, "exponent of popularity")->capture_default_str();
  app->add_option("--moved-per-day", workload->moved_per_day, "part of the ranks that move")
      ->capture_default_str();
}

void add_tuning_flags(CLI::App* app, SimulationOptions* options) {
  app->add_option("--first-percent", options->tuning.first_percent, "S3-FIFO: newcomers' part")
      ->capture_default_str();
  app->add_option("--half-life", options->tuning.half_life_uses,
                  "s3_fifo_cost: uses of the cache that halve counts; 0: the default")
      ->capture_default_str();
  app->add_option("--compared", options->tuning.compared, "s3_fifo_cost: entries per eviction")
      ->capture_default_str();
  app->add_option("--slots", options->slots, "entries and ghosts per tier; 0: 2 per model")
      ->capture_default_str();
  app->add_option("--origin-p50-ms", options->delays.origin.p50_ms, "to the first byte")
      ->capture_default_str();
  app->add_option("--origin-p99-ms", options->delays.origin.p99_ms, "to the first byte")
      ->capture_default_str();
  app->add_option("--origin-mb-per-second", options->delays.origin.mb_per_second, "per fetch")
      ->capture_default_str();
}

class Progress {
 public:
  explicit Progress(std::size_t n) : n_(n), is_shown_(isatty(STDERR_FILENO) != 0) {}
  void next(const std::string& what) {
    if (is_shown_) std::fprintf(stderr, "\r\033[K%zu of %zu: %s", ++done_, n_, what.c_str());
  }
  ~Progress() {
    if (is_shown_) std::fputs("\r\033[K", stderr);
  }

 private:
  std::size_t n_, done_ = 0;
  bool is_shown_;
};

Json workload_line(const Workload& workload, const WorkloadOptions& options) {
  return {{"policy", "workload"},
          {"models", workload.bytes.size()},
          {"total_gb", static_cast<double>(workload.total_bytes()) * 1e-9},
          {"requests", workload.requests.size()},
          {"counted", workload.requests.size() - workload.first_counted},
          {"seed", options.seed},
          {"zipf", options.zipf},
          {"days", options.days},
          {"requests_per_day", options.requests_per_day},
          {"moved_per_day", options.moved_per_day},
          {"diurnal", options.diurnal}};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Simulates core/store's tiers under a drawn workload; a line of JSON per run."};
  WorkloadOptions workload_options;
  SimulationOptions options;
  std::vector<std::string> runs;
  add_workload_flags(&app, &workload_options);
  add_tuning_flags(&app, &options);
  app.add_option("runs", runs,
                 "POLICY:MEMORY[:DISK[:SPEED]]: s3_fifo_cost, s3_fifo, lru, lfu, gdsf, or optimum; "
                 "budgets in percent of all bytes; SPEED: how much faster requests come")
      ->required();
  CLI11_PARSE(app, argc, argv);
  try {
    const Workload workload = draw_workload(workload_options);
    std::cout << workload_line(workload, workload_options).dump() << "\n";
    Progress progress(runs.size());
    for (const std::string& text : runs) {
      progress.next(text);
      const Run run = parse_run(text);
      const Workload faster = run.speed == 1 ? Workload{} : compressed(workload, run.speed);
      const Workload& asked = run.speed == 1 ? workload : faster;
      const Json line = run.policy == "optimum" ? bounded(asked, run, options.delays)
                                                : simulated(asked, run, options);
      std::cout << line.dump() << std::endl;
    }
  } catch (const std::exception& failure) {
    std::cerr << "tiers_bench: " << failure.what() << "\n";
    return 1;
  }
  return 0;
}
