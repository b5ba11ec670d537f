/* The host's memory: none is asked for once warm; every request for it may fail once. */
#include "check.h"

static gr_status rank_and_write(const world* w, const gr_decision** decision, gr_error** error) {
  gr_text json;
  gr_status status =
      gr_request_from_json(w->request, whole_catalog_request, strlen(whole_catalog_request), error);
  if (status == GR_STATUS_OK) status = gr_rank(w->session, w->request, decision, error);
  if (status == GR_STATUS_OK) status = gr_decision_json(*decision, true, &json, error);
  return status;
}

static void test_warm(void) {
  counting_memory memory;
  gr_engine_options options;
  const gr_decision* decision = NULL;
  world w;
  counting_options(&memory, &options);
  CHECK_OK(open_world(&options, &w, &error));
  const gr_request* both[2] = {w.request, w.request};
  const gr_decision* decisions[2];
  for (int i = 0; i < 4; ++i) {
    CHECK_OK(rank_and_write(&w, &decision, &error));
    CHECK_OK(gr_rank_many(w.session, both, 2, decisions, &error));
  }
  size_t warm = memory.n_allocations;
  CHECK(warm > 0);
  for (int i = 0; i < 100; ++i) {
    CHECK_OK(rank_and_write(&w, &decision, &error));
    CHECK_OK(gr_rank(w.session, w.request, &decision, &error));
    CHECK_OK(gr_rank_many(w.session, both, 2, decisions, &error));
  }
  CHECK(memory.n_allocations == warm);
  close_world(&w);
  CHECK(memory.n_live == 0);
}

/* One whole life with `n` allocations granted. */
static gr_status live(counting_memory* memory, size_t n) {
  gr_engine_options options;
  const gr_decision* decision = NULL;
  gr_error* error = NULL;
  gr_text json;
  world w;
  counting_options(memory, &options);
  memory->n_left = n;
  gr_status status = open_world(&options, &w, &error);
  if (status == GR_STATUS_OK) status = rank_and_write(&w, &decision, &error);
  if (status == GR_STATUS_OK) status = gr_artifact_inspect(w.artifact, &json, &error);
  if (status == GR_STATUS_OK) {
    gr_bytes record;
    gr_replay_result result = {.struct_size = sizeof result};
    status = gr_decision_record(decision, &record, &error);
    uint8_t copy[16384];
    CHECK(status != GR_STATUS_OK || record.size <= sizeof copy);
    if (status == GR_STATUS_OK) {
      memcpy(copy, record.data, record.size);
      status = gr_replay(w.session, w.snapshot, copy, record.size, &result, &error);
      CHECK(status != GR_STATUS_OK || result.is_equal);
    }
  }
  CHECK(error == NULL || gr_error_code(error) == status);
  gr_error_free(error);
  close_world(&w);
  return status;
}

static void test_sweep(void) {
  counting_memory memory;
  for (size_t n = 0; n < 5000; ++n) {
    gr_status status = live(&memory, n);
    CHECK(memory.n_live == 0);
    if (status == GR_STATUS_OK) {
      CHECK(n > 5);
      return;
    }
    CHECK(status == GR_STATUS_MEMORY);
  }
  CHECK(memory.n_left == 0 && false);   /* no budget was enough */
}

void test_allocation(void) {
  test_warm();
  test_sweep();
}
