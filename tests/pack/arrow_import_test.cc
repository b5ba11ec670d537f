// gr_request_import_arrow with arrays made by hand: what it reads is what the same request as JSON says,
// by the records of both, and what cannot be read is refused by the column's name.
#include "guardrank_arrow.h"

#include <cstring>
#include <deque>
#include <utility>

#include <doctest/doctest.h>

#include "capi/tools/include/guardrank_tools.h"
#include "tests/pack/weights_folder.h"

using namespace guardrank::testing;

namespace {

constexpr const char* policy = R"yaml(
format: 1
name: arrow
version: "1"
facts:
  ctx.age: {type: int}
  ctx.born: {type: timestamp}
  ctx.is_member: {type: bool}
  ctx.state: {type: string}
  offer.fee: {type: double}
  offer.brand: {type: string}
  offer.tags: {type: "list(string)"}
  pair.seen: {type: int}
terms:
  - {id: value, kind: revenue, unit: USD, expr: "p.click * 10.0"}
)yaml";

Json model_spec() {
  Json spec = small_spec();
  spec["fields"].push_back(Json::parse(R"({"name": "look", "side": "candidate", "type": "f32[2]",
                                           "transforms": [], "output": "dense"})"));
  return spec;
}

void require_ok(gr_status status, gr_error* error) {
  const gr_text message = gr_error_message(error);
  INFO(std::string(message.data == nullptr ? "" : message.data, message.size));
  gr_error_free(error);
  REQUIRE(status == GR_STATUS_OK);
}

// A bundle with a fact of every type, and requests of it.
struct World {
  World() {
    folder.write_model(model_spec(), {{"tower.click.layer.0.weight", {{1, 3}, {1, 1, 1}}},
                                      {"tower.click.layer.0.bias", {{1}, {0}}}});
    folder.write("calibration.jsonl", R"({"context": {"income": 4}, "candidate": {"look": [1, 2]}, "pair": {}})");
    const std::string path = folder.path().string();
    const std::string policy_path = folder.write("policy.yaml", policy).string();
    gr_tools_pack_options options{};
    options.struct_size = sizeof options;
    options.model_folder = path.c_str();
    options.policy_path = policy_path.c_str();
    gr_tools_text* bundle = nullptr;
    gr_error* error = nullptr;
    require_ok(gr_engine_create(nullptr, &engine, &error), error);
    require_ok(gr_tools_pack(&options, &bundle, nullptr, &error), error);
    const gr_text bytes = gr_tools_text_view(bundle);
    gr_artifact* artifact = nullptr;
    require_ok(gr_artifact_open(engine, reinterpret_cast<const uint8_t*>(bytes.data), bytes.size,
                                nullptr, &artifact, &error), error);
    require_ok(gr_snapshot_create(engine, artifact, nullptr, &snapshot, &error), error);
    require_ok(gr_session_create(engine, &session, &error), error);
    require_ok(gr_request_create(snapshot, &request, &error), error);
    gr_artifact_free(artifact);
    gr_tools_text_free(bundle);
  }
  ~World() {
    gr_request_free(request);
    gr_session_free(session);
    gr_snapshot_free(snapshot);
    gr_engine_free(engine);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void start() const { read(R"({"time": "2026-11-21T10:00:00Z", "candidates": [{"offer": "a"}, {"offer": "b"}]})"); }
  void read(const std::string& json) const {
    gr_error* error = nullptr;
    require_ok(gr_request_from_json(request, json.data(), json.size(), &error), error);
  }
  // Which holds the request as JSON.
  std::string record() const {
    const gr_decision* decision = nullptr;
    gr_error* error = nullptr;
    gr_bytes bytes{};
    require_ok(gr_rank(session, request, &decision, &error), error);
    require_ok(gr_decision_record(decision, &bytes, &error), error);
    return {reinterpret_cast<const char*>(bytes.data), bytes.size};
  }

  Folder folder;
  gr_engine* engine = nullptr;
  gr_snapshot* snapshot = nullptr;
  gr_session* session = nullptr;
  gr_request* request = nullptr;
};

int n_releases = 0;
void release_schema(ArrowSchema* schema) { schema->release = nullptr, ++n_releases; }
void release_array(ArrowArray* array) { array->release = nullptr, ++n_releases; }

// An array with its schema and what its buffers hold.
struct Made {
  Made(const char* format, const char* name, std::int64_t length) {
    schema.format = format;
    schema.name = name;
    schema.flags = ARROW_FLAG_NULLABLE;
    schema.release = release_schema;
    array.length = length;
    array.release = release_array;
  }
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;

  // A copy, one byte off where an array would be aligned.
  template <typename T>
  Made& buffer(std::vector<T> values) {
    std::string& kept = kept_.emplace_back(values.size() * sizeof(T) + 1, '\0');
    if (!values.empty()) std::memcpy(kept.data() + 1, values.data(), values.size() * sizeof(T));
    buffers.push_back(kept.data() + 1);
    return point();
  }
  Made& bits(unsigned value) { return buffer<unsigned char>({static_cast<unsigned char>(value)}); }
  Made& none() {
    buffers.push_back(nullptr);
    return point();
  }
  Made& text(const std::string& bytes) { return buffer<char>({bytes.begin(), bytes.end()}); }
  Made& child(Made* made) {
    schemas.push_back(&made->schema);
    arrays.push_back(&made->array);
    schema.children = schemas.data();
    array.children = arrays.data();
    schema.n_children = array.n_children = static_cast<std::int64_t>(schemas.size());
    return *this;
  }
  Made& point() {
    array.buffers = buffers.data();
    array.n_buffers = static_cast<std::int64_t>(buffers.size());
    return *this;
  }
  // What a host may do as soon as the import is done.
  void spoil() {
    for (std::string& kept : kept_) kept.assign(kept.size(), '\xFF');
  }

  ArrowSchema schema{};
  ArrowArray array{};
  std::vector<const void*> buffers;
  std::vector<ArrowSchema*> schemas;
  std::vector<ArrowArray*> arrays;
  std::deque<std::string> kept_;
};

gr_status import(const World& w, gr_namespace space, const Made& batch, gr_error** error) {
  return gr_request_import_arrow(w.request, space, &batch.schema, &batch.array, error);
}

// One column in a batch of its own is refused, by this status and this name, and changes nothing.
void check_refused(const World& w, gr_namespace space, Made* column, std::int64_t n_rows,
                   gr_status status, const std::string& where) {
  w.start();
  const std::string before = w.record();
  Made batch("+s", "", n_rows);
  batch.none().child(column);
  gr_error* error = nullptr;
  CHECK(import(w, space, batch, &error) == status);
  const gr_text place = gr_error_where(error), message = gr_error_message(error);
  INFO(std::string(message.data == nullptr ? "" : message.data, message.size));
  CHECK(std::string(place.data == nullptr ? "" : place.data, place.size) == where);
  gr_error_free(error);
  CHECK(w.record() == before);
}

// The same, by the one thing that is changed in a column of two prices that would be read.
template <typename Change>
void check_fee(const World& w, gr_status status, const Change& change) {
  Made fee("g", "fee", 2);
  fee.none().buffer<double>({1, 2});
  change(&fee);
  check_refused(w, GR_NAMESPACE_CANDIDATE, &fee, 2, status, "offer.fee");
}

template <typename Integer>
void check_ages(const World& w, const char* format) {
  w.start();
  Made age(format, "age", 1), batch("+s", "", 1);
  age.none().buffer<Integer>({static_cast<Integer>(101)});
  batch.none().child(&age);
  gr_error* error = nullptr;
  require_ok(import(w, GR_NAMESPACE_CONTEXT, batch, &error), error);
  const std::string made = w.record();
  w.read(R"({"time": "2026-11-21T10:00:00Z", "context": {"age": 101},
             "candidates": [{"offer": "a"}, {"offer": "b"}]})");
  CHECK(w.record() == made);
}

}  // namespace

TEST_CASE("columns of every type read as the same request does in JSON") {
  const World w;
  n_releases = 0;
  w.start();
  // Rows 1 of 3: the struct's own offset; and offsets within the columns.
  Made context("+s", "", 1), age("i", "age", 3), born("tsm:UTC", "born", 2), member("b", "is_member", 2),
      state("C", "state", 2), words("U", "", 2), income("f", "income", 2), other("vu", "other", 0);
  age.bits(0b0110).buffer<std::int32_t>({7, 8, 34});
  age.array.offset = 1;
  age.array.length = 2;
  born.none().buffer<std::int64_t>({0, 86'400'000});
  member.bits(0b10).bits(0b10);
  words.none().buffer<std::int64_t>({0, 2, 4}).text("NYCA");
  state.none().buffer<std::uint8_t>({0, 1});
  state.schema.dictionary = &words.schema;
  state.array.dictionary = &words.array;
  income.none().buffer<float>({1.0f, 2.5f});
  context.none().child(&age).child(&born).child(&member).child(&state).child(&income).child(&other);
  context.array.offset = 1;
  gr_error* error = nullptr;
  require_ok(import(w, GR_NAMESPACE_CONTEXT, context, &error), error);

  Made offers("+s", "", 2), fee("g", "fee", 2), brand("u", "brand", 3), tags("+l", "tags", 2),
      tag("u", "item", 3), look("+w:2", "look", 2), part("f", "item", 4);
  fee.bits(0b01).buffer<double>({19.9, 0});
  fee.array.null_count = 1;
  brand.none().buffer<std::int32_t>({0, 3, 3, 5}).text("oldge");
  brand.array.offset = 1;
  brand.array.length = 2;
  tag.none().buffer<std::int32_t>({0, 1, 2, 3}).text("xyz");
  tags.none().buffer<std::int32_t>({1, 3, 3}).child(&tag);
  part.none().buffer<float>({0.5f, 1.5f, -1.0f, 2.0f});
  look.none().child(&part);
  offers.none().child(&fee).child(&brand).child(&tags).child(&look);
  require_ok(import(w, GR_NAMESPACE_CANDIDATE, offers, &error), error);

  Made pairs("+s", "", 2), seen("l", "seen", 2);
  seen.none().buffer<std::int64_t>({9, 5});
  pairs.bits(0b10).child(&seen);       // the first row is null as a whole
  require_ok(import(w, GR_NAMESPACE_PAIR, pairs, &error), error);

  CHECK(n_releases == 0);
  for (Made* made : {&age, &born, &member, &state, &words, &income, &fee, &brand, &tags, &tag, &look, &part, &seen})
    made->spoil();
  const std::string made = w.record();
  w.read(R"({"time": "2026-11-21T10:00:00Z",
    "context": {"age": 34, "born": "1970-01-02T00:00:00Z", "is_member": true, "state": "CA", "income": 2.5},
    "candidates": [
      {"offer": "a", "facts": {"fee": 19.9, "brand": "", "tags": ["y", "z"], "look": [0.5, 1.5]}},
      {"offer": "b", "facts": {"brand": "ge", "tags": [], "look": [-1, 2]}, "pair": {"seen": 5}}]})");
  CHECK(w.record() == made);
}

TEST_CASE("integers of every width, times of every unit, nulls of every kind") {
  const World w;
  check_ages<std::int8_t>(w, "c");
  check_ages<std::uint8_t>(w, "C");
  check_ages<std::int16_t>(w, "s");
  check_ages<std::uint16_t>(w, "S");
  check_ages<std::int32_t>(w, "i");
  check_ages<std::uint32_t>(w, "I");
  check_ages<std::int64_t>(w, "l");
  check_ages<std::uint64_t>(w, "L");
  check_ages<float>(w, "f");
  check_ages<double>(w, "g");
  w.read(R"({"time": "2026-11-21T10:00:00Z", "context": {"born": "1969-12-31T23:59:58Z"},
             "candidates": [{"offer": "a"}, {"offer": "b"}]})");
  const std::string wanted = w.record();
  for (const auto& [format, count] : std::initializer_list<std::pair<const char*, std::int64_t>>{
           {"tss:UTC", -2}, {"tsm:Z", -2'000}, {"tsu:+00:00", -2'000'000}, {"tsn:Etc/UTC", -2'000'000'000}}) {
    w.start();
    Made born(format, "born", 1), batch("+s", "", 1), nothing("n", "age", 1);
    born.none().buffer<std::int64_t>({count});
    nothing.array.null_count = 1;
    batch.none().child(&born).child(&nothing);
    gr_error* error = nullptr;
    require_ok(import(w, GR_NAMESPACE_CONTEXT, batch, &error), error);
    CHECK(w.record() == wanted);
  }
}

TEST_CASE("an array that cannot be is refused by its column's name, and nothing is set") {
  const World w;
  const gr_status argument = GR_STATUS_ARGUMENT, type = GR_STATUS_TYPE;
  check_fee(w, argument, [](Made* m) { m->array.length = -1; });
  check_fee(w, argument, [](Made* m) { m->array.length = 1; });
  check_fee(w, argument, [](Made* m) { m->array.length = INT64_MAX; });
  check_fee(w, argument, [](Made* m) { m->array.offset = -1; });
  check_fee(w, argument, [](Made* m) { m->array.offset = INT64_MAX; });
  check_fee(w, argument, [](Made* m) { m->array.null_count = -2; });
  check_fee(w, argument, [](Made* m) { m->array.null_count = 3; });
  check_fee(w, argument, [](Made* m) { m->array.null_count = 1; });       // and no bitmap
  check_fee(w, argument, [](Made* m) { m->array.n_buffers = 1; });
  check_fee(w, argument, [](Made* m) { m->array.n_buffers = 3; });
  check_fee(w, argument, [](Made* m) { m->array.buffers = nullptr; });
  check_fee(w, argument, [](Made* m) { m->buffers[1] = nullptr; });
  check_fee(w, argument, [](Made* m) { m->array.n_children = 1; });
  check_fee(w, argument, [](Made* m) { m->schema.n_children = 1; });
  check_fee(w, argument, [](Made* m) { m->array.release = nullptr; });
  check_fee(w, argument, [](Made* m) { m->array.dictionary = &m->array; });
  check_fee(w, argument, [](Made* m) { m->schema.dictionary = &m->schema; });
  for (const char* format : {"", "q", "gg", "e", "vu", "z", "d:9,2", "tdD", "tsu:", "tsu:Europe/Paris", "tsq:UTC",
                             "ts", "+w:", "+w:0", "+w:-1", "+w:4097", "+w:99999999999999999999", "+s", "+m"})
    check_fee(w, type, [&](Made* m) { m->schema.format = format; });
  check_fee(w, type, [](Made* m) { m->schema.format = nullptr; });
}

TEST_CASE("values that a fact cannot hold are refused by their row") {
  const World w;
  Made fee("g", "fee", 2), brand("u", "brand", 2), down("u", "brand", 2), negative("u", "brand", 2),
      huge("L", "fee", 2), word("c", "brand", 2), words("u", "", 1),
      born("tsn:UTC", "born", 1), far("tss:UTC", "born", 1);
  fee.none().buffer<double>({1, __builtin_nan("")});
  check_refused(w, GR_NAMESPACE_CANDIDATE, &fee, 2, GR_STATUS_NOT_FINITE, "candidates[1].facts.fee");
  brand.none().buffer<std::int32_t>({0, 1, 2}).text("a\xFF");
  check_refused(w, GR_NAMESPACE_CANDIDATE, &brand, 2, GR_STATUS_UTF8, "candidates[1].facts.brand");
  down.none().buffer<std::int32_t>({0, 2, 1}).text("ab");
  check_refused(w, GR_NAMESPACE_CANDIDATE, &down, 2, GR_STATUS_ARGUMENT, "candidates[1].facts.brand");
  negative.none().buffer<std::int32_t>({-5, 0, 0}).text("ab");
  check_refused(w, GR_NAMESPACE_CANDIDATE, &negative, 2, GR_STATUS_ARGUMENT, "candidates[0].facts.brand");
  Made no_bytes("u", "brand", 2);
  no_bytes.none().buffer<std::int32_t>({0, 0, 3}).none();
  check_refused(w, GR_NAMESPACE_CANDIDATE, &no_bytes, 2, GR_STATUS_ARGUMENT, "offer.brand");
  huge.none().buffer<std::uint64_t>({1, UINT64_MAX});
  check_refused(w, GR_NAMESPACE_CANDIDATE, &huge, 2, GR_STATUS_TYPE, "candidates[1].facts.fee");
  words.none().buffer<std::int32_t>({0, 1}).text("a");
  word.none().buffer<std::int8_t>({0, -1});
  word.schema.dictionary = &words.schema;
  check_refused(w, GR_NAMESPACE_CANDIDATE, &word, 2, GR_STATUS_ARGUMENT, "offer.brand");   // none in the array
  word.array.dictionary = &words.array;
  check_refused(w, GR_NAMESPACE_CANDIDATE, &word, 2, GR_STATUS_ARGUMENT, "candidates[1].facts.brand");
  born.none().buffer<std::int64_t>({1});
  check_refused(w, GR_NAMESPACE_CONTEXT, &born, 1, GR_STATUS_TYPE, "context.born");
  far.none().buffer<std::int64_t>({INT64_MAX / 1000});
  check_refused(w, GR_NAMESPACE_CONTEXT, &far, 1, GR_STATUS_TYPE, "context.born");
}

TEST_CASE("lists and vectors are refused where their elements cannot be") {
  const World w;
  const auto list = [&](std::vector<std::int32_t> offsets, const char* inner, gr_status status,
                        const std::string& where) {
    Made tags("+l", "tags", 2), tag(inner, "item", 2);
    tag.none().buffer<std::int32_t>({0, 1, 2}).text("xy");
    tags.none().buffer<std::int32_t>(std::move(offsets)).child(&tag);
    check_refused(w, GR_NAMESPACE_CANDIDATE, &tags, 2, status, where);
  };
  list({0, 1, 3}, "u", GR_STATUS_ARGUMENT, "offer.tags");                  // an element that is not there
  list({0, 2, 1}, "u", GR_STATUS_ARGUMENT, "candidates[1].facts.tags");
  list({0, 1, 2}, "+l", GR_STATUS_ARGUMENT, "offer.tags");                 // children of its child
  list({0, 0, 4097}, "u", GR_STATUS_LIMIT, "candidates[1].facts.tags");
  Made nulls("+l", "tags", 2), null_tag("u", "item", 2);
  null_tag.bits(0b10).buffer<std::int32_t>({0, 1, 2}).text("xy");
  nulls.none().buffer<std::int32_t>({0, 1, 2}).child(&null_tag);
  check_refused(w, GR_NAMESPACE_CANDIDATE, &nulls, 2, GR_STATUS_TYPE, "candidates[0].facts.tags");
  Made look("+w:2", "look", 2), part("f", "item", 3);
  part.none().buffer<float>({1, 2, 3});
  look.none().child(&part);
  check_refused(w, GR_NAMESPACE_CANDIDATE, &look, 2, GR_STATUS_ARGUMENT, "offer.look");
  Made doubles("+w:2", "look", 2), numbers("g", "item", 4);
  numbers.none().buffer<double>({1, 2, 3, 4});
  doubles.none().child(&numbers);
  check_refused(w, GR_NAMESPACE_CANDIDATE, &doubles, 2, GR_STATUS_TYPE, "offer.look");
}

TEST_CASE("a batch that cannot be is refused whole") {
  const World w;
  w.start();
  Made fee("g", "fee", 2), second("g", "fee", 2), bad("g", "brand", 2);
  fee.none().buffer<double>({1, 2});
  second.none().buffer<double>({1, 2});
  bad.none().buffer<double>({1, 2});
  const std::string before = w.record();
  const auto status_of = [&](gr_namespace space, Made* batch) {
    gr_error* error = nullptr;
    const gr_status status = import(w, space, *batch, &error);
    CHECK((status == GR_STATUS_OK || gr_error_message(error).size != 0));
    gr_error_free(error);
    return status;
  };
  Made twice("+s", "", 2), half("+s", "", 2), short_batch("+s", "", 1), number("g", "", 2), gone("+s", "", 2);
  twice.none().child(&fee).child(&second);
  CHECK(status_of(GR_NAMESPACE_CANDIDATE, &twice) == GR_STATUS_DUPLICATE);
  half.none().child(&fee).child(&bad);              // the first would do
  CHECK(status_of(GR_NAMESPACE_CANDIDATE, &half) == GR_STATUS_TYPE);
  short_batch.none().child(&fee);
  CHECK(status_of(GR_NAMESPACE_CANDIDATE, &short_batch) == GR_STATUS_ARGUMENT);
  number.none().buffer<double>({1, 2});
  CHECK(status_of(GR_NAMESPACE_CANDIDATE, &number) == GR_STATUS_ARGUMENT);
  gone.none().child(&fee);
  gone.array.release = nullptr;
  CHECK(status_of(GR_NAMESPACE_CANDIDATE, &gone) == GR_STATUS_ARGUMENT);
  gone.array.release = release_array;
  gone.schema.n_children = 2;
  CHECK(status_of(GR_NAMESPACE_CANDIDATE, &gone) == GR_STATUS_ARGUMENT);
  gone.schema.n_children = 1;
  gone.schemas[0] = nullptr;
  CHECK(status_of(GR_NAMESPACE_CANDIDATE, &gone) == GR_STATUS_ARGUMENT);
  gone.schemas[0] = &fee.schema;
  CHECK(status_of(static_cast<gr_namespace>(3), &gone) == GR_STATUS_ARGUMENT);
  CHECK(gr_request_import_arrow(nullptr, GR_NAMESPACE_PAIR, &gone.schema, &gone.array, nullptr) == GR_STATUS_ARGUMENT);
  CHECK(gr_request_import_arrow(w.request, GR_NAMESPACE_PAIR, nullptr, &gone.array, nullptr) == GR_STATUS_ARGUMENT);
  CHECK(gr_request_import_arrow(w.request, GR_NAMESPACE_PAIR, &gone.schema, nullptr, nullptr) == GR_STATUS_ARGUMENT);
  CHECK(w.record() == before);
  CHECK(status_of(GR_NAMESPACE_CANDIDATE, &gone) == GR_STATUS_OK);
  CHECK(w.record() != before);
}
