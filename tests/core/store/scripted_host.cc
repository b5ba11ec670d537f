#ifdef GUARDRANK_HAS_PACK
#include "tests/core/store/scripted_host.h"

#include <algorithm>

#include "core/artifact/chunk_cut.h"
#include "models/pack/memory.h"

namespace guardrank::test {

std::string hex(const Sha256Digest& id) {
  const DigestText digits = digest_text(id);
  return std::string(digits.begin() + 7, digits.end());
}

pack::AlignedBytes make_blob(ArtifactKind kind, std::uint64_t seed, std::size_t n) {
  std::vector<std::uint8_t> bytes(n);
  for (std::size_t i = 0; i < n; ++i)
    bytes[i] = static_cast<std::uint8_t>((seed * 0x9E3779B97F4A7C15u + i * 31) >> (i % 8));
  const pack::NewSection sections[] = {{SectionKind::root, bytes}};
  return pack::write_container(kind, sections);
}

StoreOptions small_options() {
  StoreOptions options;
  options.tiers.memory.budget_bytes = 65'000;
  options.tiers.memory.slots = 64;
  options.tiers.disk.budget_bytes = 130'000;
  options.tiers.disk.slots = 64;
  options.tiers.loads = 32;
  options.tiers.absent_micros = 5'000'000;
  options.tickets = 64;
  options.bundles = 16;
  options.backoff_micros = 1000;
  options.backoff_most_micros = 4000;
  return options;
}

ScriptedHost::ScriptedHost(const StoreOptions& options) : options_(options) { restart(); }

void ScriptedHost::restart() {
  asked.clear();
  ids_.clear();
  store_ = std::make_unique<Store>(memory.allocator());
  REQUIRE(store_->open(options_, {this, &ScriptedHost::find}) == Status::ok);
}

const Product& ScriptedHost::publish(const std::string& name, std::uint64_t seed,
                                     std::size_t bytes, const std::string& fallback,
                                     bool tells_lengths) {
  const pack::AlignedBytes blobs[] = {make_blob(ArtifactKind::model, 10 * seed, bytes),
                                      make_blob(ArtifactKind::policy, 10 * seed + 1, bytes),
                                      make_blob(ArtifactKind::catalog, 10 * seed + 2, bytes)};
  return publish_blobs(name, blobs, false, fallback, tells_lengths);
}

// The list's form is said in core/artifact/chunk_list.h; models/publish is not linked here.
Sha256Digest ScriptedHost::cut(Bytes blob) {
  std::string list("GRCHUNKS\1\0\0\0", 12), entries;
  const auto append = [](std::string* out, std::uint64_t value, int n) {
    for (int i = 0; i < n; ++i) *out += static_cast<char>(value >> (8 * i));
  };
  std::uint32_t n = 0;
  ChunkWalk walk(blob);
  for (Bytes piece; walk.next(&piece); ++n) {
    const Sha256Digest hash = sha256(piece);
    origin[hex(hash)] = text(piece);
    entries.append(hash.begin(), hash.end());
    append(&entries, piece.size(), 8);
  }
  append(&list, n, 4);
  append(&list, blob.size(), 8);
  append(&list, 0, 8);
  list += entries;
  const Sha256Digest hash = sha256({reinterpret_cast<const std::uint8_t*>(list.data()), list.size()});
  origin[hex(hash)] = list;
  return hash;
}

const Product& ScriptedHost::publish_blobs(const std::string& name,
                                           const pack::AlignedBytes (&blobs)[3], bool is_cut,
                                           const std::string& fallback, bool tells_lengths) {
  Name& made = names[name];
  made.state = FoundState::ready;
  made.revision = ++revisions_;
  made.before = made.product;
  Product& product = made.product;
  Route route;
  Release release;
  ReleaseBlob told[3];
  for (std::size_t i = 0; i < 3; ++i) {
    product.ids[i] = told[i].id = pack::artifact_id(blobs[i]);
    product.blobs[i] = text(blobs[i]);
    origin[hex(product.ids[i])] = product.blobs[i];
    told[i].n_bytes = product.blobs[i].size();
    product.lists[i] = told[i].chunks = is_cut ? cut(blobs[i]) : Sha256Digest{};
  }
  route.model = product.ids[0];
  route.policy = product.ids[1];
  route.catalog = product.ids[2];
  route.fallback = fallback;
  release.name = name;
  release.version = "1";
  release.routes = {&route, 1};
  if (tells_lengths) release.blobs = told;
  product.release = pack::write_release(release);
  return product;
}

FoundState ScriptedHost::find(void* user, std::string_view name, std::int64_t,
                              FoundRelease* found) {
  auto* self = static_cast<ScriptedHost*>(user);
  const auto at = self->names.find(std::string(name));
  if (at == self->names.end()) {
    found->status = Status::reference;
    return FoundState::failed;
  }
  found->status = at->second.status;
  found->bytes = at->second.product.release;
  found->before = at->second.before.release;
  found->revision = at->second.revision;
  found->expires_micros = at->second.expires;
  return at->second.state;
}

TicketId ScriptedHost::want(const std::string& name, std::int64_t deadline) {
  TicketId ticket = 0;
  REQUIRE(store_->want(name, 0, deadline, now, &ticket) == Status::ok);
  return ticket;
}

bool ScriptedHost::is_served(TicketId ticket, const Product& product) {
  const Taken taken = take(ticket);
  return taken.state == TicketState::ready && taken.status == Status::ok &&
         text(taken.model) == product.blobs[0] && text(taken.policy) == product.blobs[1] &&
         text(taken.catalog) == product.blobs[2];
}

void ScriptedHost::ask() {
  Need need;
  while (store_->next(now, &need)) {
    AskedNeed asking{need.id, need.kind, std::string(need.path) + std::string(need.key),
                     text(need.bytes), need.at_micros, need.max_bytes, need.offset, need.is_range, need.may_lend};
    REQUIRE(ids_.insert(need.id).second);
    REQUIRE(store_->is_wanted(need.id));
    if (need.kind == NeedKind::fetch) REQUIRE(need.origin == Origin::blobs);
    asked.push_back(asking);
    all.push_back(asking);
  }
}

std::string ScriptedHost::listing(const AskedNeed& need) const {
  std::string lines;
  for (const auto& [key, bytes] : disk) {
    if (!key.starts_with(need.name)) continue;
    const std::string line = key.substr(need.name.size()) + " " + std::to_string(bytes.size()) + "\n";
    if (lines.size() + line.size() <= need.max_bytes) lines += line;
  }
  return lines;
}

Answered ScriptedHost::truth(const AskedNeed& need) {
  std::map<std::string, std::string>& from = need.kind == NeedKind::fetch ? origin : disk;
  if (need.kind == NeedKind::write) {
    disk[need.name] = need.bytes;
    return {};
  }
  if (need.kind == NeedKind::wake) return {};
  if (need.kind == NeedKind::remove && need.name.back() == '/') {
    std::erase_if(disk, [&](const auto& file) { return file.first.starts_with(need.name); });
    return {};
  }
  if (need.kind == NeedKind::read && need.name.back() == '/') return {Outcome::done, listing(need)};
  const auto at = from.find(need.name);
  if (at == from.end()) return {Outcome::not_found, ""};
  if (need.kind == NeedKind::remove) {
    disk.erase(at);
    return {};
  }
  if (need.is_range) {
    const bool has_range = at->second.size() >= need.offset + need.max_bytes;
    return has_range ? Answered{Outcome::done, at->second.substr(need.offset, need.max_bytes)}
                     : Answered{Outcome::other_range};
  }
  REQUIRE(need.offset == 0);
  if (at->second.size() > need.max_bytes) return {Outcome::too_large, ""};
  return {Outcome::done, at->second};
}

void ScriptedHost::answer(std::size_t which) {
  const AskedNeed need = asked[which];
  asked.erase(asked.begin() + static_cast<std::ptrdiff_t>(which));
  Answered answered;
  if (!fault || !fault(need, &answered)) answered = truth(need);
  // In a block of its own size, so that a sanitizer sees who reads beyond or later.
  const std::vector<std::uint8_t> bytes(answered.bytes.begin(), answered.bytes.end());
  const std::vector<std::uint8_t> hashes(answered.section_hashes.begin(), answered.section_hashes.end());
  Answer told{need.id, answered.outcome, bytes, {}, {}, hashes, answered.retry_after_micros};
  if (!lends || !need.may_lend || bytes.empty()) return store_->provide(told, now);
  pack::AlignedBytes copy{Bytes(bytes)};
  told.bytes = copy;
  lent[told.bytes.data()] = std::move(copy);
  Loan loan{&ScriptedHost::end_loan, this};
  told.loan = &loan;
  store_->provide(told, now);
  if (!loan.is_taken) end_loan(this, told.bytes);
}

void ScriptedHost::end_loan(void* self, Bytes bytes) {
  auto& lent = static_cast<ScriptedHost*>(self)->lent;
  REQUIRE(lent.at(bytes.data()).size() == bytes.size());
  lent.erase(bytes.data());
}

bool ScriptedHost::answer_next() {
  ask();
  for (std::size_t which = 0; which < asked.size(); ++which) {
    if (asked[which].kind == NeedKind::wake && asked[which].at_micros > now) continue;
    answer(which);
    return true;
  }
  return false;
}

void ScriptedHost::run() {
  while (answer_next()) {
  }
}

std::int64_t ScriptedHost::first_wake() const {
  std::int64_t first = INT64_MAX;
  for (const AskedNeed& need : asked)
    if (need.kind == NeedKind::wake) first = std::min(first, need.at_micros);
  return first;
}

std::size_t ScriptedHost::n_asked(NeedKind kind) const {
  std::size_t n = 0;
  for (const AskedNeed& need : all) n += need.kind == kind;
  return n;
}

std::size_t ScriptedHost::fetches_of(const Sha256Digest& id) const {
  std::size_t n = 0;
  for (const AskedNeed& need : all) n += need.kind == NeedKind::fetch && need.name == hex(id);
  return n;
}

std::uint64_t ScriptedHost::disk_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [key, bytes] : disk) sum += key == "blobs/index" ? 0 : bytes.size();
  return sum;
}

}  // namespace guardrank::test
#endif
