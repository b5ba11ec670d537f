// What every C function of guardrank-fetch does: exceptions stop here, options are read.
#pragma once

#include <exception>
#include <new>

#include "capi/fetch/include/guardrank_fetch.h"
#include "capi/fetch/src/repository.h"
#include "capi/src/report.h"

namespace guardrank::fetch {

template <typename Work>
gr_status at_border(Report* report, const Work& work) {
  try {
    return report->finish(work());
  } catch (const std::bad_alloc&) {
    return report->no_memory("guardrank-fetch");
  } catch (const std::exception& problem) {
    return report->finish(
        report->error()->set(Status::internal, "guardrank-fetch", {std::string_view(problem.what())}));
  } catch (...) {
    return report->finish(
        report->error()->set(Status::internal, "guardrank-fetch", {"an unknown exception"}));
  }
}

// Addresses as far as they are given, checked; patience and progress.
Status read_options(const gr_fetch_options* options, RepositoryOptions* out, Error* error);
// Only plain addresses of the web; a slash at the end. NULL leaves it empty.
Status read_address(const char* given, std::string_view name, std::string* address, Error* error);
// ".../metadata/" gives ".../<name>/".
std::string beside(const std::string& metadata, std::string_view name);

}  // namespace guardrank::fetch
