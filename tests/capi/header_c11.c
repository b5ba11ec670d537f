/* The headers by themselves, as C11; included twice. */
#include "guardrank_store.h"
#include "guardrank_arrow.h"
#include "guardrank.h"
#include "guardrank_store.h"
#include "guardrank_arrow.h"

_Static_assert(sizeof(gr_status) == 4, "statuses are 32 bits wide");
