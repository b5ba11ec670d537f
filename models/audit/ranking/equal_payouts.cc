#include "models/audit/ranking/equal_payouts.h"

#include <algorithm>
#include <cmath>

#include "core/frame/frame.h"
#include "models/pack/pack_error.h"

namespace guardrank::audit {
namespace {

using pack::PackError;
using pack::throw_if;

constexpr std::string_view candidate_prefix = "offer.";

bool is_number(const Fact& fact) {
  return fact.space == Namespace::candidate &&
         (fact.type == FactType::f64 || fact.type == FactType::i64);
}

double number_at(const Column& column, std::uint32_t row) {
  const std::uint32_t at = column.row_of(row);
  return column.type == FactType::f64 ? column.numbers[at]
                                      : static_cast<double>(column.integers[at]);
}

// Every fact of `table`, free to be set, in the same order: ordinals stay.
void copy_open(const FactTable& table, FactTable* out, Arena* arena) {
  Error error;
  throw_if(out->open(table.size(), arena, &error), error);
  for (Fact fact : table.facts()) {
    fact.may_override = true;
    throw_if(out->add(fact, nullptr, &error), error);
  }
}

const FactTable& opened(const FactTable& table, FactTable* out, pack::Memory* memory) {
  copy_open(table, out, &memory->arena());
  return *out;
}

}  // namespace

std::vector<std::uint32_t> find_payouts(const Pipeline& pipeline,
                                        const std::vector<std::string>& names) {
  const FactTable& facts = *pipeline.facts;
  std::vector<std::uint32_t> payouts;
  for (std::string_view name : names) {
    if (name.starts_with(candidate_prefix)) name.remove_prefix(candidate_prefix.size());
    const std::uint32_t fact = facts.find(Namespace::candidate, name);
    if (fact == no_fact || !is_number(facts[fact]))
      throw PackError(
          Status::name, "specification.payouts",
          "offer." + std::string(name) + " is no number that the bundle knows of offers");
    payouts.push_back(fact);
  }
  const auto& terms = pipeline.policy->terms;
  for (std::size_t t = 0; names.empty() && t < terms.size(); ++t) {
    if (terms[t].kind != TermKind::revenue) continue;
    for (std::uint32_t fact : pipeline.value.terms[t].facts)
      if (is_number(facts[fact])) payouts.push_back(fact);
  }
  std::sort(payouts.begin(), payouts.end());
  payouts.erase(std::unique(payouts.begin(), payouts.end()), payouts.end());
  if (payouts.empty())
    throw PackError(Status::argument, "specification.payouts",
                    "no revenue term reads a number of offers: name the payouts");
  return payouts;
}

std::vector<std::string> payouts_of_model(const Pipeline& pipeline,
                                          const std::vector<std::uint32_t>& payouts) {
  std::vector<std::string> read;
  for (std::uint32_t fact : payouts) {
    const std::string_view name = (*pipeline.facts)[fact].name;
    const bool is_read = std::any_of(
        pipeline.model->fields.begin(), pipeline.model->fields.end(), [&](const Field& field) {
          return (field.side == Side::candidate && field.name == name) ||
                 std::find(field.inputs.begin(), field.inputs.end(), name) != field.inputs.end();
        });
    if (is_read) read.push_back(std::string(candidate_prefix) + std::string(name));
  }
  return read;
}

EqualPayouts::EqualPayouts(const Pipeline& pipeline, std::vector<std::uint32_t> payouts,
                           const Allocator& allocator)
    : pipeline_(pipeline),
      payouts_(std::move(payouts)),
      request_(opened(*pipeline.facts, &facts_, &table_memory_), pipeline.catalog, allocator) {
  pipeline_.facts = &facts_;
}

Request& EqualPayouts::read(std::string_view json) {
  memory_.arena().reset();
  Error error;
  throw_if(read_request_json(json, &request_, &error), error);
  for (std::uint32_t fact : payouts_) equalise(fact);
  return request_;
}

void EqualPayouts::equalise(std::uint32_t fact) {
  Error error;
  Frame frame;
  Column actual;
  Arena& arena = memory_.arena();
  if (request_.n_candidates() == 0) return;
  throw_if(frame.open(request_, &arena), error);
  throw_if(frame.column(fact, &actual), error);
  const std::uint32_t n = request_.n_candidates();
  const std::span<std::uint8_t> present = memory_.make<std::uint8_t>(n);
  double sum = 0, count = 0;
  for (std::uint32_t row = 0; row < n; ++row) {
    present[row] = actual.is_present(actual.row_of(row)) ? 1 : 0;
    if (present[row] == 0) continue;
    sum += number_at(actual, row);
    count += 1;
  }
  if (count == 0) return;
  Column equal;
  equal.type = actual.type;
  equal.n_rows = n;
  equal.present = present.data();
  const std::span<double> numbers = memory_.make<double>(n);
  const std::span<std::int64_t> integers = memory_.make<std::int64_t>(n);
  std::fill(numbers.begin(), numbers.end(), sum / count);
  std::fill(integers.begin(), integers.end(), static_cast<std::int64_t>(std::llround(sum / count)));
  if (actual.type == FactType::f64) equal.numbers = numbers.data();
  else equal.integers = integers.data();
  throw_if(request_.set_column(fact, equal, &error), error);
}

}  // namespace guardrank::audit
