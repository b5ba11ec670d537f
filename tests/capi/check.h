/* What every file of the C test uses. */
#ifndef GUARDRANK_TESTS_CAPI_CHECK_H
#define GUARDRANK_TESTS_CAPI_CHECK_H

#include <stdio.h>
#include <string.h>

#include "guardrank.h"

extern int n_checks, n_failures;

/* Counts, and says where it failed. */
#define CHECK(condition)                                                    \
  do {                                                                      \
    ++n_checks;                                                             \
    if (!(condition)) {                                                     \
      ++n_failures;                                                         \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);       \
    }                                                                       \
  } while (0)

/* `call` takes &error; it must fail with `status`, and name `place` as where. */
#define CHECK_FAILS(call, status, place)                                    \
  do {                                                                      \
    gr_error* error = NULL;                                                 \
    CHECK((call) == (status));                                              \
    CHECK(error != NULL && gr_error_code(error) == (status));               \
    CHECK(is_text(gr_error_where(error), place));                           \
    CHECK(gr_error_message(error).size > 0);                                \
    gr_error_free(error);                                                   \
  } while (0)

#define CHECK_OK(call)                                                      \
  do {                                                                      \
    gr_error* error = NULL;                                                 \
    CHECK((call) == GR_STATUS_OK);                                          \
    CHECK(error == NULL);                                                   \
    if (error != NULL) fprintf(stderr, "  %s\n", gr_error_message(error).data); \
    gr_error_free(error);                                                   \
  } while (0)

bool is_text(gr_text text, const char* wanted);
gr_text text_of(const char* text);

/* A host's memory that counts, and refuses after `n_left` more requests and beyond `most_bytes`. */
typedef struct {
  size_t n_allocations, n_live, n_left, live_bytes, most_bytes;
} counting_memory;
void counting_options(counting_memory* memory, gr_engine_options* options);

/* A bundle of the conformance vectors, by name; read once, kept until the end. */
typedef struct {
  uint8_t* bytes;                /* 64-byte aligned */
  size_t size;
} file_bytes;
file_bytes bundle_file(const char* name);

/* An engine, a snapshot of the bundle "cards", a request and a session. */
typedef struct {
  gr_engine* engine;
  gr_artifact* artifact;
  gr_snapshot* snapshot;
  gr_request* request;
  gr_session* session;
} world;
gr_status open_world(const gr_engine_options* options, world* made, gr_error** error);
void close_world(world* made);

extern const char* whole_catalog_request;

void test_error(void);
void test_engine(void);
void test_artifact(void);
void test_snapshot(void);
void test_trim(void);
void test_prepare(void);
void test_request(void);
void test_columns(void);
void test_decision(void);
void test_record(void);
void test_trust(void);
void test_routes(void);
void test_shards(void);
void test_allocation(void);
void test_threads(void);

#endif
