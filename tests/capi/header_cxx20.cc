// The headers by themselves, as C++20; included twice.
#include "guardrank_store.h"
#include "guardrank_arrow.h"
#include "guardrank.h"
#include "guardrank_store.h"
#include "guardrank_arrow.h"

static_assert(sizeof(gr_status) == 4);
