#include "models/audit/variations/moves.h"

#include <algorithm>
#include <cmath>

#include "models/pack/pack_error.h"

namespace guardrank::audit {
namespace {

using pack::PackError;

std::string name_of(const Pipeline& pipeline, std::uint32_t fact) {
  return std::string(pipeline.fact_names[fact]);
}

FactMove named_fact(const plan::VariedPipeline& pipeline, const std::string& name) {
  std::string known;
  for (const std::uint32_t fact : pipeline.model_facts()) {
    const std::string own = name_of(pipeline.pipeline(), fact);
    if (own == name) return {fact, name};
    known += (known.empty() ? "" : ", ") + own;
  }
  throw PackError(Status::name, "specification.drop",
                  "the model reads no fact \"" + name + "\"; it reads " + known);
}

bool has_bounds(const Parameter& parameter) {
  return std::isfinite(parameter.minimum) && std::isfinite(parameter.maximum);
}

ParameterMove move_of(const plan::VariedPipeline& pipeline, std::size_t which) {
  const Parameter& parameter = pipeline.parameter(which);
  return {which, std::string(parameter.name), parameter.value, parameter.minimum,
          parameter.maximum};
}

ParameterMove named_parameter(const plan::VariedPipeline& pipeline, std::string name) {
  if (name.starts_with("param.")) name.erase(0, 6);
  const auto& parameters = pipeline.pipeline().policy->parameters;
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const Parameter& one) { return one.name == name; });
  const auto refuse = [&](Status status, const char* what) {
    throw PackError(status, "specification.vary", what + (" \"" + name + "\""));
  };
  if (found == parameters.end()) refuse(Status::name, "the policy has no parameter");
  if (!has_bounds(*found)) refuse(Status::argument, "no minimum or no maximum to vary between:");
  if (found->minimum == found->maximum) refuse(Status::argument, "its bounds leave no room:");
  return move_of(pipeline, static_cast<std::size_t>(found - parameters.begin()));
}

// Named twice, or under two spellings, is one move.
template <typename Move>
void add_once(Move move, std::vector<Move>* moves) {
  const auto is_same = [&](const Move& one) { return one.name == move.name; };
  if (std::none_of(moves->begin(), moves->end(), is_same)) moves->push_back(std::move(move));
}

void add_all(const plan::VariedPipeline& pipeline, Moves* moves) {
  for (const std::uint32_t fact : pipeline.model_facts())
    moves->facts.push_back({fact, name_of(pipeline.pipeline(), fact)});
  const auto& parameters = pipeline.pipeline().policy->parameters;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!has_bounds(parameters[i])) moves->left_out.emplace_back(parameters[i].name);
    else if (parameters[i].minimum < parameters[i].maximum)
      moves->parameters.push_back(move_of(pipeline, i));
  }
}

}  // namespace

Moves find_moves(const plan::VariedPipeline& pipeline, const VariationsChoice& choice) {
  Moves moves;
  for (const std::string& name : choice.drop) add_once(named_fact(pipeline, name), &moves.facts);
  for (const std::string& name : choice.vary)
    add_once(named_parameter(pipeline, name), &moves.parameters);
  if (choice.drop.empty() && choice.vary.empty()) add_all(pipeline, &moves);
  if (moves.facts.empty() && moves.parameters.empty())
    throw PackError(Status::argument, "specification.alternatives",
                    "nothing to try: the model reads no fact, and no parameter has bounds");
  return moves;
}

Variation as_deployed(const Moves& moves) {
  Variation variation;
  variation.is_withheld.assign(moves.facts.size(), 0);
  for (const ParameterMove& move : moves.parameters) variation.values.push_back(move.own);
  return variation;
}

std::size_t n_withheld(const Variation& variation) {
  return static_cast<std::size_t>(
      std::count(variation.is_withheld.begin(), variation.is_withheld.end(), 1));
}

std::size_t n_changed(const Moves& moves, const Variation& variation) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < moves.parameters.size(); ++i)
    n += variation.values[i] != moves.parameters[i].own ? 1 : 0;
  return n;
}

void apply(const Moves& moves, const Variation& variation, plan::VariedPipeline* pipeline) {
  std::vector<std::uint32_t> withheld;
  for (std::size_t i = 0; i < moves.facts.size(); ++i)
    if (variation.is_withheld[i] != 0) withheld.push_back(moves.facts[i].fact);
  pipeline->withhold(withheld);
  for (std::size_t i = 0; i < moves.parameters.size(); ++i)
    pipeline->set(moves.parameters[i].parameter, variation.values[i]);
}

}  // namespace guardrank::audit
