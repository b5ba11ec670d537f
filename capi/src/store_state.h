// What routes.cc, store.cc and guardrank-fetch read and tell alike.
#pragma once

#include "capi/include/guardrank_store.h"
#include "capi/src/report.h"
#include "core/engine/delivery.h"

namespace guardrank {

// A caller's route, `argument` by name; NULL names nothing. The texts stay the caller's.
Status read_route(const gr_route_values* values, std::string_view argument, RouteKey* key,
                  Error* error);
// Texts are valid until the delivery is called again.
gr_store_state store_state(const Delivery& delivery);

}  // namespace guardrank
