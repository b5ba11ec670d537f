// A text that a regular expression matches, to be tried.
#pragma once

#include <string>
#include <string_view>

namespace guardrank::lint {

// From the usual parts of a pattern: literals, classes, groups, the first alternative, the fewest
// repetitions. A guess: who uses it runs the pattern. Never more than a few hundred bytes.
std::string pattern_sample(std::string_view pattern);

}  // namespace guardrank::lint
