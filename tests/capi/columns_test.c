/* Whole columns: every type, every way to be wrong. */
#include <math.h>
#include <stdlib.h>

#include "check.h"

enum { n_offers = 3 };

static uint32_t fact(const world* w, gr_namespace space, const char* name) {
  return gr_snapshot_fact(w->snapshot, space, text_of(name));
}

static void start(const world* w) {
  const char* json = "{\"time\": \"2026-11-21T10:00:00Z\", \"context\": {\"age\": 34,"
                     " \"state\": \"CA\", \"income\": 82000},"
                     " \"candidates\": [{\"offer\": \"o-1\"}, {\"offer\": \"o-2\"}, {\"offer\": \"o-6\"}]}";
  CHECK_OK(gr_request_from_json(w->request, json, strlen(json), &error));
}

static gr_column column(gr_type type) {
  return (gr_column){.struct_size = sizeof(gr_column), .type = type, .n_rows = n_offers};
}

static uint32_t ranked_count(const world* w) {
  const gr_decision* decision = NULL;
  CHECK_OK(gr_rank(w->session, w->request, &decision, &error));
  return gr_decision_ranked_count(decision);
}

/* The rates of o-1 and o-6 are given, o-2's is missing here and comes from the catalog. */
static void test_numbers(const world* w) {
  const double rates[n_offers] = {10, 20, 30};
  const uint8_t present[n_offers] = {1, 0, 1};
  gr_column c = column(GR_TYPE_F64);
  c.numbers = rates;
  c.present = present;
  start(w);
  CHECK_OK(gr_request_set_column(w->request, fact(w, GR_NAMESPACE_CANDIDATE, "apr"), &c, &error));
  CHECK(ranked_count(w) == n_offers);
}

static void test_integers(const world* w) {
  const int64_t seen[n_offers] = {8, 0, 0}, rates[n_offers] = {10, 20, 30};
  const gr_decision* decision = NULL;
  gr_column c = column(GR_TYPE_I64);
  c.integers = seen;
  start(w);
  CHECK_OK(gr_request_set_column(w->request, fact(w, GR_NAMESPACE_PAIR, "seen_before"), &c, &error));
  c.integers = rates;                   /* whole numbers for a double */
  CHECK_OK(gr_request_set_column(w->request, fact(w, GR_NAMESPACE_CANDIDATE, "apr"), &c, &error));
  CHECK_OK(gr_rank(w->session, w->request, &decision, &error));
  gr_ranked last = {.struct_size = sizeof last};
  CHECK(gr_decision_ranked(decision, 2, &last) == GR_STATUS_OK);
  CHECK(is_text(last.offer, "o-1"));    /* seen eight times: fewer clicks than its twin o-6 */
}

static void test_texts(const world* w) {
  const gr_text partners[n_offers] = {text_of("a"), text_of("b"), text_of("c")};
  const gr_text states[4] = {text_of("CA"), text_of("TX"), text_of("CA"), text_of("NY")};
  const uint32_t offsets[n_offers + 1] = {0, 2, 3, 4};
  gr_column c = column(GR_TYPE_STRING);
  c.texts = partners;
  start(w);
  CHECK_OK(gr_request_set_column(w->request, fact(w, GR_NAMESPACE_CANDIDATE, "partner"), &c, &error));
  c = column(GR_TYPE_STRING_LIST);
  c.texts = states;
  c.list_offsets = offsets;
  CHECK_OK(gr_request_set_column(w->request, fact(w, GR_NAMESPACE_CANDIDATE, "states"), &c, &error));
  CHECK(ranked_count(w) == 2);          /* o-6 is now offered in NY alone */
}

static void test_bad_columns(const world* w) {
  const double rates[n_offers] = {10, NAN, 30};
  const uint32_t backwards[n_offers + 1] = {0, 2, 1, 3};
  const gr_text texts[n_offers] = {text_of("a"), {"\xff", 1}, text_of("c")};
  uint32_t apr = fact(w, GR_NAMESPACE_CANDIDATE, "apr");
  uint32_t partner = fact(w, GR_NAMESPACE_CANDIDATE, "partner");
  uint32_t states = fact(w, GR_NAMESPACE_CANDIDATE, "states");
  start(w);
  gr_column c = column(GR_TYPE_F64);
  CHECK_FAILS(gr_request_set_column(w->request, apr, NULL, &error), GR_STATUS_ARGUMENT, "column");
  CHECK_FAILS(gr_request_set_column(NULL, apr, &c, &error), GR_STATUS_ARGUMENT, "request");
  CHECK_FAILS(gr_request_set_column(w->request, apr, &c, &error), GR_STATUS_ARGUMENT,
              "column.numbers");
  c.numbers = rates;
  CHECK_FAILS(gr_request_set_column(w->request, apr, &c, &error), GR_STATUS_NOT_FINITE,
              "candidates[1].facts.apr");
  CHECK_FAILS(gr_request_set_column(w->request, partner, &c, &error), GR_STATUS_TYPE,
              "offer.partner");
  CHECK_FAILS(gr_request_set_column(w->request, GR_NO_FACT, &c, &error), GR_STATUS_ARGUMENT, "fact");
  CHECK_FAILS(gr_request_set_column(w->request, fact(w, GR_NAMESPACE_CONTEXT, "age"), &c, &error),
              GR_STATUS_ARGUMENT, "fact");
  c.n_rows = 2;
  CHECK_FAILS(gr_request_set_column(w->request, apr, &c, &error), GR_STATUS_ARGUMENT,
              "column.n_rows");
  c.n_rows = n_offers;
  c.type = 42;
  CHECK_FAILS(gr_request_set_column(w->request, apr, &c, &error), GR_STATUS_ARGUMENT,
              "column.type");
  c.struct_size = 1;
  CHECK_FAILS(gr_request_set_column(w->request, apr, &c, &error), GR_STATUS_STRUCT_SIZE, "column");
  c = column(GR_TYPE_STRING);
  c.texts = texts;
  CHECK_FAILS(gr_request_set_column(w->request, partner, &c, &error), GR_STATUS_UTF8,
              "candidates[1].facts.partner");
  c = column(GR_TYPE_STRING_LIST);
  c.texts = texts;
  CHECK_FAILS(gr_request_set_column(w->request, states, &c, &error), GR_STATUS_ARGUMENT,
              "column.list_offsets");
  c.list_offsets = backwards;
  CHECK(gr_request_set_column(w->request, states, &c, NULL) != GR_STATUS_OK);
  CHECK(ranked_count(w) == n_offers);   /* nothing was half applied */
}

static void test_forbidden_override(const world* w) {
  const double payouts[n_offers] = {1e6, 1e6, 1e6};
  gr_column c = column(GR_TYPE_F64);
  c.numbers = payouts;
  start(w);
  CHECK(gr_request_set_column(w->request, fact(w, GR_NAMESPACE_CANDIDATE, "cpa"), &c, NULL) ==
        GR_STATUS_ARGUMENT);
}

void test_columns(void) {
  world w;
  CHECK_OK(open_world(NULL, &w, &error));
  test_numbers(&w);
  test_integers(&w);
  test_texts(&w);
  test_bad_columns(&w);
  test_forbidden_override(&w);
  close_world(&w);
}
