// The header by itself, as C++20; included twice.
#include "guardrank.h"
#include "guardrank.h"

static_assert(sizeof(gr_status) == 4);
