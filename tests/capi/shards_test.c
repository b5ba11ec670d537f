/* Users' tables in shards: a snapshot without them, what a session wants, and the same decisions. */
#include <stdlib.h>

#include "check.h"
#include "guardrank_store.h"

static const char* request_of_ada =
    "{\"time\": \"2026-11-22T10:00:00Z\", \"context\": {\"user\": \"ada\", \"country\": \"DE\","
    " \"recent\": [\"u-1\", \"u-2\", \"u-3\"]}}";

/* A section of the bundle "users" by its kind (models/schema/README.md), in memory of its own. */
static file_bytes section_of(file_bytes bundle, uint32_t wanted) {
  uint32_t count;
  memcpy(&count, bundle.bytes + 24, sizeof count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint8_t* entry = bundle.bytes + 64 + 64 * i;
    uint32_t kind;
    uint64_t offset, length;
    memcpy(&kind, entry, sizeof kind);
    memcpy(&offset, entry + 8, sizeof offset);
    memcpy(&length, entry + 16, sizeof length);
    if (kind != wanted) continue;
    file_bytes section = {aligned_alloc(64, (length + 64) / 64 * 64), length};
    memcpy(section.bytes, bundle.bytes + offset, length);
    return section;
  }
  fprintf(stderr, "the bundle has no section %u\n", wanted);
  exit(2);
}

/* "user" has 1201 rows of 8 bytes in shards of 64 rows, then "recent" 301 of 4, at a multiple of 64. */
static gr_bytes shard_bytes(file_bytes shards, const gr_wanted_shard* wanted) {
  const bool is_user = is_text(wanted->field, "user");
  const size_t first = is_user ? 0 : (1201 * 8 + 63) / 64 * 64;
  const size_t dim = is_user ? 8 : 4;
  CHECK(is_user || is_text(wanted->field, "recent"));
  const gr_bytes bytes = {shards.bytes + first + wanted->shard * 64 * dim, wanted->bytes};
  CHECK(bytes.data + bytes.size <= shards.bytes + shards.size);
  return bytes;
}

typedef struct {
  gr_engine* engine;
  gr_snapshot *whole, *apart;
  file_bytes shards;
} users;

static users open_users(uint64_t shard_cache_bytes) {
  users made = {0};
  file_bytes bundle = bundle_file("users");
  gr_engine_options options = {.struct_size = sizeof options, .shard_cache_bytes = shard_cache_bytes};
  CHECK_OK(gr_engine_create(&options, &made.engine, &error));
  gr_artifact* artifact = NULL;
  CHECK_OK(gr_artifact_open(made.engine, bundle.bytes, bundle.size, NULL, &artifact, &error));
  CHECK_OK(gr_snapshot_create(made.engine, artifact, NULL, &made.whole, &error));
  gr_artifact_free(artifact);
  gr_artifact* parts[4] = {NULL};
  for (uint32_t i = 0; i < 4; ++i) {
    file_bytes section = section_of(bundle, 16 + i);
    CHECK_OK(gr_artifact_open(made.engine, section.bytes, section.size, NULL, &parts[i], &error));
    free(section.bytes);
  }
  gr_snapshot_parts named = {.struct_size = sizeof named, .model = parts[0], .policy = parts[1],
                             .catalog = parts[2], .release = parts[3]};
  CHECK_OK(gr_snapshot_create_from(made.engine, &named, NULL, &made.apart, &error));
  for (int i = 0; i < 4; ++i) gr_artifact_free(parts[i]);
  made.shards = section_of(bundle, 20);
  return made;
}

static void close_users(users* made) {
  gr_snapshot_free(made->whole);
  gr_snapshot_free(made->apart);
  gr_engine_free(made->engine);
  free(made->shards.bytes);
}

/* How many shards the session was given; 0 where it wants none. */
static uint32_t add_wanted(gr_session* session, file_bytes shards) {
  uint32_t added = 0;
  gr_wanted_shard wanted = {.struct_size = sizeof wanted};
  while (gr_session_wanted_shard(session, 0, &wanted) == GR_STATUS_OK) {
    const gr_bytes bytes = shard_bytes(shards, &wanted);
    uint8_t hash[32], *wrong = malloc(bytes.size);
    gr_record_hash(bytes.data, bytes.size, hash);        /* SHA-256 of any bytes */
    CHECK(memcmp(hash, wanted.sha256, sizeof hash) == 0);
    memcpy(wrong, bytes.data, bytes.size);
    wrong[0] ^= 1;
    CHECK_FAILS(gr_session_add_shard(session, wrong, bytes.size, &error), GR_STATUS_HASH, "shard");
    CHECK_FAILS(gr_session_add_shard(session, bytes.data, bytes.size - 1, &error), GR_STATUS_HASH, "shard");
    free(wrong);
    CHECK_OK(gr_session_add_shard(session, bytes.data, bytes.size, &error));
    CHECK_FAILS(gr_session_add_shard(session, bytes.data, bytes.size, &error), GR_STATUS_HASH, "shard");
    ++added;
  }
  return added;
}

/* The decision's JSON with its record; NULL where it was refused for want of rows. */
static char* rank_text(gr_session* session, gr_snapshot* snapshot, const char* json) {
  gr_request* request = NULL;
  const gr_decision* decision = NULL;
  gr_text text = {NULL, 0};
  char* copy = NULL;
  CHECK_OK(gr_request_create(snapshot, &request, &error));
  CHECK_OK(gr_request_from_json(request, json, strlen(json), &error));
  const gr_status status = gr_rank(session, request, &decision, NULL);
  CHECK(status == GR_STATUS_OK || status == GR_STATUS_MISSING);
  if (status == GR_STATUS_OK) {
    CHECK_OK(gr_decision_json(decision, true, &text, &error));
    copy = calloc(text.size + 1, 1);
    memcpy(copy, text.data, text.size);
  }
  gr_request_free(request);
  return copy;
}

static void test_same_decisions(void) {
  users made = open_users(0);
  gr_session *session = NULL, *other = NULL;
  CHECK_OK(gr_session_create(made.engine, &session, &error));
  CHECK_OK(gr_session_create(made.engine, &other, &error));
  char* wanted = rank_text(session, made.whole, request_of_ada);
  CHECK(wanted != NULL);
  gr_wanted_shard shard = {.struct_size = sizeof shard};
  CHECK(gr_session_wanted_shard(session, 0, &shard) == GR_STATUS_ARGUMENT);
  CHECK(rank_text(session, made.apart, request_of_ada) == NULL);
  CHECK(gr_session_wanted_shard(session, 0, &shard) == GR_STATUS_OK);
  CHECK(shard.bytes != 0 && shard.field.size != 0);
  const uint64_t before = gr_session_peak_bytes(session);
  const uint32_t added = add_wanted(session, made.shards);
  CHECK(added >= 2 && added <= 4);                       /* one user's, up to three items' */
  CHECK(gr_session_peak_bytes(session) > before);
  char* found = rank_text(session, made.apart, request_of_ada);
  CHECK(found != NULL && strcmp(found, wanted) == 0);
  CHECK(rank_text(other, made.apart, request_of_ada) == NULL);   /* each session has its own */
  free(found);
  free(wanted);
  gr_session_free(session);
  gr_session_free(other);
  close_users(&made);
}

static void test_error_names_the_shard(void) {
  users made = open_users(0);
  gr_session* session = NULL;
  gr_request* request = NULL;
  const gr_decision* decision = NULL;
  gr_error* told = NULL;
  CHECK_OK(gr_session_create(made.engine, &session, &error));
  CHECK_OK(gr_request_create(made.apart, &request, &error));
  CHECK_OK(gr_request_from_json(request, request_of_ada, strlen(request_of_ada), &error));
  CHECK(gr_rank(session, request, &decision, &told) == GR_STATUS_MISSING && decision == NULL);
  gr_wanted_shard shard = {.struct_size = sizeof shard};
  CHECK(gr_session_wanted_shard(session, 0, &shard) == GR_STATUS_OK);
  char where[64];
  snprintf(where, sizeof where, "fields[user].shards[%u]", shard.shard);
  CHECK(is_text(gr_error_where(told), where));
  gr_error_free(told);
  CHECK(gr_session_wanted_shard(NULL, 0, &shard) == GR_STATUS_ARGUMENT);
  CHECK(gr_session_wanted_shard(session, 0, NULL) == GR_STATUS_ARGUMENT);
  shard.struct_size = 3;
  CHECK(gr_session_wanted_shard(session, 0, &shard) == GR_STATUS_STRUCT_SIZE);
  CHECK_FAILS(gr_session_add_shard(NULL, made.shards.bytes, 1, &error), GR_STATUS_ARGUMENT, "session");
  CHECK_FAILS(gr_session_add_shard(session, NULL, 1, &error), GR_STATUS_ARGUMENT, "bytes");
  /* Requests together are told of all that they lack. */
  gr_request* second = NULL;
  const gr_decision* decisions[2] = {NULL, NULL};
  CHECK_OK(gr_request_create(made.apart, &second, &error));
  const char* json = "{\"time\": \"2026-11-22T10:00:00Z\", \"context\": {\"user\": \"another one\"}}";
  CHECK_OK(gr_request_from_json(second, json, strlen(json), &error));
  const gr_request* both[2] = {request, second};
  CHECK(gr_rank_many(session, both, 2, decisions, NULL) == GR_STATUS_MISSING);
  uint32_t n_users = 0;
  shard.struct_size = sizeof shard;
  for (uint32_t i = 0; gr_session_wanted_shard(session, i, &shard) == GR_STATUS_OK; ++i) {
    n_users += is_text(shard.field, "user");
  }
  CHECK(n_users == 2);
  CHECK(add_wanted(session, made.shards) > 2);
  CHECK_OK(gr_rank_many(session, both, 2, decisions, &error));
  gr_request_free(request);
  gr_request_free(second);
  gr_session_free(session);
  close_users(&made);
}

static void test_replays(void) {
  users made = open_users(0);
  gr_session* session = NULL;
  gr_request* request = NULL;
  const gr_decision* decision = NULL;
  gr_bytes record = {NULL, 0};
  CHECK_OK(gr_session_create(made.engine, &session, &error));
  CHECK_OK(gr_request_create(made.whole, &request, &error));
  CHECK_OK(gr_request_from_json(request, request_of_ada, strlen(request_of_ada), &error));
  CHECK_OK(gr_rank(session, request, &decision, &error));
  CHECK_OK(gr_decision_record(decision, &record, &error));
  uint8_t* copy = malloc(record.size);
  const size_t size = record.size;
  memcpy(copy, record.data, size);
  gr_replay_result result = {.struct_size = sizeof result};
  CHECK(gr_replay(session, made.apart, copy, size, &result, NULL) == GR_STATUS_MISSING);
  CHECK(add_wanted(session, made.shards) != 0);
  CHECK_OK(gr_replay(session, made.apart, copy, size, &result, &error));
  CHECK(result.is_equal == 1);
  CHECK_OK(gr_replay(session, made.whole, copy, size, &result, &error));
  CHECK(result.is_equal == 1);
  free(copy);
  gr_request_free(request);
  gr_session_free(session);
  close_users(&made);
}

static void test_budget(void) {
  users made = open_users(1000);                         /* a shard of 512 bytes and what goes with it */
  gr_session* session = NULL;
  CHECK_OK(gr_session_create(made.engine, &session, &error));
  gr_request* request = NULL;
  const gr_decision* decision = NULL;
  CHECK_OK(gr_request_create(made.apart, &request, &error));
  CHECK_OK(gr_request_from_json(request, request_of_ada, strlen(request_of_ada), &error));
  CHECK_FAILS(gr_rank(session, request, &decision, &error), GR_STATUS_LIMIT, "feature");
  gr_wanted_shard shard = {.struct_size = sizeof shard};
  CHECK(gr_session_wanted_shard(session, 0, &shard) == GR_STATUS_ARGUMENT);
  gr_request_free(request);
  gr_session_free(session);
  close_users(&made);
}

void test_shards(void) {
  test_same_decisions();
  test_error_names_the_shard();
  test_replays();
  test_budget();
}
