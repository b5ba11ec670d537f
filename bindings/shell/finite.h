// Options that are numbers: NaN and infinity, which every range lets through or hides, are wrong usage.
#pragma once

#include <cmath>
#include <string>

#include <CLI/CLI.hpp>

namespace guardrank::shell {

inline CLI::Validator finite_number() {
  return CLI::Validator(
      [](std::string& text) {
        double number = 0;
        return CLI::detail::lexical_cast(text, number) && std::isfinite(number)
                   ? std::string()
                   : "wanted a finite number, found " + text;
      },
      "");
}

}  // namespace guardrank::shell
