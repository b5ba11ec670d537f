#include "models/audit/parity/group_rows.h"

#include <algorithm>

#include "models/audit/statistics/random.h"

namespace guardrank::audit {
namespace {

void draw_rows(const Resampled& what, std::uint64_t draw, std::span<Moments> moments) {
  Random random(what.sampling.seed, draw);
  for (std::size_t g = 0; g < what.groups.size(); ++g) {
    const std::vector<std::size_t>& rows = what.groups[g];
    moments[g] = Moments(what.origin);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::size_t row = rows[random.below(rows.size())];
      moments[g].add(what.values[row], what.population->weight(row));
    }
  }
}

void draw_lists(const Resampled& what, std::uint64_t draw, std::span<std::uint32_t> counts,
                std::span<Moments> moments) {
  draw_counts(what.sampling.seed, draw, counts);
  for (std::size_t g = 0; g < what.groups.size(); ++g) {
    moments[g] = Moments(what.origin);
    for (std::size_t row : what.groups[g])
      moments[g].add(what.values[row],
                     what.population->weight(row) * counts[what.population->lists[row]]);
  }
}

}  // namespace

std::vector<std::vector<std::size_t>> rows_by_group(
    const Attribute& attribute, const std::function<bool(std::size_t)>& is_usable) {
  std::vector<std::vector<std::size_t>> rows(attribute.groups.size());
  for (std::size_t row = 0; row < attribute.codes.size(); ++row) {
    if (attribute.codes[row] != no_group && is_usable(row))
      rows[attribute.codes[row]].push_back(row);
  }
  return rows;
}

double effective_rows(const Population& population, std::span<const std::size_t> rows) {
  double sum = 0, squares = 0;
  for (std::size_t row : rows) {
    sum += population.weight(row);
    squares += population.weight(row) * population.weight(row);
  }
  return squares > 0 ? sum * sum / squares : 0;
}

void resample(const Resampled& what, const DrawProgress& progress,
              const std::function<void(std::span<const Moments>)>& visit) {
  std::vector<Moments> moments(what.groups.size());
  const std::vector<std::uint32_t>& lists = what.population->lists;
  std::vector<std::uint32_t> counts(
      lists.empty() ? 0 : *std::max_element(lists.begin(), lists.end()) + 1);
  for (std::uint64_t draw = 0; draw < what.sampling.draws; ++draw) {
    if (lists.empty()) draw_rows(what, draw, moments);
    else draw_lists(what, draw, counts, moments);
    visit(moments);
    if (progress) progress(draw + 1, what.sampling.draws);
  }
}

}  // namespace guardrank::audit
