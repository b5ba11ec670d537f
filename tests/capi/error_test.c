/* Versions, status names, error objects and their JSON. */
#include "check.h"

static void test_names(void) {
  CHECK(strcmp(gr_version(), GR_VERSION) == 0);
  CHECK(gr_abi_version() == GR_ABI_VERSION);
  CHECK(gr_numerics_version() == 1);
  CHECK(strcmp(gr_status_name(GR_STATUS_OK), "GR_STATUS_OK") == 0);
  CHECK(strcmp(gr_status_name(GR_STATUS_UNKNOWN_OFFER), "GR_STATUS_UNKNOWN_OFFER") == 0);
  CHECK(strcmp(gr_status_name(GR_STATUS_INTERNAL), "GR_STATUS_INTERNAL") == 0);
  CHECK(strcmp(gr_status_name(12345), "GR_STATUS_UNKNOWN") == 0);
}

static void test_no_error(void) {
  char json[256];
  CHECK(gr_error_code(NULL) == GR_STATUS_OK);
  CHECK(gr_error_message(NULL).size == 0);
  CHECK(gr_error_where(NULL).size == 0);
  CHECK(gr_error_expected(NULL).size == 0);
  CHECK(gr_error_found(NULL).size == 0);
  gr_error_free(NULL);
  CHECK(gr_error_json(NULL, json, sizeof json) < sizeof json);
  CHECK(strstr(json, "\"name\": \"GR_STATUS_MEMORY\"") != NULL);
}

/* A message with a quote and a control character, at every capacity. */
static void test_json(void) {
  world w;
  CHECK_OK(open_world(NULL, &w, &error));
  gr_error* error = NULL;
  const char* json = "{\"time\": \"2026-11-21T10:00:00Z\", \"a\\\"b\\u0001\": 1}";
  CHECK(gr_request_from_json(w.request, json, strlen(json), &error) == GR_STATUS_JSON);
  CHECK(strlen(gr_error_message(error).data) <= gr_error_message(error).size);
  char whole[2048];
  size_t size = gr_error_json(error, whole, sizeof whole);
  CHECK(size == strlen(whole));
  CHECK(strstr(whole, "{\"error\": {\"code\": 200, \"name\": \"GR_STATUS_JSON\"") == whole);
  CHECK(strstr(whole, "a\\\"b\\u0001") != NULL);
  for (size_t capacity = 0; capacity <= size + 1; ++capacity) {
    char part[2048];
    memset(part, 'x', sizeof part);
    CHECK(gr_error_json(error, part, capacity) == size);
    CHECK(part[capacity] == 'x');
    size_t wanted = capacity == 0 ? 0 : capacity - 1;
    if (wanted > size) wanted = size;
    CHECK(memcmp(part, whole, wanted) == 0);
    CHECK(capacity == 0 || part[wanted] == 0);
  }
  CHECK(gr_error_json(error, NULL, 0) == size);
  gr_error_free(error);
  close_world(&w);
}

void test_error(void) {
  test_names();
  test_no_error();
  test_json();
}
