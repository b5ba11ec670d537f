/* What must hold though a host or its files are careless: forged bytes, other rounding modes, texts
 * without bytes, options from the future, answers asked for again and again. */
#include <fenv.h>
#include <stdlib.h>

#include "guardrank_store.h"

#include "check.h"

/* The section of a kind within a container (core/artifact/container.h). */
static uint8_t* section_of(uint8_t* container, uint32_t kind, uint64_t* size) {
  uint32_t count = 0;
  memcpy(&count, container + 24, 4);
  for (uint32_t i = 0; i < count; ++i) {
    const uint8_t* entry = container + 64 + 64 * i;
    uint32_t found = 0;
    uint64_t offset = 0;
    memcpy(&found, entry, 4);
    memcpy(&offset, entry + 8, 8);
    memcpy(size, entry + 16, 8);
    if (found == kind) return container + offset;
  }
  return NULL;
}

/* The bundle "cards" with other weights under the same ids. */
static file_bytes forged_bundle(void) {
  const file_bytes genuine = bundle_file("cards");
  file_bytes forged = {aligned_alloc(64, (genuine.size + 63) / 64 * 64), genuine.size};
  memcpy(forged.bytes, genuine.bytes, genuine.size);
  uint64_t size = 0;
  uint8_t* weights = section_of(section_of(forged.bytes, 16, &size), 3, &size);
  for (uint64_t i = 0; i < size; ++i) weights[i] = (uint8_t)(weights[i] ^ (i % 3 == 0 ? 0x15 : 0));
  return forged;
}

static gr_snapshot* open_without_golden(const gr_engine* engine, file_bytes file) {
  const gr_snapshot_options options = {.struct_size = sizeof options, .skip_golden = 1};
  gr_artifact* artifact = NULL;
  gr_snapshot* snapshot = NULL;
  CHECK_OK(gr_artifact_open(engine, file.bytes, file.size, NULL, &artifact, &error));
  CHECK_OK(gr_snapshot_create(engine, artifact, &options, &snapshot, &error));
  gr_artifact_free(artifact);
  return snapshot;
}

/* The decision's JSON, to be freed; session NULL: one of its own. */
static char* decide(const world* w, const gr_snapshot* snapshot, gr_session* session) {
  gr_request* request = NULL;
  gr_session* own = NULL;
  const gr_decision* decision = NULL;
  gr_text json = {NULL, 0};
  CHECK_OK(gr_request_create(snapshot, &request, &error));
  CHECK_OK(gr_request_from_json(request, whole_catalog_request, strlen(whole_catalog_request), &error));
  if (session == NULL) CHECK_OK(gr_session_create(w->engine, &own, &error));
  CHECK_OK(gr_rank(session == NULL ? own : session, request, &decision, &error));
  CHECK_OK(gr_decision_json(decision, false, &json, &error));
  char* copy = malloc(json.size + 1);
  memcpy(copy, json.data, json.size);
  copy[json.size] = 0;
  gr_session_free(own);
  gr_request_free(request);
  return copy;
}

/* Contexts that a session keeps are those of one snapshot, whatever id its bytes claim. */
static void test_forged_weights(const world* w) {
  const file_bytes file = forged_bundle();
  gr_snapshot* forged = open_without_golden(w->engine, file);
  char* genuine = decide(w, w->snapshot, w->session);
  char* alone = decide(w, forged, NULL);
  char* after = decide(w, forged, w->session);
  char* again = decide(w, w->snapshot, w->session);
  CHECK(strcmp(genuine, alone) != 0);
  CHECK(strcmp(alone, after) == 0);
  CHECK(strcmp(genuine, again) == 0);

  /* A replay of what the forged bytes decided says that they are forged. */
  gr_request* request = NULL;
  const gr_decision* decision = NULL;
  gr_bytes record = {NULL, 0};
  gr_replay_result result = {.struct_size = sizeof result};
  CHECK_OK(gr_request_create(forged, &request, &error));
  CHECK_OK(gr_request_from_json(request, whole_catalog_request, strlen(whole_catalog_request), &error));
  CHECK_OK(gr_rank(w->session, request, &decision, &error));
  CHECK_OK(gr_decision_record(decision, &record, &error));
  uint8_t* copy = malloc(record.size);
  const size_t size = record.size;
  memcpy(copy, record.data, size);
  CHECK_FAILS(gr_replay(w->session, forged, copy, size, &result, &error), GR_STATUS_HASH, "model.weights");
  CHECK_OK(gr_replay(w->session, w->snapshot, copy, size, &result, &error));
  CHECK(!result.is_equal);
  free(copy);
  gr_request_free(request);
  gr_snapshot_free(forged);
  free(genuine);
  free(alone);
  free(after);
  free(again);
  free(file.bytes);
}

/* In steps, golden vectors that fail leave a snapshot that nothing can be done with; those of the genuine bytes
 * hold, though the program around rounds upward. */
static void test_forged_in_steps(const world* w) {
  const file_bytes files[] = {forged_bundle(), bundle_file("cards")};
  const gr_snapshot_options options = {.struct_size = sizeof options, .in_steps = 1};
  for (int is_genuine = 0; is_genuine < 2; ++is_genuine) {
    gr_artifact* artifact = NULL;
    gr_snapshot* snapshot = NULL;
    gr_request* request = NULL;
    uint32_t left = 7;
    CHECK(fesetround(FE_UPWARD) == 0);
    CHECK_OK(gr_artifact_open(w->engine, files[is_genuine].bytes, files[is_genuine].size, NULL, &artifact, &error));
    CHECK_OK(gr_snapshot_create(w->engine, artifact, &options, &snapshot, &error));
    if (is_genuine) {
      CHECK_OK(gr_snapshot_prepare(snapshot, UINT32_MAX, &left, &error));
      CHECK(left == 0);
    }
    for (int again = 0; !is_genuine && again < 2; ++again) {
      CHECK(gr_snapshot_prepare(snapshot, UINT32_MAX, &left, NULL) == GR_STATUS_GOLDEN);
      CHECK(left == 7);
      CHECK_FAILS(gr_request_create(snapshot, &request, &error), GR_STATUS_ARGUMENT, "snapshot");
    }
    CHECK(fesetround(FE_TONEAREST) == 0);
    gr_snapshot_free(snapshot);
    gr_artifact_free(artifact);
  }
  free(files[0].bytes);
}

/* The program around may round as it likes: numbers are read, ranked and written the same way. */
static void test_rounding_modes(const world* w) {
  const char* json =
      "{\"time\": \"2026-11-21T10:00:00Z\", \"context\": {\"income\": 123456789012345.1, \"age\": 40}}";
  gr_replay_result result = {.struct_size = sizeof result};
  const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  uint8_t* first = NULL;
  size_t first_size = 0;
  for (size_t i = 0; i < sizeof modes / sizeof *modes; ++i) {
    const gr_decision* decision = NULL;
    gr_bytes record = {NULL, 0};
    CHECK(fesetround(modes[i]) == 0);
    CHECK_OK(gr_request_from_json(w->request, json, strlen(json), &error));
    CHECK_OK(gr_rank(w->session, w->request, &decision, &error));
    CHECK_OK(gr_decision_record(decision, &record, &error));
    CHECK(fegetround() == modes[i]);
    if (first == NULL) {
      first_size = record.size;
      first = malloc(first_size);
      memcpy(first, record.data, first_size);
    }
    CHECK(record.size == first_size && memcmp(record.data, first, first_size) == 0);
    CHECK_OK(gr_replay(w->session, w->snapshot, first, first_size, &result, &error));
    CHECK(result.is_equal);
  }
  CHECK(fesetround(FE_TONEAREST) == 0);
  free(first);
}

/* Every decision of a batch has its record, and a decision's answers are made once. */
static void test_batch_records(const world* w) {
  gr_request* second = NULL;
  const gr_decision* decisions[2] = {NULL, NULL};
  gr_replay_result result = {.struct_size = sizeof result};
  CHECK_OK(gr_request_create(w->snapshot, &second, &error));
  CHECK_OK(gr_request_from_json(w->request, whole_catalog_request, strlen(whole_catalog_request), &error));
  CHECK_OK(gr_request_from_json(second, whole_catalog_request, strlen(whole_catalog_request), &error));
  gr_request_set_limit(second, 1);
  const gr_request* requests[] = {w->request, second};
  CHECK_OK(gr_rank_many(w->session, requests, 2, decisions, &error));
  uint8_t* copies[2];
  size_t sizes[2];
  for (int i = 0; i < 2; ++i) {
    gr_bytes record = {NULL, 0};
    CHECK_OK(gr_decision_record(decisions[i], &record, &error));
    copies[i] = malloc(record.size);
    sizes[i] = record.size;
    memcpy(copies[i], record.data, record.size);
  }
  CHECK(sizes[1] < sizes[0]);
  const uint64_t before = gr_session_peak_bytes(w->session);
  for (int i = 0; i < 1000; ++i) {
    gr_text json = {NULL, 0};
    gr_bytes record = {NULL, 0};
    CHECK_OK(gr_decision_json(decisions[0], i % 2 == 1, &json, &error));
    CHECK_OK(gr_decision_record(decisions[0], &record, &error));
  }
  CHECK(gr_session_peak_bytes(w->session) - before < (1u << 20));
  for (int i = 0; i < 2; ++i) {
    CHECK_OK(gr_replay(w->session, w->snapshot, copies[i], sizes[i], &result, &error));
    CHECK(result.is_equal);
    free(copies[i]);
  }
  gr_request_free(second);
}

static void count_release(void* user, const uint8_t* bytes, size_t size) {
  (void)bytes;
  (void)size;
  ++*(int*)user;
}

static void test_newer_options(const world* w) {
  struct {
    gr_artifact_options known;
    uint64_t unknown;
  } options = {{.struct_size = sizeof options, .release = count_release}, 7};
  int n_released = 0;
  options.known.release_user = &n_released;
  const file_bytes file = bundle_file("cards");
  gr_artifact* artifact = NULL;
  CHECK_FAILS(gr_artifact_open(w->engine, file.bytes, file.size, &options.known, &artifact, &error),
              GR_STATUS_STRUCT_SIZE, "options");
  CHECK(n_released == 1 && artifact == NULL);
}

static void test_texts_without_bytes(const world* w) {
  const gr_text nothing = {NULL, 5}, empty = {NULL, 0};
  const uint32_t state = gr_snapshot_fact(w->snapshot, GR_NAMESPACE_CONTEXT, text_of("state"));
  CHECK_FAILS(gr_request_set_id(w->request, nothing, &error), GR_STATUS_ARGUMENT, "id");
  CHECK_OK(gr_request_set_id(w->request, empty, &error));
  CHECK_FAILS(gr_request_set_route(w->request, text_of("market"), nothing, &error), GR_STATUS_ARGUMENT,
              "value");
  CHECK_FAILS(gr_request_set_context_text(w->request, state, nothing, &error), GR_STATUS_ARGUMENT, "value");
  gr_request_reset(w->request);
  CHECK_FAILS(gr_request_set_candidates(w->request, &nothing, 1, &error), GR_STATUS_ARGUMENT, "offers[0]");
}

/* A root that was to be given and is not must not mean that the cache's is trusted. */
static void test_empty_root(const world* w) {
  const gr_text name = text_of("cards");
  gr_store_options options = {.struct_size = sizeof options, .release_count = 1, .releases = &name};
  options.trusted_root.data = (const uint8_t*)"";
  gr_store* store = NULL;
  CHECK_FAILS(gr_store_create(w->engine, &options, 0, &store, &error), GR_STATUS_ARGUMENT,
              "options.trusted_root");
  CHECK(store == NULL);
  options.trusted_root.data = NULL;
  CHECK_OK(gr_store_create(w->engine, &options, 0, &store, &error));
  gr_store_free(store);
}

/* An error object stands wherever a status says that there is one. */
static void test_unsized_results(const world* w) {
  const gr_decision* decision = NULL;
  gr_bytes record = {NULL, 0};
  gr_record_info info = {.struct_size = 0};
  CHECK_OK(gr_request_from_json(w->request, whole_catalog_request, strlen(whole_catalog_request), &error));
  CHECK_OK(gr_rank(w->session, w->request, &decision, &error));
  CHECK_OK(gr_decision_record(decision, &record, &error));
  gr_error* error = NULL;
  CHECK(gr_record_open(record.data, record.size, &info, &error) == GR_STATUS_STRUCT_SIZE);
  CHECK(error != NULL && gr_error_code(error) == GR_STATUS_STRUCT_SIZE);
  gr_error_free(error);
}

void test_trust(void) {
  world w;
  CHECK_OK(open_world(NULL, &w, &error));
  test_forged_weights(&w);
  test_forged_in_steps(&w);
  test_rounding_modes(&w);
  test_batch_records(&w);
  test_newer_options(&w);
  test_texts_without_bytes(&w);
  test_unsized_results(&w);
  test_empty_root(&w);
  close_world(&w);
}
