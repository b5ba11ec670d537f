/* Engines and their options; buffers. */
#include "check.h"

static void test_options(void) {
  gr_engine* engine = NULL;
  CHECK_FAILS(gr_engine_create(NULL, NULL, &error), GR_STATUS_ARGUMENT, "engine");
  CHECK(gr_engine_create(NULL, NULL, NULL) == GR_STATUS_ARGUMENT);

  gr_engine_options options = {.struct_size = sizeof options, .kernel = 99};
  CHECK_FAILS(gr_engine_create(&options, &engine, &error), GR_STATUS_ARGUMENT, "options.kernel");
  options = (gr_engine_options){.struct_size = 0};
  CHECK_FAILS(gr_engine_create(&options, &engine, &error), GR_STATUS_STRUCT_SIZE, "options");
  counting_memory memory;
  counting_options(&memory, &options);
  options.release = NULL;
  CHECK_FAILS(gr_engine_create(&options, &engine, &error), GR_STATUS_ARGUMENT, "options");
  CHECK(engine == NULL);
}

/* Older and newer callers. */
static void test_struct_sizes(void) {
  gr_engine* engine = NULL;
  struct {
    gr_engine_options known;
    uint64_t later;
  } newer = {.known = {.struct_size = sizeof newer, .kernel = GR_KERNEL_PORTABLE}};
  CHECK_OK(gr_engine_create(&newer.known, &engine, &error));
  CHECK(is_text(gr_engine_kernel(engine), "portable"));
  gr_engine_free(engine);
  newer.later = 1;
  CHECK_FAILS(gr_engine_create(&newer.known, &engine, &error), GR_STATUS_STRUCT_SIZE, "options");

  /* Only struct_size and kernel are there: the rest, although not zero, is not read. */
  gr_engine_options older;
  memset(&older, 0xff, sizeof older);
  older.struct_size = 8;
  older.kernel = GR_KERNEL_PORTABLE;
  CHECK_OK(gr_engine_create(&older, &engine, &error));
  gr_engine_free(engine);
}

static void test_kernels(void) {
  gr_engine* engine = NULL;
  CHECK_OK(gr_engine_create(NULL, &engine, &error));
  CHECK(gr_engine_kernel(engine).size > 0);
  gr_engine_free(engine);
  gr_engine_free(NULL);
  CHECK(gr_engine_kernel(NULL).size == 0);
  gr_engine_options options = {.struct_size = sizeof options, .kernel = GR_KERNEL_WASM_SIMD128};
  CHECK(gr_engine_create(&options, &engine, NULL) == GR_STATUS_ARGUMENT);
}

static void test_buffers(void) {
  for (size_t size = 0; size < 300; size += 7) {
    uint8_t* buffer = gr_buffer_create(size);
    CHECK(buffer != NULL && (uintptr_t)buffer % 64 == 0);
    memset(buffer, 1, size);
    gr_buffer_free(buffer, size);
  }
  gr_buffer_free(NULL, 5);
}

void test_engine(void) {
  test_options();
  test_struct_sizes();
  test_kernels();
  test_buffers();
}
