/* What a snapshot keeps of its catalog is given back when asked for, and where memory is refused. */
#include <stdlib.h>

#include "check.h"

/* A snapshot that keeps codes and sums of its catalog, or (of 1 byte) nothing. */
static gr_snapshot* open_kept(const world* w, uint64_t bytes) {
  gr_snapshot* snapshot = NULL;
  gr_snapshot_options options = {.struct_size = sizeof options, .catalog_sums_bytes = bytes,
                                 .catalog_codes_bytes = bytes};
  CHECK_OK(gr_snapshot_create(w->engine, w->artifact, &options, &snapshot, &error));
  return snapshot;
}

static gr_request* open_request(const gr_snapshot* snapshot) {
  gr_request* request = NULL;
  CHECK_OK(gr_request_create(snapshot, &request, &error));
  CHECK_OK(gr_request_from_json(request, whole_catalog_request, strlen(whole_catalog_request), &error));
  return request;
}

/* The decision as JSON, to be freed. */
static char* decide(gr_session* session, const gr_request* request) {
  const gr_decision* decision = NULL;
  gr_text json = {"", 0};
  CHECK_OK(gr_rank(session, request, &decision, &error));
  CHECK_OK(gr_decision_json(decision, true, &json, &error));
  char* copy = calloc(json.size + 1, 1);
  memcpy(copy, json.data, json.size);
  return copy;
}

static void check_decision(gr_session* session, const gr_request* request, const char* wanted) {
  char* found = decide(session, request);
  CHECK(strlen(found) > 100 && strcmp(found, wanted) == 0);
  free(found);
}

static void test_asked_for(const char* wanted) {
  counting_memory memory;
  gr_engine_options options;
  world w;
  counting_options(&memory, &options);
  CHECK_OK(open_world(&options, &w, &error));
  CHECK(!gr_snapshot_trim(NULL));
  gr_snapshot* snapshot = open_kept(&w, 1);
  CHECK(!gr_snapshot_trim(snapshot));             /* no offer fits */
  gr_snapshot_free(snapshot);
  snapshot = open_kept(&w, 1 << 20);
  gr_request* request = open_request(snapshot);
  check_decision(w.session, request, wanted);
  const size_t before = memory.live_bytes;
  CHECK(gr_snapshot_trim(snapshot));
  CHECK(memory.live_bytes < before);
  CHECK(!gr_snapshot_trim(snapshot));
  check_decision(w.session, request, wanted);
  gr_request_free(request);
  gr_snapshot_free(snapshot);
  close_world(&w);
  CHECK(memory.n_live == 0);
}

typedef enum { ranks_one, ranks_many, replays } way;

static gr_status rank_by(way how, const world* w, const gr_snapshot* snapshot, const gr_request* request,
                         gr_bytes record) {
  const gr_decision* decision = NULL;
  gr_replay_result result = {.struct_size = sizeof result};
  if (how == ranks_one) return gr_rank(w->session, request, &decision, NULL);
  if (how == ranks_many) return gr_rank_many(w->session, &request, 1, &decision, NULL);
  gr_status status = gr_replay(w->session, snapshot, record.data, record.size, &result, NULL);
  CHECK(status != GR_STATUS_OK || result.is_equal);
  return status;
}

/* With so much room beyond what is held: whether that was enough, and what is kept went for it. */
static void rank_within(size_t room, way how, gr_bytes record, bool* is_enough, bool* has_gone) {
  counting_memory memory;
  gr_engine_options options;
  world w;
  counting_options(&memory, &options);
  CHECK_OK(open_world(&options, &w, &error));
  gr_snapshot* snapshot = open_kept(&w, 1 << 20);
  gr_request* request = open_request(snapshot);
  memory.most_bytes = memory.live_bytes + room;
  const gr_status status = rank_by(how, &w, snapshot, request, record);
  memory.most_bytes = SIZE_MAX;
  CHECK(status == GR_STATUS_OK || status == GR_STATUS_MEMORY);
  *is_enough = status == GR_STATUS_OK;
  *has_gone = !gr_snapshot_trim(snapshot);
  gr_request_free(request);
  gr_snapshot_free(snapshot);
  close_world(&w);
  CHECK(memory.n_live == 0);
}

static void test_refused(gr_bytes record) {
  for (way how = ranks_one; how <= replays; ++how) {
    int n_made_room = 0;
    bool is_enough = false, has_gone = true;
    for (size_t room = 0; (!is_enough || has_gone) && room < 1 << 20; room += 4096) {
      rank_within(room, how, record, &is_enough, &has_gone);
      n_made_room += is_enough && has_gone;
    }
    CHECK(is_enough && !has_gone);
    CHECK(n_made_room > 0);
  }
}

/* A session over its own limit is no reason to take from others. */
static void test_limit(void) {
  gr_engine_options options = {.struct_size = sizeof options, .session_limit_bytes = 512};
  world w;
  CHECK_OK(open_world(&options, &w, &error));
  gr_snapshot* snapshot = open_kept(&w, 1 << 20);
  gr_request* request = open_request(snapshot);
  const gr_decision* decision = NULL;
  CHECK_FAILS(gr_rank(w.session, request, &decision, &error), GR_STATUS_MEMORY, "frame");
  CHECK(gr_snapshot_trim(snapshot));
  gr_request_free(request);
  gr_snapshot_free(snapshot);
  close_world(&w);
}

void test_trim(void) {
  world w;
  CHECK_OK(open_world(NULL, &w, &error));
  gr_snapshot* plain = open_kept(&w, 1);
  gr_request* request = open_request(plain);
  char* wanted = decide(w.session, request);
  const gr_decision* decision = NULL;
  gr_bytes record, copy;
  CHECK_OK(gr_rank(w.session, request, &decision, &error));
  CHECK_OK(gr_decision_record(decision, &record, &error));
  copy = (gr_bytes){memcpy(malloc(record.size), record.data, record.size), record.size};
  test_asked_for(wanted);
  test_refused(copy);
  test_limit();
  free((void*)copy.data);
  free(wanted);
  gr_request_free(request);
  gr_snapshot_free(plain);
  close_world(&w);
}
