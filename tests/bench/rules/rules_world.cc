#include "tests/bench/rules/rules_world.h"

#include <cstdlib>
#include <new>

#include "core/base/json.h"
#include "core/base/limits.h"
#include "core/expr/expression.h"
#include "core/frame/request.h"

namespace guardrank {
namespace {

std::uint64_t allocations = 0;

Allocator counting_allocator() {
  Allocator allocator;
  allocator.allocate = [](void*, std::size_t size, std::size_t alignment) -> void* {
    ++allocations;
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  };
  allocator.release = [](void*, void* memory, std::size_t, std::size_t) { std::free(memory); };
  return allocator;
}

constexpr std::size_t most_bytes = std::size_t{64} << 20;

FactType type_named(std::string_view name) {
  for (unsigned i = 0; i < 7; ++i)
    if (fact_type_name(static_cast<FactType>(i)) == name) return static_cast<FactType>(i);
  return FactType::f64;
}

Namespace space_named(std::string_view name) {
  unsigned i = 0;
  while (i < 7 && namespace_name(static_cast<Namespace>(i)) != name) ++i;
  return static_cast<Namespace>(i);
}

struct World {
  Arena arena{counting_allocator(), most_bytes};
  Arena session{counting_allocator(), most_bytes};
  Arena scratch{counting_allocator(), most_bytes};
  Error error;
  FactTable facts;
  const JsonValue* workload = nullptr;
  std::span<Program> programs;
  std::uint32_t n_rules = 0;
  Request* request = nullptr;
  Frame frame;

  Status add(std::string_view path, FactType type) {
    const std::size_t dot = path.find('.');
    Fact fact;
    fact.space = space_named(path.substr(0, dot));
    fact.name = path.substr(dot + 1);
    fact.type = type;
    fact.is_declared = true;
    return facts.add(fact, nullptr, &error);
  }

  // "p.click" comes with the offers as "p_click".
  Status carried_name(std::string_view outcome, std::string_view* name) {
    std::span<char> text;
    GUARDRANK_TRY(arena.make(outcome.size(), &text));
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = outcome[i] == '.' ? '_' : outcome[i];
    *name = {text.data(), text.size()};
    return Status::ok;
  }

  Status add_facts() {
    GUARDRANK_TRY(facts.open(128, &arena, &error));
    for (auto* fact = workload->member("facts")->first; fact != nullptr; fact = fact->next)
      GUARDRANK_TRY(add(fact->key, type_named(fact->text)));
    for (auto* one = workload->member("outcomes")->first; one != nullptr; one = one->next) {
      GUARDRANK_TRY(add(one->text, FactType::f64));
      Fact carried;
      carried.space = Namespace::candidate;
      GUARDRANK_TRY(carried_name(one->text, &carried.name));
      GUARDRANK_TRY(facts.add(carried, nullptr, &error));
    }
    for (auto* one = workload->member("parameters")->first; one != nullptr; one = one->next) {
      Fact fact;
      fact.space = Namespace::parameter;
      fact.name = one->key;
      fact.is_declared = true;
      std::span<double> value;
      GUARDRANK_TRY(arena.make(1, &value));
      value[0] = one->number;
      fact.fallback.n_rows = 1;
      fact.fallback.numbers = value.data();
      GUARDRANK_TRY(facts.add(fact, nullptr, &error));
    }
    return Status::ok;
  }

  Status compile(const JsonValue& one, ExprType type, Arena* into, Program* program) {
    return compile_expression(one.member("cel")->text, one.member("id")->text, facts,
                              facts_and_outcomes, type, into, program, &error);
  }

  Status compile_all() {
    const JsonValue* rules = workload->member("rules");
    const JsonValue* terms = workload->member("terms");
    n_rules = rules->n_children;
    GUARDRANK_TRY(arena.make(n_rules + terms->n_children, &programs));
    std::size_t at = 0;
    for (auto* one = rules->first; one != nullptr; one = one->next)
      GUARDRANK_TRY(compile(*one, ExprType::boolean, &arena, &programs[at++]));
    for (auto* one = terms->first; one != nullptr; one = one->next)
      GUARDRANK_TRY(compile(*one, ExprType::number, &arena, &programs[at++]));
    return Status::ok;
  }

  // Every column is gathered here, as the frame of a request has it after its first reader.
  Status open_frame() {
    session.reset();
    GUARDRANK_TRY(frame.open(*request, &session));
    for (auto* one = workload->member("outcomes")->first; one != nullptr; one = one->next) {
      std::string_view name;
      GUARDRANK_TRY(carried_name(one->text, &name));
      Column column;
      GUARDRANK_TRY(frame.column(facts.find(Namespace::candidate, name), &column));
      const std::size_t dot = one->text.find('.');
      frame.set_column(facts.find(space_named(one->text.substr(0, dot)),
                                  one->text.substr(dot + 1)), column);
    }
    return Status::ok;
  }

  Status open(std::string_view workload_text, std::string_view request_text) {
    GUARDRANK_TRY(parse_json(workload_text, &arena, &workload, &error));
    GUARDRANK_TRY(add_facts());
    GUARDRANK_TRY(compile_all());
    void* memory = arena.allocate(sizeof(Request), alignof(Request));
    if (memory == nullptr) return Status::memory;
    request = ::new (memory) Request(facts, nullptr, counting_allocator());
    GUARDRANK_TRY(read_request_json(request_text, request, &error));
    return open_frame();
  }

  Status run(std::size_t first, std::size_t last, std::uint32_t rounds) {
    // Memory of evaluations lives as long as the frame's arena, one round to the next.
    static EvaluationMemory memory;
    EvaluatedColumn column;
    for (std::uint32_t round = 0; round < rounds; ++round)
      for (std::size_t i = first; i < last; ++i)
        GUARDRANK_TRY(evaluate(programs[i], &frame, &memory, &column));
    return Status::ok;
  }

  Status compile_again(std::uint32_t count) {
    scratch.reset();
    Program program;
    const JsonValue* rules = workload->member("rules");
    const JsonValue* one = rules->first;
    for (std::uint32_t i = 0; i < count; ++i) {
      GUARDRANK_TRY(compile(*one, ExprType::boolean, &scratch, &program));
      one = one->next == nullptr ? rules->first : one->next;
    }
    return Status::ok;
  }

  Status collect(std::span<std::uint8_t>* results) {
    const std::size_t n_rows = frame.n_rows(), n_terms = programs.size() - n_rules;
    const std::size_t first_term = (n_rows * n_rules + 7) / 8 * 8;
    GUARDRANK_TRY(scratch.make_uninitialised(first_term + n_rows * n_terms * 8, results));
    for (std::size_t i = 0; i < programs.size(); ++i) {
      EvaluatedColumn column;
      GUARDRANK_TRY(evaluate(programs[i], &frame, &column));
      for (std::uint32_t row = 0; row < n_rows; ++row) {
        const auto state = static_cast<std::uint8_t>(column.state(row));
        if (i < n_rules) {
          (*results)[i * n_rows + row] = state == 0 ? column.booleans[column.row_of(row)]
                                                    : static_cast<std::uint8_t>(state + 1);
          continue;
        }
        const double value = state == 0 ? column.numbers[column.row_of(row)] : -1;
        __builtin_memcpy(results->data() + first_term + ((i - n_rules) * n_rows + row) * 8, &value,
                         8);
      }
    }
    return Status::ok;
  }
};

World* world = nullptr;
char message[512];

}  // namespace
}  // namespace guardrank

using guardrank::Status;

extern "C" {

char* rules_memory(std::size_t bytes) { return static_cast<char*>(std::malloc(bytes)); }

int rules_open(const char* workload, std::size_t workload_bytes, const char* request,
               std::size_t request_bytes) {
  static guardrank::World made;
  guardrank::world = &made;
  const Status status = made.open({workload, workload_bytes}, {request, request_bytes});
  const std::string_view text = made.error.message();
  const std::size_t shown = text.size() < 511 ? text.size() : 511;
  __builtin_memcpy(guardrank::message, text.data(), shown);
  return static_cast<int>(status);
}
const char* rules_message() { return guardrank::message; }

int rules_run(std::uint32_t rounds) {
  return static_cast<int>(guardrank::world->run(0, guardrank::world->programs.size(), rounds));
}
int rules_run_one(std::uint32_t expression, std::uint32_t rounds) {
  return static_cast<int>(guardrank::world->run(expression, expression + 1, rounds));
}
int rules_compile(std::uint32_t count) {
  return static_cast<int>(guardrank::world->compile_again(count));
}
std::uint64_t rules_allocations() { return guardrank::allocations; }

const std::uint8_t* rules_results(std::size_t* bytes) {
  std::span<std::uint8_t> results;
  guardrank::world->scratch.reset();
  if (guardrank::world->collect(&results) != Status::ok) return nullptr;
  *bytes = results.size();
  return results.data();
}
std::uint32_t rules_count() {
  return static_cast<std::uint32_t>(guardrank::world->programs.size());
}
}
