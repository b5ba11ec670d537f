// What the opaque handles of guardrank.h are. Handles live in the host's memory; nothing here
// throws, and nothing calls operator new.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <new>
#include <utility>

#include "capi/include/guardrank.h"
#include "capi/src/kept_memory.h"
#include "core/decision/explanation.h"
#include "core/engine/opened_artifact.h"
#include "core/engine/snapshot.h"

namespace guardrank {

// The bytes of an artifact, shared by count: copied into the host's memory, or borrowed until the
// host's release callback.
struct SharedBytes {
  Allocator allocator;
  std::atomic<std::uint32_t> count{1};
  Bytes bytes;
  std::size_t copied_bytes = 0;        // 0: borrowed
  void (*release)(void* user, const std::uint8_t* bytes, std::size_t size) = nullptr;
  void* release_user = nullptr;
};

template <typename Handle, typename... Arguments>
Handle* create_handle(const Allocator& allocator, Arguments&&... arguments) {
  void* memory = allocator.allocate(allocator.user, sizeof(Handle), alignof(Handle));
  if (memory == nullptr) return nullptr;
  return ::new (memory) Handle(std::forward<Arguments>(arguments)...);
}

// `allocator` is a copy: the handle's own goes with the handle.
template <typename Handle>
void free_handle(const Allocator allocator, Handle* handle) {
  handle->~Handle();
  allocator.release(allocator.user, handle, sizeof(Handle), alignof(Handle));
}

}  // namespace guardrank

struct gr_engine {
  guardrank::Allocator allocator;
  guardrank::KernelChoice kernel = guardrank::KernelChoice::automatic;
  std::string_view kernel_name;
  std::size_t session_limit_bytes = 0;
  std::size_t context_cache_bytes = 0;
  std::size_t shard_cache_bytes = 0;
};

struct gr_artifact {
  gr_artifact(const guardrank::Allocator& host, guardrank::SharedBytes* shared)
      : allocator(host), bytes(shared), arena(host, SIZE_MAX / 2) {}

  guardrank::Allocator allocator;
  guardrank::SharedBytes* bytes;
  guardrank::Arena arena;
  guardrank::OpenedArtifact opened;
  guardrank::DigestText id{};
  std::string_view inspection;         // empty until asked for
  bool is_verified = false;            // every section was hashed
};

struct gr_snapshot {
  explicit gr_snapshot(const guardrank::Allocator& host) : allocator(host), snapshot(host) {}

  guardrank::Allocator allocator;
  mutable std::atomic<std::uint32_t> count{1};
  mutable std::atomic<bool> is_verified{false};     // every section was hashed
  std::array<guardrank::SharedBytes*, 4> bytes{};   // of a bundle, or of its parts; null: none
  bool replays_golden = false;                      // to do yet
  bool is_ready = false;                            // once prepared; before it is shared
  guardrank::Snapshot snapshot;
  guardrank::KeptMemory kept;
  // Owner of a scorer that takes the network's place (guardrank-tools), freed with the snapshot.
  void* scorer_owner = nullptr;
  void (*release_scorer)(void* owner) = nullptr;
};

struct gr_request {
  explicit gr_request(const gr_snapshot* held)
      : snapshot(held),
        request(*held->snapshot.pipeline().facts, held->snapshot.pipeline().catalog,
                held->allocator) {}

  const gr_snapshot* snapshot;         // counted
  guardrank::Request request;
};

struct gr_decision {
  explicit gr_decision(gr_session* owner, guardrank::Arena* arena)
      : session(owner), explanation(&decision, arena) {}

  // A session's next ranking ends what its decision was.
  void end(guardrank::Arena* arena) {
    decision = {};
    explanation = {&decision, arena};
    json = {};
    record = {};
  }

  gr_session* session = nullptr;
  guardrank::Decision decision;
  // Worked out when first asked for, in the session's memory.
  mutable guardrank::Explanation explanation;
  mutable std::array<std::string_view, 2> json{};   // without a record, with one
  mutable guardrank::Bytes record;
};

struct gr_session {
  explicit gr_session(const gr_engine& engine)
      : allocator(engine.allocator), limit_bytes(engine.session_limit_bytes),
        session(engine.allocator, engine.session_limit_bytes, engine.context_cache_bytes,
                engine.shard_cache_bytes),
        decision(this, &session.arena()), many(engine.allocator, engine.session_limit_bytes) {
    session.set_reads_kept(false);     // but within a KeptUse
  }

  guardrank::Allocator allocator;
  std::size_t limit_bytes;             // of each arena
  std::atomic<bool> is_busy{false};
  guardrank::Session session;
  gr_decision decision;                // of gr_rank
  guardrank::Arena many;               // those of gr_rank_many; the record of a replay
};

// Texts are kept terminated by zero bytes.
struct gr_error {
  guardrank::Allocator allocator;
  guardrank::Error error;
  char message[guardrank::Error::max_message_bytes + 1] = {};
  char where[guardrank::Error::max_part_bytes + 1] = {};
  char expected[guardrank::Error::max_part_bytes + 1] = {};
  char found[guardrank::Error::max_part_bytes + 1] = {};
};
