// Where exceptions end: the offline code behind it may throw, the C interface never does.
#pragma once

#include <exception>
#include <new>

#include "capi/src/report.h"
#include "capi/tools/include/guardrank_tools.h"
#include "models/pack/pack_error.h"
#include "models/pack/rows/calibration_rows.h"

namespace guardrank::tools {

// Runs `work`, which returns a Status, and gives what happened as the C interface does.
template <typename Work>
gr_status at_border(Report* report, const Work& work) {
  try {
    return report->finish(work());
  } catch (const pack::PackError& problem) {
    return report->finish(problem.store(report->error()));
  } catch (const std::bad_alloc&) {
    return report->no_memory("guardrank-tools");
  } catch (const std::exception& problem) {
    return report->finish(
        report->error()->set(Status::internal, "guardrank-tools", {problem.what()}));
  } catch (...) {
    return report->finish(
        report->error()->set(Status::internal, "guardrank-tools", {"an unknown exception"}));
  }
}

// The C callback as the offline code wants it. A NULL callback gives none.
inline pack::Progress progress_of(gr_tools_progress callback, void* user) {
  if (callback == nullptr) return {};
  return [callback, user](const char* step, std::uint64_t done, std::uint64_t total) {
    callback(user, step, done, total);
  };
}

}  // namespace guardrank::tools
