#include "models/publish/metadata.h"

#include <ctime>

#include "models/pack/pack_error.h"

namespace guardrank::publish {

using pack::PackError;

Envelope Envelope::parse(std::string_view text, const std::string& name) {
  const Json json = parse_json(text, name);
  Envelope envelope;
  try {
    envelope.body = json.at("signed");
    envelope.version();
    for (const Json& signature : json.at("signatures"))
      envelope.signatures[signature.at("keyid").get<std::string>()] =
          signature.at("sig").get<std::string>();
  } catch (const Json::exception& problem) {
    throw PackError(Status::json, name, problem.what());
  }
  return envelope;
}

std::string Envelope::text() const {
  Json list = Json::array();
  for (const auto& [id, signature] : signatures)
    list.push_back({{"keyid", id}, {"sig", signature}});
  return Json{{"signatures", list}, {"signed", body}}.dump(1) + "\n";
}

Signers Signers::of(const Json& role, const Json& keys) {
  Signers signers;
  signers.threshold = role.at("threshold").get<std::int64_t>();
  for (const Json& id : role.at("keyids"))
    signers.keys[id.get<std::string>()] = keys.at(id.get<std::string>());
  return signers;
}

std::set<std::string> Signers::good(const Envelope& envelope) const {
  const std::string message = canonical_json(envelope.body);
  std::set<std::string> ids;
  for (const auto& [id, signature] : envelope.signatures) {
    const auto key = keys.find(id);
    if (key != keys.end() && PublicKey::from_json(key->second).verifies(message, signature))
      ids.insert(id);
  }
  return ids;
}

Json new_body(const std::string& type, int days) {
  return {{"_type", type}, {"spec_version", "1.0.31"}, {"version", 0}, {"expires", ""},
          {"x-guardrank-days", days}};
}

std::string time_text(std::int64_t micros) {
  const std::time_t seconds = static_cast<std::time_t>(micros / 1'000'000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::int64_t parse_time(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0')
    throw PackError(Status::argument, "time", "wanted 2026-11-22T08:46:00Z, found '" + text + "'");
  return static_cast<std::int64_t>(::timegm(&parts)) * 1'000'000;
}

}  // namespace guardrank::publish
