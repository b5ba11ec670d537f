#include "capi/src/texts.h"
#include "capi/src/verify.h"

#include "core/frame/route_parts.h"

using guardrank::Error;
using guardrank::Report;
using guardrank::Request;
using guardrank::Status;

namespace {

void hold_snapshot(gr_request* request) { gr_snapshot_retain(request->snapshot); }

Status set_route_part(Request* request, std::string_view name, std::string_view value,
                      Error* error) {
  guardrank::RouteKey key = request->route();
  for (const guardrank::RoutePart& part : guardrank::route_parts) {
    if (part.name != name) continue;
    key.*part.value = value;
    return request->set_route(key, error);
  }
  guardrank::Served served = request->served();
  constexpr std::string_view space = "served.";
  for (std::size_t i = 0; i < served.size() && name.starts_with(space); ++i) {
    if (guardrank::served_names[i] != name.substr(space.size())) continue;
    served[i] = value;
    return request->set_served(served, error);
  }
  return error->wanted(Status::argument, "name",
                       {"product, market, segment, partner, surface, unit or one of \"served.\""},
                       {name});
}

}  // namespace

extern "C" {

gr_status gr_request_create(const gr_snapshot* snapshot, gr_request** request, gr_error** error) {
  Report report(error);
  if (snapshot == nullptr || request == nullptr) {
    return report.null(snapshot == nullptr ? "snapshot" : "request");
  }
  report.use(snapshot->allocator);
  if (const Status status = guardrank::check_prepared(*snapshot, report.error()); status != Status::ok)
    return report.finish(status);
  auto* created = guardrank::create_handle<gr_request>(snapshot->allocator, snapshot);
  if (created == nullptr) return report.no_memory("request");
  hold_snapshot(created);
  *request = created;
  return report.finish(Status::ok);
}

void gr_request_reset(gr_request* request) {
  if (request != nullptr) request->request.reset();
}

void gr_request_free(gr_request* request) {
  if (request == nullptr) return;
  const gr_snapshot* snapshot = request->snapshot;
  guardrank::free_handle(snapshot->allocator, request);
  gr_snapshot_free(const_cast<gr_snapshot*>(snapshot));
}

gr_status gr_request_from_json(gr_request* request, const char* json, size_t size,
                               gr_error** error) {
  Report report(error);
  if (request == nullptr || json == nullptr) {
    return report.null(request == nullptr ? "request" : "json");
  }
  report.use(request->snapshot->allocator);
  return report.finish(
      guardrank::read_request_json({json, size}, &request->request, report.error()));
}

gr_status gr_request_set_id(gr_request* request, gr_text id, gr_error** error) {
  Report report(error);
  if (request == nullptr) return report.null("request");
  report.use(request->snapshot->allocator);
  Status status = guardrank::check_text(id, "id", report.error());
  if (status == Status::ok) {
    status = request->request.set_request_id(guardrank::as_view(id), report.error());
  }
  return report.finish(status);
}

void gr_request_set_time(gr_request* request, int64_t micros) {
  if (request != nullptr) request->request.set_time(micros);
}

void gr_request_set_seed(gr_request* request, uint64_t seed) {
  if (request != nullptr) request->request.set_seed(seed);
}

void gr_request_set_limit(gr_request* request, uint32_t limit) {
  if (request != nullptr) request->request.set_limit(limit);
}

void gr_request_set_explain(gr_request* request, bool explain) {
  if (request != nullptr) request->request.set_explain(explain);
}

gr_status gr_request_set_route(gr_request* request, gr_text name, gr_text value, gr_error** error) {
  Report report(error);
  if (request == nullptr) return report.null("request");
  report.use(request->snapshot->allocator);
  Status status = guardrank::check_text(name, "name", report.error());
  if (status == Status::ok) status = guardrank::check_text(value, "value", report.error());
  if (status == Status::ok) {
    status = set_route_part(&request->request, guardrank::as_view(name),
                            guardrank::as_view(value), report.error());
  }
  return report.finish(status);
}

gr_status gr_request_set_candidates(gr_request* request, const gr_text* offers, size_t count,
                                    gr_error** error) {
  Report report(error);
  if (request == nullptr) return report.null("request");
  if (offers == nullptr && count != 0) return report.null("offers");
  report.use(request->snapshot->allocator);
  std::span<const std::string_view> views;
  // Before memory is taken for views of them.
  Status status = guardrank::check_candidate_count(count, report.error());
  if (status == Status::ok) {
    status = guardrank::view_texts(offers, count, "offers", &request->request.arena(), &views,
                                   report.error());
  }
  if (status == Status::ok) status = request->request.set_candidates(views, report.error());
  return report.finish(status);
}

}  // extern "C"
