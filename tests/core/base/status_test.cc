#include <doctest/doctest.h>

#include <string>

#include "core/base/status.h"

namespace guardrank {

TEST_CASE("status names are those of the contracts") {
  CHECK(status_name(Status::ok) == "GR_STATUS_OK");
  CHECK(status_name(Status::type) == "GR_STATUS_TYPE");
  CHECK(status_name(Status::protected_fact) == "GR_STATUS_PROTECTED");
  CHECK(status_name(static_cast<Status>(203)) == "GR_STATUS_TYPE");
  CHECK(status_name(static_cast<Status>(206)) == "GR_STATUS_DUPLICATE_OFFER");
  CHECK(status_name(static_cast<Status>(901)) == "GR_STATUS_INTERNAL");
  CHECK(status_name(static_cast<Status>(207)) == "GR_STATUS_UNKNOWN");
  CHECK(status_name(static_cast<Status>(-1)) == "GR_STATUS_UNKNOWN");
}

TEST_CASE("an error says where, what was wanted and what was found") {
  Error error;
  CHECK(error.wanted(Status::type, "context.income", {"a number"}, {"a string"}) == Status::type);
  CHECK(error.code() == Status::type);
  CHECK(error.where() == "context.income");
  CHECK(error.expected() == "a number");
  CHECK(error.found() == "a string");
  CHECK(error.message() == "context.income: wanted a number, found a string");
}

TEST_CASE("a limit that is crossed, and memory that is not there") {
  Error error;
  CHECK(error.over_limit("request", 256, " bytes", 257) == Status::limit);
  CHECK(error.message() == "request: wanted at most 256 bytes, found 257");
  CHECK(error.expected() == "at most 256 bytes");
  CHECK(error.no_memory("snapshot") == Status::memory);
  CHECK(error.where() == "snapshot");
  CHECK(error.message().starts_with("snapshot: no memory left"));
  CHECK(error.expected().empty());
}

TEST_CASE("a later error leaves nothing of an earlier one") {
  Error error;
  error.wanted(Status::type, "context.income", {"a number"}, {"a string"});
  CHECK(error.set(Status::limit, "", {"more than ", 7, " of ", 2.5}) == Status::limit);
  CHECK(error.message() == "more than 7 of 2.5");
  CHECK(error.where().empty());
  CHECK(error.expected().empty());
  CHECK(error.found().empty());
  error.clear();
  CHECK(error.code() == Status::ok);
  CHECK(error.message().empty());
}

TEST_CASE("within puts the section in front") {
  Error error;
  error.set(Status::verify, "weights", {"too short"});
  CHECK(error.within("model") == Status::verify);
  CHECK(error.where() == "model.weights");
  CHECK(error.message() == "model.weights: too short");
  error.within("bundle: ");
  CHECK(error.message() == "bundle: model.weights: too short");

  error.set(Status::verify, "[3].name", {"empty"});
  error.within("rules");
  CHECK(error.message() == "rules[3].name: empty");

  error.set(Status::verify, "", {"empty"});
  error.within("rules");
  CHECK(error.where() == "rules");
  CHECK(error.message() == "rules: empty");
}

TEST_CASE("an error may be rewritten from its own parts") {
  Error error;
  error.wanted(Status::type, "a.b", {"one"}, {"two"});
  error.wanted(Status::type, error.where(), {error.found()}, {error.expected()});
  CHECK(error.message() == "a.b: wanted two, found one");
}

TEST_CASE("long parts are cut between characters") {
  std::string where(200, 'w');
  std::string text = "x";
  for (int i = 0; i < 400; ++i) text += "\xC3\xA9";   // e with an acute accent, two bytes
  Error error;
  error.set(Status::json, where, {std::string_view(text)});
  CHECK(error.where() == std::string(160, 'w'));
  // 160 + ": " + "x" leaves 349 bytes: 174 whole characters, and one byte unused.
  CHECK(error.message().size() == 511);
  CHECK(error.message().substr(509) == "\xC3\xA9");
}

}  // namespace guardrank
