// Blobs that are put together: an older version at hand has most of their pieces, the origin the
// rest. Whatever goes wrong with that, the blob is fetched whole.
#include <algorithm>

#include "core/store/blob_key.h"
#include "core/store/store.h"

namespace guardrank {
namespace {

// Of a list: pieces are rarely shorter than this.
constexpr std::uint64_t short_piece_bytes = 4096;
constexpr std::uint64_t few_pieces = 256;
// An older version that has less than one part in so many of the bytes is not worth the requests.
constexpr std::uint64_t least_part = 8;

}  // namespace

bool Store::is_in_memory(const Sha256Digest& id) const {
  const std::uint32_t slot = tiers_.memory().find(id);
  return slot != no_slot && blobs_[slot].kind != ArtifactKind{};
}

bool Store::is_at_hand(const Sha256Digest& id) const {
  if (is_in_memory(id)) return true;
  const std::uint32_t file = tiers_.disk().find(id);
  return file != no_slot && tiers_.disk().entry(file).pins == 0;
}

void Store::begin_assembly(std::uint32_t load, const Part& part) {
  if (part.chunks == Sha256Digest{} || part.older == Sha256Digest{} || part.bytes == 0) return;
  for (std::uint32_t i = 0; i < n_assemblies; ++i) {
    Assembly& assembly = assemblies_[i];
    if (assembly.load != no_slot) continue;
    assembly.load = load;
    assembly.step = AssemblyStep::list;
    assembly.list = part.chunks;
    assembly.older = part.older;
    assembly.bytes = part.bytes;
    loads_[load].assembly = i;
    return;
  }
}

// Its needs are withdrawn, and what was put together is given up unless it was verified.
void Store::end_assembly(std::uint32_t load) {
  const std::uint32_t index = loads_[load].assembly;
  if (index == no_slot) return;
  Assembly& assembly = assemblies_[index];
  if (assembly.need != 0) --n_asked_;
  assembly.need = 0;
  for (PieceFetch& fetch : assembly.fetches) {
    if (fetch.need != 0) --n_asked_;
    fetch.need = 0;
  }
  const std::uint32_t slot = tiers_.memory().find(tiers_.id(load));
  if (slot != no_slot && blobs_[slot].kind == ArtifactKind{}) {
    free_blob(slot);
    tiers_.unreserve(load);
  }
  assembly.pieces.close();
  assembly.load = no_slot;
  loads_[load].assembly = no_slot;
}

void Store::fetch_whole(std::uint32_t load) {
  end_assembly(load);
  queue_load(load);
}

void Store::ask_for_list(Assembly* assembly, Need* need) {
  write_blob_key(assembly->list, assembly->key);
  need->kind = NeedKind::fetch;
  need->origin = Origin::blobs;
  need->path = slice({assembly->key, blob_key_size}, blob_folder_size);
  need->max_bytes = chunk_list_header_bytes +
                    chunk_entry_bytes * (assembly->bytes / short_piece_bytes + few_pieces);
}

void Store::provide_list(std::uint32_t load, Outcome outcome, Bytes bytes, std::int64_t now_micros) {
  const std::uint32_t index = loads_[load].assembly;
  Assembly& assembly = assemblies_[index];
  if (outcome == Outcome::failed && !is_last_piece_try(load))
    return retry_load(load, Status::network, now_micros);
  if (outcome != Outcome::done) return fetch_whole(load);
  scratch_.reset();
  if (assembly.pieces.open(allocator_, bytes, assembly.list, assembly.bytes, &scratch_) != Status::ok)
    return fetch_whole(load);
  std::uint32_t slot = no_slot, older = no_slot;
  if (const Status status = make_room_beside(load, &slot, &older); status != Status::ok) {
    end_assembly(load);
    return fail_load(load, status, now_micros);
  }
  assembly.pieces.put_into({blobs_[slot].memory, blobs_[slot].size});
  loads_[load].step = LoadStep::assembling;
  assembly.step = AssemblyStep::older;
  if (older != no_slot) take_older(index, {blobs_[older].memory, blobs_[older].size}, now_micros);
}

// The older one stays in memory if both fit: its slot, or no_slot.
Status Store::make_room_beside(std::uint32_t load, std::uint32_t* slot, std::uint32_t* older) {
  const Assembly& assembly = assemblies_[loads_[load].assembly];
  *older = tiers_.memory().find(assembly.older);
  if (*older == no_slot || blobs_[*older].kind == ArtifactKind{}) {
    *older = no_slot;
    return make_room(load, assembly.bytes, slot);
  }
  tiers_.memory().pin(*older);
  Status status = make_room(load, assembly.bytes, slot);
  tiers_.memory().unpin(*older);
  if (status != Status::limit) return status;
  *older = no_slot;
  return make_room(load, assembly.bytes, slot);
}

// With `pushes` what is kept of other loads gives way.
Status Store::reserve(std::uint32_t load, std::uint64_t bytes, std::uint32_t* slot, bool pushes) {
  const std::uint64_t cost = memory_cost(bytes);
  Status reserved = tiers_.reserve(load, bytes, cost);
  for (std::uint32_t other = 0; pushes && reserved == Status::limit && other < loads_.size(); ++other)
    if (drop_prefix(other)) reserved = tiers_.reserve(load, bytes, cost);
  *slot = tiers_.memory().find(tiers_.id(load));
  return reserved;
}

// As a blob that has no kind yet.
Status Store::make_room(std::uint32_t load, std::uint64_t bytes, std::uint32_t* slot, bool pushes) {
  GUARDRANK_TRY(reserve(load, bytes, slot, pushes));
  const Status status = allocate_blob(bytes, &blobs_[*slot]);
  if (status != Status::ok) tiers_.unreserve(load);
  return status;
}

void Store::take_older(std::uint32_t index, Bytes older, std::int64_t now_micros) {
  Assembly& assembly = assemblies_[index];
  const std::uint32_t load = assembly.load;
  scratch_.reset();
  const Status status = assembly.pieces.take_from(older, &scratch_);
  assembly.reused = assembly.bytes - assembly.pieces.missing_bytes();
  if (status != Status::ok || assembly.reused < assembly.bytes / least_part) return fetch_whole(load);
  assembly.step = AssemblyStep::pieces;
  if (assembly.pieces.missing_bytes() == 0) finish_assembly(load, now_micros);
}

bool Store::next_piece(std::int64_t now_micros, Need* need) {
  for (Assembly& assembly : assemblies_) {
    if (n_asked_ >= options_.fetches) return false;
    if (assembly.load == no_slot || loads_[assembly.load].step != LoadStep::assembling) continue;
    if (assembly.step == AssemblyStep::older) {
      assembly.step = AssemblyStep::reading;
      write_blob_key(assembly.older, assembly.key);
      need->id = assembly.need = new_need();
      need->kind = NeedKind::read;
      need->key = {assembly.key, blob_key_size};
      need->max_bytes = options_.blob_bytes;
      return ++n_asked_, true;
    }
    if (assembly.step != AssemblyStep::pieces || !may_fetch(now_micros)) continue;
    for (PieceFetch& fetch : assembly.fetches) {
      if (fetch.need != 0) continue;
      Sha256Digest hash;
      std::uint32_t n_bytes = 0;
      if (!assembly.pieces.ask(&fetch.piece, &hash, &n_bytes)) break;
      if (!spend(n_bytes, now_micros)) {
        const std::uint32_t load = assembly.load;
        end_assembly(load);
        fail_for_the_day(load, now_micros);
        break;
      }
      write_blob_key(hash, fetch.key);
      fetch.bytes = n_bytes;
      fetch.day = day_;
      need->id = fetch.need = new_need();
      need->kind = NeedKind::fetch;
      need->origin = Origin::blobs;
      need->path = slice({fetch.key, blob_key_size}, blob_folder_size);
      need->max_bytes = n_bytes;
      return ++n_asked_, true;
    }
  }
  return false;
}

// Whose need it is; `fetch` is null for one of an older artifact.
std::uint32_t Store::find_piece(std::uint64_t need, PieceFetch** fetch) {
  *fetch = nullptr;
  for (std::uint32_t i = 0; i < n_assemblies; ++i) {
    if (assemblies_[i].need == need) return i;
    for (PieceFetch& each : assemblies_[i].fetches)
      if (each.need == need) return *fetch = &each, i;
  }
  return no_slot;
}

bool Store::provide_piece(std::uint64_t id, Outcome outcome, Bytes bytes, std::int64_t now_micros) {
  PieceFetch* fetch = nullptr;
  const std::uint32_t index = find_piece(id, &fetch);
  if (index == no_slot) return false;
  Assembly& assembly = assemblies_[index];
  const std::uint32_t load = assembly.load;
  --n_asked_;
  if (fetch == nullptr) {
    assembly.need = 0;
    if (outcome == Outcome::done) take_older(index, bytes, now_micros);
    else fetch_whole(load);
    return true;
  }
  fetch->need = 0;
  Status status = Status::network;
  if (outcome == Outcome::done) {
    fetched_bytes_ += bytes.size();
    status = assembly.pieces.place(fetch->piece, bytes);
  } else {
    give_back(fetch->day, fetch->bytes, bytes.size());
  }
  if (status != Status::ok) {
    assembly.pieces.give_back(fetch->piece);
    piece_failed(load, outcome, status, now_micros);
  } else if (assembly.pieces.missing_bytes() == 0) {
    finish_assembly(load, now_micros);
  }
  return true;
}

// The last tries are kept for the whole.
bool Store::is_last_piece_try(std::uint32_t load) const {
  return loads_[load].attempts + 2 >= options_.attempts || retry_after_ > options_.asked_most_micros;
}

// A piece that is not there, or came wrong until the last try, is had with the whole.
void Store::piece_failed(std::uint32_t load, Outcome outcome, Status status, std::int64_t now_micros) {
  const bool is_gone = outcome == Outcome::not_found;
  if (loads_[load].step == LoadStep::resting && !is_gone) return;   // one wait for all that failed
  if (!is_gone && !is_last_piece_try(load)) return retry_load(load, status, now_micros);
  if (loads_[load].step == LoadStep::resting) retries_.clear(load);
  if (!is_gone) ++loads_[load].attempts;
  fetch_whole(load);
}

// The section hashes and the id say whether it is the artifact: a list vouches for nothing.
void Store::finish_assembly(std::uint32_t load, std::int64_t now_micros) {
  const Sha256Digest id = tiers_.id(load);
  const std::uint32_t slot = tiers_.memory().find(id);
  const Status status = verify_blob(id, false, &blobs_[slot]);
  if (status == Status::version) {
    end_assembly(load);
    return fail_load(load, status, now_micros);
  }
  if (status != Status::ok) return fetch_whole(load);
  if (loads_[load].step == LoadStep::resting) retries_.clear(load);
  loads_[load].step = LoadStep::none;
  reused_bytes_ += assemblies_[loads_[load].assembly].reused;
  end_assembly(load);
  have_blob(load, slot);
}

}  // namespace guardrank
