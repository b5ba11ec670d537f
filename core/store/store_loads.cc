// Blobs on their way into memory: from disk or the origin, verified before they are used.
#include <algorithm>

#include "core/base/math.h"
#include "core/base/random.h"
#include "core/store/blob_key.h"
#include "core/store/store.h"

namespace guardrank {

void Store::begin_load(std::uint32_t slot, bool is_read, const Part& part) {
  Load& load = loads_[slot];
  load = {};
  load.is_read = is_read;
  load.bytes = part.bytes;
  load.is_shard = part.is_shard;
  write_blob_key(tiers_.id(slot), load.key);
  if (!is_read) begin_assembly(slot, part);
  queue_load(slot);
}

std::uint64_t Store::most_bytes() const {
  return std::min(options_.blob_bytes, options_.tiers.memory.budget_bytes);
}

void Store::queue_load(std::uint32_t slot) {
  loads_[slot].step = LoadStep::queued;
  loads_[slot].next = no_slot;
  (last_queued_ == no_slot ? first_queued_ : loads_[last_queued_].next) = slot;
  last_queued_ = slot;
}

// The first that may go on: reads may, whatever was fetched.
std::uint32_t Store::take_queued(std::int64_t now_micros) {
  std::uint32_t before = no_slot, slot = first_queued_;
  for (; slot != no_slot && !loads_[slot].is_read && !may_fetch(now_micros); slot = loads_[slot].next)
    before = slot;
  if (slot == no_slot) return no_slot;
  (before == no_slot ? first_queued_ : loads_[before].next) = loads_[slot].next;
  if (last_queued_ == slot) last_queued_ = before;
  return slot;
}

// Takes a fetch's bytes out of the budgets before it begins; false when the day's does not have them.
// A clock that was set back begins no other day.
bool Store::spend(std::uint64_t bytes, std::int64_t now_micros) {
  constexpr std::int64_t day_micros = std::int64_t{86'400} * 1'000'000;
  if (const std::int64_t day = now_micros / day_micros; day > day_) {
    day_ = day;
    spent_ = 0;
  }
  const std::uint64_t most = options_.bytes_per_day;
  if (most != 0 && (bytes > most || spent_ > most - bytes)) return false;
  spent_ += bytes;
  if (options_.bytes_per_second == 0) return true;
  const double wait = static_cast<double>(bytes) * 1e6 / static_cast<double>(options_.bytes_per_second);
  if (!add_checked(std::max(free_at_, now_micros), static_cast<std::int64_t>(std::min(wait, 1e15)), &free_at_))
    free_at_ = INT64_MAX;
  return true;
}

// A try that failed cost the day what came of it.
void Store::give_back(std::int64_t day, std::uint64_t spent, std::uint64_t came) {
  if (day == day_ && came < spent) spent_ -= std::min(spent_, spent - came);
}

bool Store::next_load(std::int64_t now_micros, Need* need) {
  if (n_asked_ >= options_.fetches) return false;
  std::uint32_t slot = take_queued(now_micros);
  while (slot != no_slot && !loads_[slot].is_read && loads_[slot].assembly == no_slot &&
         !spend(loads_[slot].bytes - loads_[slot].prefix, now_micros)) {
    fail_for_the_day(slot, now_micros);
    slot = take_queued(now_micros);
  }
  if (slot == no_slot) return false;
  Load& load = loads_[slot];
  load.step = LoadStep::asked;
  load.day = day_;
  load.need = need->id = new_need();
  ++n_asked_;
  if (load.assembly != no_slot) return ask_for_list(&assemblies_[load.assembly], need), true;
  const std::string_view key{load.key, blob_key_size};
  need->max_bytes = (load.bytes != 0 ? load.bytes : most_bytes()) - load.prefix;
  need->offset = load.prefix;
  need->is_range = load.prefix != 0;
  if (load.is_read) {
    need->kind = NeedKind::read;
    need->key = key;
    need->may_lend = true;
  } else {
    need->kind = NeedKind::fetch;
    need->origin = Origin::blobs;
    need->path = slice(key, blob_folder_size);
  }
  return true;
}

void Store::provide_load(std::uint32_t slot, Outcome outcome, Bytes bytes,
                         std::int64_t now_micros) {
  Load& load = loads_[slot];
  load.need = 0;
  load.step = LoadStep::none;
  --n_asked_;
  if (!load.is_read) {
    fetched_bytes_ += bytes.size();
    if (load.bytes == 0 || load.assembly != no_slot) spend(bytes.size(), now_micros);
    else if (outcome != Outcome::done) give_back(load.day, load.bytes - load.prefix, bytes.size());
  }
  if (load.assembly != no_slot) return provide_list(slot, outcome, bytes, now_micros);
  std::uint32_t memory_slot = no_slot;
  Status status = Status::network;
  if (outcome == Outcome::done)
    status = load.prefix != 0 ? resume(slot, bytes, &memory_slot) : keep(slot, bytes, &memory_slot);
  if (status == Status::ok) return have_blob(slot, memory_slot);
  const bool has_no_room = status == Status::limit || status == Status::memory;
  if (has_no_room) return fail_load(slot, status, now_micros);
  if (load.is_read) {
    tiers_.disk_failed(slot);
    if (outcome != Outcome::not_found) queue_removal(tiers_.id(slot));
    load.is_read = false;
    return queue_load(slot);
  }
  if (status == Status::version) return fail_load(slot, status, now_micros);
  if (outcome == Outcome::not_found) return fail_load(slot, Status::reference, now_micros);
  if (outcome == Outcome::failed && keep_prefix(slot, bytes))
    return retry_load(slot, status, now_micros, false);
  if (outcome == Outcome::other_range) drop_prefix(slot);
  // Of a length that is known more is a fault on the way; else it is more than we take.
  if (outcome != Outcome::too_large) return retry_load(slot, status, now_micros);
  drop_prefix(slot);
  if (load.bytes == 0) return fail_load(slot, Status::limit, now_micros);
  retry_load(slot, Status::hash, now_micros);
}

// It is in memory, and verified.
void Store::have_blob(std::uint32_t slot, std::uint32_t memory_slot) {
  if (!loads_[slot].is_read) begin_write(memory_slot);
  tiers_.loaded(slot);
  load_ended(slot, memory_slot, Status::ok);
}

// Exponential backoff with full jitter: a wait drawn from [0, base x 2^attempt), and no less than the
// origin asks for. Which numbers are drawn follows from the seed and the blob.
void Store::retry_load(std::uint32_t slot, Status status, std::int64_t now_micros, bool counts) {
  Load& load = loads_[slot];
  const bool is_bearable = retry_after_ <= options_.asked_most_micros;
  const std::uint32_t doublings = load.attempts;
  if (counts) ++load.attempts;
  if (load.attempts >= options_.attempts || !is_bearable) return fail_load(slot, status, now_micros);
  // Where ranges have brought nothing yet they may be what fails.
  if (counts && load.attempts + 1 == options_.attempts && !load.has_ranges) drop_prefix(slot);
  tell_trouble(slot, status);
  std::int64_t most = options_.backoff_most_micros;
  if (doublings < 32 && options_.backoff_micros <= most >> doublings)
    most = options_.backoff_micros << doublings;
  const double drawn = uniform(options_.seed, xxh64(std::string_view{load.key, blob_key_size}, 0),
                               load.attempts + load.free_tries);
  std::int64_t at = 0;
  const auto wait = static_cast<std::int64_t>(drawn * static_cast<double>(most));
  if (!add_checked(now_micros, std::max(wait, retry_after_), &at)) at = INT64_MAX;
  load.step = LoadStep::resting;
  retries_.set(slot, at);
}

// The bytes that a day may have from the origin are spent.
void Store::fail_for_the_day(std::uint32_t slot, std::int64_t now_micros) {
  detail_ = "the day's bytes are spent";
  fail_load(slot, Status::network, now_micros);
  detail_ = {};
}

// Without room in memory the next one may have it; all else is believed for a while.
void Store::fail_load(std::uint32_t slot, Status status, std::int64_t now_micros) {
  loads_[slot].step = LoadStep::none;
  drop_prefix(slot);
  tell_trouble(slot, status);
  if (status == Status::limit || status == Status::memory)
    tiers_.failed(slot);
  else
    tiers_.absent(slot, static_cast<std::int32_t>(status), now_micros);
  load_ended(slot, no_slot, status);
}

// Nobody waits for it any more.
void Store::drop_load(std::uint32_t slot) {
  Load& load = loads_[slot];
  if (load.step == LoadStep::asked) --n_asked_;
  if (load.step == LoadStep::resting) retries_.clear(slot);
  if (load.step == LoadStep::queued) {
    std::uint32_t before = no_slot;
    for (std::uint32_t at = first_queued_; at != slot; at = loads_[at].next) before = at;
    (before == no_slot ? first_queued_ : loads_[before].next) = load.next;
    if (last_queued_ == slot) last_queued_ = before;
  }
  load.step = LoadStep::none;
  load.need = 0;
  drop_prefix(slot);
  end_assembly(slot);
  tiers_.failed(slot);
}

// Verifies the bytes in full, and copies them unless they are lent. Status::limit, memory: there is no room for them.
Status Store::keep(std::uint32_t load, Bytes bytes, std::uint32_t* slot) {
  const Sha256Digest id = tiers_.id(load);
  const bool is_shard = loads_[load].is_shard;
  if (is_shard && bytes.size() != loads_[load].bytes) return Status::truncated;
  if (!is_shard) GUARDRANK_TRY(check_beginning(id, bytes));
  GUARDRANK_TRY(reserve(load, bytes.size(), slot, true));
  Blob& blob = blobs_[*slot];
  Status status = take_bytes(bytes, &blob);
  if (status == Status::ok) status = verify_blob(id, is_shard, &blob);
  if (status == Status::ok) return status;
  free_blob(*slot);
  tiers_.unreserve(load);
  return status;
}

Status Store::allocate_blob(std::uint64_t bytes, Blob* blob) {
  const auto size = static_cast<std::size_t>(bytes);
  void* memory = allocator_.allocate(allocator_.user, size, section_alignment);
  if (memory == nullptr) return Status::memory;
  blob->memory = static_cast<std::uint8_t*>(memory);
  blob->size = size;
  blob_bytes_ += bytes;
  return Status::ok;
}

// Lent ones are read alone: only what is being put together is written to.
Status Store::take_bytes(Bytes bytes, Blob* blob) {
  if (loan_ == nullptr) {
    GUARDRANK_TRY(allocate_blob(bytes.size(), blob));
    __builtin_memcpy(blob->memory, bytes.data(), bytes.size());
    return Status::ok;
  }
  loan_->is_taken = true;
  *blob = {const_cast<std::uint8_t*>(bytes.data()), bytes.size(), {}, *loan_, false};
  blob_bytes_ += bytes.size();
  return Status::ok;
}

// In full: only then it has a kind.
Status Store::verify_blob(const Sha256Digest& id, bool is_shard, Blob* blob) {
  if (is_shard) {
    blob->kind = shard_kind;
    return sha256(Bytes{blob->memory, blob->size}) == id ? Status::ok : Status::hash;
  }
  scratch_.reset();
  Container container;
  Error error;
  const Status status =
      open_container({blob->memory, blob->size}, Check::full, &scratch_, &container, &error,
                     section_hashes_);
  GUARDRANK_TRY(status);
  if (container.id != id) return Status::hash;
  blob->kind = container.kind;
  return Status::ok;
}

void Store::free_blob(std::uint32_t slot) {
  Blob& blob = blobs_[slot];
  if (blob.memory == nullptr) return;
  if (blob.loan.end != nullptr)
    blob.loan.end(blob.loan.user, {blob.memory, blob.size});
  else
    allocator_.release(allocator_.user, blob.memory, blob.size, section_alignment);
  blob_bytes_ -= blob.size;
  if (blob.awaits_write) --n_awaiting_;
  blob = {};
}

void Store::memory_evicted(void* user, const Sha256Digest&, std::uint32_t slot) {
  static_cast<Store*>(user)->free_blob(slot);
}

std::uint64_t Store::origin_cost(std::uint64_t bytes) const {
  return options_.origin_first_byte_micros + bytes * 1'000'000 / options_.origin_bytes_per_second;
}

std::uint64_t Store::memory_cost(std::uint64_t bytes) const {
  if (disk_ != DiskState::open) return origin_cost(bytes);
  return options_.disk_first_byte_micros + bytes * 1'000'000 / options_.disk_bytes_per_second;
}

}  // namespace guardrank
