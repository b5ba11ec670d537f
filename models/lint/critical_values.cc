#include "models/lint/critical_values.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

namespace guardrank::lint {
namespace {

constexpr std::size_t most_numbers = 80, most_strings = 24;
constexpr std::int64_t day = 86'400'000'000;

// Constants written in an expression. A lexer's work done roughly: what is found beside the
// literals (a digit of a name, say) is one more value to try and does no harm.
struct Constants {
  std::set<double> numbers;
  std::set<std::string> strings;
};

void scan_string(std::string_view text, std::size_t* at, Constants* out) {
  const char quote = text[*at];
  std::string value;
  for (++*at; *at < text.size() && text[*at] != quote; ++*at) {
    if (text[*at] == '\\' && *at + 1 < text.size()) ++*at;
    value += text[*at];
  }
  out->strings.insert(value);
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

std::vector<double> neighbours(const std::set<double>& numbers) {
  const std::vector<double> own = thinned(std::vector<double>(numbers.begin(), numbers.end()), 24);
  std::set<double> all(own.begin(), own.end());
  for (const double value : own) {
    all.insert(value - 1);
    all.insert(value + 1);
  }
  for (std::size_t i = 1; i < own.size(); ++i) all.insert((own[i - 1] + own[i]) / 2);
  for (const double value : {0.0, 0.5, 1.0, 1e3, 1e6}) all.insert(value);
  return thinned(std::vector<double>(all.begin(), all.end()), most_numbers);
}

CriticalValues values_of(const FactTable& facts, std::uint32_t ordinal, const Constants& found) {
  CriticalValues out;
  out.fact = ordinal;
  out.type = facts[ordinal].type;
  for (const double number : neighbours(found.numbers)) {
    if (out.type == FactType::i64) {
      const double whole = std::floor(number);
      if (out.numbers.empty() || out.numbers.back() != whole) out.numbers.push_back(whole);
    } else {
      out.numbers.push_back(number);
    }
  }
  std::vector<std::string> strings(found.strings.begin(), found.strings.end());
  out.strings = thinned(strings, most_strings);
  out.strings.push_back("something else");
  for (const std::int64_t days : {-3650, -365, -30, -1, 0, 1, 365}) out.times.push_back(days * day);
  out.lists.push_back({});
  for (const std::string& text : out.strings) out.lists.push_back({text});
  out.lists.push_back(out.strings);
  return out;
}

bool is_tried(const Fact& fact) {
  return fact.space == Namespace::context || fact.space == Namespace::candidate ||
         fact.space == Namespace::pair;
}

// What an expression compares, and what the catalog and the defaults give the facts that it reads:
// those that it compares with each other meet each other's values.
Constants constants_of(const CompiledPolicy& policy, const CompiledExpression& expression) {
  Constants found;
  scan(expression.source, &found);
  for (const std::uint32_t ordinal : expression.program.facts) {
    const Fact& fact = policy.facts()[ordinal];
    if (fact.catalog_column != no_column)
      add_column(policy.catalog().columns[fact.catalog_column].column, &found);
    add_column(fact.fallback, &found);
  }
  return found;
}

}  // namespace

std::size_t CriticalValues::size() const {
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

std::vector<CriticalValues> critical_values(const CompiledPolicy& policy,
                                            const std::vector<const CompiledExpression*>& read) {
  std::map<std::uint32_t, Constants> by_fact;
  for (const CompiledExpression* expression : read) {
    const Constants found = constants_of(policy, *expression);
    for (const std::uint32_t fact : expression->program.facts) {
      if (!is_tried(policy.facts()[fact])) continue;
      by_fact[fact].numbers.insert(found.numbers.begin(), found.numbers.end());
      by_fact[fact].strings.insert(found.strings.begin(), found.strings.end());
    }
  }
  std::vector<CriticalValues> out;
  for (const auto& [fact, found] : by_fact) out.push_back(values_of(policy.facts(), fact, found));
  return out;
}

}  // namespace guardrank::lint
