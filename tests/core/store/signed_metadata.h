// Signed metadata for tests, and a repository in memory that serves a client's needs. Signatures are
// texts that name their key: the test decides which are good.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/store/metadata_client.h"
#include "tests/core/support/test_memory.h"

namespace guardrank::store_test {

using Names = std::vector<std::string>;

inline constexpr std::int64_t day = 86'400'000'000;
inline constexpr std::int64_t now = 1'700'000'000'000'000;   // 2023-11-14T22:13:20Z
inline constexpr char later[] = "2023-12-01T00:00:00Z";
inline constexpr char earlier[] = "2023-11-14T22:13:20Z";    // now itself: no longer good

inline std::string hexadecimal(std::string_view text) {
  std::string digits;
  for (const unsigned char byte : text) {
    digits += "0123456789abcdef"[byte >> 4];
    digits += "0123456789abcdef"[byte & 15];
  }
  return digits;
}

inline std::string quoted(const Names& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "\"" : ", \"") + name + "\"";
  return list;
}

// {"<id>": {...}} of ed25519 keys whose public part is the key's name in hexadecimal digits.
inline std::string keys_of(const Names& names) {
  std::string keys;
  for (const std::string& name : names)
    keys += (keys.empty() ? "\"" : ", \"") + name + R"(": {"keytype": "ed25519", "scheme": "ed25519", )" +
            R"("keyval": {"public": ")" + hexadecimal(name) + "\"}}";
  return "{" + keys + "}";
}

inline std::string role_of(const Names& keys, int threshold) {
  return R"({"keyids": [)" + quoted(keys) + R"(], "threshold": )" + std::to_string(threshold) + "}";
}

// A document: `members` are those besides the common ones, `signers` whose signature is good.
inline std::string document(std::string_view type, int version, std::string_view expires,
                            const std::string& members, const Names& signers) {
  std::string signatures;
  for (const std::string& signer : signers)
    signatures += (signatures.empty() ? "" : ", ") + std::string(R"({"keyid": ")") + signer +
                  R"(", "sig": ")" + hexadecimal("good " + signer) + "\"}";
  return R"({"signatures": [)" + signatures + R"(], "signed": {"_type": ")" + std::string(type) +
         R"(", "spec_version": "1.0.31", "version": )" + std::to_string(version) + R"(, "expires": ")" +
         std::string(expires) + "\", " + members + "}}";
}

struct RootParts {
  std::map<std::string, Names> keys = {
      {"root", {"r"}}, {"timestamp", {"ts"}}, {"snapshot", {"sn"}}, {"targets", {"tg"}}};
  std::map<std::string, int> thresholds;
  std::string extra;
  bool is_consistent = true;
};

inline std::string root_document(int version, const Names& signers, const RootParts& parts = {},
                                 std::string_view expires = later) {
  Names all;
  std::string roles;
  for (const auto& [role, keys] : parts.keys) {
    for (const std::string& key : keys)
      if (std::find(all.begin(), all.end(), key) == all.end()) all.push_back(key);
    const auto threshold = parts.thresholds.find(role);
    roles += (roles.empty() ? "\"" : ", \"") + role + "\": " +
             role_of(keys, threshold == parts.thresholds.end() ? 1 : threshold->second);
  }
  return document("root", version, expires,
                  R"("consistent_snapshot": )" + std::string(parts.is_consistent ? "true" : "false") +
                      R"(, "keys": )" + keys_of(all) + R"(, "roles": {)" + roles + "}" + parts.extra,
                  signers);
}

inline std::string timestamp_document(int version, int snapshot, const Names& signers = {"ts"},
                                      std::string_view expires = later, const std::string& facts = "") {
  return document("timestamp", version, expires,
                  R"("meta": {"snapshot.json": {"version": )" + std::to_string(snapshot) + facts + "}}", signers);
}

inline std::string snapshot_document(int version, const std::map<std::string, int>& roles,
                                     const Names& signers = {"sn"}, std::string_view expires = later) {
  std::string meta;
  for (const auto& [role, n] : roles)
    meta += (meta.empty() ? "\"" : ", \"") + role + R"(.json": {"version": )" + std::to_string(n) + "}";
  return document("snapshot", version, expires, R"("meta": {)" + meta + "}", signers);
}

inline std::string targets_document(int version, const Names& paths, const Names& signers = {"tg"},
                                    const std::string& delegations = "", std::string_view expires = later) {
  std::string targets;
  for (const std::string& path : paths)
    targets += (targets.empty() ? "\"" : ", \"") + path + R"(": {"length": 3, "hashes": {"sha256": ")" +
               std::string(64, 'a') + R"("}, "custom": {"b": 1, "a": [true]}})";
  return document("targets", version, expires,
                  R"("targets": {)" + targets + "}" +
                      (delegations.empty() ? "" : R"(, "delegations": )" + delegations),
                  signers);
}

struct Delegation {
  std::string role;
  Names keys;
  std::string where = R"("paths": ["*"])";
  bool is_terminating = false;
};

inline std::string delegations_of(const std::vector<Delegation>& list) {
  Names all;
  std::string roles;
  for (const Delegation& one : list) {
    for (const std::string& key : one.keys)
      if (std::find(all.begin(), all.end(), key) == all.end()) all.push_back(key);
    roles += (roles.empty() ? "" : ", ") + std::string(R"({"name": ")") + one.role + R"(", "keyids": [)" +
             quoted(one.keys) + R"(], "threshold": 1, "terminating": )" +
             (one.is_terminating ? "true, " : "false, ") + one.where + "}";
  }
  return R"({"keys": )" + keys_of(all) + R"(, "roles": [)" + roles + "]}";
}

inline Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Origin and cache of one client, and what was asked of them.
class World {
 public:
  std::map<std::string, std::string> origin;    // by path
  std::map<std::string, std::string> cache;     // by key
  std::map<std::string, std::string> tags;      // entity tags by path
  std::map<std::string, Outcome> broken;        // fetches that end otherwise
  Names fetched, written, removed;
  std::size_t n_verified = 0, most_at_once = 0;
  bool is_read_only = false;
  std::function<void(const Need&)> watch;       // before each answer

  // Serves until the client is idle. Verifications are answered last first.
  void serve(MetadataClient* client) {
    while (client->is_busy()) {
      std::vector<Need> needs;
      for (Need need; client->next(&need);) needs.push_back(need);
      if (needs.empty()) return;
      most_at_once = std::max(most_at_once, needs.size());
      while (!needs.empty()) {
        const Need need = needs.back();
        needs.pop_back();
        if (watch) watch(need);
        answer(client, need);
      }
    }
  }

 private:
  void answer(MetadataClient* client, const Need& need) {
    const std::string key(need.key);
    switch (need.kind) {
      case NeedKind::fetch: return fetch(client, need);
      case NeedKind::verify: return verify(client, need);
      case NeedKind::read: return read(client, need);
      case NeedKind::write:
        if (!is_read_only) cache[key].assign(need.bytes.begin(), need.bytes.end());
        written.push_back(key);
        break;
      case NeedKind::remove:
        if (!is_read_only) cache.erase(key);
        removed.push_back(key);
        break;
      case NeedKind::wake: break;
    }
    client->provide({need.id, is_read_only ? Outcome::failed : Outcome::done, {}, {}, "read-only"});
  }

  void fetch(MetadataClient* client, const Need& need) {
    const std::string path(need.path);
    fetched.push_back(path);
    const auto found = origin.find(path);
    const std::string& tag = tags[path];
    if (const auto end = broken.find(path); end != broken.end())
      return client->provide({need.id, end->second, {}, {}, "the way is broken"});
    if (found == origin.end()) return client->provide({need.id, Outcome::not_found, {}, {}, ""});
    if (!need.entity_tag.empty() && need.entity_tag == tag)
      return client->provide({need.id, Outcome::unchanged, {}, {}, ""});
    if (found->second.size() > need.max_bytes)
      return client->provide({need.id, Outcome::too_large, {}, {}, ""});
    const std::string bytes = found->second;   // gone when provide returns
    client->provide({need.id, Outcome::done, bytes_of(bytes), tag, ""});
  }

  // Good: "good <name of the key>", over canonical JSON, by the key of that name.
  void verify(MetadataClient* client, const Need& need) {
    ++n_verified;
    const std::string signature(need.signature.begin(), need.signature.end());
    const std::string wanted = "good ";
    const bool is_good = signature.starts_with(wanted) && need.scheme == KeyScheme::ed25519 &&
                         hexadecimal(signature.substr(wanted.size())) == need.public_key &&
                         !need.message.empty() && need.message[0] == '{';
    client->provide({need.id, is_good ? Outcome::done : Outcome::failed, {}, {}, ""});
  }

  void read(MetadataClient* client, const Need& need) {
    const auto found = cache.find(std::string(need.key));
    if (found == cache.end()) return client->provide({need.id, Outcome::not_found, {}, {}, ""});
    const std::string bytes = found->second;
    client->provide({need.id, Outcome::done, bytes_of(bytes), {}, ""});
  }
};

// A client with a world that holds version 1 of everything.
struct Fixture {
  TestMemory memory;
  World world;
  MetadataOptions options;
  std::unique_ptr<MetadataClient> client;
  Error error;

  explicit Fixture(const RootParts& parts = {}) {
    world.cache["root.json"] = world.origin["1.root.json"] = root_document(1, {"r"}, parts);
    world.origin["timestamp.json"] = timestamp_document(1, 1);
    world.origin["1.snapshot.json"] = snapshot_document(1, {{"targets", 1}});
    world.origin["1.targets.json"] = targets_document(1, {"a"});
    restart();
  }

  void restart() { client = std::make_unique<MetadataClient>(memory.allocator(), options); }
  Status refresh(RefreshKind kind = RefreshKind::full, std::int64_t at = now) {
    if (const Status status = client->refresh(kind, at, &error); status != Status::ok) return status;
    world.serve(client.get());
    return client->status();
  }
  Status find(std::string_view path, std::int64_t at = now) {
    if (const Status status = client->find(path, at, &error); status != Status::ok) return status;
    world.serve(client.get());
    return client->status();
  }
  std::string message() const { return std::string(client->error().message()); }
  // Timestamp, snapshot and targets of version n.
  void publish(int n) {
    const std::string version = std::to_string(n);
    world.origin["timestamp.json"] = timestamp_document(n, n);
    world.origin[version + ".snapshot.json"] = snapshot_document(n, {{"targets", n}});
    world.origin[version + ".targets.json"] = targets_document(n, {"a"});
  }
};

}  // namespace guardrank::store_test
