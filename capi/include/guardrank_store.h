/* guardrank: which release serves a request, and how what it names gets here. Part of the same library as
 * guardrank.h, which it includes; everything that is said there holds here. */
#ifndef GUARDRANK_STORE_H
#define GUARDRANK_STORE_H

#include "guardrank.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Routes ---------------------------------------------------------------------------------- */

/* Which release serves a request: core/route/README.md has the order. The releases' routes, ordered
 * for looking up; shared between threads. */
typedef struct gr_routes gr_routes;
/* Of artifacts of kind "release", or bundles that hold one, with different names. Nothing of them is
 * needed afterwards. Since 0.1. */
GR_API gr_status gr_routes_create(const gr_engine* engine, const gr_artifact* const* releases,
                                  size_t count, gr_routes** routes, gr_error** error);
GR_API void gr_routes_free(gr_routes* routes);

/* A request's "route". Empty: not given. */
typedef struct {
  uint32_t struct_size;
  uint32_t reserved;
  gr_text product, market, segment, partner, surface, unit;
} gr_route_values;

#define GR_NO_ROUTE UINT32_MAX
#define GR_SHADOW_ROUTES 4
#define GR_FALLBACK_RELEASES 4
/* Routes are named by their place when the routes of all releases stand one after another. */
typedef struct {
  uint32_t struct_size;
  uint32_t primary;              /* GR_NO_ROUTE: nothing serves this request */
  int32_t is_experiment;         /* 1: a canary or an A/B arm serves */
  uint32_t shadow_count;
  double fraction;               /* where the unit stands in the experiment, in [0, 1) */
  uint32_t shadows[GR_SHADOW_ROUTES];       /* to be scored and logged, never shown */
  uint32_t fallbacks[GR_FALLBACK_RELEASES]; /* in the order to try, should the primary be cold */
  uint32_t fallback_count;
} gr_route_choice;
/* Takes no memory. Since 0.1. */
GR_API gr_status gr_routes_choose(const gr_routes* routes, const gr_route_values* values,
                                  gr_route_choice* choice);

/* Texts are valid while the routes live. */
typedef struct {
  uint32_t struct_size;
  uint32_t release_index;        /* among those given */
  gr_text release, arm;
  gr_text stage;                 /* "offline", "shadow", "canary", "ab" or "full" */
  gr_text tier;                  /* "origin", "disk", "warm" or "pinned" */
  gr_text fallback;
  uint8_t model[32], policy[32], catalog[32];   /* artifact ids */
} gr_route;
/* `route` from 0. Since 0.1. */
GR_API gr_status gr_routes_route(const gr_routes* routes, uint32_t route, gr_route* out);
/* Why: the choice and what came of every route, as JSON. At most `capacity` bytes are written to
 * `out` (may be NULL where that is 0); `size` receives what the whole needs. Since 0.1. */
GR_API gr_status gr_routes_explain(const gr_routes* routes, const gr_route_values* values, char* out,
                                   size_t capacity, size_t* size, gr_error** error);

/* ---- Shards of users' tables ----------------------------------------------------------------- */

/* Models whose users' tables are in shards (guardrank pack --shard-rows) may come without them: artifacts
 * that came apart do, a bundle holds them all. A request is then ranked once the session has the shards
 * that hold its rows, to the same bits as with the whole table. Until then gr_rank, gr_rank_many and
 * gr_replay answer GR_STATUS_MISSING, and this is one of those that they want, until the session's next
 * ranking. Fetched, a shard's address tells the origin the group of rows that the user is in. */
typedef struct {
  uint32_t struct_size;
  uint32_t shard;                /* its place in the table */
  gr_text field;                 /* whose table; as long as the request's snapshot lives */
  uint64_t bytes;                /* how long it is */
  uint8_t sha256[32];            /* of it: where it stands at an origin is blobs/<these as 64 digits> */
} gr_wanted_shard;
/* GR_STATUS_ARGUMENT where there is none at `index`; no more than 32 are told at a time. Since 0.1. */
GR_API gr_status gr_session_wanted_shard(const gr_session* session, uint32_t index,
                                         gr_wanted_shard* shard);
/* Gives the session a shard that it wants; copied, and kept for later rankings as far as
 * gr_engine_options.shard_cache_bytes goes. GR_STATUS_HASH: by their SHA-256 the bytes are none that
 * is wanted; nothing else of them is trusted. What is still wanted is then told without it. Since 0.1. */
GR_API gr_status gr_session_add_shard(gr_session* session, const uint8_t* bytes, size_t size,
                                      gr_error** error);

/* ---- Store ----------------------------------------------------------------------------------- */

/* Releases at hand, from any file server, trusting nothing that was not verified. The store does no
 * I/O: ask it with gr_store_next what it needs, do that (guardrank-fetch does, natively), and hand the
 * result back with gr_store_provide, in any order. One thread at a time. Times are the host's, in
 * micros since 1970. */
typedef struct gr_store gr_store;

typedef enum {                   /* which artifact a full tier gives up */
  GR_CACHE_S3_FIFO_COST = 0,     /* S3-FIFO weighed by use, cost of a miss and size */
  GR_CACHE_S3_FIFO = 1,
  GR_CACHE_LRU = 2,
  GR_CACHE_LFU = 3,
  GR_CACHE_GDSF = 4
} gr_cache_policy;

typedef struct {
  uint32_t struct_size;
  uint32_t release_count;
  const gr_text* releases;       /* names, copied: "cards", "team/cards" */
  gr_bytes trusted_root;         /* root.json that comes with the program, copied; data NULL: the cache's */
  uint64_t memory_bytes;         /* of artifacts held; 0: 64 MiB */
  uint64_t disk_bytes;           /* of artifacts that the host keeps for the store; 0: none are kept */
  uint64_t artifact_bytes;       /* largest that is fetched; 0: 256 MiB */
  int32_t memory_policy;         /* gr_cache_policy */
  int32_t disk_policy;
  uint32_t tickets;              /* open at a time; 0: 16,384 */
  uint32_t fetches;              /* under way at a time; 0: 6 */
  int64_t check_micros;          /* between two looks for changes; 0: a minute */
  int64_t retry_micros;          /* first wait after a look that failed; 0: 5 seconds */
  uint64_t seed;                 /* of waits between tries: another one on each machine */
  /* Since 0.1, appended: */
  int32_t tries_next;            /* 1: a release's next version waits for gr_store_tried */
  uint32_t reserved;
  /* Of artifacts from the origin; 0: without bounds. Over the first they wait, over the second (a day of
   * UTC, counted since the store was made) they fail with GR_STATUS_NETWORK. */
  uint64_t bytes_per_second, bytes_per_day;
} gr_store_options;
/* `engine` gives the allocator; NULL: malloc and free. Since 0.1. */
GR_API gr_status gr_store_create(const gr_engine* engine, const gr_store_options* options, int64_t now,
                                 gr_store** store, gr_error** error);
GR_API void gr_store_free(gr_store* store);

typedef enum {
  GR_NEED_FETCH = 1,
  GR_NEED_VERIFY = 2,
  GR_NEED_READ = 3,
  GR_NEED_WRITE = 4,
  GR_NEED_REMOVE = 5,
  GR_NEED_WAKE = 6
} gr_need_kind;
typedef enum { GR_ORIGIN_METADATA = 0, GR_ORIGIN_TARGETS = 1, GR_ORIGIN_BLOBS = 2 } gr_origin;
typedef enum {
  GR_KEY_ED25519 = 1,
  GR_KEY_ECDSA_SHA2_NISTP256 = 2,
  GR_KEY_RSASSA_PSS_SHA256 = 3,
  GR_KEY_RSA_PKCS1V15_SHA256 = 4
} gr_key_scheme;

/* Texts and bytes are valid until the need is provided for, or no longer wanted. */
typedef struct {
  uint32_t struct_size;
  int32_t kind;                  /* gr_need_kind */
  uint64_t id;                   /* names it to gr_store_provide; never used twice */
  int32_t origin;                /* FETCH: gr_origin, which hosts may have at three addresses */
  int32_t scheme;                /* VERIFY: gr_key_scheme */
  gr_text path;                  /* FETCH: below the origin, percent-encoded */
  uint64_t offset;               /* FETCH: the first byte wanted */
  uint64_t max_bytes;            /* FETCH: stop one decoded byte later, with GR_OUTCOME_TOO_LARGE */
  /* FETCH: 1: exactly max_bytes from offset on, not encoded. From a server that sends the whole, hand back the
   * first offset + max_bytes; where another range comes, or none, say GR_OUTCOME_OTHER_RANGE. */
  int32_t is_range;
  int32_t reserved;
  gr_text entity_tag;            /* FETCH: of the copy at hand; GR_OUTCOME_UNCHANGED where it holds */
  gr_text public_key;            /* VERIFY: PEM, or 64 hexadecimal digits for ed25519 */
  gr_bytes message;
  gr_bytes signature;
  gr_text key;                   /* READ, WRITE, REMOVE: a relative path of [a-z0-9._/-] */
  gr_bytes bytes;                /* WRITE: all or nothing */
  int64_t at_micros;             /* WAKE: provide for it at this time or after */
} gr_need;
/* GR_STATUS_MISSING: nothing until something is provided. Since 0.1. */
GR_API gr_status gr_store_next(gr_store* store, int64_t now, gr_need* need);

typedef enum {
  GR_OUTCOME_DONE = 0,           /* with bytes; VERIFY: the signature is good */
  GR_OUTCOME_NOT_FOUND = 1,      /* FETCH: 403, 404 or 410. READ: no such key */
  GR_OUTCOME_UNCHANGED = 2,
  GR_OUTCOME_TOO_LARGE = 3,
  GR_OUTCOME_FAILED = 4,         /* anything else; VERIFY: a bad signature or key too */
  GR_OUTCOME_OTHER_RANGE = 5     /* FETCH of a range: there is none (416), or not that one came. Since 0.1, appended */
} gr_outcome;
typedef struct {
  uint32_t struct_size;
  int32_t outcome;               /* gr_outcome */
  uint64_t id;
  /* FETCH, READ; read during the call alone. FETCH from GR_ORIGIN_BLOBS that failed: what came of it before,
   * from offset on and decoded, so that the next try can go on there; may be empty. */
  gr_bytes bytes;
  gr_text entity_tag;            /* FETCH: of what is handed back */
  gr_text detail;                /* why it failed, for messages */
  /* FETCH, READ of an artifact, may be empty: SHA-256 of each section in the table's order, computed by
   * the host over `bytes` with something quicker than the library's own. Since 0.2. */
  gr_bytes section_hashes;
  /* FETCH of an artifact that failed: how long the origin asks to be left alone (Retry-After); 0: it does
   * not. The store tries again, after no less; asked for more than a minute it does not. Since 0.1, appended */
  int64_t retry_after_micros;
} gr_answer;
/* Answers to needs that are no longer wanted are ignored. Since 0.1. */
GR_API gr_status gr_store_provide(gr_store* store, const gr_answer* answer, int64_t now);
/* Whether the host should go on with a need. Since 0.1. */
GR_API bool gr_store_is_wanted(const gr_store* store, uint64_t need);

/* A ticket for what serves a request, until `deadline`. GR_STATUS_MISSING: no release is known yet, or
 * none serves such a request; GR_STATUS_LIMIT: too many tickets. However many tickets wait for an
 * artifact, it is fetched once. Past the deadline, or when the primary failed before it, the first fallback in
 * the order of the routes that is in memory, on disk (read ahead; a tenth of a second beyond the deadline
 * at most) or comes in what is left of the time. Since 0.1. */
GR_API gr_status gr_store_want(gr_store* store, const gr_route_values* route, int64_t deadline,
                               int64_t now, uint64_t* ticket, gr_error** error);
/* A ticket for a shadow of the request (gr_route_choice.shadows), by its place among them: to be scored and
 * logged, never shown. A ticket of its own: what serves is not delayed or failed by it when that was asked for
 * before, and nothing falls back. GR_STATUS_MISSING: there are no more. Since 0.1. */
GR_API gr_status gr_store_want_shadow(gr_store* store, const gr_route_values* route, uint32_t index,
                                      int64_t deadline, int64_t now, uint64_t* ticket,
                                      gr_error** error);
typedef enum {
  GR_TICKET_UNKNOWN = 0,         /* or cancelled */
  GR_TICKET_PENDING = 1,
  GR_TICKET_READY = 2,
  GR_TICKET_FAILED = 4           /* and no fallback was at hand */
} gr_ticket_state;
/* The artifacts were verified in full. They are valid until the ticket is cancelled, the release's own
 * until the next call on the store. */
typedef struct {
  uint32_t struct_size;
  int32_t state;                 /* gr_ticket_state */
  gr_status status;              /* FAILED: why; READY by a fallback: why not the primary */
  int32_t is_fallback;
  gr_text release;               /* that serves; FAILED: that was to */
  gr_bytes model, policy, catalog, release_bytes;
  /* Since 0.1, appended. READY: what gr_request_set_route takes as "served.stage" and so on; texts as
   * long as the release's bytes. */
  gr_text stage, arm;            /* of the route that serves */
  gr_text instead_of;            /* by a fallback: the release that was to serve; its own name:
                                  * what it was before serves */
  gr_bytes shard;                /* of a ticket for one, READY: for gr_session_add_shard. Since 0.1, appended */
  /* Beside a status that is not OK: what went wrong last with the artifacts, as "blobs/12ab..: HTTP status
   * 500"; empty: nothing did so far. Until the next call on the store. Since 0.1, appended */
  gr_text trouble;
} gr_delivered;
/* A ticket for a shard of a table (gr_wanted_shard), which is kept like an artifact and handed out
 * verified. What it is asked for tells the origin which of the table's groups of rows is wanted. It waits for
 * no release. Since 0.1. */
GR_API gr_status gr_store_want_shard(gr_store* store, const uint8_t sha256[32], uint64_t bytes,
                                     int64_t deadline, int64_t now, uint64_t* ticket, gr_error** error);
/* May be asked any number of times. Since 0.1. */
GR_API gr_status gr_store_take(gr_store* store, uint64_t ticket, int64_t now, gr_delivered* delivered);
/* Gives a ticket up, whatever its state. What nobody waits for is no longer fetched. Since 0.1. */
GR_API void gr_store_cancel(gr_store* store, uint64_t ticket);
/* A ticket that ended and was not named here before; 0: none. Since 0.1. */
GR_API uint64_t gr_store_next_ended(gr_store* store, int64_t now);

/* Before traffic shifts: where the artifacts of what serves are in memory (or pinned by the publisher), those
 * of a release's next version, or of another one that is to take its traffic over, are fetched while it
 * serves; then, where `tries_next` says so, they are
 * named here, to be opened as a snapshot, which replays their golden vectors. `delivered` as from
 * gr_store_take. GR_STATUS_MISSING: none. Since 0.1. */
GR_API gr_status gr_store_next_trial(gr_store* store, int64_t now, uint64_t* trial,
                                     gr_delivered* delivered);
/* GR_STATUS_OK: it may serve, when all that it needs was tried. Any other: it is refused, and what served
 * goes on; but without memory to try it (GR_STATUS_MEMORY, LIMIT) it serves untried, and what is the host's own
 * fault (100 to 199, GR_STATUS_INTERNAL) has it tried again after the next look. `trial` may also be a ticket
 * that is ready, whose artifacts could not be opened: gr_store_take goes on to its next fallback, and that route
 * of the release is passed over until the release changes. Since 0.1. */
GR_API void gr_store_tried(gr_store* store, uint64_t trial, gr_status status, int64_t now);

typedef struct {
  uint32_t struct_size;
  int32_t has_looked;            /* 1: each release was looked for at least once */
  uint64_t revision;             /* another one when a release changed; 0: none is known */
  gr_status status;              /* of the last look, with a message where it found fault */
  int32_t is_disk_writable;
  gr_text message;               /* until the next call on the store */
  int64_t root, timestamp, snapshot, targets;   /* versions that serve; 0: none */
  int64_t expires_micros;        /* the first of them */
  uint64_t memory_bytes;         /* of artifacts held */
  /* Appended: */
  uint64_t disk_bytes;           /* of artifacts kept by the host */
  uint64_t fetched_bytes;        /* of artifacts, from the origin */
  uint64_t reused_bytes;         /* of new versions, from the older ones that were at hand */
  uint32_t warming;              /* releases whose next version is on its way while the last serves */
  uint32_t pinned;               /* routes whose artifacts are held since the publisher pinned them */
} gr_store_state;
/* How the store stands now. Since 0.1. */
GR_API gr_status gr_store_describe(const gr_store* store, gr_store_state* state);

#ifdef __cplusplus
}
#endif

#endif /* GUARDRANK_STORE_H */
