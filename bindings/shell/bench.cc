#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <vector>

#include <nlohmann/json.hpp>

#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/progress.h"
#include "bindings/shell/source.h"
#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  SourceOptions source;
  std::string request;
  double seconds = 2;
};

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

// What one way of asking takes, in microseconds.
struct Times {
  const char* what;
  double least, median, p99;
  std::size_t runs;
};

// Runs for `seconds`, and at least a hundred times after ten that are not counted.
template <typename Run>
Times time(const char* what, double seconds, Run run) {
  constexpr std::size_t n_warm = 10, n_least = 100;
  for (std::size_t i = 0; i < n_warm; ++i) run();
  Progress progress;
  std::vector<double> taken;
  const Clock::time_point begin = Clock::now();
  for (double total = 0; taken.size() < n_least || total < seconds * 1e6;
       total = microseconds_since(begin)) {
    const Clock::time_point start = Clock::now();
    run();
    taken.push_back(microseconds_since(start));
    if (taken.size() % 64 == 0)
      progress.show(what, static_cast<std::size_t>(total), static_cast<std::size_t>(seconds * 1e6));
  }
  progress.clear();
  std::sort(taken.begin(), taken.end());
  const std::size_t n = taken.size();
  return {what, taken.front(), taken[n / 2], taken[n * 99 / 100], n};
}

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options),
        source_(open_source(options.source)),
        session_(create_session(source_.engine.get())),
        request_(create_request(source_.snapshot.get())),
        json_(read_input(options.request, most_bytes::request)) {}

  std::vector<Times> run() {
    read();
    rank();
    n_ranked_ = gr_decision_ranked_count(decision_);
    return {
        time("ranking a request at hand", options_.seconds, [this] { rank(); }),
        time("reading its JSON and ranking", options_.seconds, [this] { read(); rank(); }),
        time("the same, and the decision as JSON", options_.seconds, [this] { read(); rank(); write(); }),
    };
  }

  std::size_t n_ranked() const { return n_ranked_; }
  std::string_view kernel() const { return view(gr_engine_kernel(source_.engine.get())); }
  std::uint64_t session_bytes() const { return gr_session_peak_bytes(session_.get()); }

 private:
  void read() {
    gr_request_reset(request_.get());
    check([&](gr_error** error) {
      return gr_request_from_json(request_.get(), json_.data(), json_.size(), error);
    });
  }
  void rank() {
    check([&](gr_error** error) {
      return gr_rank(session_.get(), request_.get(), &decision_, error);
    });
  }
  void write() {
    gr_text text{};
    check([&](gr_error** error) { return gr_decision_json(decision_, false, &text, error); });
  }

  const Options& options_;
  Source source_;
  Session session_;
  Request request_;
  std::string json_;
  const gr_decision* decision_ = nullptr;
  std::size_t n_ranked_ = 0;
};

void print_json(const Bench& bench, const std::vector<Times>& found) {
  nlohmann::ordered_json json = {{"kernel", bench.kernel()},
                                 {"ranked", bench.n_ranked()},
                                 {"session_bytes", bench.session_bytes()},
                                 {"times", nlohmann::ordered_json::array()}};
  for (const Times& times : found) {
    json["times"].push_back({{"what", times.what},
                             {"least_us", times.least},
                             {"median_us", times.median},
                             {"p99_us", times.p99},
                             {"runs", times.runs}});
  }
  std::cout << json.dump() << '\n';
}

std::string tenths(double us) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", us);
  return text;
}

void print_text(const Bench& bench, const std::vector<Times>& found) {
  constexpr auto right = Table::Align::right;
  Table table({{"microseconds"}, {"least", right}, {"median", right}, {"p99", right}, {"runs", right}});
  for (const Times& times : found)
    table.add({times.what, tenths(times.least), tenths(times.median), tenths(times.p99),
               std::to_string(times.runs)});
  std::cout << bench.n_ranked() << " offers ranked, kernel " << bench.kernel() << ", one thread, a session of "
            << bench.session_bytes() / 1024 << " KB\n"
            << table.text(terminal_width());
}

}  // namespace

void add_bench(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand("bench", "Time one request on this machine");
  const auto options = std::make_shared<Options>();
  add_source_options(command, &options->source);
  add_json_option(command, common);
  command->add_option("--request", options->request, "Request as JSON, or -")->required();
  command->add_option("--seconds", options->seconds, "How long to run each way of asking (2)")
      ->check(CLI::Range(0.0, 3600.0));
  command->footer(
      "What else the machine does slows it down: the least is what the work takes. Peers, sizes and\n"
      "browsers are in ./dev bench of the source tree.");
  (*actions)[command] = [options, common] {
    Bench bench(*options);
    const std::vector<Times> found = bench.run();
    common->as_json ? print_json(bench, found) : print_text(bench, found);
    return 0;
  };
}

}  // namespace guardrank::shell
