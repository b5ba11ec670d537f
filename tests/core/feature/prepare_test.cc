// Facts that fields read, type checking of chains, and encoding over a request.
#include <doctest/doctest.h>

#include <string>

#include "tests/core/feature/field_fixture.h"

using namespace guardrank;
using guardrank::testing::FieldFixture;

namespace {

class Preparation {
 public:
  Preparation() { CHECK(facts.open(64, &arena, &error) == Status::ok); }

  Status prepare(std::vector<Field> all) {
    fields = std::move(all);
    GUARDRANK_TRY(add_model_facts(fields, &facts, &error));
    return prepare_features(fields, facts, &arena, &plan, &error);
  }

  Arena arena{guardrank::testing::heap, std::size_t{1} << 24};
  Error error;
  FactTable facts;
  std::vector<Field> fields;
  FeaturePlan plan;
};

Status refused(Field field, std::string* message) {
  Preparation preparation;
  const Status status = preparation.prepare({field});
  *message = std::string(preparation.error.message());
  return status;
}

void check_refused(FieldFixture& fixture, std::string_view op) {
  std::string message;
  CHECK(refused(fixture.named("income").field(), &message) == Status::model_json);
  CAPTURE(message);
  CHECK(message.find("income") != std::string::npos);
  CHECK(message.find(op) != std::string::npos);
}

}  // namespace

TEST_CASE("fields add their facts, a cross those of the fields it names") {
  FieldFixture state(FactType::string), apr(FactType::f64), seen(FactType::i64),
      both(FactType::f64);
  state.named("state").embedding().vocabulary({"CA"});
  apr.named("apr").on(Side::candidate);
  seen.named("seen").on(Side::pair);
  both.named("both").on(Side::pair).crossing({"state", "offer_id"}).hash(10, 0).embedding();
  Preparation p;
  REQUIRE(p.prepare({state.field(), apr.field(), seen.field(), both.field()}) == Status::ok);
  CHECK(p.facts.size() == 4);
  const std::uint32_t ctx_state = p.facts.find(Namespace::context, "state");
  const std::uint32_t offer_id = p.facts.find(Namespace::candidate, "offer_id");
  REQUIRE(ctx_state != no_fact);
  REQUIRE(offer_id != no_fact);
  CHECK(p.facts[offer_id].type == FactType::string);
  CHECK(p.plan.inputs[0][0] == ctx_state);
  CHECK(p.plan.inputs[1][0] == p.facts.find(Namespace::candidate, "apr"));
  CHECK(p.plan.inputs[2][0] == p.facts.find(Namespace::pair, "seen"));
  REQUIRE(p.plan.inputs[3].size() == 2);
  CHECK(p.plan.inputs[3][0] == ctx_state);
  CHECK(p.plan.inputs[3][1] == offer_id);
}

TEST_CASE("a fact of another type is refused") {
  FieldFixture field(FactType::f64);
  field.named("state");
  Preparation p;
  Fact fact;
  fact.name = "state";
  fact.type = FactType::string;
  REQUIRE(p.facts.add(fact, nullptr, &p.error) == Status::ok);
  CHECK(p.prepare({field.field()}) == Status::type);
}

TEST_CASE("ops that do not suit their input are refused by field and op") {
  FieldFixture text(FactType::string), time(FactType::timestamp), number(FactType::f64),
      list(FactType::string_list), code(FactType::string), bool_field(FactType::boolean);
  check_refused(text.op(TransformKind::log1p), "log1p");
  check_refused(time.clip(0, 1), "clip");
  check_refused(number.op(TransformKind::days_since), "days_since");
  check_refused(list.embedding(Pooling::mean).bucketize({1.0}), "bucketize");
  check_refused(code.embedding().hash(5, 0).standardize(0, 1), "standardize");
  check_refused(bool_field.fill(0.5), "fill");
  FieldFixture hash(FactType::f64), words(FactType::f64), cross(FactType::string);
  check_refused(hash.embedding().hash(5, 0), "hash");
  check_refused(words.embedding().vocabulary({"1"}), "vocabulary");
  check_refused(cross.embedding().op(TransformKind::cross).hash(5, 0), "cross");
  FieldFixture buckets(FactType::string), deviation(FactType::f64), bounds(FactType::f64);
  check_refused(buckets.embedding().hash(0, 0), "hash");
  check_refused(deviation.standardize(0, 0), "standardize");
  check_refused(bounds.clip(2, 1), "clip");
  FieldFixture unknown(FactType::f64);
  check_refused(unknown.op(static_cast<TransformKind>(99)), "unknown op");
}

TEST_CASE("a chain must end in what its output is") {
  FieldFixture text(FactType::string), time(FactType::timestamp), number(FactType::f64),
      code(FactType::string), list(FactType::string_list), vector(FactType::f64);
  check_refused(text, "a string");
  check_refused(time, "a timestamp");
  check_refused(number.embedding(), "a number");
  check_refused(code.hash(5, 0), "a code");
  check_refused(list.embedding().hash(5, 0), "pool");
  check_refused(vector.vector(3), "width");
}

TEST_CASE("crosses that cannot work are refused") {
  const auto status_of = [](Side side, std::string_view input, FactType type, Side input_side,
                            std::string* message) {
    FieldFixture other(type), crossed(FactType::f64), cross(FactType::string);
    other.named("other").on(input_side);
    if (type == FactType::string) other.embedding().hash(5, 0);
    crossed.named("crossed").on(Side::pair).crossing({"offer_id"}).hash(5, 0).embedding();
    cross.named("cross").on(side).crossing({input}).hash(5, 0).embedding();
    Preparation p;
    const Status status = p.prepare({other.field(), crossed.field(), cross.field()});
    *message = std::string(p.error.message());
    return status;
  };
  std::string message;
  const FactType text = FactType::string;
  CHECK(status_of(Side::pair, "other", text, Side::context, &message) == Status::ok);
  CHECK(status_of(Side::pair, "nobody", text, Side::context, &message) == Status::model_json);
  CHECK(message.find("nobody") != std::string::npos);
  CHECK(status_of(Side::pair, "crossed", text, Side::context, &message) == Status::model_json);
  CHECK(status_of(Side::pair, "other", FactType::f64, Side::context, &message) ==
        Status::model_json);
  CHECK(status_of(Side::candidate, "other", text, Side::context, &message) == Status::model_json);
  CHECK(message.find("pair") != std::string::npos);
  CHECK(status_of(Side::context, "offer_id", text, Side::context, &message) == Status::model_json);
  CHECK(status_of(Side::candidate, "offer_id", text, Side::context, &message) == Status::ok);
}
