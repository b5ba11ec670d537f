#include "models/audit/ranking/rankings.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/frame/frame.h"
#include "models/pack/pack_error.h"
#include "models/pack/rows/request_lines.h"

namespace guardrank::audit {
namespace {

using pack::PackError;
using pack::throw_if;

constexpr std::string_view candidate_prefix = "offer.";

// The head named, else "approve", else the last probability head.
std::size_t find_head(const Pipeline& pipeline, const std::string& name) {
  const auto& heads = pipeline.model->heads;
  std::size_t found = heads.size();
  for (std::size_t h = 0; h < heads.size(); ++h) {
    if (heads[h].kind != HeadKind::probability) continue;
    if (heads[h].name == (name.empty() ? "approve" : name)) return h;
    if (name.empty()) found = h;
  }
  if (found == heads.size())
    throw PackError(Status::name, "specification.head",
                    name.empty() ? std::string("the model has no probability head")
                                 : "no probability head is called \"" + name + "\"");
  return found;
}

std::uint32_t find_label(const Pipeline& pipeline, std::string_view name) {
  if (name.empty()) return no_fact;
  std::string_view bare = name;
  if (bare.starts_with(candidate_prefix)) bare.remove_prefix(candidate_prefix.size());
  const std::uint32_t fact = pipeline.facts->find(Namespace::candidate, bare);
  const FactType type = fact == no_fact ? FactType::f32_vector : (*pipeline.facts)[fact].type;
  if (type == FactType::string_list || type == FactType::f32_vector)
    throw PackError(Status::name, "specification.by",
                    std::string(name) + " is no single value that the bundle knows of offers");
  return fact;
}

class Ranker {
 public:
  Ranker(const RankingInput& input, const RankingChoice& choice)
      : pipeline_(*input.pipeline),
        session_(input.session),
        choice_(choice),
        head_(find_head(pipeline_, choice.head)),
        request_(*pipeline_.facts, pipeline_.catalog, input.allocator) {
    out_.head = pipeline_.model->heads[head_].name;
    out_.offers = std::make_unique<Offers>(find_label(pipeline_, choice.by));
    if (!choice.has_steering) return;
    const std::vector<std::uint32_t> payouts = find_payouts(pipeline_, choice.payouts);
    for (std::uint32_t fact : payouts)
      out_.payouts.push_back(std::string(candidate_prefix) +
                             std::string((*pipeline_.facts)[fact].name));
    out_.payouts_of_model = payouts_of_model(pipeline_, payouts);
    equal_ = std::make_unique<EqualPayouts>(pipeline_, payouts, input.allocator);
  }

  void add(std::string_view line) {
    Error error;
    throw_if(read_request_json(line, &request_, &error), error);
    RankedRequest ranked;
    ranked.id = request_.request_id();
    ranked.depth = choice_.depth != 0 ? choice_.depth : request_.limit();
    if (ranked.depth == 0) ranked.depth = SIZE_MAX;
    request_.set_limit(0);
    out_.offers->open(request_);
    ranked.actual = run(pipeline_, request_);
    if (equal_ != nullptr) {
      Request& request = equal_->read(line);
      request.set_limit(0);
      ranked.equal = run(equal_->pipeline(), request);
    }
    out_.requests.push_back(std::move(ranked));
  }

  Rankings take() { return std::move(out_); }

 private:
  std::vector<Shown> run(const Pipeline& pipeline, const Request& request) {
    Error error;
    Decision decision;
    throw_if(rank(pipeline, request, session_, &decision, &error), error);
    std::vector<Shown> shown;
    for (const Placed& placed : decision.ranked) {
      Shown one;
      one.offer = out_.offers->add(request, decision.candidates[placed.row]);
      one.probability = decision.heads[head_].probability[placed.row];
      one.score = static_cast<double>(decision.scores.score[placed.row]) / 1e6;
      shown.push_back(one);
    }
    return shown;
  }

  const Pipeline& pipeline_;
  Session* session_;
  const RankingChoice& choice_;
  std::size_t head_;
  Request request_;
  std::unique_ptr<EqualPayouts> equal_;
  Rankings out_;
};

}  // namespace

void Offers::open(const Request& request) {
  if (by_ == no_fact || request.n_candidates() == 0) return;
  memory_.arena().reset();
  Error error;
  Frame frame;
  throw_if(frame.open(request, &memory_.arena()), error);
  throw_if(frame.column(by_, &column_), error);
}

std::uint32_t Offers::add(const Request& request, std::uint32_t candidate) {
  const std::string_view name = request.offer_id(candidate);
  const auto found = ordinals_.find(name);
  if (found != ordinals_.end()) return found->second;
  const auto ordinal = static_cast<std::uint32_t>(names_.size());
  ordinals_.emplace(name, ordinal);
  names_.emplace_back(name);
  labels_.push_back(by_ == no_fact ? 0 : label_of(candidate));
  return ordinal;
}

std::uint32_t Offers::label_of(std::uint32_t candidate) {
  std::string label = "(none)";
  const std::uint32_t row = column_.row_of(candidate);
  if (column_.is_present(row)) {
    char number[32];
    switch (column_.type) {
      case FactType::string: label = column_.strings[row]; break;
      case FactType::boolean: label = column_.booleans[row] != 0 ? "true" : "false"; break;
      case FactType::f64:
        std::snprintf(number, sizeof number, "%.6g", column_.numbers[row]);
        label = number;
        break;
      default: label = std::to_string(column_.integers[row]);
    }
  }
  const auto [at, is_new] =
      label_ordinals_.emplace(label, static_cast<std::uint32_t>(label_names_.size()));
  if (is_new) label_names_.push_back(label);
  return at->second;
}

Rankings rank_requests(const RankingInput& input, const RankingChoice& choice,
                       const Progress& progress) {
  Ranker ranker(input, choice);
  pack::for_each_request_line(input.requests, [&](std::string_view line, std::size_t number) {
    ranker.add(line);
    const auto done = static_cast<std::uint64_t>(line.data() - input.requests.data());
    if (progress && number % 16 == 0) progress("ranking", done, input.requests.size());
  });
  Rankings rankings = ranker.take();
  if (rankings.requests.empty())
    throw PackError(Status::argument, "requests", "no request to rank");
  return rankings;
}

}  // namespace guardrank::audit
