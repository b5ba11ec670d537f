/* Records: replay, other artifacts, any bytes. */
#include <stdlib.h>

#include "check.h"

typedef struct {
  uint8_t* bytes;
  size_t size;
} owned_record;

static owned_record take_record(const world* w) {
  const gr_decision* decision = NULL;
  gr_bytes record = {NULL, 0};
  CHECK_OK(gr_request_from_json(w->request, whole_catalog_request, strlen(whole_catalog_request),
                                &error));
  CHECK_OK(gr_rank(w->session, w->request, &decision, &error));
  CHECK_OK(gr_decision_record(decision, &record, &error));
  owned_record copy = {malloc(record.size + 1), record.size};
  memcpy(copy.bytes + 1, record.data, record.size);
  memmove(copy.bytes, copy.bytes + 1, copy.size);
  CHECK_FAILS(gr_decision_record(NULL, &record, &error), GR_STATUS_ARGUMENT, "decision");
  CHECK_FAILS(gr_decision_record(decision, NULL, &error), GR_STATUS_ARGUMENT, "record");
  return copy;
}

static bool holds(gr_text text, const char* wanted) {
  const size_t size = strlen(wanted);
  for (size_t i = 0; i + size <= text.size; ++i)
    if (memcmp(text.data + i, wanted, size) == 0) return true;
  return false;
}

static void test_replay(const world* w, owned_record record) {
  gr_replay_result result = {.struct_size = sizeof result};
  CHECK_OK(gr_replay(w->session, w->snapshot, record.bytes, record.size, &result, &error));
  CHECK(result.is_equal && result.first_difference[0] == 0);
  /* From an address that suits no number. */
  uint8_t* moved = malloc(record.size + 1);
  memcpy(moved + 1, record.bytes, record.size);
  CHECK_OK(gr_replay(w->session, w->snapshot, moved + 1, record.size, &result, &error));
  CHECK(result.is_equal);
  free(moved);
}

static void test_damage(const world* w, owned_record record) {
  int n_seen = 0;
  for (size_t i = 0; i < record.size; ++i) {
    gr_replay_result result = {.struct_size = sizeof result};
    record.bytes[i] ^= 0x21;
    gr_status status = gr_replay(w->session, w->snapshot, record.bytes, record.size, &result, NULL);
    n_seen += status != GR_STATUS_OK || !result.is_equal;
    record.bytes[i] ^= 0x21;
  }
  CHECK(n_seen > (int)record.size / 2); /* the rest is padding, or what the outcome does not hang on */
}

static void test_other_artifacts(const world* w, owned_record record) {
  file_bytes file = bundle_file("goods");
  gr_artifact* artifact = NULL;
  gr_snapshot* goods = NULL;
  gr_replay_result result = {.struct_size = sizeof result};
  CHECK_OK(gr_artifact_open(w->engine, file.bytes, file.size, NULL, &artifact, &error));
  CHECK_OK(gr_snapshot_create(w->engine, artifact, NULL, &goods, &error));
  CHECK_FAILS(gr_replay(w->session, goods, record.bytes, record.size, &result, &error),
              GR_STATUS_REFERENCE, "record.release");
  gr_snapshot_free(goods);
  gr_artifact_free(artifact);
}

static void test_arguments(const world* w, owned_record record) {
  gr_replay_result result = {.struct_size = sizeof result};
  CHECK_FAILS(gr_replay(NULL, w->snapshot, record.bytes, record.size, &result, &error),
              GR_STATUS_ARGUMENT, "session");
  CHECK_FAILS(gr_replay(w->session, NULL, record.bytes, record.size, &result, &error),
              GR_STATUS_ARGUMENT, "snapshot");
  CHECK_FAILS(gr_replay(w->session, w->snapshot, NULL, 5, &result, &error), GR_STATUS_ARGUMENT,
              "record");
  CHECK_FAILS(gr_replay(w->session, w->snapshot, record.bytes, record.size, NULL, &error),
              GR_STATUS_ARGUMENT, "result");
  CHECK_FAILS(gr_replay(w->session, w->snapshot, record.bytes, 3, &result, &error),
              GR_STATUS_TRUNCATED, "record");
  result.struct_size = 0;
  CHECK(gr_replay(w->session, w->snapshot, record.bytes, record.size, &result, NULL) ==
        GR_STATUS_STRUCT_SIZE);
}

/* A replay takes the session's memory: the decision that stood there is gone, and says so. */
static void test_decision_after_replay(const world* w, owned_record record) {
  const gr_decision* decision = NULL;
  gr_replay_result result = {.struct_size = sizeof result};
  gr_text json;
  gr_bytes bytes;
  CHECK_OK(gr_rank(w->session, w->request, &decision, &error));
  CHECK_OK(gr_replay(w->session, w->snapshot, record.bytes, record.size, &result, &error));
  CHECK(gr_decision_ranked_count(decision) == 0);
  CHECK_FAILS(gr_decision_json(decision, false, &json, &error), GR_STATUS_ARGUMENT, "decision");
  CHECK_FAILS(gr_decision_record(decision, &bytes, &error), GR_STATUS_ARGUMENT, "decision");
}

/* The request of a full record is one that ranks to the same record. */
static void test_recorded_request(const world* w, owned_record record) {
  gr_record_info info = {.struct_size = sizeof info};
  const gr_decision* decision = NULL;
  gr_bytes again = {NULL, 0};
  CHECK_OK(gr_record_open(record.bytes, record.size, &info, &error));
  CHECK_OK(gr_request_from_json(w->request, info.request.data, info.request.size, &error));
  CHECK_OK(gr_rank(w->session, w->request, &decision, &error));
  CHECK_OK(gr_decision_record(decision, &again, &error));
  CHECK(again.size == record.size && memcmp(again.data, record.bytes, again.size) == 0);
  /* A host built with an older header gets what it knows. */
  gr_record_info old = {.struct_size = offsetof(gr_record_info, request)};
  CHECK_OK(gr_record_open(record.bytes, record.size, &old, &error));
  CHECK(old.request.data == NULL && is_text(old.engine, "0.1.0"));
}

/* What may stand in clear: what a request can give, and no protected fact. */
static void test_shown_names(const gr_decision* decision, const uint8_t* salt) {
  static const char* const allowed[] = {"ctx.state", "ctx.age", "offer.apr", "route.market", "route.unit",
                                        "request_id"};
  static const char* const unknown[] = {"ctx.nope", "nonsense..x", "ctx.", "ctx", "", "state", "ctxstate",
                                        "param.rejection_cost", "p.click", "route.nope", "route", "time"};
  gr_bytes bytes = {NULL, 0};
  gr_text shown[] = {{"ctx.state", 9}, {NULL, 0}};
  gr_record_options options = {.struct_size = sizeof options, .level = GR_RECORD_REDACTED,
                               .shown = shown, .shown_count = 2, .salt = {salt, 16}};
  for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; ++i) {
    shown[1] = text_of(allowed[i]);
    CHECK_OK(gr_decision_record_as(decision, &options, &bytes, &error));
  }
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; ++i) {
    shown[1] = text_of(unknown[i]);
    CHECK_FAILS(gr_decision_record_as(decision, &options, &bytes, &error), GR_STATUS_NAME, "shown");
  }
  shown[1] = text_of("ctx.race");
  CHECK_FAILS(gr_decision_record_as(decision, &options, &bytes, &error), GR_STATUS_PROTECTED, "shown");
}

/* Levels and chains: a redacted record after a full one. */
static void test_levels(const world* w, owned_record record) {
  const gr_decision* decision = NULL;
  gr_bytes bytes = {NULL, 0};
  const gr_text shown[] = {{"ctx.state", 9}};
  uint8_t hash[32];
  gr_record_hash(record.bytes, record.size, hash);
  gr_record_options options = {.struct_size = sizeof options, .level = GR_RECORD_REDACTED,
                               .shown = shown, .shown_count = 1,
                               .salt = {(const uint8_t*)"0123456789abcdef", 16}, .previous = hash};
  CHECK_OK(gr_request_from_json(w->request, whole_catalog_request, strlen(whole_catalog_request),
                                &error));
  CHECK_OK(gr_rank(w->session, w->request, &decision, &error));
  CHECK_OK(gr_decision_record_as(decision, &options, &bytes, &error));
  gr_record_info info = {.struct_size = sizeof info};
  CHECK_OK(gr_record_open(bytes.data, bytes.size, &info, &error));
  CHECK(info.level == GR_RECORD_REDACTED && info.has_previous && memcmp(info.previous, hash, 32) == 0);
  CHECK(is_text(info.engine, "0.1.0"));
  CHECK(holds(info.request, "\"state\":\"CA\"") && holds(info.request, "{\"commitment\":"));
  uint8_t* copy = malloc(bytes.size);
  const size_t size = bytes.size;
  memcpy(copy, bytes.data, size);

  gr_replay_result result = {.struct_size = sizeof result};
  gr_replay_options supplied = {.struct_size = sizeof supplied,
                                .request_json = {whole_catalog_request, strlen(whole_catalog_request)},
                                .salt = options.salt};
  CHECK_OK(gr_replay_with(w->session, w->snapshot, copy, size, &supplied, &result, &error));
  CHECK(result.is_equal);
  CHECK_FAILS(gr_replay(w->session, w->snapshot, copy, size, &result, &error), GR_STATUS_MISSING,
              "request");
  CHECK_FAILS(gr_replay_with(w->session, w->snapshot, record.bytes, record.size, &supplied, &result,
                             &error), GR_STATUS_ARGUMENT, "request");
  free(copy);

  CHECK_OK(gr_rank(w->session, w->request, &decision, &error));
  options.level = GR_RECORD_DIGEST;
  CHECK_OK(gr_decision_record_as(decision, &options, &bytes, &error));
  CHECK_OK(gr_record_open(bytes.data, bytes.size, &info, &error));
  CHECK(info.request.size == 0);
  options.level = 3;
  CHECK_FAILS(gr_decision_record_as(decision, &options, &bytes, &error), GR_STATUS_ARGUMENT, "level");
  options.level = GR_RECORD_DIGEST;
  options.salt.size = 15;
  CHECK_FAILS(gr_decision_record_as(decision, &options, &bytes, &error), GR_STATUS_ARGUMENT, "salt");
  options.shown = NULL;
  CHECK_FAILS(gr_decision_record_as(decision, &options, &bytes, &error), GR_STATUS_ARGUMENT, "shown");
  test_shown_names(decision, options.salt.data);
  CHECK_FAILS(gr_record_open(NULL, 0, &info, &error), GR_STATUS_ARGUMENT, "record");
  CHECK_FAILS(gr_record_open(hash, 32, &info, &error), GR_STATUS_IDENTIFIER, "record");
}

void test_record(void) {
  world w;
  CHECK_OK(open_world(NULL, &w, &error));
  owned_record record = take_record(&w);
  test_replay(&w, record);
  test_damage(&w, record);
  test_other_artifacts(&w, record);
  test_arguments(&w, record);
  test_recorded_request(&w, record);
  test_levels(&w, record);
  test_decision_after_replay(&w, record);
  free(record.bytes);
  close_world(&w);
}
