/* guardrank: record batches of the Arrow C data interface as columns of a request. Beside guardrank.h.
 */
#ifndef GUARDRANK_ARROW_H
#define GUARDRANK_ARROW_H

#include "guardrank.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The Arrow C data interface, as its specification has it. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

/* Sets facts from a record batch: a struct array whose children are columns by the facts' names, of one
 * row for the context, of one per candidate (set those first) for candidate and pair facts. Takes
 * booleans; integers and floats of 8 to 64 bits, but no half floats; utf8 and large_utf8, also as a
 * dictionary; timestamps in UTC of any unit (nanoseconds must be whole micros); lists of texts;
 * fixed-size lists of float; the null type. A null is missing. Columns that the snapshot does not know
 * are left alone. All is copied: nothing moves, both stay the caller's to release, at any time after
 * the call. Buffers must be as long as lengths and offsets say: their sizes cannot be asked. Since 0.1. */
GR_API gr_status gr_request_import_arrow(gr_request* request, gr_namespace space,
                                         const struct ArrowSchema* schema,
                                         const struct ArrowArray* array, gr_error** error);

#ifdef __cplusplus
}
#endif

#endif /* GUARDRANK_ARROW_H */
