/* A snapshot that is prepared in steps: refused before the last of them, and after it as any other. */
#include "check.h"

static uint32_t steps_left(gr_snapshot* snapshot, uint32_t steps) {
  uint32_t left = 1000;
  CHECK_OK(gr_snapshot_prepare(snapshot, steps, &left, &error));
  return left;
}

static gr_snapshot* open_in_steps(const world* w, const gr_artifact* artifact, int32_t skips_golden) {
  gr_snapshot* snapshot = NULL;
  gr_snapshot_options options = {.struct_size = sizeof options, .skip_golden = skips_golden,
                                 .catalog_sums_bytes = 1 << 20, .in_steps = 1};
  CHECK_OK(gr_snapshot_create(w->engine, artifact, &options, &snapshot, &error));
  return snapshot;
}

static void test_steps(const world* w) {
  gr_snapshot* snapshot = open_in_steps(w, w->artifact, 0);
  gr_request* request = NULL;
  gr_replay_result result = {.struct_size = sizeof result};
  const uint8_t record[] = {1};
  for (uint32_t left = 2; left != 0; --left) {        /* the golden vectors, one tile of offers */
    CHECK(steps_left(snapshot, 0) == left);
    CHECK_FAILS(gr_request_create(snapshot, &request, &error), GR_STATUS_ARGUMENT, "snapshot");
    CHECK_FAILS(gr_replay(w->session, snapshot, record, sizeof record, &result, &error), GR_STATUS_ARGUMENT,
                "snapshot");
    CHECK(!gr_snapshot_trim(snapshot));
    CHECK(steps_left(snapshot, 1) == left - 1);
  }
  CHECK(steps_left(snapshot, 5) == 0);
  CHECK_OK(gr_request_create(snapshot, &request, &error));
  CHECK(gr_snapshot_trim(snapshot));                  /* something was kept */
  gr_request_free(request);
  gr_snapshot_free(snapshot);
}

/* Ends with the memory that it had, wherever it is left. */
static void test_left(uint32_t steps) {
  counting_memory memory;
  gr_engine_options options;
  world w;
  counting_options(&memory, &options);
  CHECK_OK(open_world(&options, &w, &error));
  gr_snapshot* snapshot = open_in_steps(&w, w.artifact, 1);
  CHECK(steps_left(snapshot, steps) == 1 - steps);
  gr_snapshot_free(snapshot);
  close_world(&w);
  CHECK(memory.n_live == 0);
}

void test_prepare(void) {
  world w;
  uint32_t left = 0;
  CHECK_OK(open_world(NULL, &w, &error));
  CHECK_FAILS(gr_snapshot_prepare(NULL, 1, &left, &error), GR_STATUS_ARGUMENT, "snapshot");
  gr_snapshot* whole = open_in_steps(&w, w.artifact, 1);
  CHECK_FAILS(gr_snapshot_prepare(whole, 1, NULL, &error), GR_STATUS_ARGUMENT, "left");
  CHECK(steps_left(whole, UINT32_MAX) == 0);
  gr_snapshot_free(whole);
  test_steps(&w);
  test_left(0);
  test_left(1);
  close_world(&w);
}
