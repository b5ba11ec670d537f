// TUF metadata (the public specification 1.0) as a publisher makes it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "models/publish/key.h"

namespace guardrank::publish {

// One metadata file: what is signed, and signatures by key id.
struct Envelope {
  Json body;
  std::map<std::string, std::string> signatures;

  static Envelope parse(std::string_view text, const std::string& name);
  std::string text() const;
  std::int64_t version() const { return body.at("version").get<std::int64_t>(); }
};

// Who signs for a role, and how many of them must.
struct Signers {
  std::map<std::string, Json> keys;    // by id
  std::int64_t threshold = 1;

  // Of a root's "roles", or of a delegation; `keys` is the "keys" object beside it.
  static Signers of(const Json& role, const Json& keys);
  // Ids of those whose signature of the envelope is good.
  std::set<std::string> good(const Envelope& envelope) const;
  bool are_enough(const Envelope& envelope) const {
    return static_cast<std::int64_t>(good(envelope).size()) >= threshold;
  }
  bool operator==(const Signers&) const = default;
};

// A fresh body of a type; version 0. `days`: how long each version of it holds.
Json new_body(const std::string& type, int days);

// "2026-11-22T08:46:00Z" of micros since 1970, whole seconds.
std::string time_text(std::int64_t micros);
// Throws PackError where it is no such text.
std::int64_t parse_time(const std::string& text);

}  // namespace guardrank::publish
