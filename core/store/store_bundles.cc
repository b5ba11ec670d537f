// What the tickets for one route of a release wait for together: its three artifacts.
#include "core/store/blob_key.h"
#include "core/store/store.h"

namespace guardrank {
namespace {

constexpr ArtifactKind kinds[] = {ArtifactKind::model, ArtifactKind::policy, ArtifactKind::catalog};

}  // namespace

// One that stands for these artifacts: of this revision (0: any), or that may still become so. Of
// several the one used last.
std::uint32_t Store::find_bundle(std::string_view release, std::uint32_t route,
                                 std::uint64_t revision) const {
  const std::uint64_t hash = xxh64(release, route);
  std::uint32_t found = no_slot;
  for (std::uint32_t i = bundle_heads_[hash & (bundle_heads_.size() - 1)]; i != no_slot; i = bundle_next_[i]) {
    if (bundle_hashes_[i] != hash) continue;
    const Bundle& bundle = bundles_[i];
    if (bundle.route != route || bundle.release.view() != release) continue;
    if (bundle.step == BundleStep::resolving && revision != 0 && bundle.wanted != 0 &&
        bundle.wanted != revision)
      continue;
    const bool is_known = bundle.step > BundleStep::resolving || bundle.n_ready != 0;
    if (is_known && revision != 0 && bundle.revision != revision) continue;
    if (found == no_slot || bundle.last_used > bundles_[found].last_used) found = i;
  }
  return found;
}

void Store::set_step(Bundle* bundle, BundleStep step) {
  if (bundle->step == BundleStep::resolving) --n_resolving_;
  if (step == BundleStep::resolving) ++n_resolving_;
  bundle->step = step;
}

// A new one, or the one without tickets that was used longest ago; no_slot: all have some.
std::uint32_t Store::take_bundle() {
  if (n_placed_ < bundles_.size()) return n_placed_++;
  std::uint32_t place = no_slot;
  for (std::uint32_t i = 0; i < bundles_.size(); ++i) {
    const Bundle& bundle = bundles_[i];
    if (bundle.n_tickets != 0 || bundle.step > BundleStep::idle) continue;
    if (place == no_slot || bundle.last_used < bundles_[place].last_used) place = i;
  }
  if (place == no_slot) return no_slot;
  std::uint32_t* link = &bundle_heads_[bundle_hashes_[place] & (bundle_heads_.size() - 1)];
  while (*link != place) link = &bundle_next_[*link];
  *link = bundle_next_[place];
  return place;
}

std::uint32_t Store::place_bundle(std::string_view release, std::uint32_t route) {
  const std::uint32_t place = take_bundle();
  if (place == no_slot) return no_slot;
  Bundle& bundle = bundles_[place];
  bundle = {};
  bundle.release.append({release});
  bundle.route = route;
  bundle.step = BundleStep::idle;
  const std::uint64_t hash = xxh64(release, route);
  std::uint32_t& head = bundle_heads_[hash & (bundle_heads_.size() - 1)];
  bundle_hashes_[place] = hash;
  bundle_next_[place] = head;
  head = place;
  return place;
}

// A ticket came: brings an idle bundle on its way, and lets one that is ready answer.
void Store::start(std::uint32_t index, std::int64_t now_micros) {
  Bundle& bundle = bundles_[index];
  if (bundle.step == BundleStep::idle) set_step(&bundle, BundleStep::resolving);
  if (bundle.step == BundleStep::resolving) resolve(index, now_micros);
  if (bundle.step == BundleStep::ready) settle(index);
}

// Which artifacts the release names; false when that is not known, or not to be.
bool Store::find_artifacts(std::uint32_t index, std::int64_t now_micros, FoundRelease* out) {
  Bundle& bundle = bundles_[index];
  // A route is named by its place, which another revision may have given to another.
  const bool is_chosen =
      bundle.wanted != 0 && bundle.has_parts && bundle.revision == bundle.wanted;
  const FoundState state = source_.find(source_.user, bundle.release, now_micros, out);
  const FoundRelease& found = *out;
  if (state == FoundState::pending) return false;
  Status status = found.status;
  if (state == FoundState::failed)
    status = status == Status::ok ? Status::network : status;
  else if (found.expires_micros <= now_micros)
    status = Status::expired;
  else if (!is_chosen && (!bundle.has_parts || bundle.revision != found.revision))
    status = read_route(found.bytes, &bundle);
  if (status != Status::ok) return fail_bundle(index, status), false;
  if (!is_chosen) bundle.revision = found.revision;
  bundle.expires = found.expires_micros;
  return true;
}

void Store::resolve(std::uint32_t index, std::int64_t now_micros) {
  Bundle& bundle = bundles_[index];
  FoundRelease found;
  const bool is_shard = bundle.route == shard_route;
  if (!is_shard && !find_artifacts(index, now_micros, &found)) return;
  if (is_disk_new()) return;   // may have the blobs
  set_step(&bundle, BundleStep::loading);
  if (!is_shard) find_older(found, &bundle);
  for (Part& part : parts_of(&bundle)) {
    const Status wanted = want_part(&part, now_micros);
    if (wanted == Status::limit) tell_trouble(&bundle, part, wanted);
    if (wanted != Status::ok) return fail_bundle(index, wanted);
  }
  bundle.trouble.clear();                      // it is tried anew
  settle(index);
}

Status Store::read_route(Bytes bytes, Bundle* bundle) {
  scratch_.reset();
  Release release;
  Error error;
  bundle->has_parts = false;
  GUARDRANK_TRY(open_release(bytes, Check::structure, &scratch_, &release, &error));
  if (bundle->route >= release.routes.size()) return Status::reference;
  const Route& route = release.routes[bundle->route];
  if (route.fallback.size() > name_most) return Status::limit;
  const Sha256Digest* const ids[n_parts] = {&route.model, &route.policy, &route.catalog};
  for (std::uint32_t i = 0; i < n_parts; ++i) {
    Part& part = bundle->parts[i];
    part.id = *ids[i];
    part.bytes = 0;
    part.chunks = {};
    for (const ReleaseBlob& blob : release.blobs) {
      if (blob.id != part.id) continue;
      part.bytes = blob.n_bytes;
      part.chunks = blob.chunks;
    }
  }
  bundle->fallback = {};
  bundle->fallback.append({route.fallback});
  bundle->has_parts = true;
  return Status::ok;
}

// For each part that is cut and not at hand: an artifact that is, and in the same place of a route of
// this release or the one before. The same route's first.
void Store::find_older(const FoundRelease& found, Bundle* bundle) {
  bool is_any = false;
  for (Part& part : bundle->parts) {
    part.older = {};
    is_any = is_any || (part.chunks != Sha256Digest{} && !is_at_hand(part.id));
  }
  if (!is_any) return;
  for (const Bytes bytes : {found.before, found.bytes}) {
    scratch_.reset();
    Release release;
    Error error;
    if (open_release(bytes, Check::structure, &scratch_, &release, &error) != Status::ok) continue;
    for (std::size_t k = 0; k < release.routes.size(); ++k) {
      const Route& route = release.routes[(bundle->route + k) % release.routes.size()];
      const Sha256Digest* const ids[n_parts] = {&route.model, &route.policy, &route.catalog};
      for (std::uint32_t i = 0; i < n_parts; ++i) {
        Part& part = bundle->parts[i];
        if (part.older == Sha256Digest{} && *ids[i] != part.id && is_at_hand(*ids[i]))
          part.older = *ids[i];
      }
    }
  }
}

Status Store::want_part(Part* part, std::int64_t now_micros) {
  if (part->bytes > most_bytes()) return Status::limit;
  const Found found = tiers_.want(part->id, now_micros);
  part->slot = found.slot;
  part->step = PartStep::loading;
  switch (found.residence) {
    case Residence::memory:
      tiers_.memory().pin(found.slot);
      part->step = PartStep::held;
      return Status::ok;
    case Residence::loading: return Status::ok;
    case Residence::disk:
    case Residence::origin:
      begin_load(found.slot, found.residence == Residence::disk, *part);
      return Status::ok;
    default:
      part->step = PartStep::none;
      return found.residence == Residence::absent ? static_cast<Status>(found.reason)
                                                  : Status::limit;
  }
}

// All parts at hand: waiting tickets are ready.
void Store::settle(std::uint32_t index) {
  Bundle& bundle = bundles_[index];
  std::uint32_t i = 0;
  for (const Part& part : parts_of(&bundle)) {
    if (part.step != PartStep::held) return;
    const ArtifactKind kind = part.is_shard ? shard_kind : kinds[i];
    if (blobs_[part.slot].kind != kind) return fail_bundle(index, Status::identifier);
    ++i;
  }
  bundle.step = BundleStep::ready;
  while (bundle.waiting.head != no_slot) end_ticket(bundle.waiting.head, Status::ok);
  maybe_idle(index);
}

// Unpins what is held and leaves the loads that are waited for.
void Store::let_go(std::uint32_t index) {
  for (Part& part : bundles_[index].parts) {
    const PartStep step = part.step;
    part.step = PartStep::none;
    if (step == PartStep::held)
      tiers_.memory().unpin(part.slot);
    else if (step == PartStep::loading && tiers_.abandon(part.slot))
      drop_load(part.slot);
  }
  set_step(&bundles_[index], BundleStep::idle);
  bundles_[index].outlives_tickets = false;
}

void Store::fail_bundle(std::uint32_t index, Status status) {
  Bundle& bundle = bundles_[index];
  while (bundle.waiting.head != no_slot) end_ticket(bundle.waiting.head, status);
  let_go(index);
}

// Nobody holds or waits for it: its blobs may be evicted, its loads end. What a ticket's deadline has
// cut short is loaded to its end, since it will be asked for again.
void Store::maybe_idle(std::uint32_t index) {
  Bundle& bundle = bundles_[index];
  if (bundle.n_waiting != 0 || bundle.n_ready != 0 || bundle.step <= BundleStep::idle) return;
  if (bundle.step != BundleStep::loading || !bundle.outlives_tickets) let_go(index);
}

void Store::tell_trouble(std::uint32_t load, Status status) {
  for (Bundle& bundle : bundles_.first(n_placed_))
    for (const Part& part : bundle.parts)
      if (part.step == PartStep::loading && part.slot == load) tell_trouble(&bundle, part, status);
}

void Store::tell_trouble(Bundle* bundle, const Part& part, Status status) const {
  char key[blob_key_size];
  write_blob_key(part.id, key);
  bundle->trouble.assign({std::string_view{key, blob_key_size}, ": "});
  if (status == Status::limit || status == Status::memory)
    bundle->trouble.append({"no room for ", part.bytes, " of at most ", most_bytes(), " bytes"});
  else
    bundle->trouble.append({detail_.empty() ? status_name(status) : detail_});
}

std::string_view Store::trouble(std::string_view release, std::uint32_t route) const {
  const std::uint32_t bundle = find_bundle(release, route, 0);
  return bundle == no_slot ? std::string_view{} : bundles_[bundle].trouble.view();
}

// A load ended, well or not: the bundles that wait for it go on.
void Store::load_ended(std::uint32_t load, std::uint32_t memory_slot, Status status) {
  for (std::uint32_t i = 0; i < n_placed_; ++i) {
    Bundle& bundle = bundles_[i];
    if (bundle.step != BundleStep::loading) continue;
    bool is_concerned = false;
    for (Part& part : bundle.parts) {
      if (part.step != PartStep::loading || part.slot != load) continue;
      is_concerned = true;
      part.step = status == Status::ok ? PartStep::held : PartStep::none;
      part.slot = memory_slot;
      if (status == Status::ok) tiers_.memory().pin(memory_slot);
    }
    if (!is_concerned) continue;
    if (status == Status::ok)
      settle(i);
    else
      fail_bundle(i, status);
  }
}

}  // namespace guardrank
