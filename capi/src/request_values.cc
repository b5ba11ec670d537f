#include "capi/src/columns.h"
#include "capi/src/texts.h"

using guardrank::Column;
using guardrank::Error;
using guardrank::Fact;
using guardrank::FactType;
using guardrank::Report;
using guardrank::Request;
using guardrank::Status;
using guardrank::Value;

namespace {

Status check_fact(const Request& request, std::uint32_t fact, bool is_context, Error* error) {
  const guardrank::FactTable& facts = request.facts();
  if (fact >= facts.size()) {
    return error->wanted(Status::argument, "fact", {"an ordinal below ", facts.size()}, {fact});
  }
  const guardrank::Namespace space = facts[fact].space;
  const bool is_context_fact = space == guardrank::Namespace::context;
  const bool is_row_fact =
      space == guardrank::Namespace::candidate || space == guardrank::Namespace::pair;
  if (is_context ? is_context_fact : is_row_fact) return Status::ok;
  return error->wanted(Status::argument, "fact",
                       {is_context ? "a context fact" : "a candidate or pair fact"},
                       {guardrank::namespace_name(space), ".", facts[fact].name});
}

gr_status set_context(gr_request* request, std::uint32_t fact, const Value& value,
                      gr_error** error) {
  Report report(error);
  if (request == nullptr) return report.null("request");
  report.use(request->snapshot->allocator);
  Status status = check_fact(request->request, fact, true, report.error());
  if (status == Status::ok) {
    status = request->request.set_context(fact, value, report.error());
  }
  return report.finish(status);
}

Status check_column(const gr_column& column, const Request& request, Error* error) {
  if (column.type < GR_TYPE_F64 || column.type > GR_TYPE_F32_VECTOR) {
    return error->wanted(Status::argument, "column.type", {"a gr_type"}, {column.type});
  }
  if (column.n_rows != request.n_candidates()) {
    return error->wanted(Status::argument, "column.n_rows",
                         {request.n_candidates(), ", one per candidate"}, {column.n_rows});
  }
  const void* values[] = {column.numbers, column.integers, column.booleans, column.texts,
                          column.integers, column.list_offsets, column.floats};
  constexpr std::string_view names[] = {"column.numbers", "column.integers", "column.booleans",
                                        "column.texts", "column.integers", "column.list_offsets",
                                        "column.floats"};
  if (column.n_rows != 0 && values[column.type] == nullptr) {
    return error->set(Status::argument, names[column.type], {"must not be NULL"});
  }
  return Status::ok;
}

Status convert_column(const gr_column& given, Request* request, Column* column, Error* error) {
  GUARDRANK_TRY(check_column(given, *request, error));
  return guardrank::view_column(given, &request->arena(), column, error);
}

}  // namespace

extern "C" {

gr_status gr_request_set_context_f64(gr_request* request, uint32_t fact, double value,
                                     gr_error** error) {
  return set_context(request, fact, Value::of(value), error);
}

gr_status gr_request_set_context_i64(gr_request* request, uint32_t fact, int64_t value,
                                     gr_error** error) {
  return set_context(request, fact, Value::of(value), error);
}

gr_status gr_request_set_context_bool(gr_request* request, uint32_t fact, bool value,
                                      gr_error** error) {
  return set_context(request, fact, Value::of(value), error);
}

gr_status gr_request_set_context_text(gr_request* request, uint32_t fact, gr_text value,
                                      gr_error** error) {
  if (value.data == nullptr && value.size != 0) {
    Report report(error);
    return report.finish(guardrank::check_text(value, "value", report.error()));
  }
  return set_context(request, fact, Value::of(guardrank::as_view(value)), error);
}

gr_status gr_request_set_context_time(gr_request* request, uint32_t fact, int64_t micros,
                                      gr_error** error) {
  Value value = Value::of(micros);
  value.type = FactType::timestamp;
  return set_context(request, fact, value, error);
}

gr_status gr_request_set_context_texts(gr_request* request, uint32_t fact, const gr_text* values,
                                       size_t count, gr_error** error) {
  Report report(error);
  if (request == nullptr) return report.null("request");
  if (values == nullptr && count != 0) return report.null("values");
  report.use(request->snapshot->allocator);
  Value value;
  value.type = FactType::string_list;
  value.is_missing = false;
  const Status status = guardrank::view_texts(values, count, "values", &request->request.arena(),
                                              &value.strings, report.error());
  if (status != Status::ok) return report.finish(status);
  return set_context(request, fact, value, error);
}

gr_status gr_request_set_context_vector(gr_request* request, uint32_t fact, const float* values,
                                        size_t count, gr_error** error) {
  if (values == nullptr && count != 0) return Report(error).null("values");
  Value value;
  value.type = FactType::f32_vector;
  value.is_missing = false;
  value.floats = {values, count};
  return set_context(request, fact, value, error);
}

gr_status gr_request_set_column(gr_request* request, uint32_t fact, const gr_column* column,
                                gr_error** error) {
  Report report(error);
  if (request == nullptr || column == nullptr) {
    return report.null(request == nullptr ? "request" : "column");
  }
  report.use(request->snapshot->allocator);
  gr_column given;
  Column converted;
  Status status = guardrank::read_struct(column, "column", &given, report.error());
  if (status == Status::ok) status = check_fact(request->request, fact, false, report.error());
  if (status == Status::ok) {
    status = convert_column(given, &request->request, &converted, report.error());
  }
  if (status == Status::ok) {
    status = request->request.set_column(fact, converted, report.error());
  }
  return report.finish(status);
}

}  // extern "C"
