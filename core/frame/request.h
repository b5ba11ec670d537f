// One ranking request as the host fills it: typed values under fact ordinals, nothing derived.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/artifact/catalog.h"
#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/frame/fact_table.h"

namespace guardrank {

class JsonWriter;

// Empty text: not given.
struct RouteKey {
  std::string_view product, market, segment, partner, surface, unit;
};

// How the release that serves was come by, as delivery tells it: the route's stage and arm, and for a
// fallback the release that it serves in place of and why. Empty text: not given.
inline constexpr std::array<std::string_view, 4> served_names = {"stage", "arm", "instead_of", "reason"};
using Served = std::array<std::string_view, served_names.size()>;

// One value for one row. Which member counts follows from `type`.
struct Value {
  FactType type = FactType::f64;
  bool is_missing = true;
  double number = 0;
  std::int64_t integer = 0;                          // i64, timestamp
  bool boolean = false;
  std::string_view string;
  std::span<const std::string_view> strings;
  std::span<const float> floats;

  static Value of(double value);
  static Value of(std::int64_t value);
  static Value of(bool value);
  static Value of(std::string_view value);
};

// The request owns an arena; values set one by one are copied into it, whole columns are borrowed
// for as long as a decision made from them is used. Every setter checks type, finiteness, UTF-8 and
// limits, and leaves the request as it was when it fails. i64 is accepted for an f64 fact; an f64 that
// is a whole number within 2^53 is accepted for an i64 fact.
class Request {
 public:
  Request(const FactTable& facts, const Catalog* catalog, const Allocator& allocator,
          std::size_t limit_bytes = limits::session_bytes);

  // Forgets all values, keeps memory.
  void reset();

  // Candidates, once and before any candidate's facts: catalog offers by id (or unlisted ones,
  // where the catalog allows them or there is none), or all of the catalog, which is also what a
  // request that was told nothing stands for. Status::unknown_offer and duplicate_offer name the
  // row.
  Status set_candidates(std::span<const std::string_view> offers, Error* error);
  Status set_whole_catalog(Error* error);

  Status set_context(std::uint32_t fact, const Value& value, Error* error);
  // `row`: index of a candidate. Candidate facts replace the catalog's where they may.
  Status set_candidate(std::uint32_t row, std::uint32_t fact, const Value& value, Error* error);
  Status set_pair(std::uint32_t row, std::uint32_t fact, const Value& value, Error* error);
  // A whole column, borrowed: n_rows = n_candidates for a candidate or pair fact, 1 for the context.
  Status set_column(std::uint32_t fact, const Column& column, Error* error);

  Status set_request_id(std::string_view id, Error* error);
  Status set_route(const RouteKey& key, Error* error);  // also ctx.<name> where not set as context
  Status set_served(const Served& served, Error* error);
  void set_time(std::int64_t micros) { time_ = micros; }
  void set_seed(std::uint64_t seed) { seed_ = seed; }
  void set_limit(std::uint32_t limit) { limit_ = limit; }
  void set_explain(bool explain) { explain_ = explain; }

  const FactTable& facts() const { return *fact_table_; }
  const Catalog* catalog() const { return catalog_; }
  std::uint32_t n_candidates() const { return n_candidates_; }
  bool is_whole_catalog() const { return is_whole_catalog_; }
  std::uint32_t catalog_row(std::uint32_t row) const;   // no_offer for an unlisted one
  std::string_view offer_id(std::uint32_t row) const;
  // True when candidate a's offer id stands before b's in byte order.
  bool offer_before(std::uint32_t a, std::uint32_t b) const;
  // What the host gave for a fact: one row for context, n_candidates rows otherwise; n_rows 0 when
  // nothing was given. Neither catalog nor default is applied.
  const Column& given(std::uint32_t fact) const {
    return given_.empty() ? nothing_given_ : given_[fact];
  }

  std::string_view request_id() const { return request_id_; }
  const RouteKey& route() const { return route_; }
  const Served& served() const { return served_; }
  std::int64_t time() const { return time_; }
  std::uint64_t seed() const { return seed_; }
  std::uint32_t limit() const { return limit_; }        // 0: no limit was set
  bool explain() const { return explain_; }
  Arena& arena() { return arena_; }

 private:
  Status check_candidates_are_open(Error* error) const;
  Status check_fact(std::uint32_t fact, Namespace space, Error* error) const;
  Status check_may_set(const Fact& fact, std::uint32_t row, Error* error) const;
  Status set_label(std::string_view name, std::string_view text, std::size_t max_bytes,
                   std::string_view* label, Error* error);
  Status set_row(std::uint32_t row, std::uint32_t fact, const Value& value, Error* error);
  Status store_row(std::uint32_t row, std::uint32_t fact, const Value& value);
  Status open_given();

  const FactTable* fact_table_;
  const Catalog* catalog_;
  Arena arena_;
  Column nothing_given_{};
  std::span<Column> given_;                             // by fact ordinal; empty: nothing given
  std::span<std::uint8_t> is_borrowed_;                 // likewise; 1: the host's own arrays
  std::span<std::uint32_t> rows_;                       // catalog row per candidate
  std::span<std::string_view> offers_;                  // ids per candidate; empty: whole catalog
  std::uint32_t n_candidates_ = 0;
  bool has_candidates_ = false;                         // set by the host, not by default
  bool has_candidate_facts_ = false;
  bool is_whole_catalog_ = true;
  RouteKey route_;
  Served served_;
  std::string_view request_id_;
  std::int64_t time_ = 0;
  std::uint64_t seed_ = 0;
  std::uint32_t limit_ = 0;
  bool explain_ = true;
};

// Status::limit for more candidates than one request may name: before memory is taken for them.
Status check_candidate_count(std::size_t count, Error* error);

// The JSON form of contracts.md section 4, in place of all that the request held. On failure the
// request is reset: nothing is half applied. Messages name the path ("candidates[3].facts.apr"). A
// missing "time" is Status::missing. Facts that the snapshot does not know are ignored, as are
// unknown top-level members whose name starts with "x-"; other unknown members of the request, its
// route and its candidates are Status::json. No "candidates" means the whole catalog. The text need
// not outlive the call.
Status read_request_json(std::string_view text, Request* request, Error* error);

// What a request's JSON shows of its values; the others stand as commitments. Time, seed, limit, how it
// is served and offer ids are always shown.
struct Redaction {
  std::span<const std::string_view> shown;   // "ctx.state", "offer.apr", "route.market", "request_id"
  std::span<const std::uint8_t> salt;
};

// "served": {...}, into the object that is open; nothing where nothing was told.
void write_served(const Served& served, JsonWriter* writer);

// Canonical JSON of the same form: what was given, nothing derived; facts in ordinal order. Reading
// it back gives a request that ranks to the same bits. So that every request has such a form, a
// time outside RFC 3339's years travels as micros in a decimal string. Redacted (`redaction` not null),
// a value that is not shown is {"commitment": "base64"}, of its path here ("candidates[3].facts.apr")
// and its canonical JSON (core/base/commitment.h); such a text is not read back.
Status write_request_json(const Request& request, const Redaction* redaction, Arena* arena,
                          std::string_view* text);

}  // namespace guardrank
