// Blobs on disk: an index of them, writes and removals. In order, so that a crash at any point leaves
// an index that names at least what is there: removals, then the index, then the writes it names.
#include <algorithm>

#include "core/base/number_text.h"
#include "core/store/blob_key.h"
#include "core/store/disk_index.h"
#include "core/store/key.h"
#include "core/store/store.h"

namespace guardrank {
namespace {

constexpr std::string_view index_key = "blobs/index";
constexpr std::uint32_t most_write_failures = 3;
constexpr std::uint64_t most_listing_bytes = 1 << 22;    // what a host leaves out waits for a next start

}  // namespace

bool Store::next_disk(Need* need) {
  if (disk_ == DiskState::clearing) return ask_removal(need, blob_folder_size);
  const bool is_unlisted = disk_ == DiskState::unlisted;
  if ((is_unlisted || disk_ == DiskState::open) && n_removals_ != 0) return next_removal(need);
  if (is_unlisted || disk_ == DiskState::unread) {
    disk_ = is_unlisted ? DiskState::listing : DiskState::reading;
    index_need_ = need->id = new_need();
    need->kind = NeedKind::read;
    need->key = is_unlisted ? index_key.substr(0, blob_folder_size) : index_key;
    need->max_bytes = is_unlisted ? most_listing_bytes : index_.size();
    return true;
  }
  if (disk_ != DiskState::open) return false;
  if (n_awaiting_ != 0) write_awaiting();
  return next_index(need) || next_write(need);
}

bool Store::next_removal(Need* need) {
  if (removal_need_ == 0) write_blob_key(removals_[first_removal_], removal_key_);
  return ask_removal(need, blob_key_size);
}

// One at a time. Of the key the folder alone, or all.
bool Store::ask_removal(Need* need, std::size_t key_size) {
  if (removal_need_ != 0) return false;
  removal_need_ = need->id = new_need();
  need->kind = NeedKind::remove;
  need->key = {removal_key_, key_size};
  return true;
}

bool Store::next_index(Need* need) {
  if (index_need_ != 0 || index_written_ == index_revision_) return false;
  index_asked_ = index_revision_;
  index_need_ = need->id = new_need();
  need->kind = NeedKind::write;
  need->key = index_key;
  need->bytes = index_.first(write_disk_index(tiers_.disk(), index_));
  return true;
}

bool Store::next_write(Need* need) {
  for (Write& write : writes_) {
    if (write.slot == no_slot || write.need != 0 || write.revision > index_written_) continue;
    const Blob& blob = blobs_[write.slot];
    write.need = need->id = new_need();
    need->kind = NeedKind::write;
    need->key = {write.key, blob_key_size};
    need->bytes = {blob.memory, blob.size};
    return true;
  }
  return false;
}

bool Store::provide_disk(std::uint64_t id, Outcome outcome, Bytes bytes) {
  const bool is_done = outcome == Outcome::done;
  if (id == index_need_) {
    index_need_ = 0;
    if (disk_ == DiskState::reading)
      have_index(outcome, bytes);
    else if (disk_ == DiskState::listing)
      have_listing(is_done ? bytes : Bytes());
    else if (is_done)
      index_written_ = index_asked_;
    else
      stop_disk();
    return true;
  }
  if (id == removal_need_) return removed(is_done || outcome == Outcome::not_found), true;
  for (Write& write : writes_) {
    if (write.need != id) continue;
    end_write(&write, is_done);
    write_failures_ = is_done ? 0 : write_failures_ + 1;
    if (write_failures_ >= most_write_failures) stop_disk();
    return true;
  }
  return false;
}

// An index that was harmed: what is there is not known, and would not count; it is cleared away. An
// index that cannot be read: neither is tried.
void Store::have_index(Outcome outcome, Bytes bytes) {
  if (outcome == Outcome::failed) return stop_disk();
  disk_ = DiskState::unlisted;
  if (outcome == Outcome::not_found) return;
  if (outcome == Outcome::done &&
      read_disk_index(bytes, &tiers_.disk(), this, &index_dropped) == Status::ok)
    return;
  disk_ = DiskState::clearing;
  write_blob_key({}, removal_key_);
}

// Blobs that no index names: another store replaced the one that did, or it was lost. They count from
// now on, and what does not fit goes. Hosts that cannot list leave them.
void Store::have_listing(Bytes bytes) {
  disk_ = DiskState::open;
  std::string_view left(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (!left.empty()) {
    const std::string_view line = left.substr(0, left.find('\n'));
    left.remove_prefix(std::min(line.size() + 1, left.size()));
    Sha256Digest id;
    std::size_t id_size = 0;
    std::int64_t size = 0;
    const std::size_t space = line.find(' ');
    std::string_view digits = line;   // not substr, which would want the C++ library for an exception
    digits.remove_prefix(space == line.npos ? line.size() : space + 1);
    if (space == line.npos || !read_hexadecimal(line.substr(0, space), id, &id_size) ||
        id_size != id.size() || !parse_integer(digits, &size) || size < 0 ||
        tiers_.disk().find(id) != no_slot)
      continue;
    if (admit_found(id, static_cast<std::uint64_t>(size), origin_cost(static_cast<std::uint64_t>(size)),
                    &tiers_.disk())) {
      ++index_revision_;
    } else if (2 * n_removals_ < removals_.size()) {
      queue_removal(id);
    } else {
      disk_ = DiskState::unlisted;   // the rest when these are gone
      return;
    }
  }
}

// What cannot be removed would break the budget: nothing more is written.
void Store::removed(bool is_good) {
  removal_need_ = 0;
  if (!is_good) return stop_disk();
  if (disk_ == DiskState::clearing) {
    disk_ = DiskState::open;
    return;
  }
  first_removal_ = (first_removal_ + 1) % static_cast<std::uint32_t>(removals_.size());
  --n_removals_;
}

// As soon as one of the writes is free: more blobs may come together than are written at a time.
void Store::begin_write(std::uint32_t memory_slot) {
  if (disk_ == DiskState::none || disk_ == DiskState::stopped || try_write(memory_slot)) return;
  blobs_[memory_slot].awaits_write = true;
  ++n_awaiting_;
}

// False: not now. True also where the disk shall not have it.
bool Store::try_write(std::uint32_t memory_slot) {
  if (disk_ != DiskState::open) return false;
  const Sha256Digest id = tiers_.memory().id(memory_slot);
  const std::uint64_t bytes = blobs_[memory_slot].size;
  Write* const end = writes_ + n_writes;
  Write* write = std::find_if(writes_, end, [](const Write& w) { return w.slot == no_slot; });
  if (write == end || !withdraw_removal(id)) return false;
  if (!tiers_.begin_write(id, bytes, origin_cost(bytes))) return true;
  if (disk_ != DiskState::open) return tiers_.written(id, false), true;    // room could not be made
  tiers_.memory().pin(memory_slot);
  write->slot = memory_slot;
  write->need = 0;
  write->revision = ++index_revision_;
  write_blob_key(id, write->key);
  return true;
}

void Store::write_awaiting() {
  const auto is_free = [](const Write& write) { return write.slot == no_slot; };
  if (std::none_of(writes_, writes_ + n_writes, is_free)) return;
  for (std::uint32_t slot = 0; slot < blobs_.size() && n_awaiting_ != 0; ++slot) {
    if (!blobs_[slot].awaits_write || !try_write(slot)) continue;
    blobs_[slot].awaits_write = false;
    --n_awaiting_;
  }
}

void Store::end_write(Write* write, bool is_good) {
  const Sha256Digest id = tiers_.memory().id(write->slot);
  tiers_.written(id, is_good);
  tiers_.memory().unpin(write->slot);
  write->slot = no_slot;
  write->need = 0;
  if (!is_good) queue_removal(id);   // it may stand there all the same
}

void Store::queue_removal(const Sha256Digest& id) {
  if (disk_ != DiskState::open && disk_ != DiskState::unlisted) return;
  const auto size = static_cast<std::uint32_t>(removals_.size());
  if (n_removals_ == size) return stop_disk();
  removals_[(first_removal_ + n_removals_++) % size] = id;
}

// Before a blob is written again its removal must not be under way. False when it is.
bool Store::withdraw_removal(const Sha256Digest& id) {
  const auto size = static_cast<std::uint32_t>(removals_.size());
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < n_removals_; ++i) {
    const Sha256Digest& waiting = removals_[(first_removal_ + i) % size];
    if (waiting == id && i == 0 && removal_need_ != 0) return false;
    if (waiting != id) removals_[(first_removal_ + kept++) % size] = waiting;
  }
  n_removals_ = kept;
  return true;
}

void Store::stop_disk() {
  disk_ = DiskState::stopped;
  index_need_ = removal_need_ = 0;
  n_removals_ = 0;
  for (Write& write : writes_)
    if (write.slot != no_slot && write.need == 0) end_write(&write, false);   // a host has the others
}

void Store::disk_evicted(void* user, const Sha256Digest& id, std::uint32_t) {
  static_cast<Store*>(user)->queue_removal(id);
}

void Store::index_dropped(void* user, const Sha256Digest& id) {
  static_cast<Store*>(user)->queue_removal(id);
}

}  // namespace guardrank
