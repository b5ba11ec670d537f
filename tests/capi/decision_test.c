/* Sessions and decisions: columns, reasons, JSON, lifetimes. */
#include <stdlib.h>

#include "check.h"

static const gr_decision* rank(const world* w) {
  const gr_decision* decision = NULL;
  CHECK_OK(gr_request_from_json(w->request, whole_catalog_request, strlen(whole_catalog_request),
                                &error));
  CHECK_OK(gr_rank(w->session, w->request, &decision, &error));
  return decision;
}

static void test_ranked(const gr_decision* d) {
  CHECK(gr_decision_ranked_count(d) == 4);
  int64_t previous = INT64_MAX;
  for (uint32_t i = 0; i < 4; ++i) {
    gr_ranked row = {.struct_size = sizeof row};
    CHECK(gr_decision_ranked(d, i, &row) == GR_STATUS_OK);
    CHECK(row.struct_size == sizeof row && row.propensity == 1.0 && !row.is_mandated);
    CHECK(row.score_micros <= previous && row.candidate < 7 && row.offer.size == 3);
    previous = row.score_micros;
    int64_t sum = 0, term = 0;
    for (uint32_t t = 0; t < 3; ++t) {
      CHECK(gr_decision_term_micros(d, i, t, &term) == GR_STATUS_OK);
      CHECK((t == 2) == (term < 0));    /* the penalty */
      sum += term;
    }
    CHECK(sum == row.score_micros);
  }
  gr_ranked row = {.struct_size = sizeof row};
  CHECK(gr_decision_ranked(d, 4, &row) == GR_STATUS_ARGUMENT);
  CHECK(gr_decision_ranked(d, 0, NULL) == GR_STATUS_ARGUMENT);
  row.struct_size = 0;
  CHECK(gr_decision_ranked(d, 0, &row) == GR_STATUS_STRUCT_SIZE);
}

/* Older structs are filled as far as they go, newer ones end in zeros. */
static void test_struct_sizes(const gr_decision* d) {
  gr_ranked row;
  memset(&row, 0x5a, sizeof row);
  row.struct_size = 8;
  CHECK(gr_decision_ranked(d, 0, &row) == GR_STATUS_OK);
  CHECK(row.candidate < 7 && row.offer.size == (size_t)0x5a5a5a5a5a5a5a5aULL);
  struct {
    gr_ranked known;
    uint64_t later;
  } newer = {.known = {.struct_size = sizeof newer}, .later = 7};
  CHECK(gr_decision_ranked(d, 0, &newer.known) == GR_STATUS_OK);
  CHECK(newer.later == 0);
}

static void test_heads(const gr_decision* d) {
  gr_head_outcome head = {.struct_size = sizeof head};
  for (uint32_t i = 0; i < 4; ++i) {
    double click_reach;
    CHECK(gr_decision_head(d, i, 0, &head) == GR_STATUS_OK);
    CHECK(!head.is_value_head && head.reach == head.probability && head.corrected < head.logit);
    click_reach = head.reach;
    CHECK(gr_decision_head(d, i, 1, &head) == GR_STATUS_OK);
    CHECK(head.reach == click_reach * head.probability && head.corrected == head.logit);
    CHECK(gr_decision_head(d, i, 2, &head) == GR_STATUS_OK);
    CHECK(head.is_value_head && head.probability > 1.0 && head.reach == 0.0);
  }
  CHECK(gr_decision_head(d, 0, 3, &head) == GR_STATUS_ARGUMENT);
  CHECK(gr_decision_head(d, 9, 0, &head) == GR_STATUS_ARGUMENT);
  CHECK(gr_decision_head(d, 0, 0, NULL) == GR_STATUS_ARGUMENT);
  CHECK(gr_decision_term_micros(d, 0, 3, &(int64_t){0}) == GR_STATUS_ARGUMENT);
  CHECK(gr_decision_term_micros(d, 0, 0, NULL) == GR_STATUS_ARGUMENT);
}

static void test_excluded(const gr_decision* d) {
  gr_excluded row = {.struct_size = sizeof row};
  gr_reason why = {.struct_size = sizeof why};
  CHECK(gr_decision_excluded_count(d) == 2);
  CHECK(gr_decision_excluded(d, 0, &row) == GR_STATUS_OK);
  CHECK(is_text(row.offer, "o-4") && is_text(row.stage, "eligibility") && row.reason_count == 1);
  CHECK(gr_decision_reason(d, 0, 0, &why) == GR_STATUS_OK);
  CHECK(is_text(why.rule, "validity") && is_text(why.value, "false") && why.missing.size == 0);
  CHECK(gr_decision_excluded(d, 1, &row) == GR_STATUS_OK);
  CHECK(is_text(row.offer, "o-7") && is_text(row.stage, "value"));
  CHECK(gr_decision_reason(d, 1, 0, &why) == GR_STATUS_OK);
  CHECK(is_text(why.code, "TERM_UNKNOWN") && is_text(why.value, "unknown"));
  CHECK(is_text(why.missing, "offer.cpa"));
  CHECK(gr_decision_excluded(d, 2, &row) == GR_STATUS_ARGUMENT);
  CHECK(gr_decision_excluded(d, 0, NULL) == GR_STATUS_ARGUMENT);
  CHECK(gr_decision_reason(d, 2, 0, &why) == GR_STATUS_ARGUMENT);
  CHECK(gr_decision_reason(d, 0, 1, &why) == GR_STATUS_ARGUMENT);
  CHECK(gr_decision_reason(d, 0, 0, NULL) == GR_STATUS_ARGUMENT);
}

/* Too young by a year for some: which number, and how far. */
static void test_changes(const world* w) {
  const char* json =
      "{\"time\": \"2026-11-21T10:00:00Z\", \"context\": {\"age\": 20, \"state\": \"CA\","
      " \"income\": 82000}, \"candidates\": [{\"offer\": \"o-1\"}, {\"offer\": \"o-2\"}]}";
  const gr_decision* d = NULL;
  gr_change change = {.struct_size = sizeof change};
  gr_reason why = {.struct_size = sizeof why};
  CHECK_OK(gr_request_from_json(w->request, json, strlen(json), &error));
  CHECK_OK(gr_rank(w->session, w->request, &d, &error));
  CHECK(gr_decision_excluded_count(d) == 1);
  CHECK_OK(gr_decision_change(d, 0, 0, &change, &error));
  CHECK(is_text(change.fact, "ctx.age") && change.type == GR_TYPE_I64);
  CHECK(change.from_integer == 20 && change.to_integer == 21 && change.share == 0.05);
  CHECK(gr_decision_reason(d, 0, 0, &why) == GR_STATUS_OK && why.principal_rank == 1);
  CHECK(gr_snapshot_guardrail_count(w->snapshot) == 1);
  CHECK(is_text(gr_snapshot_guardrail_name(w->snapshot, 0), "approve_floor"));
  CHECK(gr_snapshot_guardrail_name(w->snapshot, 1).size == 0);
  gr_head_outcome approve = {.struct_size = sizeof approve};
  CHECK(gr_decision_head(d, 0, 1, &approve) == GR_STATUS_OK);
  CHECK_OK(gr_decision_guardrail_change(d, 0, 0, &change, &error));
  CHECK(is_text(change.fact, "p.approve") && change.type == GR_TYPE_F64);
  CHECK(change.from_number == approve.probability && change.to_number < 0.30);
  CHECK_FAILS(gr_decision_change(d, 1, 0, &change, &error), GR_STATUS_ARGUMENT, "decision");
  CHECK_FAILS(gr_decision_change(d, 0, 1, &change, &error), GR_STATUS_ARGUMENT, "decision");
  CHECK_FAILS(gr_decision_change(NULL, 0, 0, &change, &error), GR_STATUS_ARGUMENT, "decision");
  CHECK_FAILS(gr_decision_change(d, 0, 0, NULL, &error), GR_STATUS_ARGUMENT, "change");
  CHECK_FAILS(gr_decision_guardrail_change(d, 0, 1, &change, &error), GR_STATUS_ARGUMENT,
              "decision");
  CHECK_FAILS(gr_decision_guardrail_change(d, 9, 0, &change, &error), GR_STATUS_ARGUMENT,
              "decision");
  change.struct_size = 0;
  CHECK(gr_decision_change(d, 0, 0, &change, NULL) == GR_STATUS_STRUCT_SIZE);
}

static void test_json(const gr_decision* d) {
  gr_text plain, with_record;
  CHECK_OK(gr_decision_json(d, false, &plain, &error));
  CHECK_OK(gr_decision_json(d, true, &with_record, &error));
  CHECK(with_record.size > plain.size && plain.data[plain.size - 1] == '}');
  CHECK(memcmp(plain.data, with_record.data, plain.size - 1) == 0);
  CHECK_FAILS(gr_decision_json(NULL, false, &plain, &error), GR_STATUS_ARGUMENT, "decision");
  CHECK_FAILS(gr_decision_json(d, false, NULL, &error), GR_STATUS_ARGUMENT, "json");
}

static void test_null(const world* w) {
  const gr_decision* decision = NULL;
  gr_session* session = NULL;
  CHECK_FAILS(gr_session_create(NULL, &session, &error), GR_STATUS_ARGUMENT, "engine");
  CHECK_FAILS(gr_session_create(w->engine, NULL, &error), GR_STATUS_ARGUMENT, "session");
  CHECK_FAILS(gr_rank(NULL, w->request, &decision, &error), GR_STATUS_ARGUMENT, "session");
  CHECK_FAILS(gr_rank(w->session, NULL, &decision, &error), GR_STATUS_ARGUMENT, "request");
  CHECK_FAILS(gr_rank(w->session, w->request, NULL, &error), GR_STATUS_ARGUMENT, "decision");
  CHECK(gr_decision_ranked_count(NULL) == 0 && gr_decision_excluded_count(NULL) == 0);
  CHECK(gr_session_peak_bytes(NULL) == 0);
  gr_session_free(NULL);
}

/* Keeps its own copy of what a decision says. */
static char* copy_json(const gr_decision* decision) {
  gr_text json = {NULL, 0};
  CHECK_OK(gr_decision_json(decision, true, &json, &error));
  char* copy = malloc(json.size + 1);
  memcpy(copy, json.data, json.size);
  copy[json.size] = 0;
  return copy;
}

/* Together they are told what each is told alone, and explain themselves apart. */
static void test_many(const world* w) {
  const gr_request* requests[3];
  const gr_decision* decisions[3] = {NULL, NULL, NULL};
  gr_request *older, *foreign;
  world other;
  char* alone[2];
  const char* json = "{\"time\": \"2026-11-21T10:00:00Z\", \"seed\": 3, \"context\": {\"age\": 20, "
                     "\"state\": \"CA\", \"income\": 30000}}";
  alone[0] = copy_json(rank(w));
  CHECK_OK(gr_request_create(w->snapshot, &older, &error));
  CHECK_OK(gr_request_from_json(older, json, strlen(json), &error));
  CHECK_OK(gr_rank(w->session, older, &decisions[1], &error));
  alone[1] = copy_json(decisions[1]);
  CHECK(strcmp(alone[0], alone[1]) != 0);
  requests[0] = requests[2] = w->request;
  requests[1] = older;
  for (int repeat = 0; repeat < 2; ++repeat) {
    CHECK_OK(gr_rank_many(w->session, requests, 3, decisions, &error));
    for (int i = 0; i < 3; ++i) {
      char* found = copy_json(decisions[i]);
      CHECK(strcmp(found, alone[i % 2]) == 0);
      free(found);
    }
  }
  gr_change change = {.struct_size = sizeof change};
  CHECK_OK(gr_decision_change(decisions[1], 0, 0, &change, &error));
  CHECK_OK(gr_rank_many(w->session, NULL, 0, NULL, &error));
  CHECK_OK(open_world(NULL, &other, &error));
  CHECK_OK(gr_request_create(other.snapshot, &foreign, &error));
  requests[1] = foreign;
  const gr_decision* untouched[3] = {NULL, NULL, NULL};
  CHECK_FAILS(gr_rank_many(w->session, requests, 3, untouched, &error), GR_STATUS_ARGUMENT,
              "requests[1]");
  requests[1] = NULL;
  CHECK_FAILS(gr_rank_many(w->session, requests, 3, untouched, &error), GR_STATUS_ARGUMENT,
              "requests[1]");
  CHECK(untouched[0] == NULL && untouched[2] == NULL);
  CHECK_FAILS(gr_rank_many(NULL, requests, 1, untouched, &error), GR_STATUS_ARGUMENT, "session");
  CHECK_FAILS(gr_rank_many(w->session, NULL, 1, untouched, &error), GR_STATUS_ARGUMENT, "requests");
  CHECK_FAILS(gr_rank_many(w->session, requests, 1, NULL, &error), GR_STATUS_ARGUMENT, "decisions");
  gr_request_free(older);
  gr_request_free(foreign);
  close_world(&other);
  free(alone[0]);
  free(alone[1]);
}

/* A session whose limit is too small fails, and its earlier decision is gone rather than wrong. */
static void test_small_session(void) {
  gr_engine_options options = {.struct_size = sizeof options, .session_limit_bytes = 64};
  world w;
  const gr_decision* decision = NULL;
  CHECK_OK(open_world(&options, &w, &error));
  CHECK_OK(gr_request_from_json(w.request, whole_catalog_request, strlen(whole_catalog_request),
                                &error));
  CHECK(gr_rank(w.session, w.request, &decision, NULL) == GR_STATUS_MEMORY);
  CHECK(decision == NULL);
  close_world(&w);
}

void test_decision(void) {
  world w;
  CHECK_OK(open_world(NULL, &w, &error));
  const gr_decision* d = rank(&w);
  test_ranked(d);
  test_struct_sizes(d);
  test_heads(d);
  test_excluded(d);
  test_json(d);
  test_changes(&w);
  test_null(&w);
  test_many(&w);
  CHECK(gr_session_peak_bytes(w.session) > 0);
  test_small_session();
  close_world(&w);
}
