#include "models/plan/sample_outcome.h"

#include <limits>

#include "core/frame/frame.h"
#include "models/pack/memory.h"
#include "models/pack/metrics/metrics.h"
#include "models/pack/pack_error.h"
#include "models/pack/rows/request_lines.h"

namespace guardrank::plan {
namespace {

constexpr double micros_per_unit = 1e6;

std::string text_of(std::string_view text) { return std::string(text); }

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : std::numeric_limits<double>::quiet_NaN();
}

std::string_view route_member(const RouteKey& key, std::string_view name) {
  if (name == "product") return key.product;
  if (name == "market") return key.market;
  if (name == "segment") return key.segment;
  if (name == "partner") return key.partner;
  if (name == "surface") return key.surface;
  throw pack::PackError(Status::name, "segment",
                        "wanted ctx.<fact>, product, market, segment, partner or surface");
}

}  // namespace

Figures::Figures(const Pipeline& pipeline) : policy_(pipeline.policy), model_(pipeline.model) {
  names_ = {"revenue", "score", "shown", "empty"};
  for (const Term& term : policy_->terms) names_.push_back("term." + text_of(term.id));
  for (const Head& head : model_->heads) {
    if (head.kind != HeadKind::probability) continue;
    for (const char* prefix : {"p.", "reach.", head.given == no_head ? "share." : "rate."})
      names_.push_back(prefix + text_of(head.name));
  }
  for (const Guardrail& guardrail : policy_->guardrails)
    names_.push_back("removed." + text_of(guardrail.id));
  for (std::size_t i = 0; i < names_.size(); ++i) ordinals_[names_[i]] = i;
}

std::size_t Figures::find(const std::string& name) const {
  const auto found = ordinals_.find(name);
  if (found != ordinals_.end()) return found->second;
  std::string known;
  for (const std::string& one : names_) known += (known.empty() ? "" : ", ") + one;
  throw pack::PackError(Status::name, "figure", "no figure \"" + name + "\"; there are " + known);
}

void Figures::add_terms(const Decision& decision,
                        const std::vector<std::vector<std::int64_t>>& revenue, std::uint32_t row,
                        double weight, std::vector<double>* sums) const {
  std::size_t n_revenue = 0;
  for (std::size_t t = 0; t < policy_->terms.size(); ++t) {
    const bool is_revenue = policy_->terms[t].kind == TermKind::revenue;
    const std::int64_t micros =
        is_revenue ? revenue[n_revenue++][row] : decision.scores.terms[t][row];
    const double amount = static_cast<double>(micros) / micros_per_unit;
    (*sums)[at("term." + text_of(policy_->terms[t].id))] += weight * amount;
    if (is_revenue) (*sums)[at("revenue")] += weight * amount;
  }
}

void Figures::add(const Decision& decision, OwnRevenue* revenue, std::size_t depth,
                  std::vector<double>* sums) const {
  const std::vector<std::vector<std::int64_t>>& brought = revenue->of(decision);
  const std::size_t n_shown = std::min(depth, decision.ranked.size());
  double total = 0;
  for (std::size_t i = 0; i < n_shown; ++i) total += pack::exposure_at(i);
  for (std::size_t i = 0; i < n_shown; ++i) {
    const std::uint32_t row = decision.ranked[i].row;
    const double weight = pack::exposure_at(i) / total;
    (*sums)[at("score")] +=
        weight * static_cast<double>(decision.scores.score[row]) / micros_per_unit;
    add_terms(decision, brought, row, weight, sums);
    for (std::size_t h = 0; h < model_->heads.size(); ++h) {
      if (!is_probability(h)) continue;
      const std::string name = text_of(model_->heads[h].name);
      (*sums)[at("p." + name)] += weight * decision.heads[h].probability[row];
      (*sums)[at("reach." + name)] += weight * decision.heads[h].reach[row];
    }
  }
  (*sums)[at("shown")] += static_cast<double>(n_shown);
  (*sums)[at("empty")] += n_shown == 0 ? 1 : 0;
  for (const Exclusion& exclusion : decision.excluded)
    for (const Reason& reason : decision.exclusions->reasons(exclusion))
      if (reason.kind == ReasonKind::guardrail)
        (*sums)[at("removed." + text_of(policy_->guardrails[reason.index].id))] += 1;
}

std::vector<double> Figures::means(const std::vector<double>& sums, double n) const {
  std::vector<double> means(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) means[i] = n > 0 ? sums[i] / n : 0;
  double whole = 0;
  for (std::size_t h = 0; h < model_->heads.size(); ++h)
    if (is_probability(h) && model_->heads[h].given == no_head) whole += sums[reach_at(h)];
  for (std::size_t h = 0; h < model_->heads.size(); ++h) {
    if (!is_probability(h)) continue;
    const std::string name = text_of(model_->heads[h].name);
    const std::uint32_t given = model_->heads[h].given;
    means[at("p." + name)] = ratio(sums[at("p." + name)], n - sums[at("empty")]);
    if (given == no_head) means[at("share." + name)] = ratio(sums[reach_at(h)], whole);
    else means[at("rate." + name)] = ratio(sums[reach_at(h)], sums[reach_at(given)]);
  }
  return means;
}

bool Figures::is_probability(std::size_t head) const {
  return model_->heads[head].kind == HeadKind::probability;
}

std::size_t Figures::reach_at(std::size_t head) const {
  return at("reach." + text_of(model_->heads[head].name));
}

Sample::Sample(const Pipeline& pipeline, std::string_view requests, std::string segment,
               std::size_t depth)
    : own_(pipeline), figures_(pipeline), segment_(std::move(segment)), depth_(depth) {
  pack::Memory memory;
  pack::for_each_request_line(requests, [&](std::string_view line, std::size_t number) {
    memory.arena().reset();
    requests_.emplace_back(pack::take_labels(line, &memory).request);
    lines_.push_back(number);
  });
  if (requests_.empty()) throw pack::PackError(Status::missing, "requests", "there are none");
}

std::string Sample::segment_of(const Request& request, const FactTable& facts) const {
  if (segment_.empty()) return {};
  if (!segment_.starts_with("ctx.")) return text_of(route_member(request.route(), segment_));
  const std::uint32_t fact = facts.find(Namespace::context, segment_.substr(4));
  if (fact == no_fact)
    throw pack::PackError(Status::name, "segment", "the bundle knows no fact " + segment_);
  const Column& given = request.given(fact);
  if (given.n_rows == 0 || !given.is_present(0)) return "(missing)";
  switch (given.type) {
    case FactType::string: return text_of(given.strings[0]);
    case FactType::i64: return std::to_string(given.integers[0]);
    case FactType::boolean: return given.booleans[0] != 0 ? "true" : "false";
    default: break;
  }
  throw pack::PackError(Status::type, "segment", segment_ + " is no text, whole number or boolean");
}

SampleOutcome Sample::run(const Pipeline& pipeline,
                          const std::function<void(std::size_t)>& ranked) const {
  Request request(*pipeline.facts, pipeline.catalog, pack::system_allocator());
  Session session(pack::system_allocator(), SIZE_MAX);
  OwnRevenue revenue(own_);
  std::map<std::string, Segment> segments;
  std::vector<double> sums(figures_.names().size());
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    Decision decision;
    Error error;
    try {
      pack::throw_if(read_request_json(requests_[i], &request, &error), error);
      pack::throw_if(rank(pipeline, request, &session, &decision, &error), error);
    } catch (const pack::PackError& problem) {
      throw problem.within("line " + std::to_string(lines_[i]));
    }
    Segment& segment = segments[segment_of(request, *pipeline.facts)];
    segment.sums.resize(sums.size());
    segment.n_requests += 1;
    figures_.add(decision, &revenue, depth_, &segment.sums);
    if (ranked) ranked(i + 1);
  }
  SampleOutcome outcome;
  for (auto& [name, segment] : segments) {
    for (std::size_t f = 0; f < sums.size(); ++f) sums[f] += segment.sums[f];
    segment.name = name;
    outcome.segments.push_back(segment);
  }
  outcome.means = figures_.means(sums, static_cast<double>(requests_.size()));
  return outcome;
}

}  // namespace guardrank::plan
