// What functions do with one row's values, whatever their types: the meaning behind every operation
// that has no loop of its own.
#pragma once

#include "core/expr/machine.h"

namespace guardrank {

// One operation in one row; its operands are values.
struct Call {
  const Operation& operation;
  Machine& machine;
  std::uint32_t row = 0;

  const ExprValue& operator[](std::uint32_t at) const { return machine.arguments[at]; }
  std::uint32_t size() const { return operation.n_operands; }
  Function function() const { return operation.function; }
  bool charge(std::uint64_t steps) const { return machine.charge(row, steps); }
  void* take(std::size_t bytes) const { return machine.take(row, bytes); }
};

using ValueFunction = EvalProblem (*)(const Call& call, ExprValue* result);

EvalProblem add_values(const Call& call, ExprValue* result);       // - + * / %
// An operator on two numbers of one type, or on times.
EvalProblem combine_values(Function function, const ExprValue& a, const ExprValue& b,
                           ExprValue* result);
EvalProblem calculate(const Call& call, ExprValue* result);        // least, abs, exp, ...
EvalProblem count_decayed(const Call& call, ExprValue* result);    // decayed_count
EvalProblem add_elements(const Call& call, ExprValue* result);     // sum
EvalProblem compare_values(const Call& call, ExprValue* result);   // == < ...
EvalProblem look_up(const Call& call, ExprValue* result);          // in, [], .field, has
EvalProblem make_collection(const Call& call, ExprValue* result);  // [..], {..}
EvalProblem convert(const Call& call, ExprValue* result);          // int, uint, double, bool, type
EvalProblem convert_to_text(const Call& call, ExprValue* result);  // string, bytes
EvalProblem convert_to_time(const Call& call, ExprValue* result);  // timestamp, duration
EvalProblem search_text(const Call& call, ExprValue* result);      // size, contains, ...
EvalProblem match_text(const Call& call, ExprValue* result);       // matches
EvalProblem time_part(const Call& call, ExprValue* result);        // getHours, ...

// Times as text. Duration: units h, m, s, ms, us, ns. False: no such thing, or beyond its range.
bool read_time(std::string_view text, ExprValue* timestamp);
bool read_duration(std::string_view text, ExprValue* duration);
inline constexpr std::size_t max_time_text_bytes = 40;
std::size_t write_time(const ExprValue& timestamp, char* out);
std::size_t write_duration(const ExprValue& duration, char* out);
// "UTC" or an offset like "+02:00": what a part of a time may be asked in.
bool is_time_zone(std::string_view text);
// Years 0001 to 9999.
bool is_time_in_range(std::int64_t seconds);

}  // namespace guardrank
