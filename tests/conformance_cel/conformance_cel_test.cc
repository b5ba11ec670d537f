// CEL's public conformance cases (google/cel-spec, tests/simple/testdata), where they are present:
// the folder GUARDRANK_SHARED, else ../shared beside the checkout. Every case runs as one row and
// as 1,000. left_out.txt names the cases that need what the language leaves out; a case that fails
// and is not named there, or is named and passes, fails the test.
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "tests/conformance_cel/case_value.h"
#include "tests/core/expr/world.h"

namespace guardrank::testing {
namespace {

constexpr std::string_view files[] = {
    "basic", "comparisons", "conversions", "fields", "fp_math", "integer_math", "lists",
    "logic", "macros", "namespace", "parse", "string", "timestamps"};

// Beside the checkout.
std::string shared_folder() {
  if (const char* given = std::getenv("GUARDRANK_SHARED")) return given;
  return GUARDRANK_SOURCE_DIR "/../shared";
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return file ? text.str() : std::string();
}

// Reason by "file/section/case" or "file/section/*".
struct LeftOut {
  std::map<std::string, std::string> reasons;
  std::set<std::string> used;

  LeftOut() {
    std::istringstream lines(read_text(GUARDRANK_SOURCE_DIR "/tests/conformance_cel/left_out.txt"));
    for (std::string line; std::getline(lines, line);) {
      const std::size_t blank = line.find(' ');
      if (line.empty() || line[0] == '#') continue;
      REQUIRE_MESSAGE(blank != std::string::npos, line, " gives no reason");
      reasons[line.substr(0, blank)] = line.substr(line.find_first_not_of(' ', blank));
    }
  }
  // The reason, or null.
  const std::string* find(const std::string& section, const std::string& name) {
    for (const std::string& key : {section + "/" + name, section + "/*"}) {
      const auto found = reasons.find(key);
      if (found == reasons.end()) continue;
      used.insert(key);
      return &found->second;
    }
    return nullptr;
  }
};

struct Case {
  std::string expr, container;
  bool is_checked = true, is_valid = true, wants_error = false;
  std::vector<NamedConstant> constants;
  ExprValue wanted = ExprValue::of(true);
};

Case read_case(const Message& test, CaseValues* values) {
  Case made;
  if (const std::string* expr = test.scalar("expr")) made.expr = *expr;
  if (const std::string* container = test.scalar("container")) made.container = *container;
  made.is_checked = test.scalar("disable_check") == nullptr;
  made.wants_error = test.message("eval_error") != nullptr;
  const Message* value = test.message("value");
  if (value != nullptr) made.is_valid = values->read(*value, &made.wanted);
  for (std::size_t i = 0; i < test.messages.size(); ++i) {
    if (test.message_names[i] != "bindings") continue;
    NamedConstant constant;
    constant.name = values->keep(*test.messages[i].scalar("key"));
    const Message* held = test.messages[i].message("value");
    held = held == nullptr ? nullptr : held->message("value");
    made.is_valid = made.is_valid && held != nullptr && values->read(*held, &constant.value);
    for (std::size_t j = 0; j < test.messages.size(); ++j) {
      if (test.message_names[j] != "type_env") continue;
      const Message* ident = test.messages[j].message("ident");
      const Message* type = ident == nullptr ? nullptr : ident->message("type");
      if (type != nullptr && *test.messages[j].scalar("name") == constant.name && made.is_checked)
        constant.type = case_type(*type);
    }
    made.constants.push_back(constant);
  }
  return made;
}

// Bits of a double count, for -0.0 is not 0.0; every NaN is one.
bool is_same(const ExprValue& a, const ExprValue& b) {
  if (a.kind != b.kind) return false;
  if (a.kind == ExprType::number)
    return (a.number != a.number && b.number != b.number) || a.natural == b.natural;
  return value_text(a) == value_text(b);
}

ExprValue row_value(const EvaluatedColumn& column, std::uint32_t row) {
  switch (column.type) {
    case ExprType::boolean: return ExprValue::of(column.booleans[row] != 0);
    case ExprType::integer: return ExprValue::of(column.integers[row]);
    case ExprType::unsigned_integer:
      return ExprValue::of(static_cast<std::uint64_t>(column.integers[row]));
    case ExprType::number: return ExprValue::of(column.numbers[row]);
    case ExprType::string: return ExprValue::of(column.strings[row]);
    default: return column.values[row];
  }
}

// What is wrong with the result; empty when it is as wanted.
std::string judge(const Case& test, World* world, bool is_by_row) {
  if (!test.is_valid) return "its values are no values of the language";
  ExpressionScope scope;
  scope.facts = &world->facts;
  scope.allowed = facts_only;
  scope.constants = test.constants;
  scope.container = test.container;
  scope.is_checked = test.is_checked;
  scope.is_by_row = is_by_row;
  Program program;
  world->error.clear();
  const Status status = compile_expression(test.expr, "case", scope, ExprType::dyn, &world->arena,
                                           &program, &world->error);
  if (status != Status::ok) {
    // What the checker finds before anything runs is found, but a case that is not checked runs.
    const bool is_found = status == Status::typecheck || status == Status::name;
    if (test.wants_error && test.is_checked && is_found) return {};
    return std::string(world->error.message());
  }
  EvaluatedColumn column;
  if (evaluate(program, &world->frame, &column) != Status::ok) return "it does not evaluate";
  if (is_by_row != (column.n_rows == world->frame.n_rows() && column.n_rows > 1))
    return "wrong number of rows";
  for (std::uint32_t row = 0; row < column.n_rows; ++row) {
    const bool is_error = column.state(row) == RowState::error;
    if (test.wants_error && is_error) continue;
    if (column.state(row) == RowState::value && !test.wants_error &&
        is_same(row_value(column, row), test.wanted))
      continue;
    return "row " + std::to_string(row) + " gave " + world->text(column, row) + ", wanted " +
           (test.wants_error ? "an error" : value_text(test.wanted));
  }
  return {};
}

struct Tally {
  int passed = 0;
  std::map<std::string, int> left_out;   // by reason
};

void run_file(std::string_view file, const Message& cases, World* world, LeftOut* left_out,
              Tally* tally) {
  for (const Message& section : cases.messages) {
    const std::string* section_name = section.scalar("name");
    for (std::size_t i = 0; i < section.messages.size(); ++i) {
      if (section.message_names[i] != "test") continue;
      const Message& test = section.messages[i];
      const std::string place = std::string(file) + "/" + *section_name;
      CAPTURE(place);
      CAPTURE(*test.scalar("name"));
      CAPTURE(*test.scalar("expr"));
      CaseValues values;
      const Case made = read_case(test, &values);
      const std::string one = judge(made, world, false), many = judge(made, world, true);
      const std::string* reason = left_out->find(place, *test.scalar("name"));
      if (reason == nullptr) {
        CHECK_MESSAGE(one.empty(), one);
        CHECK_MESSAGE(many.empty(), "as 1000 rows: ", many);
        tally->passed += one.empty() && many.empty() ? 1 : 0;
      } else {
        CHECK_MESSAGE((!one.empty() || !many.empty()), "it passes: take it off left_out.txt");
        ++tally->left_out[*reason];
      }
    }
  }
}

TEST_CASE("CEL's conformance cases, as one row and as 1,000") {
  const std::string folder = shared_folder() + "/conformance/cel/";
  World world;
  world.candidates(1000);
  world.open();
  LeftOut left_out;
  Tally tally;
  for (const std::string_view file : files) {
    const std::string text = read_text(folder + std::string(file) + ".textproto");
    if (text.empty()) {
      MESSAGE("not run: no conformance cases in ", folder);
      return;
    }
    run_file(file, TextFormat(text).read(), &world, &left_out, &tally);
  }
  MESSAGE(tally.passed, " cases pass");
  for (const auto& [reason, count] : tally.left_out) MESSAGE(count, " left out: ", reason);
  for (const auto& [key, reason] : left_out.reasons)
    CHECK_MESSAGE(left_out.used.count(key) == 1, key, " is no case any more");
}

}  // namespace
}  // namespace guardrank::testing
