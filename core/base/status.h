// Status codes and the error that explains one. No allocation, no printing, no exceptions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "core/base/text.h"

namespace guardrank {

// The numbers are part of the C ABI (GR_STATUS_*): never renumber, never reuse.
enum class Status : std::int32_t {
  ok = 0,
  // 100: arguments
  argument = 100,
  struct_size = 101,
  session_busy = 102,
  // 200: requests
  json = 200,
  utf8 = 201,
  missing = 202,
  type = 203,
  not_finite = 204,
  unknown_offer = 205,
  duplicate_offer = 206,
  // 300: artifacts
  truncated = 300,
  identifier = 301,
  verify = 302,
  version = 303,
  dimension = 304,
  reference = 305,
  golden = 306,
  hash = 307,
  // 400: trained weights
  model_json = 400,
  tensor_missing = 401,
  tensor_shape = 402,
  unsafe_format = 403,
  sampling = 404,
  calibrator = 405,
  // 500: expressions
  parse = 500,
  typecheck = 501,
  name = 502,
  protected_fact = 503,
  eval = 504,
  // 600: catalogs
  column = 600,
  duplicate = 601,
  // 700: delivery
  network = 700,
  signature = 701,
  expired = 702,
  rollback = 703,
  deadline = 704,
  // 800, 900: resources
  limit = 800,
  memory = 900,
  internal = 901,
};

// "GR_STATUS_TYPE" for Status::type; "GR_STATUS_UNKNOWN" for a number that is no status.
std::string_view status_name(Status status);

// What went wrong, where, what was wanted and what was found. Long texts are cut at a whole
// UTF-8 character. The message already contains `where`, `expected` and `found` where they help.
class Error {
 public:
  static constexpr std::size_t max_message_bytes = 512;
  static constexpr std::size_t max_part_bytes = 160;

  Status code() const { return code_; }
  std::string_view message() const { return message_.view(); }
  std::string_view where() const { return where_.view(); }
  std::string_view expected() const { return expected_.view(); }
  std::string_view found() const { return found_.view(); }

  void clear();

  // Records "where: message" and returns `code`, so that a caller may `return error.set(...)`.
  Status set(Status code, std::string_view where, std::initializer_list<TextPiece> message);

  // Records "where: wanted EXPECTED, found FOUND" and returns `code`.
  Status wanted(Status code, std::string_view where, std::initializer_list<TextPiece> expected,
                std::initializer_list<TextPiece> found);

  // The limit `most` is crossed: "where: wanted at most MOST UNIT, found FOUND". `unit` begins with a blank.
  Status over_limit(std::string_view where, std::uint64_t most, const char* unit, std::uint64_t found);
  // The allocator gave nothing, or an arena's limit is reached: which of them, nobody here knows.
  Status no_memory(std::string_view where);

  // Puts `prefix` before `where` and the message: a nested artifact names its section this way.
  // A dot joins them, unless the prefix ends in one of ".:/ " or `where` starts with "[".
  Status within(std::string_view prefix);

 private:
  Status code_ = Status::ok;
  Text<max_message_bytes> message_;
  Text<max_part_bytes> where_;
  Text<max_part_bytes> expected_;
  Text<max_part_bytes> found_;
};

// Returns early with the status of a failed step.
#define GUARDRANK_TRY(step)                                                     \
  do {                                                                          \
    if (const ::guardrank::Status guardrank_try_status = (step);                \
        guardrank_try_status != ::guardrank::Status::ok)                        \
      return guardrank_try_status;                                              \
  } while (false)

}  // namespace guardrank
