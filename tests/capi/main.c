/* The C interface, function by function: main FOLDER (of the conformance bundles). */
#include <stdlib.h>

#include "check.h"

int n_checks = 0, n_failures = 0;

static const char* folder;
static struct {
  const char* name;
  file_bytes file;
} files[4];

bool is_text(gr_text text, const char* wanted) {
  return text.size == strlen(wanted) && (text.size == 0 || memcmp(text.data, wanted, text.size) == 0);
}

gr_text text_of(const char* text) { return (gr_text){text, strlen(text)}; }

static file_bytes read_bundle(const char* name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s.guardrank", folder, name);
  FILE* file = fopen(path, "rb");
  if (file == NULL) {
    fprintf(stderr, "%s cannot be read\n", path);
    exit(2);
  }
  fseek(file, 0, SEEK_END);
  file_bytes read = {NULL, (size_t)ftell(file)};
  rewind(file);
  read.bytes = aligned_alloc(64, (read.size + 64) / 64 * 64);
  if (read.bytes == NULL || fread(read.bytes, 1, read.size, file) != read.size) exit(2);
  fclose(file);
  return read;
}

file_bytes bundle_file(const char* name) {
  for (size_t i = 0; i < 4; ++i) {
    if (files[i].name == NULL) {
      files[i].name = name;
      files[i].file = read_bundle(name);
    }
    if (strcmp(files[i].name, name) == 0) return files[i].file;
  }
  exit(2);
}

static void* count_allocation(void* user, size_t size, size_t alignment) {
  counting_memory* memory = user;
  if (memory->n_left == 0 || memory->live_bytes + size > memory->most_bytes) return NULL;
  --memory->n_left;
  ++memory->n_allocations;
  ++memory->n_live;
  memory->live_bytes += size;
  if (alignment < sizeof(void*)) alignment = sizeof(void*);
  return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void count_release(void* user, void* bytes, size_t size, size_t alignment) {
  (void)alignment;
  --((counting_memory*)user)->n_live;
  ((counting_memory*)user)->live_bytes -= size;
  free(bytes);
}

void counting_options(counting_memory* memory, gr_engine_options* options) {
  *memory = (counting_memory){0, 0, SIZE_MAX, 0, SIZE_MAX};
  *options = (gr_engine_options){.struct_size = sizeof *options, .allocator_user = memory,
                                 .allocate = count_allocation, .release = count_release};
}

gr_status open_world(const gr_engine_options* options, world* made, gr_error** error) {
  file_bytes file = bundle_file("cards");
  *made = (world){NULL, NULL, NULL, NULL, NULL};
  gr_status status = gr_engine_create(options, &made->engine, error);
  if (status == GR_STATUS_OK) {
    status = gr_artifact_open(made->engine, file.bytes, file.size, NULL, &made->artifact, error);
  }
  if (status == GR_STATUS_OK) {
    status = gr_snapshot_create(made->engine, made->artifact, NULL, &made->snapshot, error);
  }
  if (status == GR_STATUS_OK) status = gr_request_create(made->snapshot, &made->request, error);
  if (status == GR_STATUS_OK) status = gr_session_create(made->engine, &made->session, error);
  return status;
}

void close_world(world* made) {
  gr_session_free(made->session);
  gr_request_free(made->request);
  gr_snapshot_free(made->snapshot);
  gr_artifact_free(made->artifact);
  gr_engine_free(made->engine);
}

const char* whole_catalog_request =
    "{\"request_id\": \"r-1\", \"time\": \"2026-11-21T10:00:00Z\", \"explain\": true,"
    " \"context\": {\"age\": 34, \"state\": \"CA\", \"income\": 82000}}";

int main(int argc, char** argv) {
  if (argc != 2) return fprintf(stderr, "usage: main FOLDER\n"), 2;
  folder = argv[1];
  test_error();
  test_engine();
  test_artifact();
  test_snapshot();
  test_trim();
  test_prepare();
  test_request();
  test_columns();
  test_decision();
  test_record();
  test_trust();
  test_routes();
  test_shards();
  test_allocation();
  test_threads();
  for (size_t i = 0; i < 4; ++i) free(files[i].file.bytes);
  printf("%d checks, %d failed\n", n_checks, n_failures);
  return n_failures != 0;
}
