/* guardrank-tools: what is done offline. A library of its own, beside guardrank.h.
 *
 * Every function takes files as bytes or folders as paths, gives texts in objects that the caller
 * frees with gr_tools_text_free, and reports errors as guardrank.h does. Progress, where it is long,
 * goes to an optional callback. */
#ifndef GUARDRANK_TOOLS_H
#define GUARDRANK_TOOLS_H

#include "guardrank.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes owned by the library until freed. */
typedef struct gr_tools_text gr_tools_text;
/* Valid until freed. Since 0.1. */
GR_API gr_text gr_tools_text_view(const gr_tools_text* text);
GR_API void gr_tools_text_free(gr_tools_text* text);

/* `step` is a few words, `done` and `total` count within it (total 0: unknown). */
typedef void (*gr_tools_progress)(void* user, const char* step, uint64_t done, uint64_t total);

typedef struct {
  uint32_t struct_size;
  uint32_t reserved;
  const char* model_folder;      /* model.json, weights.safetensors or .onnx, calibration.jsonl, holdout.safetensors */
  const char* policy_path;       /* YAML or JSON; "-": standard input, once, here and below */
  const char* catalog_path;      /* CSV or JSON; NULL: an empty catalog that allows unlisted offers */
  gr_tools_progress progress;
  void* progress_user;
  uint32_t single_stage;         /* 1: without the policy's two_stage, which is not read either */
  /* Embedding tables of context fields with more rows are cut in shards of so many, each of which may be
   * fetched by itself; 0: none are. */
  uint32_t shard_rows;
} gr_tools_pack_options;

/* Trained weights, a policy and a catalog to a bundle. `report` (may be NULL) receives the packer's
 * report as JSON: per head the worst and mean logit error against the float reference, the figures
 * of the calibrator's fit, sizes. Nothing is written to disk. Since 0.1. */
GR_API gr_status gr_tools_pack(const gr_tools_pack_options* options, gr_tools_text** bundle,
                               gr_tools_text** report, gr_error** error);

/* Like gr_tools_pack, then a snapshot whose logits come from the float reference instead of the
 * int8 network: to test a graph apart from quantisation. calibration.jsonl may lack. Since 0.1. */
GR_API gr_status gr_tools_snapshot_float(const gr_engine* engine, const gr_tools_pack_options* options,
                                         gr_snapshot** snapshot, gr_error** error);

/* Scores labelled rows and measures: `requests` is JSON lines, each a request with
 * "labels": {"<head>": [one per candidate, null outside the population]}. Gives JSON with AUC,
 * PR-AUC, log loss, ECE (equal mass), NDCG@10, hit rate at 10 and rows per head. A positive that was not
 * shown is missed by the last two; null takes no place in them. Since 0.1. */
GR_API gr_status gr_tools_evaluate(const gr_snapshot* snapshot, gr_session* session,
                                   const char* requests, size_t size, gr_tools_progress progress,
                                   void* progress_user, gr_tools_text** report, gr_error** error);

typedef struct {
  uint32_t struct_size;
  uint32_t test_count;
  const char* policy_path;       /* YAML or JSON; "-": standard input, once, here and below */
  const char* catalog_path;      /* CSV or JSON; NULL: none */
  const char* model_folder;      /* for its fields and heads; NULL: heads are those that expressions name */
  const char* const* test_paths; /* test documents; NULL where test_count is 0 */
  int64_t now_micros;            /* what dates are held against */
  gr_tools_progress progress;
  void* progress_user;
} gr_tools_lint_options;

/* Looks a policy over: mistakes of the policy and tests that fail are no failure of the call but
 * stand in the report (JSON: findings, tests, counts). Since 0.1. */
GR_API gr_status gr_tools_lint(const gr_tools_lint_options* options, gr_tools_text** report,
                               gr_error** error);

typedef struct {
  uint32_t struct_size;
  uint32_t reserved;
  gr_text specification;         /* JSON: what to measure (models/audit/README.md) */
  gr_text population;            /* CSV, one row per decision; for gr_tools_audit_population */
  gr_text requests;              /* JSON lines; for gr_tools_audit_ranking */
  gr_text groups;                /* CSV of protected attributes with a key; empty: none */
  gr_tools_progress progress;
  void* progress_user;
} gr_tools_audit_options;

/* What decisions did to groups: rates, adverse impact ratios, the four-fifths rule with an exact
 * test, scores, exposure, and a search for less discriminatory alternatives. `report` receives JSON,
 * `page` (may be NULL) one self-contained HTML file. The same input gives the same bytes. Since 0.1. */
GR_API gr_status gr_tools_audit_population(const gr_tools_audit_options* options,
                                           gr_tools_text** report, gr_tools_text** page,
                                           gr_error** error);
/* What a snapshot's ranking shows to groups, and how far payouts move offers: every request is
 * ranked as it is and with payouts equal. Groups are joined by request id; nothing of them reaches
 * the ranking. On demand it searches less discriminatory alternatives: facts kept from the model and
 * other parameters, within a stated loss of value. Since 0.1. */
GR_API gr_status gr_tools_audit_ranking(const gr_snapshot* snapshot, gr_session* session,
                                        const gr_tools_audit_options* options,
                                        gr_tools_text** report, gr_tools_text** page,
                                        gr_error** error);

/* One expression of the rule language against facts: `facts` is JSON (empty: none), an object of
 * "ctx", "offer", "pair", "p", "reach", "value" and "param" with facts by name, "now" as RFC 3339, and
 * any other name with a value of its own; values are plain JSON or {"$type": "uint", "value": "5"}.
 * Gives JSON: "type", "value", "text" (as a literal) and "cost", or "type": "unknown" and the "fact"
 * that is missing. Types: null, bool, int, uint, double, string, bytes (base64), list (an array of
 * objects with "type" and "value"), map (an array of [key, value] pairs of them), timestamp (RFC 3339),
 * duration ("3.5s"), type. The expression is checked before it runs: GR_STATUS_PARSE, TYPECHECK, NAME
 * with line, column and caret; GR_STATUS_EVAL, likewise, for an error when it runs. Since 0.1. */
GR_API gr_status gr_tools_evaluate_expression(const char* expression, size_t expression_size,
                                              const char* facts, size_t facts_size,
                                              gr_tools_text** result, gr_error** error);

typedef struct {
  uint32_t struct_size;
  uint32_t is_checked;           /* 0: types and names are looked at only where evaluation comes by */
  gr_text expression;
  gr_text facts;                 /* JSON; empty: none */
  gr_text container;             /* names are tried within it first: "com.example"; empty: none */
} gr_tools_expression_options;

/* The same, checked or not, within a container. Since 0.1. */
GR_API gr_status gr_tools_evaluate_expression_as(const gr_tools_expression_options* options,
                                                 gr_tools_text** result, gr_error** error);

typedef struct {
  gr_text figure;                /* "p.<head>", "share.<head>", "term.<id>": models/plan/README.md */
  gr_text parameter;             /* the policy's parameter that is moved for it */
  double at_least;
} gr_tools_target;

typedef struct {
  uint32_t struct_size;
  uint32_t points;               /* between minimum and maximum; 0: 9 */
  uint32_t depth;                /* positions that give exposure; 0: 10 */
  uint32_t parameter_count;      /* 0: all */
  const gr_text* parameters;
  uint32_t target_count;         /* 0: a sweep; else multipliers for the targets */
  uint32_t least_segment;        /* requests of the smallest segment that is compared; 0: 20 */
  const gr_tools_target* targets;
  gr_text segment;               /* "ctx.<fact>" or a member of the route; empty: none */
  gr_text requests;              /* JSON lines */
  gr_tools_progress progress;
  void* progress_user;
} gr_tools_sweep_options;

/* What the policy's parameters trade on a sample of requests, or, with targets, values of parameters
 * that meet them. `report` receives JSON, `page` (may be NULL) one self-contained HTML file. The
 * snapshot is not changed. Since 0.1. */
GR_API gr_status gr_tools_sweep(const gr_snapshot* snapshot, const gr_tools_sweep_options* options,
                                gr_tools_text** report, gr_tools_text** page, gr_error** error);

typedef struct {
  uint32_t struct_size;
  uint32_t runs;                 /* of each measurement, the median counts; 0: 5 */
  const char* model_folder;      /* with stage-one towers ("retrieval" in model.json) */
  const char* policy_path;       /* YAML or JSON; its two_stage needs no figures but budget_us */
  const char* catalog_path;      /* CSV or JSON */
  gr_text requests;              /* JSON lines */
  uint32_t limit;                /* of requests that state none; 0: 20 */
  uint32_t reserved;
  double budget_us;              /* above 0: instead of the policy's */
  double min_value_recall;       /* above 0: instead of the policy's */
  gr_tools_progress progress;
  void* progress_user;
} gr_tools_plan_options;

/* Measures on this machine what two-stage ranking costs and keeps: fixed_us, c1_us, c2_us and
 * measured_value_recall of the policy's two_stage. `policy` receives the policy's document with the
 * figures in it, `report` (may be NULL) JSON, `page` (may be NULL) one self-contained HTML file.
 * Nothing is written to disk. Since 0.1. */
GR_API gr_status gr_tools_plan(const gr_tools_plan_options* options, gr_tools_text** policy,
                               gr_tools_text** report, gr_tools_text** page, gr_error** error);

/* ---- Publishing: models/publish/README.md ---------------------------------------------------- */

/* A pair of keys as PEM. `scheme`: "ed25519", "ecdsa-sha2-nistp256" or "rsassa-pss-sha256". With a
 * passphrase (may be empty) the private one is locked by it. Since 0.1. */
GR_API gr_status gr_tools_key_create(gr_text scheme, gr_text passphrase, gr_tools_text** private_key,
                                     gr_tools_text** public_key, gr_error** error);
/* Of a private or public key: JSON with "id", "key" (as metadata carries it) and "pem", the public
 * half. Since 0.1. */
GR_API gr_status gr_tools_key_describe(gr_text pem, gr_text passphrase, gr_tools_text** description,
                                       gr_error** error);

/* A folder that any file server serves, and who works on it. */
typedef struct {
  uint32_t struct_size;
  uint32_t key_count;
  const char* folder;
  const char* staging_folder;    /* of what waits for signatures; NULL: the folder's name, ".staged" */
  const gr_text* keys;           /* private ones, PEM */
  gr_text passphrase;            /* of those that have one */
  int64_t now_micros;
  gr_tools_progress progress;
  void* progress_user;
  int32_t trusts_clock;          /* not 0: `now_micros` is right, though what is there was signed later. Since 0.1. */
} gr_tools_origin;

/* Each is one signed step: `request` is JSON (models/publish/README.md lists its members; empty: {}),
 * `report` receives JSON with "published" (false: it waits for signatures, which "waiting" lists).
 * What fails changes nothing that readers see. Since 0.1. */
GR_API gr_status gr_tools_origin_create(const gr_tools_origin* origin, gr_text request,
                                        gr_tools_text** report, gr_error** error);
GR_API gr_status gr_tools_origin_rotate(const gr_tools_origin* origin, gr_text request,
                                        gr_tools_text** report, gr_error** error);
GR_API gr_status gr_tools_origin_delegate(const gr_tools_origin* origin, gr_text request,
                                          gr_tools_text** report, gr_error** error);
GR_API gr_status gr_tools_origin_undelegate(const gr_tools_origin* origin, gr_text request,
                                            gr_tools_text** report, gr_error** error);
GR_API gr_status gr_tools_origin_sign(const gr_tools_origin* origin, gr_tools_text** report,
                                      gr_error** error);
GR_API gr_status gr_tools_origin_discard(const gr_tools_origin* origin, gr_tools_text** report,
                                         gr_error** error);
GR_API gr_status gr_tools_origin_refresh(const gr_tools_origin* origin, gr_text request,
                                         gr_tools_text** report, gr_error** error);
GR_API gr_status gr_tools_origin_publish(const gr_tools_origin* origin, gr_text request,
                                         gr_tools_text** report, gr_error** error);
GR_API gr_status gr_tools_origin_promote(const gr_tools_origin* origin, gr_text request,
                                         gr_tools_text** report, gr_error** error);
GR_API gr_status gr_tools_origin_rollback(const gr_tools_origin* origin, gr_text request,
                                          gr_tools_text** report, gr_error** error);
GR_API gr_status gr_tools_origin_withdraw(const gr_tools_origin* origin, gr_text request,
                                          gr_tools_text** report, gr_error** error);
/* Roles, releases and, where asked, what served when. Changes nothing. Since 0.1. */
GR_API gr_status gr_tools_origin_describe(const gr_tools_origin* origin, gr_text request,
                                          gr_tools_text** report, gr_error** error);

typedef struct gr_tools_features gr_tools_features;
/* The transforms that serving runs, for a trainer: the "fields" of model.json, columns in, matrices
 * out. Since 0.1. */
GR_API gr_status gr_tools_features_create(const char* model_json, size_t size,
                                          gr_tools_features** features, gr_error** error);
GR_API void gr_tools_features_free(gr_tools_features* features);
GR_API uint32_t gr_tools_features_field_count(const gr_tools_features* features);
/* Facts that a field reads (a cross reads several), in the order that encode wants columns. Since 0.1. */
GR_API uint32_t gr_tools_features_input_count(const gr_tools_features* features, uint32_t field);
GR_API gr_text gr_tools_features_input_name(const gr_tools_features* features, uint32_t field, uint32_t input);
/* Rows of the field's embedding table; 0 for a dense field. Since 0.1. */
GR_API uint32_t gr_tools_features_code_count(const gr_tools_features* features, uint32_t field);

/* Encoded rows of one field; arrays belong to `features` and are valid until its next encode. */
typedef struct {
  uint32_t struct_size;
  uint32_t width;                /* dense: floats per row; 0 for an embedding */
  const float* dense;            /* n_rows * width */
  const uint8_t* is_missing;     /* dense: n_rows */
  const uint32_t* codes;         /* embedding: n_rows, or list_offsets[n_rows] when pooled */
  const uint32_t* list_offsets;  /* pooled: n_rows + 1; NULL otherwise */
} gr_tools_encoded;
/* `columns`: one per input, of any number of rows, the same for all. `now`: micros. Since 0.1. */
GR_API gr_status gr_tools_features_encode(gr_tools_features* features, uint32_t field,
                                          const gr_column* columns, size_t n_columns, int64_t now,
                                          gr_tools_encoded* encoded, gr_error** error);

#ifdef __cplusplus
}
#endif

#endif /* GUARDRANK_TOOLS_H */
