#include "capi/include/guardrank.h"
#include "core/artifact/container.h"
#include "core/decision/version.h"

static_assert(guardrank::engine_version == GR_VERSION);

extern "C" {

const char* gr_version(void) { return GR_VERSION; }

uint32_t gr_abi_version(void) { return GR_ABI_VERSION; }

uint32_t gr_numerics_version(void) { return guardrank::numerics_version; }

}  // extern "C"
