/* Ranks requests from standard input in plain C: client BUNDLE < frames > lines.
 *
 * A frame is a decimal length, a newline and that many bytes of a request. For each one line comes
 * back: the decision or the error, as JSON. Every decision's record is replayed as well; one that
 * does not give the same bits ends the program with code 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guardrank.h"

static uint8_t* read_file(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) return NULL;
  *size = (size_t)ftell(file);
  rewind(file);
  uint8_t* bytes = malloc(*size + 1);
  if (bytes != NULL && fread(bytes, 1, *size, file) != *size) {
    free(bytes);
    bytes = NULL;
  }
  fclose(file);
  return bytes;
}

/* Prints the error on a line of its own and frees it. */
static void print_error(gr_error* error) {
  char json[4096];
  gr_error_json(error, json, sizeof json);
  printf("%s\n", json);
  gr_error_free(error);
}

static int die(const char* what, gr_error* error) {
  fprintf(stderr, "%s: %s\n", what, gr_error_message(error).data);
  gr_error_free(error);
  return 1;
}

static int replay(gr_session* session, const gr_snapshot* snapshot, const gr_decision* decision) {
  gr_bytes record;
  gr_error* error = NULL;
  if (gr_decision_record(decision, &record, &error) != GR_STATUS_OK) return die("record", error);
  uint8_t* copy = malloc(record.size);
  if (copy == NULL) return 1;
  memcpy(copy, record.data, record.size);
  gr_replay_result result = {.struct_size = sizeof result};
  gr_status status = gr_replay(session, snapshot, copy, record.size, &result, &error);
  free(copy);
  if (status != GR_STATUS_OK) return die("replay", error);
  if (!result.is_equal) fprintf(stderr, "replay differs: %s\n", result.first_difference);
  return !result.is_equal;
}

/* 1 when the library does what it never should. */
static int answer(gr_session* session, const gr_snapshot* snapshot, gr_request* request,
                  const char* json, size_t size) {
  const gr_decision* decision = NULL;
  gr_error* error = NULL;
  gr_text text;
  if (gr_request_from_json(request, json, size, &error) != GR_STATUS_OK ||
      gr_rank(session, request, &decision, &error) != GR_STATUS_OK ||
      gr_decision_json(decision, false, &text, &error) != GR_STATUS_OK) {
    print_error(error);
    return 0;
  }
  printf("%.*s\n", (int)text.size, text.data);
  return replay(session, snapshot, decision);
}

static int answer_all(gr_session* session, const gr_snapshot* snapshot, gr_request* request) {
  size_t size;
  while (scanf("%zu", &size) == 1 && getchar() == '\n') {
    char* json = malloc(size + 1);
    if (json == NULL || fread(json, 1, size, stdin) != size) return 1;
    int failed = answer(session, snapshot, request, json, size);
    free(json);
    if (failed) return 1;
  }
  return 0;
}

int main(int argc, char** argv) {
  size_t size = 0;
  uint8_t* bytes = argc == 2 ? read_file(argv[1], &size) : NULL;
  if (bytes == NULL) return fprintf(stderr, "usage: client BUNDLE\n"), 2;
  gr_engine* engine = NULL;
  gr_artifact* bundle = NULL;
  gr_snapshot* snapshot = NULL;
  gr_request* request = NULL;
  gr_session* session = NULL;
  gr_error* error = NULL;
  if (gr_engine_create(NULL, &engine, &error) != GR_STATUS_OK ||
      gr_artifact_open(engine, bytes, size, NULL, &bundle, &error) != GR_STATUS_OK ||
      gr_snapshot_create(engine, bundle, NULL, &snapshot, &error) != GR_STATUS_OK ||
      gr_request_create(snapshot, &request, &error) != GR_STATUS_OK ||
      gr_session_create(engine, &session, &error) != GR_STATUS_OK) {
    return die(argv[1], error);
  }
  int code = answer_all(session, snapshot, request);
  gr_session_free(session);
  gr_request_free(request);
  gr_snapshot_free(snapshot);
  gr_artifact_free(bundle);
  gr_engine_free(engine);
  free(bytes);
  return code;
}
