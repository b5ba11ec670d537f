/* Snapshots: what they know by name, and what they refuse. */
#include <stdlib.h>

#include "check.h"

static void test_names(const world* w) {
  CHECK(gr_snapshot_head_count(w->snapshot) == 3);
  CHECK(is_text(gr_snapshot_head_name(w->snapshot, 0), "click"));
  CHECK(is_text(gr_snapshot_head_name(w->snapshot, 2), "balance"));
  CHECK(gr_snapshot_head_name(w->snapshot, 3).size == 0);
  CHECK(gr_snapshot_term_count(w->snapshot) == 3);
  CHECK(is_text(gr_snapshot_term_name(w->snapshot, 2), "rejection_risk"));
  CHECK(gr_snapshot_term_name(w->snapshot, 3).size == 0);
  CHECK(gr_snapshot_offer_count(w->snapshot) == 7);
  CHECK(gr_snapshot_fact(w->snapshot, GR_NAMESPACE_CONTEXT, text_of("age")) != GR_NO_FACT);
  CHECK(gr_snapshot_fact(w->snapshot, GR_NAMESPACE_CANDIDATE, text_of("age")) == GR_NO_FACT);
  CHECK(gr_snapshot_fact(w->snapshot, GR_NAMESPACE_PAIR, text_of("seen_before")) != GR_NO_FACT);
  CHECK(gr_snapshot_fact(w->snapshot, (gr_namespace)7, text_of("now")) == GR_NO_FACT);
  CHECK(gr_snapshot_fact(w->snapshot, GR_NAMESPACE_CONTEXT, (gr_text){NULL, 9}) == GR_NO_FACT);
}

static void test_null(void) {
  CHECK(gr_snapshot_fact(NULL, GR_NAMESPACE_CONTEXT, text_of("age")) == GR_NO_FACT);
  CHECK(gr_snapshot_head_count(NULL) == 0 && gr_snapshot_head_name(NULL, 0).size == 0);
  CHECK(gr_snapshot_term_count(NULL) == 0 && gr_snapshot_term_name(NULL, 0).size == 0);
  CHECK(gr_snapshot_offer_count(NULL) == 0);
  CHECK(gr_snapshot_retain(NULL) == NULL);
  gr_snapshot_free(NULL);
}

/* A bundle's artifacts, each whole in its section; the container's kind is at byte 8. */
static void open_parts(const world* w, gr_artifact* parts[4]) {
  file_bytes file = bundle_file("cards");
  uint32_t n_sections;
  memcpy(&n_sections, file.bytes + 24, 4);
  for (uint32_t i = 0; i < n_sections; ++i) {
    uint32_t kind;
    uint64_t offset, size;
    memcpy(&kind, file.bytes + 64 + 64 * i, 4);
    memcpy(&offset, file.bytes + 64 + 64 * i + 8, 8);
    memcpy(&size, file.bytes + 64 + 64 * i + 16, 8);
    if (kind < 16 || kind > 19) continue;
    CHECK_OK(gr_artifact_open(w->engine, file.bytes + offset, size, NULL, &parts[kind - 16], &error));
  }
}

static void test_other_kinds(const world* w, gr_artifact* const parts[4]) {
  const char* names[] = {"model", "policy", "catalog", "release"};
  for (int i = 0; i < 4; ++i) {
    gr_snapshot* snapshot = NULL;
    gr_text json;
    CHECK(is_text(gr_artifact_kind(parts[i]), names[i]));
    CHECK_FAILS(gr_snapshot_create(w->engine, parts[i], NULL, &snapshot, &error),
                GR_STATUS_ARGUMENT, "bundle");
    CHECK_OK(gr_artifact_inspect(parts[i], &json, &error));
  }
}

/* The JSON of the whole catalog ranked on a snapshot; to be freed. */
static char* ranked_json(const world* w, const gr_snapshot* snapshot) {
  gr_request* request;
  const gr_decision* decision = NULL;
  gr_text json = {NULL, 0};
  CHECK_OK(gr_request_create(snapshot, &request, &error));
  CHECK_OK(gr_request_from_json(request, whole_catalog_request, strlen(whole_catalog_request), &error));
  CHECK_OK(gr_rank(w->session, request, &decision, &error));
  CHECK_OK(gr_decision_json(decision, true, &json, &error));
  char* copy = malloc(json.size + 1);
  memcpy(copy, json.data, json.size);
  copy[json.size] = 0;
  gr_request_free(request);
  return copy;
}

static void test_parts(const world* w, gr_artifact* const open[4]) {
  gr_snapshot_parts parts = {.struct_size = sizeof parts, .model = open[0], .policy = open[1],
                             .catalog = open[2], .release = open[3]};
  gr_snapshot* snapshot = NULL;
  CHECK_OK(gr_snapshot_create_from(w->engine, &parts, NULL, &snapshot, &error));
  char *found = ranked_json(w, snapshot), *wanted = ranked_json(w, w->snapshot);
  CHECK(strcmp(found, wanted) == 0);
  free(found);
  free(wanted);
  gr_snapshot_free(snapshot);
  parts.release = NULL;
  CHECK_OK(gr_snapshot_create_from(w->engine, &parts, NULL, &snapshot, &error));
  gr_snapshot_free(snapshot);
  snapshot = NULL;
  parts.release = open[0];
  CHECK_FAILS(gr_snapshot_create_from(w->engine, &parts, NULL, &snapshot, &error),
              GR_STATUS_ARGUMENT, "release");
  parts.policy = NULL;
  CHECK_FAILS(gr_snapshot_create_from(w->engine, &parts, NULL, &snapshot, &error),
              GR_STATUS_ARGUMENT, "policy");
  CHECK_FAILS(gr_snapshot_create_from(w->engine, NULL, NULL, &snapshot, &error), GR_STATUS_ARGUMENT,
              "parts");
  CHECK(snapshot == NULL);
}

/* A release that names other artifacts. */
static void test_foreign_release(const world* w, gr_artifact* const open[4]) {
  file_bytes goods = bundle_file("goods");
  gr_artifact* foreign = NULL;
  uint32_t n_sections;
  memcpy(&n_sections, goods.bytes + 24, 4);
  for (uint32_t i = 0; i < n_sections; ++i) {
    const uint8_t* entry = goods.bytes + 64 + 64 * i;
    uint64_t offset, size;
    memcpy(&offset, entry + 8, 8);
    memcpy(&size, entry + 16, 8);
    if (entry[0] == 19) CHECK_OK(gr_artifact_open(w->engine, goods.bytes + offset, size, NULL, &foreign, &error));
  }
  gr_snapshot_parts parts = {.struct_size = sizeof parts, .model = open[0], .policy = open[1],
                             .catalog = open[2], .release = foreign};
  gr_snapshot* snapshot = NULL;
  CHECK_FAILS(gr_snapshot_create_from(w->engine, &parts, NULL, &snapshot, &error),
              GR_STATUS_REFERENCE, "release");
  gr_artifact_free(foreign);
}

static void test_arguments(const world* w) {
  gr_snapshot* snapshot = NULL;
  gr_snapshot_options options = {.struct_size = 3};
  CHECK_FAILS(gr_snapshot_create(NULL, w->artifact, NULL, &snapshot, &error), GR_STATUS_ARGUMENT,
              "engine");
  CHECK_FAILS(gr_snapshot_create(w->engine, NULL, NULL, &snapshot, &error), GR_STATUS_ARGUMENT,
              "bundle");
  CHECK_FAILS(gr_snapshot_create(w->engine, w->artifact, NULL, NULL, &error), GR_STATUS_ARGUMENT,
              "snapshot");
  CHECK_FAILS(gr_snapshot_create(w->engine, w->artifact, &options, &snapshot, &error),
              GR_STATUS_STRUCT_SIZE, "options");
  CHECK(snapshot == NULL);
  options = (gr_snapshot_options){.struct_size = sizeof options, .skip_golden = 1};
  CHECK_OK(gr_snapshot_create(w->engine, w->artifact, &options, &snapshot, &error));
  gr_snapshot_free(snapshot);
}

void test_snapshot(void) {
  world w;
  CHECK_OK(open_world(NULL, &w, &error));
  test_names(&w);
  test_null();
  gr_artifact* parts[4] = {NULL, NULL, NULL, NULL};
  open_parts(&w, parts);
  test_other_kinds(&w, parts);
  test_parts(&w, parts);
  test_foreign_release(&w, parts);
  for (int i = 0; i < 4; ++i) gr_artifact_free(parts[i]);
  test_arguments(&w);
  close_world(&w);
}
