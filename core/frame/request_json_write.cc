#include "core/base/json.h"
#include "core/base/number_text.h"
#include "core/frame/given_rows.h"
#include "core/frame/request.h"

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

// The facts of one row of a namespace, as an object under `name`; nothing when none was given.
void write_row(const Request& request, std::span<const std::uint32_t> facts, Namespace space,
               std::uint32_t row, std::string_view name, JsonWriter* writer) {
  bool is_open = false;
  for (const std::uint32_t fact : facts) {
    const Column& given = request.given(fact);
    if (request.facts()[fact].space != space || !given.is_present(row)) continue;
    if (!is_open) writer->key(name).begin_object();
    is_open = true;
    writer->key(request.facts()[fact].name);
    write_value(value_of(given, row), writer);
  }
  if (is_open) writer->end_object();
}

void write_route(const RouteKey& key, JsonWriter* writer) {
  const struct {
    std::string_view name, text;
  } members[] = {{"product", key.product}, {"market", key.market},   {"segment", key.segment},
                 {"partner", key.partner}, {"surface", key.surface}, {"unit", key.unit}};
  bool is_open = false;
  for (const auto& member : members) {
    if (member.text.empty()) continue;
    if (!is_open) writer->key("route").begin_object();
    is_open = true;
    writer->key(member.name).string(member.text);
  }
  if (is_open) writer->end_object();
}

void write_head(const Request& request, JsonWriter* writer) {
  if (!request.request_id().empty()) writer->key("request_id").string(request.request_id());
  writer->key("time");
  write_time(request.time(), writer);
  writer->key("seed").natural(request.seed());
  if (request.limit() != 0) writer->key("limit").natural(request.limit());
  writer->key("explain").boolean(request.explain());
  write_route(request.route(), writer);
}

void write_candidates(const Request& request, std::span<const std::uint32_t> facts,
                      JsonWriter* writer) {
  writer->key("candidates").begin_array();
  for (std::uint32_t row = 0; row < request.n_candidates(); ++row) {
    writer->begin_object();
    writer->key("offer").string(request.offer_id(row));
    write_row(request, facts, Namespace::candidate, row, "facts", writer);
    write_row(request, facts, Namespace::pair, row, "pair", writer);
    writer->end_object();
  }
  writer->end_array();
}

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

Status write_request_json(const Request& request, Arena* arena, std::string_view* text) {
  std::span<const std::uint32_t> facts;
  bool has_candidate_facts = false;
  GUARDRANK_TRY(find_given(request, arena, &facts, &has_candidate_facts));
  JsonWriter writer(arena);
  writer.begin_object();
  write_head(request, &writer);
  write_row(request, facts, Namespace::context, 0, "context", &writer);
  // A whole catalog is left out, unless something was given for its rows.
  if (!request.is_whole_catalog() || has_candidate_facts) {
    write_candidates(request, facts, &writer);
  }
  writer.end_object();
  *text = writer.view();
  return writer.status();
}

}  // namespace guardrank
