#include "capi/src/arrow_column.h"
#include "core/base/limits.h"
#include "core/frame/fact_path.h"

using guardrank::Arena;
using guardrank::ArrowRows;
using guardrank::Column;
using guardrank::Error;
using guardrank::Fact;
using guardrank::Report;
using guardrank::Request;
using guardrank::Status;

namespace {

// One struct array on its way into a request: every column is read before one is set.
class Import {
 public:
  Import(guardrank::Namespace space, Request* request, Error* error)
      : space_(space), request_(request), error_(error) {}

  Status read(const ArrowSchema& schema, const ArrowArray& array);
  Status set();

 private:
  Status check(const ArrowSchema& schema, const ArrowArray& array);
  Status check_may_set(const Fact& fact) const;
  Status read_child(const ArrowSchema* schema, const ArrowArray* array, std::int64_t index);

  guardrank::Namespace space_;
  Request* request_;
  Error* error_;
  ArrowRows rows_;
  std::span<Column> columns_;          // by fact
  std::span<std::uint8_t> is_read_;    // likewise
};

Status Import::check(const ArrowSchema& schema, const ArrowArray& array) {
  if (schema.release == nullptr)
    return error_->set(Status::argument, "schema", {"a schema that has been released"});
  if (schema.format == nullptr || std::string_view(schema.format) != "+s")
    return error_->wanted(Status::argument, "schema.format", {"\"+s\", a struct of columns"},
                          {schema.format == nullptr ? "NULL" : schema.format});
  if (schema.n_children < 0 || schema.n_children > guardrank::limits::facts ||
      (schema.n_children != 0 && schema.children == nullptr))
    return error_->wanted(Status::argument, "schema.children",
                          {"0 to ", guardrank::limits::facts},
                          {schema.children == nullptr ? 0 : schema.n_children});
  GUARDRANK_TRY(guardrank::check_arrow_array(array, 1, schema.n_children, "array", error_));
  const std::uint32_t wanted =
      space_ == guardrank::Namespace::context ? 1 : request_->n_candidates();
  if (array.length == wanted) return Status::ok;
  return error_->wanted(Status::argument, "array.length",
                        {wanted, space_ == guardrank::Namespace::context ? ", of the context"
                                                                         : ", one per candidate"},
                        {array.length});
}

// As Request::set_column has it: found before anything is set.
Status Import::check_may_set(const Fact& fact) const {
  if (guardrank::is_offer_id(fact))
    return error_->set(Status::argument, guardrank::arrow_place(fact).view(),
                       {"it is the candidate's own id and cannot be given"});
  const bool is_candidate = fact.space == guardrank::Namespace::candidate;
  for (std::uint32_t row = 0; is_candidate && !fact.may_override && row < rows_.count; ++row)
    if (request_->catalog_row(row) != guardrank::no_offer)
      return error_->set(Status::argument, guardrank::fact_path(fact, row).view(),
                         {"the policy does not let a request set it"});
  return Status::ok;
}

Status Import::read_child(const ArrowSchema* schema, const ArrowArray* array, std::int64_t index) {
  if (schema == nullptr || array == nullptr)
    return error_->set(Status::argument, "children", {"child ", index, " is NULL"});
  const std::string_view name = schema->name == nullptr ? "" : schema->name;
  const std::uint32_t fact = request_->facts().find(space_, name);
  if (fact == guardrank::no_fact) return Status::ok;
  const Fact& known = request_->facts()[fact];
  if (is_read_[fact] != 0)
    return error_->set(Status::duplicate, guardrank::arrow_place(known).view(),
                       {"two columns of this name"});
  GUARDRANK_TRY(check_may_set(known));
  is_read_[fact] = 1;
  return guardrank::read_arrow_column(known, rows_, *schema, *array, &request_->arena(),
                                      &columns_[fact], error_);
}

Status Import::read(const ArrowSchema& schema, const ArrowArray& array) {
  GUARDRANK_TRY(check(schema, array));
  rows_ = {array.offset, static_cast<std::uint32_t>(array.length), array.buffers[0], array.offset};
  const std::size_t n_facts = request_->facts().size();
  if (request_->arena().make(n_facts, &columns_) != Status::ok ||
      request_->arena().make(n_facts, &is_read_) != Status::ok)
    return error_->no_memory("array");
  for (std::int64_t i = 0; i < schema.n_children; ++i)
    GUARDRANK_TRY(read_child(schema.children[i], array.children[i], i));
  return Status::ok;
}

// After `read` nothing is left to fail but memory for the first.
Status Import::set() {
  for (std::uint32_t fact = 0; fact < columns_.size(); ++fact)
    if (is_read_[fact] != 0)
      GUARDRANK_TRY(request_->set_column(fact, columns_[fact], error_));
  return Status::ok;
}

}  // namespace

extern "C" gr_status gr_request_import_arrow(gr_request* request, gr_namespace space,
                                             const struct ArrowSchema* schema,
                                             const struct ArrowArray* array, gr_error** error) {
  Report report(error);
  if (request == nullptr) return report.null("request");
  if (schema == nullptr || array == nullptr)
    return report.null(schema == nullptr ? "schema" : "array");
  report.use(request->snapshot->allocator);
  const int number = space;
  if (number < GR_NAMESPACE_CONTEXT || number > GR_NAMESPACE_PAIR)
    return report.finish(
        report.error()->wanted(Status::argument, "space", {"a gr_namespace"}, {number}));
  Import import(static_cast<guardrank::Namespace>(number), &request->request, report.error());
  Status status = import.read(*schema, *array);
  if (status == Status::ok) status = import.set();
  return report.finish(status);
}
