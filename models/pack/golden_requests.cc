#include "models/pack/golden_requests.h"

#include <algorithm>
#include <set>

#include "core/base/limits.h"
#include "core/engine/golden.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

// Takes the next rows whose offers differ.
std::vector<CalibrationLine> next_rows(std::span<const CalibrationLine> samples, std::size_t* at,
                                       std::size_t wanted) {
  std::vector<CalibrationLine> rows;
  std::set<std::string> offers;
  for (; *at < samples.size() && rows.size() < wanted; ++*at) {
    CalibrationLine row = samples[*at];
    if (row.offer.empty()) row.offer = "row-" + std::to_string(rows.size() + 1);
    if (offers.insert(row.offer).second) rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<std::string> requests_of(const CalibrationRows& rows) {
  std::vector<std::string> requests;
  if (rows.samples.empty()) {
    const CalibrationLine nothing;
    return {request_json({&nothing, 1}, rows.now)};
  }
  const std::size_t wanted = std::clamp<std::size_t>(rows.samples.size() / limits::golden_requests,
                                                     1, limits::golden_rows);
  std::size_t at = 0;
  while (requests.size() < limits::golden_requests && at < rows.samples.size()) {
    const std::vector<CalibrationLine> drawn = next_rows(rows.samples, &at, wanted);
    requests.push_back(request_json(drawn, drawn.front().time.value_or(rows.now)));
  }
  return requests;
}

}  // namespace

std::span<const GoldenRequest> make_golden(const Model& model, const CalibrationRows& rows,
                                           Memory* memory) {
  std::vector<GoldenRequest> golden;
  for (const std::string& request : requests_of(rows)) {
    Error error;
    GoldenRequest made;
    throw_if(score_golden(model, KernelChoice::automatic, system_allocator(), memory->text(request),
                          &memory->arena(), &made, &error),
             error);
    golden.push_back(made);
  }
  return memory->copy(golden);
}

}  // namespace guardrank::pack
