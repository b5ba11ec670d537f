/* Snapshots: what they know by name, and what they refuse. */
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

/* The container's kind is at byte 8; a nested model stands whole in its section. */
static void test_other_kinds(const world* w) {
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
    const char* names[] = {"model", "policy", "catalog", "release"};
    gr_artifact* part = NULL;
    gr_snapshot* snapshot = NULL;
    CHECK_OK(gr_artifact_open(w->engine, file.bytes + offset, size, NULL, &part, &error));
    CHECK(is_text(gr_artifact_kind(part), names[kind - 16]));
    CHECK_FAILS(gr_snapshot_create(w->engine, part, NULL, &snapshot, &error), GR_STATUS_ARGUMENT,
                "bundle");
    gr_text json;
    CHECK_OK(gr_artifact_inspect(part, &json, &error));
    gr_artifact_free(part);
  }
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
  test_other_kinds(&w);
  test_arguments(&w);
  close_world(&w);
}
