/* Requests: JSON and typed values give the same decision; bad values are refused and change nothing. */
#include <math.h>
#include <stdlib.h>

#include "check.h"

static const int64_t noon = INT64_C(1795255200000000);   /* 2026-11-21T10:00:00Z in micros */

static uint32_t context_fact(const world* w, const char* name) {
  return gr_snapshot_fact(w->snapshot, GR_NAMESPACE_CONTEXT, text_of(name));
}

static void set_typed(const world* w) {
  gr_request_reset(w->request);
  gr_request_set_time(w->request, noon);
  gr_request_set_explain(w->request, true);
  CHECK_OK(gr_request_set_id(w->request, text_of("r-1"), &error));
  CHECK_OK(gr_request_set_context_i64(w->request, context_fact(w, "age"), 34, &error));
  CHECK_OK(gr_request_set_context_text(w->request, context_fact(w, "state"), text_of("CA"), &error));
  CHECK_OK(gr_request_set_context_f64(w->request, context_fact(w, "income"), 82000.0, &error));
}

static char* json_of(const world* w) {
  const gr_decision* decision = NULL;
  gr_text json = {"", 0};
  CHECK_OK(gr_rank(w->session, w->request, &decision, &error));
  CHECK_OK(gr_decision_json(decision, false, &json, &error));
  char* copy = calloc(json.size + 1, 1);
  memcpy(copy, json.data, json.size);
  return copy;
}

static void test_same_decision(const world* w) {
  CHECK_OK(gr_request_from_json(w->request, whole_catalog_request, strlen(whole_catalog_request),
                                &error));
  char* from_json = json_of(w);
  set_typed(w);
  char* typed = json_of(w);
  CHECK(strcmp(from_json, typed) == 0);
  CHECK(strstr(typed, "\"heads\"") != NULL);
  gr_request_set_explain(w->request, false);
  gr_request_set_limit(w->request, 1);
  gr_request_set_seed(w->request, 9);
  char* brief = json_of(w);
  CHECK(strstr(brief, "\"heads\"") == NULL && strstr(brief, "\"position\":2") == NULL);
  free(from_json);
  free(typed);
  free(brief);
}

static void test_bad_values(const world* w) {
  gr_request* r = w->request;
  uint32_t age = context_fact(w, "age"), state = context_fact(w, "state");
  uint32_t income = context_fact(w, "income");
  uint32_t apr = gr_snapshot_fact(w->snapshot, GR_NAMESPACE_CANDIDATE, text_of("apr"));
  set_typed(w);
  char* before = json_of(w);
  CHECK_FAILS(gr_request_set_context_f64(r, income, NAN, &error), GR_STATUS_NOT_FINITE,
              "context.income");
  CHECK_FAILS(gr_request_set_context_f64(r, income, -INFINITY, &error), GR_STATUS_NOT_FINITE,
              "context.income");
  CHECK_FAILS(gr_request_set_context_f64(r, age, 34.5, &error), GR_STATUS_TYPE, "context.age");
  CHECK_FAILS(gr_request_set_context_bool(r, income, true, &error), GR_STATUS_TYPE,
              "context.income");
  CHECK_FAILS(gr_request_set_context_time(r, state, 5, &error), GR_STATUS_TYPE, "context.state");
  CHECK_FAILS(gr_request_set_context_text(r, state, (gr_text){"\xff\xfe", 2}, &error),
              GR_STATUS_UTF8, "context.state");
  gr_text texts[] = {text_of("a"), text_of("b")};
  CHECK_FAILS(gr_request_set_context_texts(r, state, texts, 2, &error), GR_STATUS_TYPE,
              "context.state");
  CHECK_FAILS(gr_request_set_context_texts(r, state, NULL, 2, &error), GR_STATUS_ARGUMENT,
              "values");
  float floats[] = {1, 2};
  CHECK_FAILS(gr_request_set_context_vector(r, state, floats, 2, &error), GR_STATUS_TYPE,
              "context.state");
  CHECK_FAILS(gr_request_set_context_vector(r, state, NULL, 2, &error), GR_STATUS_ARGUMENT,
              "values");
  CHECK_FAILS(gr_request_set_context_f64(r, apr, 1.0, &error), GR_STATUS_ARGUMENT, "fact");
  CHECK_FAILS(gr_request_set_context_f64(r, GR_NO_FACT, 1.0, &error), GR_STATUS_ARGUMENT, "fact");
  CHECK_FAILS(gr_request_set_id(r, (gr_text){"\xc3", 1}, &error), GR_STATUS_UTF8, "request_id");
  CHECK_FAILS(gr_request_set_route(r, text_of("colour"), text_of("red"), &error),
              GR_STATUS_ARGUMENT, "name");
  char* after = json_of(w);
  CHECK(strcmp(before, after) == 0);
  free(before);
  free(after);
}

static void test_route(const world* w) {
  const char* names[] = {"product", "market", "segment", "partner", "surface", "unit"};
  set_typed(w);
  char* plain = json_of(w);
  for (size_t i = 0; i < 6; ++i) {
    CHECK_OK(gr_request_set_route(w->request, text_of(names[i]), text_of("prime"), &error));
  }
  char* routed = json_of(w);
  CHECK(strcmp(plain, routed) != 0);    /* ctx.segment picks another calibrator */
  free(plain);
  free(routed);
}

static void test_candidates(const world* w) {
  gr_text offers[] = {text_of("o-6"), text_of("o-1"), text_of("o-6"), text_of("o-99")};
  set_typed(w);
  CHECK_FAILS(gr_request_set_candidates(w->request, NULL, 1, &error), GR_STATUS_ARGUMENT, "offers");
  CHECK_FAILS(gr_request_set_candidates(w->request, offers, 3, &error), GR_STATUS_DUPLICATE_OFFER,
              "candidates[2].offer");
  CHECK_FAILS(gr_request_set_candidates(w->request, offers + 3, 1, &error),
              GR_STATUS_UNKNOWN_OFFER, "candidates[0].offer");
  CHECK_OK(gr_request_set_candidates(w->request, offers, 2, &error));
  const gr_decision* decision = NULL;
  CHECK_OK(gr_rank(w->session, w->request, &decision, &error));
  CHECK(gr_decision_ranked_count(decision) == 2);
  gr_request_reset(w->request);
  CHECK_OK(gr_request_set_candidates(w->request, NULL, 0, &error));
  CHECK_OK(gr_rank(w->session, w->request, &decision, &error));
  CHECK(gr_decision_ranked_count(decision) == 0 && gr_decision_excluded_count(decision) == 0);
}

/* 100,000 offers of the request's own rank within bounded memory; a million and one are refused. */
static void test_many_candidates(void) {
  enum { n_offers = 100000, too_many = 1000001 };
  file_bytes file = bundle_file("open");
  world w = {NULL, NULL, NULL, NULL, NULL};
  const gr_decision* decision = NULL;
  CHECK_OK(gr_engine_create(NULL, &w.engine, &error));
  CHECK_OK(gr_artifact_open(w.engine, file.bytes, file.size, NULL, &w.artifact, &error));
  CHECK_OK(gr_snapshot_create(w.engine, w.artifact, NULL, &w.snapshot, &error));
  CHECK_OK(gr_request_create(w.snapshot, &w.request, &error));
  CHECK_OK(gr_session_create(w.engine, &w.session, &error));
  char(*ids)[12] = calloc(n_offers, sizeof *ids);
  gr_text* offers = calloc(too_many, sizeof *offers);
  double* payouts = calloc(n_offers, sizeof *payouts);
  for (int i = 0; i < n_offers; ++i) {
    snprintf(ids[i], sizeof ids[i], "x-%d", i);
    offers[i] = text_of(ids[i]);
    payouts[i] = i % 1000;
  }
  CHECK_FAILS(gr_request_set_candidates(w.request, offers, too_many, &error), GR_STATUS_LIMIT,
              "candidates");
  CHECK_OK(gr_request_set_candidates(w.request, offers, n_offers, &error));
  CHECK_OK(gr_request_set_context_i64(w.request, context_fact(&w, "age"), 40, &error));
  gr_column column = {.struct_size = sizeof column, .type = GR_TYPE_F64, .n_rows = n_offers,
                      .numbers = payouts};
  uint32_t payout = gr_snapshot_fact(w.snapshot, GR_NAMESPACE_CANDIDATE, text_of("payout"));
  CHECK_OK(gr_request_set_column(w.request, payout, &column, &error));
  gr_request_set_limit(w.request, 5);
  CHECK_OK(gr_rank(w.session, w.request, &decision, &error));
  CHECK(gr_decision_ranked_count(decision) == 5 && gr_decision_excluded_count(decision) == 0);
  CHECK(gr_session_peak_bytes(w.session) < (64u << 20));
  close_world(&w);
  free(ids);
  free(offers);
  free(payouts);
}

/* After a refused JSON the request is empty: it ranks, and nothing of before is left. */
static void test_bad_json(const world* w) {
  const char* cut = "{\"time\": \"2026-11-21T10:00:00Z\", \"context\": {\"age\": 34";
  set_typed(w);
  CHECK(gr_request_from_json(w->request, cut, strlen(cut), NULL) == GR_STATUS_JSON);
  char* json = json_of(w);
  CHECK(strstr(json, "\"request_id\":null") != NULL && strstr(json, "\"missing\":\"ctx.age\"") != NULL);
  free(json);
  CHECK_FAILS(gr_request_from_json(w->request, NULL, 1, &error), GR_STATUS_ARGUMENT, "json");
  /* limits::request_json_bytes: refused before a byte is read. */
  CHECK_FAILS(gr_request_from_json(w->request, "{}", (256u << 20) + 1, &error), GR_STATUS_LIMIT, "request");
}

static void test_null(const world* w) {
  gr_request* request = NULL;
  gr_text text = text_of("x");
  CHECK_FAILS(gr_request_create(NULL, &request, &error), GR_STATUS_ARGUMENT, "snapshot");
  CHECK_FAILS(gr_request_create(w->snapshot, NULL, &error), GR_STATUS_ARGUMENT, "request");
  CHECK_FAILS(gr_request_from_json(NULL, "{}", 2, &error), GR_STATUS_ARGUMENT, "request");
  CHECK_FAILS(gr_request_set_id(NULL, text, &error), GR_STATUS_ARGUMENT, "request");
  CHECK_FAILS(gr_request_set_route(NULL, text, text, &error), GR_STATUS_ARGUMENT, "request");
  CHECK_FAILS(gr_request_set_candidates(NULL, &text, 1, &error), GR_STATUS_ARGUMENT, "request");
  CHECK_FAILS(gr_request_set_context_f64(NULL, 0, 1, &error), GR_STATUS_ARGUMENT, "request");
  CHECK_FAILS(gr_request_set_context_texts(NULL, 0, &text, 1, &error), GR_STATUS_ARGUMENT,
              "request");
  gr_request_reset(NULL);
  gr_request_set_time(NULL, 1);
  gr_request_set_seed(NULL, 1);
  gr_request_set_limit(NULL, 1);
  gr_request_set_explain(NULL, true);
  gr_request_free(NULL);
}

/* A request keeps its snapshot alive. */
static void test_counts(void) {
  world w;
  CHECK_OK(open_world(NULL, &w, &error));
  gr_snapshot_free(w.snapshot);
  gr_artifact_free(w.artifact);
  CHECK_OK(gr_request_from_json(w.request, whole_catalog_request, strlen(whole_catalog_request),
                                &error));
  const gr_decision* decision = NULL;
  CHECK_OK(gr_rank(w.session, w.request, &decision, &error));
  CHECK(gr_decision_ranked_count(decision) > 0);
  gr_request_free(w.request);
  gr_session_free(w.session);
  gr_engine_free(w.engine);
}

void test_request(void) {
  world w;
  CHECK_OK(open_world(NULL, &w, &error));
  test_same_decision(&w);
  test_bad_values(&w);
  test_route(&w);
  test_candidates(&w);
  test_many_candidates();
  test_bad_json(&w);
  test_null(&w);
  test_counts();
  close_world(&w);
}
