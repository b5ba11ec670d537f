#include "models/pack/quantise/ranges.h"

#include <algorithm>

namespace guardrank::pack {
namespace {

void add_matrix(const Matrix& values, Range* range) {
  for (std::size_t i = 0; i < values.size(); ++i) range->add(values.data()[i]);
}

void add_columns(const Matrix& x, std::size_t first, std::size_t count, Range* range) {
  for (std::size_t row = 0; row < x.shape(0); ++row) {
    for (std::size_t j = 0; j < count; ++j) range->add(x(row, first + j));
  }
}

}  // namespace

Ranges::Ranges(const TrainedModel& model) : fields(model.fields.size()) {
  for (const TrainedLevel& level : model.levels) {
    experts.emplace_back();
    for (const TrainedExpert& expert : level.experts)
      experts.back().emplace_back(expert.layers.size());
    gates.emplace_back(level.gates.size());
  }
  for (const TrainedHead& head : model.heads) towers.emplace_back(head.tower.size() - 1);
  if (model.retrieval) context_tower.resize(model.retrieval->context.size());
}

void Ranges::add(const TrainedModel& model, const Matrix& x, const Activations& activations) {
  std::size_t column = 0;
  for (std::size_t f = 0; f < model.fields.size(); ++f) {
    const Field& field = model.fields[f];
    add_columns(x, column, field.n_inputs() - (field.has_indicator ? 1 : 0), &fields[f]);
    column += field.n_inputs();
  }
  for (std::size_t l = 0; l < experts.size(); ++l) {
    for (std::size_t e = 0; e < experts[l].size(); ++e) {
      for (std::size_t k = 0; k < experts[l][e].size(); ++k)
        add_matrix(activations.experts[l][e][k], &experts[l][e][k]);
    }
    for (std::size_t g = 0; g < gates[l].size(); ++g)
      add_matrix(activations.gates[l][g], &gates[l][g]);
  }
  for (std::size_t h = 0; h < towers.size(); ++h) {
    for (std::size_t k = 0; k < towers[h].size(); ++k)
      add_matrix(activations.towers[h][k], &towers[h][k]);
  }
  for (std::size_t k = 0; k < context_tower.size(); ++k)
    add_matrix(activations.context_tower[k], &context_tower[k]);
  n_rows += x.shape(0);
}

bool needs_rows(const TrainedModel& model) {
  if (!model.levels.empty() || model.retrieval) return true;
  for (const Field& field : model.fields) {
    if (field.output == OutputKind::dense || field.pooling == Pooling::sum) return true;
  }
  return std::any_of(model.heads.begin(), model.heads.end(),
                     [](const TrainedHead& head) { return head.tower.size() > 1; });
}

}  // namespace guardrank::pack
