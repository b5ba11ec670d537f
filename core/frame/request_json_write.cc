#include "core/base/commitment.h"
#include "core/base/json.h"
#include "core/base/limits.h"
#include "core/base/number_text.h"
#include "core/frame/given_rows.h"
#include "core/frame/request.h"
#include "core/frame/route_parts.h"
#include "core/base/text.h"

namespace guardrank {

namespace {

void write_time(std::int64_t micros, JsonWriter* writer) {
  char text[max_number_text_bytes];
  std::string_view written(text, write_timestamp(micros, text));
  std::int64_t again = 0;
  if (!parse_timestamp(written, &again) || again != micros) {
    written = {text, write_integer(micros, text)};
  }
  writer->string(written);
}

void write_value(const Value& value, JsonWriter* writer) {
  switch (value.type) {
    case FactType::f64: writer->number(value.number); break;
    case FactType::i64: writer->integer(value.integer); break;
    case FactType::boolean: writer->boolean(value.boolean); break;
    case FactType::string: writer->string(value.string); break;
    case FactType::timestamp: write_time(value.integer, writer); break;
    case FactType::string_list:
      writer->begin_array();
      for (const std::string_view text : value.strings) writer->string(text);
      writer->end_array();
      break;
    case FactType::f32_vector:
      // As doubles, which the reader takes for the same floats without rounding twice.
      writer->begin_array();
      for (const float number : value.floats) writer->number(static_cast<double>(number));
      writer->end_array();
      break;
  }
}

class RequestWriter {
 public:
  RequestWriter(const Request& request, const Redaction* redaction,
                std::span<const std::uint32_t> facts, Arena* arena)
      : request_(request), redaction_(redaction), facts_(facts), arena_(arena), writer_(arena) {}

  std::string_view write(bool lists_candidates) {
    writer_.begin_object();
    write_head();
    write_row(Namespace::context, 0, "context", "");
    if (lists_candidates) write_candidates();
    writer_.end_object();
    return writer_.view();
  }
  Status status() const { return status_ != Status::ok ? status_ : writer_.status(); }

 private:
  using PathText = Text<limits::name_bytes + 64>;

  bool is_shown(std::string_view space, std::string_view name) const {
    if (redaction_ == nullptr) return true;
    for (const std::string_view listed : redaction_->shown)
      if (listed.starts_with(space) && listed.substr(space.size()) == name) return true;
    return false;
  }

  // A member of the object that is open; `space` and `name` are what a list of shown values says.
  void write_member(std::string_view space, std::string_view name, std::string_view path,
                    const Value& value) {
    writer_.key(name);
    if (is_shown(space, name)) {
      write_value(value, &writer_);
      return;
    }
    JsonWriter plain(arena_);
    write_value(value, &plain);
    if (plain.status() != Status::ok) status_ = plain.status();
    const std::string_view text = plain.view();
    const Sha256Digest commitment = commit(
        redaction_->salt, path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    writer_.begin_object().key("commitment").base64(commitment).end_object();
  }

  // The facts of one row of a namespace, as an object under `name`; nothing when none was given.
  void write_row(Namespace space, std::uint32_t row, std::string_view name,
                 std::string_view parent) {
    bool is_open = false;
    const Text<16> listed({namespace_name(space), "."});
    for (const std::uint32_t ordinal : facts_) {
      const Column& given = request_.given(ordinal);
      const Fact& fact = request_.facts()[ordinal];
      if (fact.space != space || !given.is_present(row)) continue;
      if (!is_open) writer_.key(name).begin_object();
      is_open = true;
      write_member(listed, fact.name, PathText({parent, name, ".", fact.name}),
                   value_of(given, row));
    }
    if (is_open) writer_.end_object();
  }

  void write_route() {
    const RouteKey& key = request_.route();
    bool is_open = false;
    for (const RoutePart& part : route_parts) {
      const std::string_view text = key.*part.value;
      if (text.empty()) continue;
      if (!is_open) writer_.key("route").begin_object();
      is_open = true;
      write_member("route.", part.name, PathText({"route.", part.name}), Value::of(text));
    }
    if (is_open) writer_.end_object();
  }

  void write_head() {
    constexpr std::string_view id = "request_id";
    if (!request_.request_id().empty())
      write_member("", id, id, Value::of(request_.request_id()));
    writer_.key("time");
    write_time(request_.time(), &writer_);
    writer_.key("seed").natural(request_.seed());
    if (request_.limit() != 0) writer_.key("limit").natural(request_.limit());
    writer_.key("explain").boolean(request_.explain());
    write_route();
    write_served(request_.served(), &writer_);
  }

  void write_candidates() {
    writer_.key("candidates").begin_array();
    for (std::uint32_t row = 0; row < request_.n_candidates(); ++row) {
      const Text<32> parent({"candidates[", row, "]."});
      writer_.begin_object();
      writer_.key("offer").string(request_.offer_id(row));
      write_row(Namespace::candidate, row, "facts", parent);
      write_row(Namespace::pair, row, "pair", parent);
      writer_.end_object();
    }
    writer_.end_array();
  }

  const Request& request_;
  const Redaction* redaction_;
  std::span<const std::uint32_t> facts_;
  Arena* arena_;
  JsonWriter writer_;
  Status status_ = Status::ok;
};

// Ordinals of the facts that were given; says whether some are facts of candidates.
Status find_given(const Request& request, Arena* arena, std::span<const std::uint32_t>* given,
                  bool* has_candidate_facts) {
  std::span<std::uint32_t> all;
  GUARDRANK_TRY(arena->make(request.facts().size(), &all));
  std::size_t n = 0;
  *has_candidate_facts = false;
  for (std::uint32_t fact = 0; fact < all.size(); ++fact) {
    if (request.given(fact).n_rows == 0) continue;
    all[n++] = fact;
    *has_candidate_facts |= request.facts()[fact].space != Namespace::context;
  }
  *given = all.first(n);
  return Status::ok;
}

}  // namespace

void write_served(const Served& served, JsonWriter* writer) {
  bool is_open = false;
  for (std::size_t i = 0; i < served.size(); ++i) {
    if (served[i].empty()) continue;
    if (!is_open) writer->key("served").begin_object();
    is_open = true;
    writer->key(served_names[i]).string(served[i]);
  }
  if (is_open) writer->end_object();
}

Status write_request_json(const Request& request, const Redaction* redaction, Arena* arena,
                          std::string_view* text) {
  std::span<const std::uint32_t> facts;
  bool has_candidate_facts = false;
  GUARDRANK_TRY(find_given(request, arena, &facts, &has_candidate_facts));
  RequestWriter writer(request, redaction, facts, arena);
  // A whole catalog is left out, unless something was given for its rows.
  *text = writer.write(!request.is_whole_catalog() || has_candidate_facts);
  return writer.status();
}

}  // namespace guardrank
