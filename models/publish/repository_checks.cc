// What a change would meet: readers, which bound what they take; this machine's clock; roles that expire.
#include <algorithm>

#include "core/base/limits.h"
#include "core/store/metadata_document.h"
#include "models/pack/memory.h"
#include "models/pack/pack_error.h"
#include "models/publish/repository.h"

namespace guardrank::publish {
namespace {

using pack::PackError;

constexpr std::int64_t day = 86'400'000'000;
// Clocks of several publishers differ by so much.
constexpr std::int64_t clock_slack = day / 144;

MetadataKind kind_of(const std::string& role) {
  for (const MetadataKind kind : {MetadataKind::root, MetadataKind::timestamp, MetadataKind::snapshot})
    if (role == metadata_kind_name(kind)) return kind;
  return MetadataKind::targets;
}

std::size_t most_bytes(MetadataKind kind) {
  switch (kind) {
    case MetadataKind::root: return limits::metadata_root_bytes;
    case MetadataKind::timestamp: return limits::metadata_timestamp_bytes;
    case MetadataKind::snapshot: return limits::metadata_snapshot_bytes;
    default: return limits::metadata_targets_bytes;
  }
}

std::string way_out(MetadataKind kind) {
  return kind == MetadataKind::targets
             ? "delegate releases to teams, withdraw old ones, or give less figures"
             : "delegate to fewer teams, or take keys away";
}

// With the reader's own code: what it refuses is refused here, before anyone sees it.
void check_document(const std::string& role, const std::string& text) {
  MetadataDocument document;
  document.open(pack::system_allocator());
  Error error;
  const Bytes bytes = {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  const Status status = document.read(kind_of(role), role, bytes, &error);
  if (status != Status::ok)
    throw PackError(status, role, "no reader would take it: " + std::string(error.message()));
}

std::int64_t days_of(const Json& body) { return body.value("x-guardrank-days", 0); }

std::string in_words(std::int64_t micros) {
  const std::int64_t hours = micros / (day / 24);
  return hours < 48 ? std::to_string(hours) + " hours" : std::to_string(hours / 24) + " days";
}

}  // namespace

void Repository::check_readable(std::vector<std::string>* warnings) const {
  for (const std::string& role : changed_) {
    const std::string text = at(role).text();
    const std::size_t most = most_bytes(kind_of(role));
    const std::string size = "has " + std::to_string(text.size()) + " bytes of at most " + std::to_string(most) +
                             " that readers take: " + way_out(kind_of(role));
    if (text.size() > most) throw PackError(Status::limit, role, size);
    if (text.size() > most / 10 * 8) warnings->push_back(role + " " + size);
    check_document(role, text);
  }
}

// When a version was made follows from when it expires, where it says how long it holds.
void Repository::check_clock() const {
  if (publisher_.trusts_clock) return;
  for (const auto& [role, envelope] : before_) {
    const std::int64_t days = days_of(envelope.body);
    const std::int64_t made = parse_time(envelope.body.at("expires").get<std::string>()) - days * day;
    if (days == 0 || publisher_.now >= made - clock_slack) continue;
    throw PackError(Status::expired, role,
                    "was signed at " + time_text(made) + ", and this machine's clock says " +
                        time_text(publisher_.now) + ": set it right, or say that it is (--trust-clock)");
  }
}

bool is_due(const Json& body, std::int64_t now) {
  const std::int64_t left = parse_time(body.at("expires").get<std::string>()) - now;
  return left <= days_of(body) * day / 10;
}

void Repository::warn_of_expiry(std::vector<std::string>* warnings) const {
  for (const auto& [role, envelope] : now_) {
    const std::string expires = envelope.body.at("expires").get<std::string>();
    const std::int64_t left = parse_time(expires) - publisher_.now;
    if (left <= 0)
      warnings->push_back(role + " expired at " + expires +
                          ": readers refuse what it vouches for until it is signed anew");
    else if (is_due(envelope.body, publisher_.now))
      warnings->push_back(role + " expires in " + in_words(left) + ", at " + expires);
  }
}

}  // namespace guardrank::publish
