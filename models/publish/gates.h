// Figures of a release, and the gates that they must pass before a step. The signed metadata has the gates
// and what they ask for, numbers with a fraction as texts; all figures are a blob that it names, since every reader
// fetches metadata.
#pragma once

#include <string>

#include "models/publish/canonical_json.h"
#include "models/publish/origin_folder.h"

namespace guardrank::publish {

// {"report_sha256", "values": {"heads.click.ece": "0.012"}}: every number of a report, by its path.
Json read_figures(std::string_view report, const std::string& name);
// What the metadata signs of them: "values" of those alone that a gate names, and "values_sha256", the name of the
// blob that has them all.
Json signed_figures(const Json& figures, const Json& gates);
std::string figures_blob(const Json& figures);
// All figures again, as far as the origin has that blob. Throws PackError where it holds something else.
Json whole_figures(const Json& signed_before, const OriginFolder& origin);

// {"canary": [{"figure", "at_most" and/or "at_least"}], ...} by the stage that a step leads to.
Json read_gates(std::string_view text, const std::string& name);

// What keeps a release from going forward over the stages behind `from` up to `to`: a text for each
// gate that does not hold. A figure that is not there holds no gate.
std::vector<std::string> closed_gates(const Json& gates, const Json& figures, const std::string& from,
                                      const std::string& to);

}  // namespace guardrank::publish
