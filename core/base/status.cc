#include "core/base/status.h"

namespace guardrank {

namespace {

struct NamedStatus {
  Status status;
  char name[26];   // in place: pointers to them would not compress
};

constexpr NamedStatus named_statuses[] = {
    {Status::ok, "GR_STATUS_OK"},
    {Status::argument, "GR_STATUS_ARGUMENT"},
    {Status::struct_size, "GR_STATUS_STRUCT_SIZE"},
    {Status::session_busy, "GR_STATUS_SESSION_BUSY"},
    {Status::json, "GR_STATUS_JSON"},
    {Status::utf8, "GR_STATUS_UTF8"},
    {Status::missing, "GR_STATUS_MISSING"},
    {Status::type, "GR_STATUS_TYPE"},
    {Status::not_finite, "GR_STATUS_NOT_FINITE"},
    {Status::unknown_offer, "GR_STATUS_UNKNOWN_OFFER"},
    {Status::duplicate_offer, "GR_STATUS_DUPLICATE_OFFER"},
    {Status::truncated, "GR_STATUS_TRUNCATED"},
    {Status::identifier, "GR_STATUS_IDENTIFIER"},
    {Status::verify, "GR_STATUS_VERIFY"},
    {Status::version, "GR_STATUS_VERSION"},
    {Status::dimension, "GR_STATUS_DIMENSION"},
    {Status::reference, "GR_STATUS_REFERENCE"},
    {Status::golden, "GR_STATUS_GOLDEN"},
    {Status::hash, "GR_STATUS_HASH"},
    {Status::model_json, "GR_STATUS_MODEL_JSON"},
    {Status::tensor_missing, "GR_STATUS_TENSOR_MISSING"},
    {Status::tensor_shape, "GR_STATUS_TENSOR_SHAPE"},
    {Status::unsafe_format, "GR_STATUS_UNSAFE_FORMAT"},
    {Status::sampling, "GR_STATUS_SAMPLING"},
    {Status::calibrator, "GR_STATUS_CALIBRATOR"},
    {Status::parse, "GR_STATUS_PARSE"},
    {Status::typecheck, "GR_STATUS_TYPECHECK"},
    {Status::name, "GR_STATUS_NAME"},
    {Status::protected_fact, "GR_STATUS_PROTECTED"},
    {Status::eval, "GR_STATUS_EVAL"},
    {Status::column, "GR_STATUS_COLUMN"},
    {Status::duplicate, "GR_STATUS_DUPLICATE"},
    {Status::network, "GR_STATUS_NETWORK"},
    {Status::signature, "GR_STATUS_SIGNATURE"},
    {Status::expired, "GR_STATUS_EXPIRED"},
    {Status::rollback, "GR_STATUS_ROLLBACK"},
    {Status::deadline, "GR_STATUS_DEADLINE"},
    {Status::limit, "GR_STATUS_LIMIT"},
    {Status::memory, "GR_STATUS_MEMORY"},
    {Status::internal, "GR_STATUS_INTERNAL"},
};

// A prefix that ends in one of these already says how it joins.
bool ends_in_separator(std::string_view prefix) {
  return std::string_view(".:/ ").find(prefix.back()) != std::string_view::npos;
}

}  // namespace

std::string_view status_name(Status status) {
  for (const NamedStatus& named : named_statuses) {
    if (named.status == status) return named.name;
  }
  return "GR_STATUS_UNKNOWN";
}

void Error::clear() {
  code_ = Status::ok;
  message_.clear();
  where_.clear();
  expected_.clear();
  found_.clear();
}

Status Error::set(Status code, std::string_view where, std::initializer_list<TextPiece> message) {
  // `where` may point into this very error.
  const Text<max_part_bytes> place{where};
  clear();
  code_ = code;
  where_ = place;
  if (!where.empty()) message_.assign({place.view(), ": "});
  message_.append(message);
  return code;
}

Status Error::wanted(Status code, std::string_view where,
                     std::initializer_list<TextPiece> expected,
                     std::initializer_list<TextPiece> found) {
  const Text<max_part_bytes> wanted_text(expected);
  const Text<max_part_bytes> found_text(found);
  set(code, where, {"wanted ", wanted_text.view(), ", found ", found_text.view()});
  expected_ = wanted_text;
  found_ = found_text;
  return code;
}

Status Error::over_limit(std::string_view where, std::uint64_t most, const char* unit,
                         std::uint64_t found) {
  return wanted(Status::limit, where, {"at most ", most, unit}, {found});
}

Status Error::no_memory(std::string_view where) {
  return set(Status::memory, where,
             {"no memory left: the host refused, or the limit of its memory is reached"});
}

Status Error::within(std::string_view prefix) {
  if (prefix.empty()) return code_;
  const Text<max_part_bytes> where = where_;
  const Text<max_message_bytes> message = message_;
  const bool had_place = !where.view().empty();
  const bool joins = !had_place || where.view().front() == '[' || ends_in_separator(prefix);
  const std::string_view separator = joins ? "" : ".";
  where_.assign({prefix, separator, where.view()});
  message_.assign({prefix, had_place ? separator : ": ", message.view()});
  return code_;
}

}  // namespace guardrank
