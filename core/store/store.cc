#include "core/store/store.h"

#include <algorithm>
#include <bit>

#include "core/store/disk_index.h"

namespace guardrank {

Store::~Store() {
  for (std::uint32_t slot = 0; slot < blobs_.size(); ++slot) free_blob(slot);
}

Status Store::check(const StoreOptions& options) const {
  const bool is_fine = options.fetches != 0 && options.tickets != 0 &&
                       options.tickets <= most_store_tickets && options.bundles != 0 &&
                       options.attempts != 0 && options.backoff_micros >= 0 &&
                       options.backoff_most_micros >= 0 && options.asked_most_micros >= 0 &&
                       options.origin_bytes_per_second != 0 &&
                       options.disk_bytes_per_second != 0 &&
                       options.fallback.size() <= name_most && source_.find != nullptr;
  return is_fine ? Status::ok : Status::argument;
}

Status Store::open(const StoreOptions& options, const ReleaseSource& source) {
  options_ = options;
  source_ = source;
  GUARDRANK_TRY(check(options));
  fallback_.append({options.fallback});
  options_.fallback = fallback_;
  options_.tiers.memory.seed = options_.tiers.disk.seed = options.seed;
  arena_.open(allocator_, SIZE_MAX / 2);
  scratch_.open(allocator_, SIZE_MAX / 2);
  GUARDRANK_TRY(make_tables());
  disk_ = options.tiers.disk.budget_bytes == 0 ? DiskState::none : DiskState::unread;
  return Status::ok;
}

Status Store::make_tables() {
  const TierOptions& tiers = options_.tiers;
  GUARDRANK_TRY(
      tiers_.open(tiers, {this, &memory_evicted}, {this, &disk_evicted}, &arena_));
  GUARDRANK_TRY(tickets_.open(options_.tickets, &arena_));
  GUARDRANK_TRY(arena_.make(options_.bundles, &bundles_));
  GUARDRANK_TRY(arena_.make(options_.bundles, &bundle_hashes_));
  GUARDRANK_TRY(arena_.make(options_.bundles, &bundle_next_));
  GUARDRANK_TRY(arena_.make(std::bit_ceil(std::size_t{options_.bundles}), &bundle_heads_));
  std::fill(bundle_heads_.begin(), bundle_heads_.end(), no_slot);
  GUARDRANK_TRY(arena_.make(tiers.loads, &loads_));
  GUARDRANK_TRY(arena_.make(tiers.memory.slots, &blobs_));
  GUARDRANK_TRY(deadlines_.open(options_.tickets, &arena_));
  GUARDRANK_TRY(retries_.open(tiers.loads, &arena_));
  if (tiers.disk.budget_bytes == 0) return Status::ok;
  GUARDRANK_TRY(arena_.make(2 * std::size_t{tiers.disk.slots}, &removals_));
  return arena_.make(disk_index_bytes(tiers.disk.slots), &index_);
}

// Does what is due: deadlines, waits before retries, releases that may have become known.
void Store::tick(std::int64_t now_micros) {
  while (deadlines_.is_due(now_micros)) {
    const std::uint32_t ticket = deadlines_.first();
    bundles_[tickets_[ticket].bundle].outlives_tickets = true;
    end_ticket(ticket, Status::deadline);
  }
  while (retries_.is_due(now_micros)) {
    const std::uint32_t load = retries_.first();
    retries_.clear(load);
    const std::uint32_t assembly = loads_[load].assembly;
    const bool has_list = assembly != no_slot && assemblies_[assembly].step != AssemblyStep::list;
    if (has_list) loads_[load].step = LoadStep::assembling;
    else queue_load(load);
  }
  for (std::uint32_t i = 0; n_resolving_ != 0 && i < n_placed_; ++i)
    if (bundles_[i].step == BundleStep::resolving) resolve(i, now_micros);
}

bool Store::next(std::int64_t now_micros, Need* need) {
  tick(now_micros);
  *need = {};
  return next_disk(need) || next_piece(now_micros, need) || next_load(now_micros, need) ||
         next_wake(now_micros, need);
}

bool Store::next_wake(std::int64_t now_micros, Need* need) {
  const bool is_held = !may_fetch(now_micros) && tiers_.n_loading() != 0;
  if (deadlines_.empty() && retries_.empty() && !is_held) return false;
  std::int64_t at = is_held ? free_at_ : INT64_MAX;
  if (!deadlines_.empty()) at = std::min(at, deadlines_.first_at());
  if (!retries_.empty()) at = std::min(at, retries_.first_at());
  if (wake_need_ != 0 && wake_at_ <= at) return false;
  wake_need_ = need->id = new_need();
  wake_at_ = need->at_micros = at;
  need->kind = NeedKind::wake;
  return true;
}

void Store::provide(const Answer& answer, std::int64_t now_micros) {
  const std::uint64_t id = answer.id;
  const Bytes bytes = answer.bytes;
  if (id == 0) return;
  section_hashes_ = answer.section_hashes;
  detail_ = answer.detail;
  retry_after_ = answer.retry_after_micros;
  loan_ = answer.loan;
  if (id == wake_need_) {
    wake_need_ = 0;
  } else if (!provide_disk(id, answer.outcome, bytes) &&
             !provide_piece(id, answer.outcome, bytes, now_micros)) {
    for (std::uint32_t load = 0; load < loads_.size(); ++load)
      if (loads_[load].need == id) {
        provide_load(load, answer.outcome, bytes, now_micros);
        break;
      }
  }
  section_hashes_ = {};
  detail_ = {};
  retry_after_ = 0;
  loan_ = nullptr;
  tick(now_micros);
}

bool Store::is_wanted(std::uint64_t need_id) const {
  if (need_id == 0) return false;
  if (need_id == wake_need_ || need_id == index_need_ || need_id == removal_need_) return true;
  for (const Write& write : writes_)
    if (write.need == need_id) return true;
  for (const Assembly& assembly : assemblies_) {
    if (assembly.need == need_id) return true;
    for (const PieceFetch& fetch : assembly.fetches)
      if (fetch.need == need_id) return true;
  }
  for (const Load& load : loads_)
    if (load.need == need_id) return true;
  return false;
}

}  // namespace guardrank
