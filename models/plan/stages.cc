#include "models/plan/stages.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "core/engine/snapshot.h"
#include "models/pack/documents/policy_document.h"
#include "models/pack/pack_error.h"
#include "models/pack/retrieval/measured_of.h"
#include "models/pack/weights/input_file.h"
#include "models/plan/pages.h"
#include "models/plan/stage_document.h"
#include "models/plan/stage_sample.h"

namespace guardrank::plan {
namespace {

using Json = nlohmann::ordered_json;
using pack::PackError;

constexpr double step_of_grid = 1.5;          // from one K to the next
constexpr int digits_of_times = 3, digits_of_recall = 4;
constexpr std::size_t n_smaller_sizes = 3;    // an eighth, a quarter and half of the candidates

// Figures that call for stage one whatever the number of candidates, for packing.
TwoStage always_two_stages() {
  TwoStage figures;
  figures.is_set = true;
  figures.c2_us = 1;
  return figures;
}

struct GridPoint {
  std::uint32_t n_kept = 0;
  double kept = 0, total = 0, worst = 1;
  std::vector<double> times;

  void add(const ValueKept& value) {
    kept += value.kept;
    total += value.total;
    worst = std::min(worst, value.recall());
  }
  double recall() const { return total > 0 ? kept / total : 1; }
};

class StagePlanning {
 public:
  StagePlanning(const pack::PackInputs& inputs, std::string_view requests,
                const StagesChoice& choice)
      : choice_(choice), progress_(inputs.progress), sample_(read_sample(requests, choice.limit)) {
    if (choice.n_runs == 0) throw PackError(Status::argument, "runs", "wanted at least 1");
    document_ = pack::read_document(inputs.policy, inputs.policy.filename().string());
    state(inputs.policy.filename().string());
    pack::PackInputs forced = inputs;
    forced.two_stage = always_two_stages();
    packed_ = pack::pack(forced);
    measured_of_ = pack::measured_of(packed_.model->trained,
                                     pack::read_policy(document_, forced.two_stage).policy());
    Error error;
    pack::throw_if(snapshot_.open(packed_.bundle, Check::structure, KernelChoice::automatic, false,
                                  &error), error);
    runner_ = std::make_unique<StageRunner>(snapshot_.pipeline());
  }

  StagesPlan run() {
    time_full_paths();
    run_grid();
    fit_costs(rankings_, &figures_);
    figures_.fixed_us = rounded_up(figures_.fixed_us, digits_of_times);
    figures_.c1_us = rounded_up(figures_.c1_us, digits_of_times);
    figures_.c2_us = rounded_up(figures_.c2_us, digits_of_times);
    measure_planned();
    StagesPlan plan;
    const Json report = make_report();
    plan.report = report.dump();
    plan.page = stages_page(report);
    plan.policy = write_stages(document_, figures_, measured_of_);
    return plan;
  }

 private:
  void state(const std::string& file) {
    StatedStages stated;
    try {
      stated = read_stated_stages(document_);
    } catch (const PackError& problem) {
      throw problem.within(file);
    }
    const auto budget = choice_.budget_us ? choice_.budget_us : stated.budget_us;
    const auto recall = choice_.min_value_recall ? choice_.min_value_recall
                                                 : stated.min_value_recall;
    if (!budget)
      throw PackError(Status::missing, file + ": two_stage.budget_us",
                      "wanted the time that a ranking may take, here or as a choice");
    figures_.is_set = true;
    figures_.budget_us = *budget;
    if (recall) figures_.min_value_recall = *recall;
  }

  void show(const char* step, std::size_t done, std::size_t total) const {
    if (progress_) progress_(step, done, total);
  }

  // Full paths of every request, and of some with fewer candidates: what tells fixed from c2.
  void time_full_paths() {
    for (std::size_t i = 0; i < sample_.size(); ++i) {
      const TimedRanking whole = runner_->run_full(sample_[i], choice_.n_runs);
      rankings_.push_back(whole);
      eligible_.push_back(whole.n_eligible);
      full_times_.push_back(whole.micros);
      for (std::size_t part = 0; part < n_smaller_sizes; ++part) add_smaller(sample_[i], part);
      show("full path", i + 1, sample_.size());
    }
  }

  void add_smaller(const SampledRequest& request, std::size_t part) {
    const Catalog& catalog = *snapshot_.pipeline().catalog;
    const Json json = Json::parse(request.json);
    const std::size_t all =
        json.contains("candidates") ? json.at("candidates").size() : catalog.n_offers;
    const std::size_t n = all >> (part + 1);
    if (n == 0) return;
    const TimedRanking timed =
        runner_->run_full({with_fewer_candidates(request, catalog, n), request.line},
                          choice_.n_runs);
    if (timed.n_scored > 0) rankings_.push_back(timed);
  }

  std::vector<GridPoint> make_grid() const {
    std::vector<GridPoint> grid;
    const double most = *std::max_element(eligible_.begin(), eligible_.end());
    for (double k = choice_.limit; k < most; k *= step_of_grid) {
      GridPoint point;
      point.n_kept = static_cast<std::uint32_t>(k);
      grid.push_back(point);
    }
    return grid;
  }

  // Every request at every K.
  void run_grid() {
    grid_ = make_grid();
    for (std::size_t i = 0; i < sample_.size(); ++i) {
      runner_->run_full(sample_[i], 0);
      for (GridPoint& point : grid_) {
        const TimedRanking timed = runner_->run_with(sample_[i], point.n_kept, choice_.n_runs);
        point.add(runner_->value_kept());
        point.times.push_back(timed.micros);
        if (timed.is_two_stage) rankings_.push_back(timed);
      }
      show("stage one", i + 1, sample_.size());
    }
  }

  // As the policy will have it: each request with the K that the figures give it.
  void measure_planned() {
    std::vector<double> kept;
    for (std::size_t i = 0; i < sample_.size(); ++i) {
      runner_->run_full(sample_[i], 0);
      const TimedRanking planned = runner_->run_planned(sample_[i], figures_);
      planned_.add(runner_->value_kept());
      kept.push_back(planned.n_scored);
      n_two_stage_ += planned.is_two_stage ? 1 : 0;
      show("value-recall", i + 1, sample_.size());
    }
    median_kept_ = median(kept);
    figures_.measured_value_recall = rounded_down(planned_.recall(), digits_of_recall);
  }

  // The least budget that keeps what the policy wants: of the grid, or of a single stage of most requests.
  double sufficient_budget() const {
    const double n = median(eligible_);
    double least = single_stage_budget();
    for (const GridPoint& point : grid_)
      if (rounded_down(point.recall(), digits_of_recall) >= figures_.min_value_recall)
        least = std::min(least, figures_.fixed_us + figures_.c1_us * n + figures_.c2_us * point.n_kept);
    return rounded_up(least, digits_of_times);
  }

  double single_stage_budget() const {
    return figures_.fixed_us + figures_.c2_us * *std::max_element(eligible_.begin(), eligible_.end());
  }

  double fit_error() const {
    std::vector<double> errors;
    for (const TimedRanking& one : rankings_)
      if (one.micros > 0)
        errors.push_back(std::abs(predicted(figures_, one) - one.micros) / one.micros);
    return median(errors);
  }

  Json make_report() const {
    Json grid = Json::array();
    for (const GridPoint& point : grid_)
      grid.push_back({{"k", point.n_kept},
                      {"value_recall", point.recall()},
                      {"worst_request", point.worst},
                      {"micros", median(point.times)}});
    return {{"requests", sample_.size()},
            {"runs", choice_.n_runs},
            {"offers", snapshot_.pipeline().catalog->n_offers},
            {"eligible", median(eligible_)},
            {"full_path_micros", median(full_times_)},
            {"two_stage",
             {{"budget_us", figures_.budget_us},
              {"fixed_us", figures_.fixed_us},
              {"c1_us", figures_.c1_us},
              {"c2_us", figures_.c2_us},
              {"min_value_recall", figures_.min_value_recall},
              {"measured_value_recall", figures_.measured_value_recall}}},
            {"measured_of", measured_of_},
            {"fit_error", fit_error()},
            {"k", median_kept_},
            {"requests_in_two_stages", n_two_stage_},
            {"worst_request", planned_.worst},
            {"is_enough", figures_.measured_value_recall >= figures_.min_value_recall},
            {"sufficient_budget_us", sufficient_budget()},
            {"single_stage_budget_us", rounded_up(single_stage_budget(), digits_of_times)},
            {"grid", grid}};
  }

  StagesChoice choice_;
  pack::Progress progress_;
  std::vector<SampledRequest> sample_;
  std::string document_, measured_of_;
  TwoStage figures_;
  pack::PackResult packed_;
  Snapshot snapshot_{pack::system_allocator()};
  std::unique_ptr<StageRunner> runner_;
  std::vector<TimedRanking> rankings_;
  std::vector<double> eligible_, full_times_;
  std::vector<GridPoint> grid_;
  GridPoint planned_;
  std::size_t n_two_stage_ = 0;
  double median_kept_ = 0;
};

}  // namespace

StagesPlan plan_stages(const pack::PackInputs& inputs, std::string_view requests,
                       const StagesChoice& choice) {
  return StagePlanning(inputs, requests, choice).run();
}

}  // namespace guardrank::plan
