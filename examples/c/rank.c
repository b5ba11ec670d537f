/* The first program: ranks one request on a bundle, prints the top 3 and why the first excluded
 * offer was excluded. Usage: rank BUNDLE REQUEST.json */
#include <guardrank.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A whole file, to be freed; NULL and a message when it cannot be read. */
static uint8_t* read_file(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  uint8_t* bytes = NULL;
  long length = -1;
  if (file != NULL && fseek(file, 0, SEEK_END) == 0) length = ftell(file);
  if (length >= 0 && fseek(file, 0, SEEK_SET) == 0) bytes = malloc((size_t)length + 1);
  if (bytes != NULL && fread(bytes, 1, (size_t)length, file) != (size_t)length) {
    free(bytes);
    bytes = NULL;
  }
  if (file != NULL) fclose(file);
  if (bytes == NULL) fprintf(stderr, "error: cannot read %s\n", path);
  *size = (size_t)length;
  return bytes;
}

/* Reports a failed call and frees its error, which the call has stored in `error`. */
static bool succeeded(gr_status status, gr_error** error) {
  if (status == GR_STATUS_OK) return true;
  gr_text message = gr_error_message(*error);
  fprintf(stderr, "error %d: %.*s\n", (int)status, (int)message.size, message.data);
  gr_error_free(*error);
  return false;
}

static void print_ranked(const gr_decision* decision) {
  for (uint32_t position = 0; position < 3; position++) {
    gr_ranked ranked = {.struct_size = sizeof ranked};
    if (gr_decision_ranked(decision, position, &ranked) != GR_STATUS_OK) break;
    const char* sign = ranked.score_micros < 0 ? "-" : "";
    uint64_t micros = (uint64_t)ranked.score_micros;
    if (ranked.score_micros < 0) micros = 0 - micros;
    printf("%u  %.*s  %s%" PRIu64 ".%06" PRIu64 "\n", position + 1, (int)ranked.offer.size,
           ranked.offer.data, sign, micros / 1000000, micros % 1000000);
  }
}

static void print_first_exclusion(const gr_decision* decision) {
  gr_excluded excluded = {.struct_size = sizeof excluded};
  gr_reason reason = {.struct_size = sizeof reason};
  if (gr_decision_excluded(decision, 0, &excluded) != GR_STATUS_OK ||
      gr_decision_reason(decision, 0, 0, &reason) != GR_STATUS_OK) {
    printf("excluded  none\n");
    return;
  }
  printf("excluded  %.*s  %.*s: %.*s\n", (int)excluded.offer.size, excluded.offer.data,
         (int)reason.rule.size, reason.rule.data, (int)reason.text.size, reason.text.data);
}

/* The handles of one run, all NULL at first. */
typedef struct {
  gr_engine* engine;
  gr_artifact* bundle;
  gr_snapshot* snapshot;
  gr_request* request;
  gr_session* session;
} program;

static bool rank(program* p, const uint8_t* bundle, size_t bundle_size, const uint8_t* json,
                 size_t json_size) {
  gr_error* error = NULL;
  const gr_decision* decision = NULL;
  bool done =
      succeeded(gr_engine_create(NULL, &p->engine, &error), &error) &&
      succeeded(gr_artifact_open(p->engine, bundle, bundle_size, NULL, &p->bundle, &error),
                &error) &&
      succeeded(gr_snapshot_create(p->engine, p->bundle, NULL, &p->snapshot, &error), &error) &&
      succeeded(gr_request_create(p->snapshot, &p->request, &error), &error) &&
      succeeded(gr_request_from_json(p->request, (const char*)json, json_size, &error), &error) &&
      succeeded(gr_session_create(p->engine, &p->session, &error), &error) &&
      succeeded(gr_rank(p->session, p->request, &decision, &error), &error);
  if (!done) return false;
  print_ranked(decision);
  print_first_exclusion(decision);
  return true;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s BUNDLE REQUEST.json\n", argv[0]);
    return 2;
  }
  program p = {0};
  size_t bundle_size = 0;
  size_t json_size = 0;
  uint8_t* bundle = read_file(argv[1], &bundle_size);
  uint8_t* json = bundle != NULL ? read_file(argv[2], &json_size) : NULL;
  bool done = json != NULL && rank(&p, bundle, bundle_size, json, json_size);
  gr_session_free(p.session);
  gr_request_free(p.request);
  gr_snapshot_free(p.snapshot);
  gr_artifact_free(p.bundle);
  gr_engine_free(p.engine);
  free(json);
  free(bundle);
  return done ? 0 : 1;
}
