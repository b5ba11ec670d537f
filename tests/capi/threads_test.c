/* One snapshot under many threads; one session under two. */
#include <pthread.h>
#include <stdlib.h>

#include "check.h"

enum { n_threads = 4, n_rankings = 50 };

typedef struct {
  gr_engine* engine;
  const gr_snapshot* snapshot;
  char* json;                    /* of the thread's last decision */
} worker;

static void* work(void* argument) {
  worker* self = argument;
  gr_snapshot* held = gr_snapshot_retain(self->snapshot);
  gr_session* session = NULL;
  gr_request* request = NULL;
  const gr_decision* decision = NULL;
  gr_text json = {"", 0};
  if (gr_session_create(self->engine, &session, NULL) == GR_STATUS_OK &&
      gr_request_create(held, &request, NULL) == GR_STATUS_OK) {
    for (int i = 0; i < n_rankings; ++i) {
      gr_request_from_json(request, whole_catalog_request, strlen(whole_catalog_request), NULL);
      if (gr_rank(session, request, &decision, NULL) == GR_STATUS_OK) {
        gr_decision_json(decision, true, &json, NULL);
      }
    }
    self->json = calloc(json.size + 1, 1);
    memcpy(self->json, json.data, json.size);
  }
  gr_session_free(session);
  gr_request_free(request);
  gr_snapshot_free(held);
  return NULL;
}

/* With sums kept, which go while the threads rank: `pause` times after they were started. */
static void test_shared_snapshot(const world* w, int pause) {
  gr_snapshot* shared = NULL;
  gr_snapshot_options options = {.struct_size = sizeof options, .catalog_sums_bytes = 1 << 20};
  CHECK_OK(gr_snapshot_create(w->engine, w->artifact, &options, &shared, &error));
  pthread_t threads[n_threads];
  worker workers[n_threads];
  for (int i = 0; i < n_threads; ++i) {
    workers[i] = (worker){w->engine, shared, NULL};
    CHECK(pthread_create(&threads[i], NULL, work, &workers[i]) == 0);
  }
  for (volatile int i = 0; i < pause; ++i) continue;
  CHECK(gr_snapshot_trim(shared));
  for (int i = 0; i < n_threads; ++i) pthread_join(threads[i], NULL);
  gr_snapshot_free(shared);
  for (int i = 0; i < n_threads; ++i) {
    CHECK(workers[i].json != NULL && strlen(workers[i].json) > 100);
    CHECK(strcmp(workers[i].json, workers[0].json) == 0);
  }
  for (int i = 0; i < n_threads; ++i) free(workers[i].json);
}

/* The host's allocator runs inside the session's first ranking: entering it again from there is
 * what a second thread at that moment would do. */
static struct {
  const world* world;
  gr_status found;
  bool is_armed;
} entry;

static void* allocate_and_enter(void* user, size_t size, size_t alignment) {
  (void)user;
  if (entry.is_armed) {
    const gr_decision* decision = NULL;
    entry.is_armed = false;
    entry.found = gr_rank(entry.world->session, entry.world->request, &decision, NULL);
  }
  if (alignment < sizeof(void*)) alignment = sizeof(void*);
  return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void release(void* user, void* memory, size_t size, size_t alignment) {
  (void)user, (void)size, (void)alignment;
  free(memory);
}

static void test_busy_session(void) {
  gr_engine_options options = {.struct_size = sizeof options, .allocate = allocate_and_enter,
                               .release = release};
  const gr_decision* decision = NULL;
  world w;
  CHECK_OK(open_world(&options, &w, &error));
  CHECK_OK(gr_request_from_json(w.request, whole_catalog_request, strlen(whole_catalog_request),
                                &error));
  entry.world = &w;
  entry.found = GR_STATUS_OK;
  entry.is_armed = true;
  CHECK_OK(gr_rank(w.session, w.request, &decision, &error));
  CHECK(!entry.is_armed && entry.found == GR_STATUS_SESSION_BUSY);
  CHECK_OK(gr_rank(w.session, w.request, &decision, &error));
  close_world(&w);
}

void test_threads(void) {
  world w;
  CHECK_OK(open_world(NULL, &w, &error));
  for (int pause = 0; pause < 2000000; pause += 100000) test_shared_snapshot(&w, pause);
  close_world(&w);
  test_busy_session();
}
