#include "models/audit/alternatives/contrasts.h"

#include <algorithm>

#include "models/pack/pack_error.h"

namespace guardrank::audit {

std::vector<Contrast> find_contrasts(const Population& population,
                                     std::span<const std::uint32_t> references,
                                     std::uint64_t min_group) {
  std::vector<Contrast> contrasts;
  for (std::size_t a = 0; a < population.attributes.size(); ++a) {
    const Attribute& attribute = population.attributes[a];
    for (std::uint32_t g = 0; g < attribute.groups.size(); ++g) {
      const auto n = static_cast<std::uint64_t>(
          std::count(attribute.codes.begin(), attribute.codes.end(), g));
      if (g == references[a] || n < min_group) continue;
      contrasts.push_back({attribute.name, attribute.groups[g], attribute.groups[references[a]], a,
                           g, references[a]});
    }
  }
  if (contrasts.empty())
    throw pack::PackError(Status::argument, "groups",
                          "no group beside the reference has " + std::to_string(min_group) +
                              " rows: nothing to search alternatives for");
  return contrasts;
}

}  // namespace guardrank::audit
