// Figures of a release, and the gates that they must pass before a step. Both stand in the signed
// metadata, where numbers with a fraction are texts.
#pragma once

#include <string>

#include "models/publish/canonical_json.h"

namespace guardrank::publish {

// {"report_sha256", "values": {"heads.click.ece": "0.012"}}: every number of a report, by its path.
Json read_figures(std::string_view report, const std::string& name);
// {"canary": [{"figure", "at_most" and/or "at_least"}], ...} by the stage that a step leads to.
Json read_gates(std::string_view text, const std::string& name);

// What keeps a release from going forward over the stages behind `from` up to `to`: a text for each
// gate that does not hold. A figure that is not there holds no gate.
std::vector<std::string> closed_gates(const Json& gates, const Json& figures, const std::string& from,
                                      const std::string& to);

}  // namespace guardrank::publish
