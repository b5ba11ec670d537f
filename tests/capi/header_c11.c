/* The header by itself, as C11; included twice. */
#include "guardrank.h"
#include "guardrank.h"

_Static_assert(sizeof(gr_status) == 4, "statuses are 32 bits wide");
