// A request's route on the command line: --request, --route and --unit.
#pragma once

#include <array>
#include <string>

#include "bindings/shell/library.h"
#include "guardrank_store.h"

namespace CLI {
class App;
}

namespace guardrank::shell {

struct RouteOption {
  std::string request, route, unit;
};

void add_route_options(CLI::App* command, RouteOption* option);

class RouteValues {
 public:
  // Throws a Failure that names what is wrong.
  explicit RouteValues(const RouteOption& option);
  // Views into this.
  gr_route_values view() const;

 private:
  std::array<std::string, 6> texts_;   // product, market, segment, partner, surface, unit
};

}  // namespace guardrank::shell
