#include "models/lint/critical_values.h"

#include <algorithm>
#include <iterator>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

#include "core/base/number_text.h"
#include "models/lint/pattern_sample.h"

namespace guardrank::lint {
namespace {

constexpr std::size_t most_numbers = 160, most_own = 24, most_derived = 96, most_strings = 48;
constexpr std::size_t most_joined = 8, longest_text = 64, longest_list = 32;
// Texts that no expression names: as many as facts may differ in.
constexpr const char* others[most_ordered_facts] = {"something else", "another", "a third"};
constexpr std::int64_t hour = 3'600'000'000, day = 24 * hour;

// Constants written in an expression. A lexer's work done roughly: what is found beside the
// literals (a digit of a name, say) is one more value to try and does no harm.
struct Constants {
  std::set<double> numbers;
  std::set<std::string> strings;
  std::vector<std::string> in_order;   // strings as they are written
  Exactness exactness;                 // of all that read the fact
  bool reads_times = false;            // from texts
  Breadth breadth = Breadth::wide;

  // Whether values made of the constants are wanted.
  bool is_wide() const { return breadth == Breadth::wide && !exactness.compares_only; }
};

void scan_string(std::string_view text, std::size_t* at, Constants* out) {
  const char quote = text[*at];
  std::string value;
  for (++*at; *at < text.size() && text[*at] != quote; ++*at) {
    if (text[*at] == '\\' && *at + 1 < text.size()) ++*at;
    value += text[*at];
  }
  out->strings.insert(value);
  out->in_order.push_back(value);
}

void scan(std::string_view source, Constants* out) {
  const std::string text(source);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"' || text[at] == '\'') {
      scan_string(text, &at, out);
    } else if (std::isdigit(static_cast<unsigned char>(text[at])) != 0) {
      char* end = nullptr;
      const double value = std::strtod(text.c_str() + at, &end);
      if (std::isfinite(value)) out->numbers.insert(value);
      at = static_cast<std::size_t>(end - text.c_str()) - 1;
    }
  }
}

void add_column(const Column& column, Constants* out) {
  for (std::uint32_t row = 0; row < column.n_rows; ++row) {
    if (!column.is_present(row)) continue;
    switch (column.type) {
      case FactType::f64: out->numbers.insert(column.numbers[row]); break;
      case FactType::i64: out->numbers.insert(static_cast<double>(column.integers[row])); break;
      case FactType::string: out->strings.insert(std::string(column.strings[row])); break;
      case FactType::string_list:
        for (std::uint32_t i = column.list_offsets[row]; i < column.list_offsets[row + 1]; ++i)
          out->strings.insert(std::string(column.strings[i]));
        break;
      default: break;
    }
  }
}

template <typename T>
std::vector<T> thinned(const std::vector<T>& values, std::size_t most) {
  if (values.size() <= most) return values;
  std::vector<T> out;
  for (std::size_t i = 0; i < most; ++i)
    out.push_back(values[i * (values.size() - 1) / (most - 1)]);
  return out;
}

// What arithmetic may ask of a number: sums, differences, products and quotients of constants.
std::set<double> derived(const std::vector<double>& own) {
  std::set<double> all;
  const auto add = [&](double value) {
    if (std::isfinite(value) && all.size() < most_derived) all.insert(value);
  };
  for (const double a : own)
    for (const double b : own) {
      add(a - b);
      add(a / b);
      for (const double c : own) add((a - b) / c);
    }
  for (const double a : own)
    for (const double b : own) add(a + b), add(a * b);
  return all;
}

// Beside each number and between it and the next as many as facts may stand in order there.
std::vector<double> neighbours(const std::set<double>& own, std::size_t n_beside) {
  const std::vector<double> at(own.begin(), own.end());
  std::set<double> all(own);
  for (std::size_t i = 0; i < at.size(); ++i)
    for (std::size_t n = 1; n <= n_beside; ++n) {
      const double steps = static_cast<double>(n), gaps = static_cast<double>(n_beside) + 1;
      all.insert(at[i] - steps);
      all.insert(at[i] + steps);
      if (std::fabs(at[i]) > 1e15) all.insert(at[i] + std::fabs(at[i]) * steps);
      if (i > 0) all.insert(at[i - 1] + (at[i] - at[i - 1]) * steps / gaps);
    }
  for (const double value : {-1.0, 0.0, 0.5, 1.0, 1e3, 1e6}) all.insert(value);
  std::vector<double> finite;          // beside the largest there is nothing that a fact may be
  std::copy_if(all.begin(), all.end(), std::back_inserter(finite), [](double value) { return std::isfinite(value); });
  return finite;
}

// True where some were left out.
bool set_numbers(const Constants& found, CriticalValues* out) {
  const std::vector<double> every(found.numbers.begin(), found.numbers.end());
  const std::vector<double> own = thinned(every, most_own);
  std::set<double> all(own.begin(), own.end());
  if (found.is_wide() && found.exactness.has_arithmetic)
    all.merge(derived(thinned(own, most_joined)));
  const bool is_sparse = !found.exactness.compares_only && !found.is_wide();
  std::vector<double> near = neighbours(all, is_sparse ? 1 : most_ordered_facts);
  if (out->type == FactType::i64) {
    for (double& number : near) number = std::floor(number);
    near.erase(std::unique(near.begin(), near.end()), near.end());
  }
  out->numbers = thinned(near, most_numbers);
  return every.size() > most_own || near.size() > most_numbers;
}

std::string time_text(std::int64_t micros) {
  char text[max_number_text_bytes];
  return {text, write_timestamp(micros, text)};
}

// Texts that functions may ask for: of a size, a number, a time, with a beginning and an end, that a
// pattern matches.
void add_texts(const Constants& found, std::int64_t now, std::vector<std::string>* out) {
  for (const double number : found.numbers) {
    if (number != std::floor(number) || std::fabs(number) > 1e15) continue;
    const auto whole = static_cast<std::int64_t>(number);
    for (std::int64_t near = whole - 1; near <= whole + 1; ++near) {
      out->push_back(std::to_string(near));
      if (near > 0 && near <= static_cast<std::int64_t>(longest_text))
        out->push_back(std::string("1234567890123456789012345678901234567890123456789012345678901234")
                           .substr(0, static_cast<std::size_t>(near)));
    }
  }
  const std::vector<std::string> few = thinned(found.in_order, most_joined);
  for (const std::string& text : few) out->push_back(pattern_sample(text));
  for (const std::string& first : few)
    for (const std::string& second : few) out->push_back(first + second);
  if (!found.reads_times) return;
  for (const std::int64_t days : {-3650, -365, -30, -1, 0, 1, 365})
    out->push_back(time_text(now + days * day));
}

void add_lists(const Constants& found, CriticalValues* out) {
  out->lists.push_back({});
  for (const std::string& text : out->strings) out->lists.push_back({text});
  out->lists.push_back(out->strings);
  if (!found.is_wide()) return;
  out->lists.push_back(found.in_order);
  for (const double number : found.numbers)
    for (const double near : {number - 1, number, number + 1})
      if (near > 1 && near <= longest_list && near == std::floor(near))
        out->lists.emplace_back(static_cast<std::size_t>(near), others[0]);
}

// Hours, days of a week and months, for parts of a time.
std::vector<std::int64_t> times_of_now() {
  std::vector<std::int64_t> times = {0};
  for (int n = 1; n < 24; ++n) times.push_back(n * hour);
  for (int n = 1; n < 7; ++n) times.push_back(n * day);
  for (int n = 1; n < 13; ++n) times.push_back(n * 30 * day);
  return times;
}

// What a model says has bounds: they stand for constants.
constexpr double least_outcome = 0, largest_probability = 1;

bool is_probability(Namespace space) {
  return space == Namespace::probability || space == Namespace::reach;
}

void keep_possible(Namespace space, std::vector<double>* numbers) {
  std::erase_if(*numbers, [&](double number) {
    return number < least_outcome || (is_probability(space) && number > largest_probability);
  });
}

// True where values that the expressions name were left out.
bool set_values(const Fact& fact, const Constants& found, std::int64_t now, CriticalValues* out) {
  bool is_thinned = set_numbers(found, out);
  if (is_outcome(fact.space)) keep_possible(fact.space, &out->numbers);
  const std::vector<std::string> strings(found.strings.begin(), found.strings.end());
  out->strings = thinned(strings, most_own);
  is_thinned |= strings.size() > most_own;
  if (found.is_wide()) add_texts(found, now, &out->strings);
  std::sort(out->strings.begin(), out->strings.end());
  out->strings.erase(std::unique(out->strings.begin(), out->strings.end()), out->strings.end());
  out->strings = thinned(out->strings, most_strings);
  for (const char* other : others) out->strings.push_back(other);
  if (fact.space == Namespace::time) out->times = times_of_now();
  else
    for (const std::int64_t days : {-3650, -365, -30, -1, 0, 1, 365})
      out->times.push_back(days * day);
  add_lists(found, out);
  return is_thinned;
}

bool is_tried(const Fact& fact) { return fact.space != Namespace::parameter; }

// What an expression compares, and what the catalog and the defaults give the facts that it reads:
// those that it compares with each other meet each other's values.
Constants constants_of(const CompiledPolicy& policy, const CompiledExpression& expression) {
  Constants found;
  scan(expression.source, &found);
  found.exactness = expression.exactness;
  found.reads_times = expression.source.find("timestamp(") != std::string_view::npos;
  for (const std::uint32_t ordinal : expression.program.facts) {
    const Fact& fact = policy.facts()[ordinal];
    if (is_outcome(fact.space)) found.numbers.insert({least_outcome, largest_probability});
    if (fact.catalog_column != no_column)
      add_column(policy.catalog().columns[fact.catalog_column].column, &found);
    add_column(fact.fallback, &found);
  }
  return found;
}

void join(const Constants& found, bool is_first, Constants* all) {
  all->numbers.insert(found.numbers.begin(), found.numbers.end());
  all->strings.insert(found.strings.begin(), found.strings.end());
  all->in_order.insert(all->in_order.end(), found.in_order.begin(), found.in_order.end());
  all->reads_times |= found.reads_times;
  all->exactness.compares_only =
      found.exactness.compares_only && (is_first || all->exactness.compares_only);
  all->exactness.has_arithmetic |= found.exactness.has_arithmetic;
}

bool is_number(FactType type) { return type == FactType::f64 || type == FactType::i64; }

}  // namespace

bool is_outcome(Namespace space) { return is_probability(space) || space == Namespace::value; }

std::size_t CriticalValues::n_values() const {
  switch (type) {
    case FactType::f64:
    case FactType::i64: return numbers.size();
    case FactType::boolean: return 2;
    case FactType::string: return strings.size();
    case FactType::timestamp: return times.size();
    case FactType::string_list: return lists.size();
    case FactType::f32_vector: break;
  }
  return 1;
}

ValuesToTry critical_values(const CompiledPolicy& policy,
                            const std::vector<const CompiledExpression*>& read, std::int64_t now,
                            Breadth breadth) {
  std::map<std::uint32_t, Constants> by_fact;
  std::set<std::uint32_t> may_lack;
  std::uint32_t n_list_tests = 0;
  ValuesToTry out;
  out.is_exhaustive = true;
  for (const CompiledExpression* expression : read) {
    const Constants found = constants_of(policy, *expression);
    out.is_exhaustive &= expression->exactness.compares_only;
    n_list_tests += expression->exactness.n_list_tests;
    may_lack.insert(expression->exactness.may_lack.begin(), expression->exactness.may_lack.end());
    for (const std::uint32_t fact : expression->program.facts) {
      if (!is_tried(policy.facts()[fact])) continue;
      const auto [held, is_first] = by_fact.try_emplace(fact);
      join(found, is_first, &held->second);
      held->second.breadth = breadth;
    }
  }
  std::size_t n_numbers = 0, n_strings = 0;
  for (const auto& [ordinal, found] : by_fact) {
    const Fact& fact = policy.facts()[ordinal];
    CriticalValues values;
    values.fact = ordinal;
    values.type = fact.type;
    values.may_lack = may_lack.contains(ordinal);
    out.is_exhaustive &= !set_values(fact, found, now, &values);
    n_numbers += is_number(fact.type) ? 1 : 0;
    n_strings += fact.type == FactType::string ? 1 : 0;
    out.facts.push_back(std::move(values));
  }
  out.is_exhaustive &= n_numbers <= most_ordered_facts && n_strings <= most_ordered_facts &&
                       n_list_tests <= most_list_tests;
  return out;
}

}  // namespace guardrank::lint
