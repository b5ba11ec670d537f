/* Artifacts: whose bytes, how checked, what they say of themselves. */
#include "check.h"

static int n_released;
static void count_release(void* user, const uint8_t* bytes, size_t size) {
  CHECK(user == &n_released && bytes != NULL && size > 0);
  ++n_released;
}

static gr_artifact_options borrowing(void) {
  n_released = 0;
  return (gr_artifact_options){.struct_size = sizeof(gr_artifact_options), .release = count_release,
                               .release_user = &n_released};
}

static void test_borrowed(gr_engine* engine, file_bytes file) {
  gr_artifact_options options = borrowing();
  gr_artifact* artifact = NULL;
  gr_snapshot* snapshot = NULL;
  CHECK_OK(gr_artifact_open(engine, file.bytes, file.size, &options, &artifact, &error));
  CHECK_OK(gr_snapshot_create(engine, artifact, NULL, &snapshot, &error));
  gr_artifact_free(artifact);
  CHECK(n_released == 0);               /* the snapshot still reads them */
  CHECK(gr_snapshot_retain(snapshot) == snapshot);
  gr_snapshot_free(snapshot);
  CHECK(n_released == 0);
  gr_snapshot_free(snapshot);
  CHECK(n_released == 1);
}

static void test_borrowed_failures(gr_engine* engine, file_bytes file) {
  gr_artifact* artifact = NULL;
  gr_artifact_options options = borrowing();
  CHECK_FAILS(gr_artifact_open(engine, file.bytes, 40, &options, &artifact, &error),
              GR_STATUS_TRUNCATED, "header");
  CHECK(n_released == 1);
  options = borrowing();
  CHECK_FAILS(gr_artifact_open(engine, file.bytes + 1, file.size - 1, &options, &artifact, &error),
              GR_STATUS_ARGUMENT, "bytes");
  CHECK(n_released == 1);
  options = borrowing();
  CHECK_FAILS(gr_artifact_open(NULL, file.bytes, file.size, &options, &artifact, &error),
              GR_STATUS_ARGUMENT, "engine");
  CHECK(n_released == 1);
  options = borrowing();
  options.check = 7;
  CHECK_FAILS(gr_artifact_open(engine, file.bytes, file.size, &options, &artifact, &error),
              GR_STATUS_ARGUMENT, "options.check");
  CHECK(n_released == 1);
  options = borrowing();
  options.struct_size = 2;
  CHECK_FAILS(gr_artifact_open(engine, file.bytes, file.size, &options, &artifact, &error),
              GR_STATUS_STRUCT_SIZE, "options");
  CHECK(n_released == 0);               /* nothing in such options can be trusted */
  CHECK(artifact == NULL);
}

static void test_arguments(gr_engine* engine, file_bytes file) {
  gr_artifact* artifact = NULL;
  gr_text json;
  CHECK_FAILS(gr_artifact_open(engine, NULL, 5, NULL, &artifact, &error), GR_STATUS_ARGUMENT,
              "bytes");
  CHECK_FAILS(gr_artifact_open(engine, file.bytes, file.size, NULL, NULL, &error),
              GR_STATUS_ARGUMENT, "artifact");
  CHECK_FAILS(gr_artifact_inspect(NULL, &json, &error), GR_STATUS_ARGUMENT, "artifact");
  CHECK(gr_artifact_open(engine, file.bytes, 0, NULL, &artifact, NULL) == GR_STATUS_TRUNCATED);
  CHECK(gr_artifact_open(engine, (const uint8_t*)"no artifact but sixty-four bytes of a text that is"
                         " long enough for it", 64, NULL, &artifact, NULL) ==
        GR_STATUS_IDENTIFIER);
  CHECK(gr_artifact_id(NULL).size == 0);
  CHECK(gr_artifact_kind(NULL).size == 0);
  gr_artifact_free(NULL);
}

/* Copied from any address. */
static void test_copied(gr_engine* engine, file_bytes file) {
  gr_artifact* artifact = NULL;
  uint8_t* moved = gr_buffer_create(file.size + 3);
  memcpy(moved + 3, file.bytes, file.size);
  gr_artifact_options options = {.struct_size = sizeof options, .check = GR_CHECK_FULL};
  CHECK_OK(gr_artifact_open(engine, moved + 3, file.size, &options, &artifact, &error));
  memset(moved, 0, file.size + 3);
  CHECK(is_text(gr_artifact_kind(artifact), "bundle"));
  CHECK(gr_artifact_id(artifact).size == 71 &&
        memcmp(gr_artifact_id(artifact).data, "sha256:", 7) == 0);
  gr_text json, again;
  CHECK_OK(gr_artifact_inspect(artifact, &json, &error));
  CHECK_OK(gr_artifact_inspect(artifact, &again, &error));
  CHECK(json.data == again.data && json.size > 100 && json.data[0] == '{');
  CHECK_FAILS(gr_artifact_inspect(artifact, NULL, &error), GR_STATUS_ARGUMENT, "json");
  gr_artifact_free(artifact);
  gr_buffer_free(moved, file.size + 3);
}

/* A byte of a weight changed: only the full check looks. */
static void test_checks(gr_engine* engine, file_bytes file) {
  uint8_t* damaged = gr_buffer_create(file.size);
  gr_artifact* artifact = NULL;
  int n_noticed = 0;
  gr_artifact_options options = {.struct_size = sizeof options, .check = GR_CHECK_FULL};
  for (size_t i = 0; i < file.size; i += 97) {
    memcpy(damaged, file.bytes, file.size);
    damaged[i] ^= 0x40;
    gr_status status = gr_artifact_open(engine, damaged, file.size, &options, &artifact, NULL);
    n_noticed += status != GR_STATUS_OK;
    if (status == GR_STATUS_OK) gr_artifact_free(artifact);
  }
  CHECK(n_noticed > (int)(file.size / 97 / 2));
  gr_buffer_free(damaged, file.size);
}

void test_artifact(void) {
  gr_engine* engine = NULL;
  file_bytes file = bundle_file("cards");
  CHECK_OK(gr_engine_create(NULL, &engine, &error));
  test_borrowed(engine, file);
  test_borrowed_failures(engine, file);
  test_arguments(engine, file);
  test_copied(engine, file);
  test_checks(engine, file);
  gr_engine_free(engine);
}
