#ifdef GUARDRANK_HAS_PACK
#include "tests/core/engine/delivery_host.h"

#include "models/pack/artifact/writers.h"

namespace guardrank::test {
namespace {

std::string text(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

std::string hex(const Sha256Digest& digest) {
  const DigestText digits = digest_text(digest);
  return std::string(digits.begin() + 7, digits.end());
}

pack::AlignedBytes make_blob(ArtifactKind kind, std::uint64_t seed, std::size_t n) {
  std::vector<std::uint8_t> bytes(n);
  for (std::size_t i = 0; i < n; ++i) bytes[i] = static_cast<std::uint8_t>(seed * 31 + i * 7 + i / 256);
  const pack::NewSection sections[] = {{SectionKind::root, bytes}};
  return pack::write_container(kind, sections);
}

std::string facts_of(const std::string& file, const std::string& custom) {
  const Sha256Digest hash = sha256(store_test::bytes_of(file));
  return R"({"length": )" + std::to_string(file.size()) + R"(, "hashes": {"sha256": ")" + hex(hash) + "\"}" +
         custom + "}";
}

// Its versions but for the present one, which stands first.
std::string custom_of(const std::vector<std::string>& versions) {
  std::string list;
  for (std::size_t i = 1; i < versions.size() && i <= limits::predecessors; ++i)
    list += (list.empty() ? "\"" : ", \"") + versions[i] + "\"";
  return R"(, "custom": {"guardrank": {"previous": [)" + list + "]}}";
}

}  // namespace

DeliveryHost::DeliveryHost(std::vector<std::string> names)
    : names_(std::move(names)), root_(store_test::root_document(1, {"r"})) {
  for (const std::string& name : names_) views_.push_back(name);
  options.trusted_root = store_test::bytes_of(root_);
  options.releases = views_;
  options.store.tiers.memory.budget_bytes = 100'000;
  options.store.tiers.disk.budget_bytes = 1'000'000;
  options.store.tiers.memory.slots = options.store.tiers.disk.slots = 128;
  options.store.tiers.absent_micros = 1'000'000;
  options.store.tickets = 64;
  options.store.bundles = 32;
  options.store.backoff_micros = 1000;
  options.store.backoff_most_micros = 1000;
}

void DeliveryHost::set(const std::string& name, const std::vector<RouteSpec>& specs, std::size_t bytes) {
  constexpr ArtifactKind kinds[] = {ArtifactKind::model, ArtifactKind::policy, ArtifactKind::catalog};
  std::vector<Route> routes;
  std::vector<ReleaseBlob> blobs;
  for (const RouteSpec& spec : specs) {
    Route route;
    Sha256Digest* const ids[] = {&route.model, &route.policy, &route.catalog};
    std::string all;
    for (std::uint64_t i = 0; i < 3; ++i) {
      const pack::AlignedBytes blob = make_blob(kinds[i], 10 * spec.seed + i, bytes);
      *ids[i] = pack::artifact_id(blob);
      origin[2][hex(*ids[i])] = text(blob);
      all += text(blob);
      bool is_there = false;
      for (const ReleaseBlob& known : blobs) is_there = is_there || known.id == *ids[i];
      if (!is_there) blobs.push_back({*ids[i], blob.size(), {}});
    }
    artifacts_[spec.seed] = all;
    route.product = spec.product;
    route.fallback = spec.fallback;
    route.arm = spec.arm;
    route.stage = spec.stage;
    route.tier = spec.tier;
    route.traffic_weight = spec.weight;
    routes.push_back(route);
  }
  Release release;
  release.name = name;
  release.version = "1";                       // the same routes are the same document
  release.routes = routes;
  release.blobs = blobs;
  targets_[name] = text(pack::write_release(release));
}

void DeliveryHost::publish(const char* expires) {
  ++version_;
  const std::string n = std::to_string(version_);
  std::string listed;
  for (const auto& [name, file] : targets_) {
    const std::string hash = hex(sha256(store_test::bytes_of(file)));
    std::vector<std::string>& versions = versions_[name];
    std::erase(versions, hash);
    versions.insert(versions.begin(), hash);
    listed += (listed.empty() ? "\"" : ", \"") + name + ".release\": " +
              facts_of(file, names_predecessors ? custom_of(versions) : "");
    origin[1][hash + "." + name + ".release"] = file;
  }
  origin[0]["timestamp.json"] = store_test::timestamp_document(version_, version_, {"ts"}, expires);
  origin[0][n + ".snapshot.json"] = store_test::snapshot_document(version_, {{"targets", version_}}, {"sn"}, expires);
  origin[0][n + ".targets.json"] =
      store_test::document("targets", version_, expires, R"("targets": {)" + listed + "}", {"tg"});
}

std::string DeliveryHost::artifacts(std::uint64_t seed) const { return artifacts_.at(seed); }

void DeliveryHost::open() {
  asked_.clear();
  delivery = std::make_unique<Delivery>(memory.allocator());
  REQUIRE(delivery->open(options, now, &error) == Status::ok);
  run();
}

void DeliveryHost::answer(const Need& need) {
  Answer given;
  given.id = need.id;
  given.outcome = Outcome::done;
  std::string bytes;
  const std::string key(need.key), path(need.path);
  if (Outcome outcome{}; fault && fault(need, &outcome)) {
    given.outcome = outcome;
    given.detail = detail;
    return delivery->provide(given, now);
  }
  if (need.kind == NeedKind::verify) {
    const std::string signature(need.signature.begin(), need.signature.end());
    const bool is_good = signature.starts_with("good ") &&
                         store_test::hexadecimal(signature.substr(5)) == need.public_key;
    given.outcome = is_good ? Outcome::done : Outcome::failed;
  } else if (need.kind == NeedKind::write) {
    disk[key] = text(need.bytes);
  } else if (need.kind == NeedKind::remove) {
    disk.erase(key);
  } else if (need.kind == NeedKind::fetch || need.kind == NeedKind::read) {
    const bool is_fetch = need.kind == NeedKind::fetch;
    auto& from = is_fetch ? origin[static_cast<std::size_t>(need.origin)] : disk;
    const auto found = from.find(is_fetch ? path : key);
    if (is_fetch) fetched.push_back(path);
    given.outcome = found == from.end() ? Outcome::not_found : Outcome::done;
    if (found != from.end()) bytes = found->second;
    if (is_fetch && bytes.size() > need.max_bytes) given.outcome = Outcome::too_large;
  }
  given.bytes = store_test::bytes_of(bytes);
  delivery->provide(given, now);
}

void DeliveryHost::run() {
  for (;;) {
    for (Need need; delivery->next(now, &need);) asked_.push_back(need);
    const auto waits = [this](const Need& need) {
      return (need.kind == NeedKind::wake && need.at_micros > now) || (stalls && stalls(need));
    };
    std::size_t due = 0;
    while (due < asked_.size() && waits(asked_[due])) ++due;
    if (due == asked_.size()) return;
    const Need need = asked_[due];
    asked_.erase(asked_.begin() + static_cast<std::ptrdiff_t>(due));
    answer(need);
  }
}

void DeliveryHost::look() {
  now += options.check_micros;
  run();
  for (int i = 0; i < 5; ++i) {                // tries again after waits
    now += 2000;
    run();
  }
}

TicketId DeliveryHost::want(const std::string& product, std::int64_t patience) {
  TicketId ticket = 0;
  RouteKey key;
  key.product = product;
  key.unit = "user-1";
  REQUIRE(delivery->want(key, now + patience, now, &ticket, &error) == Status::ok);
  return ticket;
}

TicketId DeliveryHost::want_shadow(std::uint32_t index, const std::string& product) {
  TicketId ticket = 0;
  RouteKey key;
  key.product = product;
  key.unit = "user-1";
  const Status status = delivery->want_shadow(key, index, now + 1'000'000, now, &ticket, &error);
  REQUIRE((status == Status::ok || status == Status::missing));
  return ticket;
}

std::string DeliveryHost::handed(TicketId ticket) {
  const Delivered found = take(ticket);
  if (found.state != TicketState::ready) return {};
  return text(found.model) + text(found.policy) + text(found.catalog);
}

std::size_t DeliveryHost::n_blobs_fetched() const {
  std::size_t n = 0;
  for (const std::string& path : fetched) n += origin[2].count(path);
  return n;
}

}  // namespace guardrank::test
#endif
