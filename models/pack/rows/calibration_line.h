// One line of calibration.jsonl: {"context": {}, "candidate": {}, "pair": {}}, each member optional,
// and an optional "time" (RFC 3339) for transforms that ask how long ago something was.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace guardrank::pack {

struct CalibrationLine {
  std::string context = "{}", candidate = "{}", pair = "{}";  // JSON objects
  std::string offer;  // candidate.offer_id; may be empty
  std::optional<std::int64_t> time;  // micros
};

// Throws PackError "calibration.jsonl: line 12: ...". Facts are checked when they are encoded.
CalibrationLine read_calibration_line(std::string_view text, std::size_t number);

// The request form of contracts.md: the first line's context, a candidate per line. Offers without
// an id are named after their position.
std::string request_json(std::span<const CalibrationLine> lines, std::int64_t now);

}  // namespace guardrank::pack
