/* guardrank: the stable C interface of the ranking engine. C11 and C++20.
 *
 * Reading order: version, status and errors, engine, artifacts, snapshots, requests, sessions and
 * ranking, decisions, records, memory. Which release serves a request and how it gets here:
 * guardrank_store.h. Record batches of Arrow: guardrank_arrow.h.
 *
 * Threads. A `const` handle may be shared: calls on it may overlap. Any other handle belongs to one
 * thread at a time. One session per thread; a session that is entered twice answers
 * GR_STATUS_SESSION_BUSY.
 *
 * Ownership. Every gr_X_create is paired with gr_X_free, which accepts NULL. What a function
 * borrows, and until when, stands in its comment; everything else is copied. Texts that the engine
 * hands out are not terminated by a zero byte: use the size.
 *
 * Errors. Functions return GR_STATUS_OK (0) or a status. With a non-NULL `error` argument they also
 * store an owned error object there on failure (free it with gr_error_free) and NULL on success.
 * On failure nothing is half applied: outputs are untouched unless a comment says otherwise.
 *
 * Structs that start with `struct_size` may grow. Set it to sizeof the struct and leave the rest
 * zero for defaults: fields beyond what the library knows must be zero, missing ones mean default.
 */
#ifndef GUARDRANK_H
#define GUARDRANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define GR_API __declspec(dllimport)
#elif defined(__GNUC__)
#define GR_API __attribute__((visibility("default")))
#else
#define GR_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version --------------------------------------------------------------------------------- */

#define GR_VERSION "0.1.0"
#define GR_ABI_VERSION 1

/* "0.1.0", terminated by a zero byte, static. Since 0.1. */
GR_API const char* gr_version(void);
/* GR_ABI_VERSION of the library. Since 0.1. */
GR_API uint32_t gr_abi_version(void);
/* The arithmetic: artifacts made for another one are refused with GR_STATUS_VERSION. Since 0.1. */
GR_API uint32_t gr_numerics_version(void);

/* ---- Status and errors ----------------------------------------------------------------------- */

typedef int32_t gr_status;
enum {
  GR_STATUS_OK = 0,
  GR_STATUS_ARGUMENT = 100,
  GR_STATUS_STRUCT_SIZE = 101,
  GR_STATUS_SESSION_BUSY = 102,
  GR_STATUS_JSON = 200,
  GR_STATUS_UTF8 = 201,
  GR_STATUS_MISSING = 202,
  GR_STATUS_TYPE = 203,
  GR_STATUS_NOT_FINITE = 204,
  GR_STATUS_UNKNOWN_OFFER = 205,
  GR_STATUS_DUPLICATE_OFFER = 206,
  GR_STATUS_TRUNCATED = 300,
  GR_STATUS_IDENTIFIER = 301,
  GR_STATUS_VERIFY = 302,
  GR_STATUS_VERSION = 303,
  GR_STATUS_DIMENSION = 304,
  GR_STATUS_REFERENCE = 305,
  GR_STATUS_GOLDEN = 306,
  GR_STATUS_HASH = 307,
  GR_STATUS_MODEL_JSON = 400,
  GR_STATUS_TENSOR_MISSING = 401,
  GR_STATUS_TENSOR_SHAPE = 402,
  GR_STATUS_UNSAFE_FORMAT = 403,
  GR_STATUS_SAMPLING = 404,
  GR_STATUS_CALIBRATOR = 405,
  GR_STATUS_PARSE = 500,
  GR_STATUS_TYPECHECK = 501,
  GR_STATUS_NAME = 502,
  GR_STATUS_PROTECTED = 503,
  GR_STATUS_EVAL = 504,
  GR_STATUS_COLUMN = 600,
  GR_STATUS_DUPLICATE = 601,
  GR_STATUS_NETWORK = 700,
  GR_STATUS_SIGNATURE = 701,
  GR_STATUS_EXPIRED = 702,
  GR_STATUS_ROLLBACK = 703,
  GR_STATUS_DEADLINE = 704,
  GR_STATUS_LIMIT = 800,
  GR_STATUS_MEMORY = 900,
  GR_STATUS_INTERNAL = 901
};

/* "GR_STATUS_TYPE" for GR_STATUS_TYPE; static, terminated by a zero byte. Since 0.1. */
GR_API const char* gr_status_name(gr_status status);

/* Bytes with a size. Texts are UTF-8. */
typedef struct {
  const char* data;
  size_t size;
} gr_text;

typedef struct {
  const uint8_t* data;
  size_t size;
} gr_bytes;

typedef struct gr_error gr_error;
/* Texts are valid until the error is freed; terminated by a zero byte as well. Since 0.1. */
GR_API gr_status gr_error_code(const gr_error* error);
GR_API gr_text gr_error_message(const gr_error* error);
GR_API gr_text gr_error_where(const gr_error* error);
GR_API gr_text gr_error_expected(const gr_error* error);
GR_API gr_text gr_error_found(const gr_error* error);
GR_API void gr_error_free(gr_error* error);

/* ---- Engine ---------------------------------------------------------------------------------- */

typedef enum {
  GR_KERNEL_AUTOMATIC = 0,
  GR_KERNEL_PORTABLE = 1,
  GR_KERNEL_AVX2 = 2,
  GR_KERNEL_WASM_SIMD128 = 3,
  GR_KERNEL_SSSE3 = 4,           /* this and the next since 0.1 */
  GR_KERNEL_AVX_VNNI = 5,
  GR_KERNEL_AVX512_VNNI = 6,
  GR_KERNEL_NEON = 7, GR_KERNEL_NEON_DOT = 8,
  GR_KERNEL_WASM_RELAXED = 9, GR_KERNEL_WASM_RELAXED_DOT = 10, GR_KERNEL_WASM_RELAXED_PAIRS = 11
} gr_kernel;

typedef struct {
  uint32_t struct_size;
  int32_t kernel;                /* gr_kernel */
  /* The host's memory; both NULL: malloc and free. `alignment` is a power of two up to 64;
   * `allocate` may return NULL. Called from whichever thread calls the engine. */
  void* allocator_user;
  void* (*allocate)(void* user, size_t size, size_t alignment);
  void (*release)(void* user, void* memory, size_t size, size_t alignment);
  uint64_t session_limit_bytes;  /* memory of a session; handles of gr_rank_many may take as much again. 0: 2 GiB */
  /* Memory of a session, beside that, for what the model makes of contexts: one that is seen again is
   * ranked sooner, with the same bits. 0: 256 KiB; too little for one context: none. Since 0.1. */
  uint64_t context_cache_bytes;
  /* Memory of a session for what gr_session_add_shard gives it. 0: 16 MiB. Since 0.1. */
  uint64_t shard_cache_bytes;
} gr_engine_options;

typedef struct gr_engine gr_engine;
/* `options` may be NULL. The engine must outlive what is made with it. Since 0.1. */
GR_API gr_status gr_engine_create(const gr_engine_options* options, gr_engine** engine, gr_error** error);
GR_API void gr_engine_free(gr_engine* engine);
/* Name of the kernel that the engine's snapshots use: "portable", "avx2", "wasm_simd128" and so on. Since 0.1. */
GR_API gr_text gr_engine_kernel(const gr_engine* engine);

/* ---- Artifacts ------------------------------------------------------------------------------- */

typedef enum { GR_CHECK_STRUCTURE = 0, GR_CHECK_FULL = 1 } gr_check;

typedef struct {
  uint32_t struct_size;
  int32_t check;                 /* gr_check; GR_CHECK_FULL also hashes every section */
  /* NULL: the bytes are copied. Otherwise they are borrowed, must be 64-byte aligned, and `release`
   * is called exactly once when the artifact and all that uses it are gone, or on failure. */
  void (*release)(void* user, const uint8_t* bytes, size_t size);
  void* release_user;
} gr_artifact_options;

typedef struct gr_artifact gr_artifact;
/* Verifies any artifact (model, policy, catalog, release, bundle). Untrusted bytes are safe.
 * `options` may be NULL: copy, structure check. Since 0.1. */
GR_API gr_status gr_artifact_open(const gr_engine* engine, const uint8_t* bytes, size_t size,
                                  const gr_artifact_options* options, gr_artifact** artifact,
                                  gr_error** error);
GR_API void gr_artifact_free(gr_artifact* artifact);
/* "sha256:..." of header and section table; valid while the artifact lives. Since 0.1. */
GR_API gr_text gr_artifact_id(const gr_artifact* artifact);
/* "model", "policy", "catalog", "release" or "bundle". Since 0.1. */
GR_API gr_text gr_artifact_kind(const gr_artifact* artifact);
/* A JSON description: names, versions, sections, fields, heads, rules, offers. Valid while the
 * artifact lives. Since 0.1. */
GR_API gr_status gr_artifact_inspect(gr_artifact* artifact, gr_text* json, gr_error** error);

/* ---- Snapshots ------------------------------------------------------------------------------- */

typedef struct gr_snapshot gr_snapshot;

typedef struct {
  uint32_t struct_size;
  int32_t skip_golden;           /* 1: do not replay the model's golden vectors */
  /* Memory for sums kept per catalog offer: offers that fit rank faster, with the same bits. 0: none. Since 0.1. */
  uint64_t catalog_sums_bytes;
  /* Likewise for each offer's codes, some hundred bytes. 0: 64 MiB; too little for one: none. Since 0.1. */
  uint64_t catalog_codes_bytes;
  uint32_t in_steps;             /* 1: what takes long is left to gr_snapshot_prepare. Since 0.1, appended */
  uint32_t reserved;
} gr_snapshot_options;

/* Prepares a bundle for ranking: binds names, compiles expressions, lays out weights, replays the golden
 * vectors. Keeps the artifact's bytes alive itself. One count; shared between threads. Since 0.1. */
GR_API gr_status gr_snapshot_create(const gr_engine* engine, const gr_artifact* bundle,
                                    const gr_snapshot_options* options, gr_snapshot** snapshot,
                                    gr_error** error);
/* Artifacts that came apart, as a release names them. `release` may be NULL; else one of its routes
 * must name the three (GR_STATUS_REFERENCE). */
typedef struct {
  uint32_t struct_size;
  uint32_t reserved;
  const gr_artifact *model, *policy, *catalog, *release;
} gr_snapshot_parts;
/* Prepares them as gr_snapshot_create does a bundle. Since 0.1. */
GR_API gr_status gr_snapshot_create_from(const gr_engine* engine, const gr_snapshot_parts* parts,
                                         const gr_snapshot_options* options, gr_snapshot** snapshot,
                                         gr_error** error);
/* With `in_steps`, before others have the snapshot: takes up to so many steps (the golden vectors; 120 offers' codes
 * and sums) and tells how many are `left`. Until none is, it makes no requests and replays nothing. Since 0.1. */
GR_API gr_status gr_snapshot_prepare(gr_snapshot* snapshot, uint32_t steps, uint32_t* left, gr_error** error);
/* Gives back what is kept of the catalog (codes, sums), though others rank: from then on ranking is slower, with
 * the same bits. gr_rank does so itself where `allocate` refuses. Whether anything was kept. Since 0.1. */
GR_API bool gr_snapshot_trim(gr_snapshot* snapshot);
/* Adds a count; every count is given back with gr_snapshot_free. Since 0.1. */
GR_API gr_snapshot* gr_snapshot_retain(const gr_snapshot* snapshot);
GR_API void gr_snapshot_free(gr_snapshot* snapshot);

typedef enum { GR_NAMESPACE_CONTEXT = 0, GR_NAMESPACE_CANDIDATE = 1, GR_NAMESPACE_PAIR = 2 } gr_namespace;

#define GR_NO_FACT UINT32_MAX
/* The ordinal of a fact for the typed setters, or GR_NO_FACT. Since 0.1. */
GR_API uint32_t gr_snapshot_fact(const gr_snapshot* snapshot, gr_namespace space, gr_text name);
GR_API uint32_t gr_snapshot_head_count(const gr_snapshot* snapshot);
GR_API gr_text gr_snapshot_head_name(const gr_snapshot* snapshot, uint32_t head);
GR_API uint32_t gr_snapshot_term_count(const gr_snapshot* snapshot);
GR_API gr_text gr_snapshot_term_name(const gr_snapshot* snapshot, uint32_t term);
GR_API uint32_t gr_snapshot_guardrail_count(const gr_snapshot* snapshot);
GR_API gr_text gr_snapshot_guardrail_name(const gr_snapshot* snapshot, uint32_t guardrail);
GR_API uint32_t gr_snapshot_offer_count(const gr_snapshot* snapshot);

/* ---- Requests -------------------------------------------------------------------------------- */

typedef struct gr_request gr_request;
/* A request holds a count of its snapshot. Since 0.1. */
GR_API gr_status gr_request_create(const gr_snapshot* snapshot, gr_request** request, gr_error** error);
/* Forgets all values, keeps the memory. Since 0.1. */
GR_API void gr_request_reset(gr_request* request);
GR_API void gr_request_free(gr_request* request);

/* Replaces everything in the request by the JSON form. On failure the request is empty. Facts that the
 * snapshot does not know are left alone, as one service may ask several releases. Since 0.1. */
GR_API gr_status gr_request_from_json(gr_request* request, const char* json, size_t size, gr_error** error);

/* "request_id" of the JSON form; copied. Since 0.1. */
GR_API gr_status gr_request_set_id(gr_request* request, gr_text id, gr_error** error);
/* Micros since 1970-01-01T00:00:00Z, which is also what holds where nobody sets a time: rules and offers
 * with dates are then judged as of 1970. Since 0.1. */
GR_API void gr_request_set_time(gr_request* request, int64_t micros);
GR_API void gr_request_set_seed(gr_request* request, uint64_t seed);
/* Positions wanted; 0: all, at most 10,000 (under diversity or exploration each looks at every row). Since 0.1. */
GR_API void gr_request_set_limit(gr_request* request, uint32_t limit);
/* Whether the JSON form of the decision holds heads, terms and the texts of reasons (it does unless
 * told otherwise); whatever the request's JSON said before. Since 0.1. */
GR_API void gr_request_set_explain(gr_request* request, bool explain);
/* Name: "product", "market", "segment", "partner", "surface" or "unit". How the release that serves was
 * come by is told likewise ("served.stage", "served.arm", and for a fallback "served.instead_of" and
 * "served.reason") and stands in the decision and its record. Copied. Since 0.1. */
GR_API gr_status gr_request_set_route(gr_request* request, gr_text name, gr_text value, gr_error** error);

/* Candidates by offer id (copied), once per request; without a call the whole catalog is ranked.
 * Since 0.1. */
GR_API gr_status gr_request_set_candidates(gr_request* request, const gr_text* offers, size_t count,
                                           gr_error** error);

/* Context values by fact ordinal; texts are copied. Since 0.1. */
GR_API gr_status gr_request_set_context_f64(gr_request* request, uint32_t fact, double value, gr_error** error);
GR_API gr_status gr_request_set_context_i64(gr_request* request, uint32_t fact, int64_t value, gr_error** error);
GR_API gr_status gr_request_set_context_bool(gr_request* request, uint32_t fact, bool value, gr_error** error);
GR_API gr_status gr_request_set_context_text(gr_request* request, uint32_t fact, gr_text value, gr_error** error);
GR_API gr_status gr_request_set_context_time(gr_request* request, uint32_t fact, int64_t micros, gr_error** error);
GR_API gr_status gr_request_set_context_texts(gr_request* request, uint32_t fact, const gr_text* values,
                                              size_t count, gr_error** error);
GR_API gr_status gr_request_set_context_vector(gr_request* request, uint32_t fact, const float* values,
                                               size_t count, gr_error** error);

typedef enum {
  GR_TYPE_F64 = 0,
  GR_TYPE_I64 = 1,
  GR_TYPE_BOOL = 2,
  GR_TYPE_STRING = 3,
  GR_TYPE_TIMESTAMP = 4,
  GR_TYPE_STRING_LIST = 5,
  GR_TYPE_F32_VECTOR = 6
} gr_type;

/* One value per row, in candidate order. Only the pointer of the type is read. */
typedef struct {
  uint32_t struct_size;
  int32_t type;                  /* gr_type; must be the fact's, or i64 for f64 */
  size_t n_rows;
  const uint8_t* present;        /* one byte per row, 0 missing; NULL: all there */
  const double* numbers;         /* F64 */
  const int64_t* integers;       /* I64, TIMESTAMP (micros) */
  const uint8_t* booleans;       /* BOOL, one byte per row */
  const gr_text* texts;          /* STRING; elements of STRING_LIST */
  const uint32_t* list_offsets;  /* STRING_LIST: n_rows + 1 */
  const float* floats;           /* F32_VECTOR: n_rows * width */
  uint32_t width;                /* F32_VECTOR */
} gr_column;

/* A whole column of a candidate or pair fact; set the candidates first. Arrays and the texts they
 * point to are borrowed for as long as a decision made from the request is used: its JSON, its
 * explanation and its record read them. Since 0.1. */
GR_API gr_status gr_request_set_column(gr_request* request, uint32_t fact, const gr_column* column,
                                       gr_error** error);

/* ---- Sessions and ranking -------------------------------------------------------------------- */

typedef struct gr_session gr_session;
/* Memory of one thread's rankings, reused: none is allocated once warm. Since 0.1. */
GR_API gr_status gr_session_create(const gr_engine* engine, gr_session** session, gr_error** error);
GR_API void gr_session_free(gr_session* session);
/* Most bytes that the session ever held. Not while it ranks on another thread. Since 0.1. */
GR_API uint64_t gr_session_peak_bytes(const gr_session* session);

/* A decision belongs to its session and is valid until the session's next ranking, replay or free. It
 * reads the request: keep that unchanged meanwhile. */
typedef struct gr_decision gr_decision;
/* Ranks a request: the eligible offers in order, a reason for each that is not eligible. On failure nothing is
 * stored; the session's decisions have ended all the same. Since 0.1. */
GR_API gr_status gr_rank(gr_session* session, const gr_request* request, const gr_decision** decision,
                         gr_error** error);
/* Ranks requests of one snapshot together, which costs less where each has few candidates, and decides
 * the same, bit for bit. Stores `count` decisions, all valid until the session's next ranking; where one
 * of several fails by itself (`where` begins with "requests[i]"), all do and nothing is stored. Since 0.1. */
GR_API gr_status gr_rank_many(gr_session* session, const gr_request* const* requests, size_t count,
                              const gr_decision** decisions, gr_error** error);

/* ---- Decisions ------------------------------------------------------------------------------- */

/* Filled positions; candidates taken out, with reasons. Limit and caps leave others without a place. Since 0.1. */
GR_API uint32_t gr_decision_ranked_count(const gr_decision* decision);
GR_API uint32_t gr_decision_excluded_count(const gr_decision* decision);

typedef struct {
  uint32_t struct_size;
  uint32_t candidate;            /* index in the request */
  gr_text offer;
  int64_t score_micros;
  double propensity;
  int32_t is_mandated;
} gr_ranked;
/* `position` from 0. Since 0.1. */
GR_API gr_status gr_decision_ranked(const gr_decision* decision, uint32_t position, gr_ranked* ranked);

typedef struct {
  uint32_t struct_size;
  uint32_t is_value_head;        /* 1: `logit` is mu and `probability` the expected amount */
  double logit;
  double corrected;
  double probability;            /* given the head's condition */
  double reach;                  /* unconditional */
} gr_head_outcome;
/* What a head, or a term, came to for the offer at `position`. Since 0.1. */
GR_API gr_status gr_decision_head(const gr_decision* decision, uint32_t position, uint32_t head,
                                  gr_head_outcome* outcome);
GR_API gr_status gr_decision_term_micros(const gr_decision* decision, uint32_t position, uint32_t term,
                                         int64_t* micros);

typedef struct {
  uint32_t struct_size;
  uint32_t candidate;
  gr_text offer;
  gr_text stage;                 /* "eligibility", "retrieval", "value" or "guardrail" */
  uint32_t reason_count;
} gr_excluded;
/* `index` from 0. Since 0.1. */
GR_API gr_status gr_decision_excluded(const gr_decision* decision, uint32_t index, gr_excluded* excluded);

typedef struct {
  uint32_t struct_size;
  gr_text rule;                  /* id of the rule, guardrail or term; a fact that may not be missing */
  gr_text code;                  /* this, text and adverse action: a missing fact's own if it has some */
  gr_text text;
  gr_text adverse_action;
  gr_text value;                 /* "false", "unknown", "error", "not_finite", "overflow" */
  gr_text missing;               /* where unknown: the missing fact, "ctx.age" */
  uint32_t principal_rank;       /* 1 to 4 for the principal reasons of the exclusion, else 0 */
} gr_reason;
/* `reason` from 0, below gr_excluded's reason_count. Since 0.1. */
GR_API gr_status gr_decision_reason(const gr_decision* decision, uint32_t index, uint32_t reason,
                                    gr_reason* out);

/* The smallest change of one number, everything else staying, that makes a rule or guardrail decide
 * the other way. */
typedef struct {
  uint32_t struct_size;
  int32_t type;                  /* gr_type of the fact: GR_TYPE_F64, _I64 or _TIMESTAMP */
  gr_text fact;                  /* "ctx.age", "p.approve"; empty: no one number decides */
  double from_number, to_number; /* F64 */
  int64_t from_integer, to_integer;   /* I64; TIMESTAMP: micros since 1970 */
  double share;                  /* size of the change over the number's now; of a time and from 0 infinite */
} gr_change;
/* For a reason that is false. Worked out when asked, in the session's memory. Since 0.1. */
GR_API gr_status gr_decision_change(const gr_decision* decision, uint32_t index, uint32_t reason,
                                    gr_change* change, gr_error** error);
/* What would make a guardrail (by its place in the policy) remove a ranked offer. Since 0.1. */
GR_API gr_status gr_decision_guardrail_change(const gr_decision* decision, uint32_t position,
                                              uint32_t guardrail, gr_change* change,
                                              gr_error** error);

/* The JSON form; valid as long as the decision. `with_record`: include the record. Since 0.1. */
GR_API gr_status gr_decision_json(const gr_decision* decision, bool with_record, gr_text* json,
                                  gr_error** error);

/* ---- Records --------------------------------------------------------------------------------- */

/* From these bytes and the artifacts anyone can compute the decision again. Valid as long as the
 * decision. Since 0.1. */
GR_API gr_status gr_decision_record(const gr_decision* decision, gr_bytes* record, gr_error** error);

/* FULL replays by itself. REDACTED holds salted commitments in place of the request's values that
 * are not listed. DIGEST holds who decided, and a commitment to the full record. */
typedef enum { GR_RECORD_FULL = 0, GR_RECORD_REDACTED = 1, GR_RECORD_DIGEST = 2 } gr_record_level;

typedef struct {
  uint32_t struct_size;
  int32_t level;                 /* gr_record_level */
  /* REDACTED: the values that stay readable: "ctx.state", "offer.apr", "pair.seen", "route.market",
   * "request_id". One that this request does not give is no error; GR_STATUS_NAME for one that no
   * request of the snapshot can give, GR_STATUS_PROTECTED for a protected fact. */
  const gr_text* shown;
  size_t shown_count;
  /* REDACTED, DIGEST: 16 random bytes or more, secret, for this record only. A replay needs them. */
  gr_bytes salt;
  /* The hash of the record before it in a chain: 32 bytes; NULL: the first, or no chain. */
  const uint8_t* previous;
} gr_record_options;
/* A record of another level, or in a chain; `options` may be NULL: full. Since 0.1. */
GR_API gr_status gr_decision_record_as(const gr_decision* decision, const gr_record_options* options,
                                       gr_bytes* record, gr_error** error);
/* SHA-256 of a record: what the next one in a chain holds as `previous`, and, of the last one, what
 * is kept elsewhere. Since 0.1. */
GR_API void gr_record_hash(const uint8_t* record, size_t size, uint8_t hash[32]);
/* What a record says of itself. The texts point into `record`. */
typedef struct {
  uint32_t struct_size;
  int32_t level;                 /* gr_record_level */
  gr_text release, engine;
  uint8_t previous[32];          /* zeros where there is none */
  int32_t has_previous;
  /* As JSON: what a full record replays, commitments in place of what REDACTED leaves out; empty of
   * a DIGEST. */
  gr_text request;
} gr_record_info;
/* Verifies a record, which must be 8-byte aligned; untrusted ones are safe. Since 0.1. */
GR_API gr_status gr_record_open(const uint8_t* record, size_t size, gr_record_info* info,
                                gr_error** error);

typedef struct {
  uint32_t struct_size;
  int32_t is_equal;              /* 1: every recorded bit was computed again */
  char first_difference[160];    /* zero-terminated; empty when equal */
} gr_replay_result;
/* A ranking like others: it ends the session's decisions. GR_STATUS_REFERENCE when the snapshot's
 * artifacts are not the recorded ones, GR_STATUS_HASH when their bytes are not those that their ids
 * name: unless all were opened with GR_CHECK_FULL, a snapshot's first replay hashes them. Untrusted
 * records are safe. Since 0.1. */
GR_API gr_status gr_replay(gr_session* session, const gr_snapshot* snapshot, const uint8_t* record,
                           size_t size, gr_replay_result* result, gr_error** error);

/* What a record that is not full leaves out: the request as JSON, as it was, and the salt. */
typedef struct {
  uint32_t struct_size;
  gr_text request_json;
  gr_bytes salt;
} gr_replay_options;
/* The same for a record of any level; `options` may be NULL for a full one. Of a redacted record it
 * is also checked that the request is the one that it commits to. GR_STATUS_MISSING without a
 * request that is needed. Since 0.1. */
GR_API gr_status gr_replay_with(gr_session* session, const gr_snapshot* snapshot, const uint8_t* record,
                                size_t size, const gr_replay_options* options,
                                gr_replay_result* result, gr_error** error);

/* JSON {"error": {...}} of contracts.md for any status and an optional error; written to `out`
 * (capacity bytes, terminated by a zero byte); returns the bytes that the whole needs. Since 0.1. */
GR_API size_t gr_error_json(const gr_error* error, char* out, size_t capacity);

/* ---- WebAssembly ----------------------------------------------------------------------------- */

/* Memory in the module for what the host passes in; alignment 64. NULL when there is none.
 * Since 0.1. */
GR_API void* gr_buffer_create(size_t size);
GR_API void gr_buffer_free(void* buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* GUARDRANK_H */
