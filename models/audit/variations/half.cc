#include "models/audit/variations/half.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/hash.h"
#include "models/pack/pack_error.h"

namespace guardrank::audit {
namespace {

constexpr std::ptrdiff_t least_requests = 10;    // of a group in a half

// Sums over the requests of one group.
struct GroupSums {
  double n = 0, shown = 0, reach = 0;

  void add(const RequestOutcome& outcome, double count) {
    n += count;
    shown += outcome.is_shown ? count : 0;
    reach += count * outcome.reach;
  }
};

void add(std::size_t request, std::string_view line, const Population& population, Half* half) {
  half->requests.push_back(request);
  half->lines.push_back(line);
  half->codes.resize(population.attributes.size());
  for (std::size_t a = 0; a < population.attributes.size(); ++a)
    half->codes[a].push_back(population.attributes[a].codes[request]);
}

void check_group(const Half& half, const Contrast& contrast, std::uint32_t code,
                 const std::string& group) {
  const auto found = contrast.attribute_index < half.codes.size()
                         ? std::count(half.codes[contrast.attribute_index].begin(),
                                      half.codes[contrast.attribute_index].end(), code)
                         : 0;
  if (found >= least_requests) return;
  throw pack::PackError(Status::argument, "groups",
                        "too few requests to search for alternatives: of " + contrast.attribute +
                            " " + group + " each half of the requests wants " +
                            std::to_string(least_requests) + ", one has " +
                            std::to_string(found));
}

}  // namespace

double parity_of(double ratio) { return ratio > 1 ? 1 / ratio : ratio; }

Halves split_requests(std::span<const std::string_view> lines, const Rankings& rankings,
                      const Population& population, std::span<const Contrast> contrasts,
                      std::uint64_t seed) {
  Halves halves;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool reports = (xxh64(rankings.requests[i].id, seed) & 1) != 0;
    add(i, lines[i], population, reports ? &halves.reporting : &halves.choosing);
  }
  for (const Half* half : {&halves.choosing, &halves.reporting}) {
    for (const Contrast& contrast : contrasts) {
      check_group(*half, contrast, contrast.group_code, contrast.group);
      check_group(*half, contrast, contrast.reference_code, contrast.reference);
    }
  }
  return halves;
}

std::vector<ContrastFigures> HalfMeasure::figures(const Outcomes& outcomes,
                                                  std::span<const std::uint32_t> counts) const {
  std::vector<ContrastFigures> figures;
  for (const Contrast& contrast : contrasts_) {
    const std::vector<std::uint32_t>& codes = half_.codes[contrast.attribute_index];
    GroupSums own, reference;
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const double count = counts.empty() ? 1 : counts[i];
      if (codes[i] == contrast.group_code) own.add(outcomes[i], count);
      if (codes[i] == contrast.reference_code) reference.add(outcomes[i], count);
    }
    figures.push_back({own.shown / own.n, reference.shown / reference.n, own.reach / own.n,
                       reference.reach / reference.n});
  }
  return figures;
}

Standing HalfMeasure::standing(const Outcomes& outcomes,
                               std::span<const std::uint32_t> counts) const {
  double value = 0, n = 0;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const double count = counts.empty() ? 1 : counts[i];
    value += count * outcomes[i].value;
    n += count;
  }
  Standing standing{value / n, std::numeric_limits<double>::infinity()};
  for (const ContrastFigures& one : figures(outcomes, counts)) {
    const double parity = parity_of(judge_ == Judge::reach ? one.reach_ratio() : one.air());
    if (std::isnan(parity) || parity < standing.air) standing.air = parity;
    if (std::isnan(standing.air)) break;
  }
  return standing;
}

}  // namespace guardrank::audit
