/* guardrank-fetch: what comes from an origin, natively. A library of its own, beside guardrank.h.
 *
 * A repository is an address that serves signed metadata (The Update Framework, specification 1.0) and
 * files that the metadata vouches for, with a folder that keeps what was verified. Requests go through
 * libcurl, signatures through libcrypto. Nothing is handed out or kept that was not verified first.
 *
 * A repository belongs to one thread at a time, but for gr_fetch_cancel. Several processes may share a
 * folder. Functions block until they are done; errors are as in guardrank.h:
 * GR_STATUS_NETWORK, SIGNATURE, EXPIRED, ROLLBACK, HASH, JSON, LIMIT, with role, version and key in the
 * message. */
#ifndef GUARDRANK_FETCH_H
#define GUARDRANK_FETCH_H

#include "guardrank_store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gr_fetch_repository gr_fetch_repository;

/* `total` is 0 while it is unknown. */
typedef void (*gr_fetch_progress)(void* user, const char* address, uint64_t done, uint64_t total);

typedef struct {
  uint32_t struct_size;
  uint32_t attempts;             /* of a request, in all; 0: 4 */
  const char* cache_folder;      /* made if it is not there; required */
  const char* metadata_address;  /* http or https; NULL: nothing is fetched */
  const char* targets_address;   /* NULL: "targets/" beside the metadata's last part */
  const char* user_agent;        /* NULL: "guardrank/<version>" */
  const uint8_t* trusted_root;   /* root.json that comes with the program, copied; NULL: the folder's */
  size_t trusted_root_size;
  uint32_t connect_ms;           /* 0: 5,000 */
  uint32_t first_byte_ms;        /* of a try, from its start; 0: 10,000 */
  uint32_t whole_ms;             /* of a try; 0: 120,000 */
  uint32_t slow_seconds;         /* a try slower than the next is given up after so long; 0: 10 */
  uint32_t slow_bytes;           /* per second; 0: 1,024 */
  uint32_t redirects;            /* followed, to the same protocol; 0: 5 */
  uint32_t retry_base_ms;        /* first wait up to this, then twice as long each time; 0: 200 */
  uint32_t retry_most_ms;        /* 0: 10,000 */
  gr_fetch_progress progress;
  void* progress_user;
  const char* ca_file;           /* PEM certificates that vouch for https; NULL: libcurl's own. Since 0.1 */
} gr_fetch_options;

/* Opens the folder; asks the origin nothing. Since 0.1. */
GR_API gr_status gr_fetch_open(const gr_fetch_options* options, gr_fetch_repository** repository,
                               gr_error** error);
GR_API void gr_fetch_free(gr_fetch_repository* repository);

/* Makes `root` what the folder trusts, if it is signed by its own keys. How it came here is the caller's
 * to answer for. Forgets the highest time seen. Since 0.1. */
GR_API gr_status gr_fetch_adopt(gr_fetch_repository* repository, const uint8_t* root, size_t size,
                                gr_error** error);

typedef int32_t gr_fetch_refresh_kind;
enum {
  GR_FETCH_FULL = 0,             /* root, timestamp, snapshot, targets */
  GR_FETCH_CHECK = 1,            /* one conditional request; full when something changed */
  GR_FETCH_CACHED = 2            /* what the folder holds, as long as it has not expired */
};

/* After a failure what was trusted before still is, until it expires. GR_STATUS_INTERNAL when all went
 * well but the folder could not be written. Since 0.1. */
GR_API gr_status gr_fetch_refresh(gr_fetch_repository* repository, gr_fetch_refresh_kind kind,
                                  gr_error** error);

/* What a role vouches for. Texts belong to the repository, until its next call. */
typedef struct {
  uint32_t struct_size;
  uint32_t hash_bytes;           /* 32: SHA-256, 64: SHA-512 */
  gr_text path;
  gr_text role;
  int64_t role_version;
  uint64_t length;
  uint8_t hash[64];
  gr_text custom;                /* JSON; empty when there is none */
} gr_fetch_target;

/* GR_STATUS_MISSING when no role vouches for it. After a refresh. Since 0.1. */
GR_API gr_status gr_fetch_find(gr_fetch_repository* repository, const char* path, size_t size,
                               gr_fetch_target* target, gr_error** error);

/* gr_fetch_find, then the file into `folder`, under a name made of the path; not fetched again when it
 * stands there already. `name` (may be NULL) is that name, until the next call. Since 0.1. */
GR_API gr_status gr_fetch_download(gr_fetch_repository* repository, const char* path, size_t size,
                                   const char* folder, gr_text* name, gr_error** error);

/* Versions of what serves; 0: none. */
typedef struct {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t root, timestamp, snapshot, targets;
  int64_t expires_micros;        /* the first of them */
} gr_fetch_state;
/* What is trusted now. Since 0.1. */
GR_API gr_status gr_fetch_describe(const gr_fetch_repository* repository, gr_fetch_state* state);

/* Ends the call that runs, with GR_STATUS_DEADLINE; from any thread. Since 0.1. */
GR_API void gr_fetch_cancel(gr_fetch_repository* repository);

/* ---- Releases at hand ------------------------------------------------------------------------ */

/* Follows releases on an origin (metadata/, targets/ and blobs/ beside each other), fetches what their
 * routes name, keeps it in a folder and in memory, and gives snapshots ready to rank. One thread at a
 * time, but for gr_fetch_client_stop; the snapshots may be shared. */
typedef struct gr_fetch_client gr_fetch_client;

typedef struct {
  uint32_t struct_size;
  uint32_t release_count;
  const gr_text* releases;       /* names: "cards", "team/cards" */
  const gr_fetch_options* fetch; /* addresses, cache folder, trusted root, patience */
  const char* blobs_address;     /* NULL: "blobs/" beside the metadata's last part */
  uint64_t memory_bytes;         /* of artifacts, beside the snapshots; 0: 64 MiB */
  uint64_t disk_bytes;           /* of artifacts in the folder; 0: 1 GiB */
  uint64_t artifact_bytes;       /* largest that is fetched; 0: 256 MiB */
  int64_t check_micros;          /* between two looks for changes; 0: a minute */
  uint32_t snapshots;            /* kept ready; 0: 8 */
  uint32_t asks_origin;          /* 1: opening waits for the origin, though the folder has all releases */
  uint64_t bytes_per_second, bytes_per_day;   /* of artifacts from the origin, as in gr_store_options */
  /* Since 0.1, appended: */
  int64_t open_micros;           /* opening waits for the origin no longer; 0: as long as requests may take */
  uint32_t forgets_time;         /* 1: the highest time seen that the folder keeps is forgotten; for a
                                    folder that was tampered with, or whose clock was far ahead */
  /* 1: artifacts in the folder are mapped, where 0 reads them: neither store nor snapshots copy them, and
   * processes share them. They are verified when they are mapped, and believed as long as anything uses them:
   * whoever may write to the folder can change what was verified, or end the process (SIGBUS) by cutting a
   * file short. Only for a folder that nobody else writes to but clients, which rename files in and unlink
   * them, and never write to or truncate one. What is mapped counts as memory_bytes all the same; what was
   * fetched is copied, and mapped by the next start. Since 0.1, in place of a reserved member */
  uint32_t maps_files;
} gr_fetch_client_options;
/* Blocks until each release was looked for, in the folder and where needed (or asked for) at the origin, or
 * `open_micros` are over; fails when none is known then. The look goes on with the calls that follow. A folder
 * that cannot be made is done without: everything is fetched and kept in memory (`is_disk_writable` 0). The
 * engine must outlive the client. Since 0.1. */
GR_API gr_status gr_fetch_client_open(const gr_engine* engine, const gr_fetch_client_options* options,
                                      gr_fetch_client** client, gr_error** error);
GR_API void gr_fetch_client_free(gr_fetch_client* client);

typedef struct {
  uint32_t struct_size;
  int32_t is_fallback;           /* 1: the primary was not at hand in time */
  gr_status primary_status;      /* why */
  uint32_t reserved;
  gr_snapshot* snapshot;         /* a count of the caller's: gr_snapshot_free */
  /* Texts until the client's next call. */
  gr_text release;               /* that serves */
  gr_text stage, arm;            /* of its route: "served.stage" and "served.arm" of gr_request_set_route */
  gr_text instead_of;            /* by a fallback: "served.instead_of", the release's own name where
                                  * what it was before serves; "served.reason" is why */
} gr_fetch_served;
/* What serves a request of this route: at once where it is at hand, else when it was fetched, verified
 * and has replayed its golden vectors. Past the timeout, or where it cannot be had before, a fallback that is
 * at hand (in memory, or in the folder: a tenth of a second later at most) or comes in what is left of
 * the time; else GR_STATUS_DEADLINE or why it cannot be had, with the last that went wrong in the
 * message. `options` (may be NULL) are those of a snapshot that is made. Since 0.1. */
GR_API gr_status gr_fetch_client_snapshot(gr_fetch_client* client, const gr_route_values* route,
                                          int64_t timeout_micros, const gr_snapshot_options* options,
                                          gr_fetch_served* served, gr_error** error);
/* The same of the request's shadows, `index` from 0 on: to be ranked and logged beside what serves, never
 * shown. To be asked for after what serves, which then waits for none of it. Nothing falls back.
 * GR_STATUS_MISSING: there are no more. Since 0.1. */
GR_API gr_status gr_fetch_client_shadow(gr_fetch_client* client, const gr_route_values* route,
                                        uint32_t index, int64_t timeout_micros,
                                        const gr_snapshot_options* options, gr_fetch_served* served,
                                        gr_error** error);
/* After a ranking or replay that answered GR_STATUS_MISSING since rows of users' tables are not at hand
 * (gr_wanted_shard): fetches the shards that the session wants, verified, and adds them; rank again, until
 * nothing is wanted. `added` (may be NULL): how many; 0 where the session wants none. Since 0.1. */
GR_API gr_status gr_fetch_client_add_shards(gr_fetch_client* client, gr_session* session,
                                            int64_t timeout_micros, uint32_t* added, gr_error** error);
/* Does what is due (looks for changes, what is written to the folder, snapshots of releases' next versions
 * before they serve, with the options of the last snapshot that was asked for), for at most so long; 0: what needs
 * no waiting. To be called now and then, from a thread of its own if the client has one. Since 0.1. */
GR_API gr_status gr_fetch_client_poll(gr_fetch_client* client, int64_t timeout_micros, gr_error** error);
GR_API gr_status gr_fetch_client_describe(const gr_fetch_client* client, gr_store_state* state);
/* Ends the call that waits, with GR_STATUS_DEADLINE; from any thread. Since 0.1. */
GR_API void gr_fetch_client_stop(gr_fetch_client* client);

#ifdef __cplusplus
}
#endif

#endif /* GUARDRANK_FETCH_H */
