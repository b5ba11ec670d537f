#include "bindings/shell/ranking.h"

#include <charconv>
#include <cstdio>
#include <map>

#include "bindings/shell/table.h"
#include "guardrank_store.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;

std::map<std::string, std::string> term_units(const Json& inspection) {
  std::map<std::string, std::string> units;
  if (!inspection.is_object()) return units;
  for (const Json& term : inspection["policy"]["terms"]) units[term["id"]] = term["unit"];
  return units;
}

std::string unit_of(const std::map<std::string, std::string>& units, const std::string& term) {
  const auto found = units.find(term);
  return found == units.end() || found->second.empty() ? "USD" : found->second;
}

// Enough digits for the small probabilities of approval.
std::string probability(double p) {
  char text[32];
  std::snprintf(text, sizeof text, p != 0 && p < 0.001 ? "%.2e" : "%.4f", p);
  return text;
}

std::string head_cell(const Json& head) {
  if (!head.contains("value")) return probability(head["probability"]);
  char text[64];
  std::snprintf(text, sizeof text, "%.2f", head["value"].get<double>());
  return text;
}

std::vector<Table::Heading> headings(const Json& first) {
  std::vector<Table::Heading> columns = {{"#", Table::Align::right}, {"offer"}};
  if (first.contains("heads")) {
    for (const auto& [head, outcome] : first["heads"].items()) {
      columns.push_back({printable(head), Table::Align::right});
    }
    for (const Json& term : first["terms"]) {
      columns.push_back({printable(term["id"].get<std::string>()), Table::Align::right});
    }
  }
  columns.push_back({"score", Table::Align::right});
  columns.push_back({"propensity", Table::Align::right});
  return columns;
}

std::vector<std::string> cells(const Json& ranked, const std::map<std::string, std::string>& units) {
  std::vector<std::string> row = {std::to_string(ranked["position"].get<int>()),
                                  ranked["offer"].get<std::string>()};
  if (ranked.value("mandated", false)) row.back() += " (mandated)";
  if (ranked.contains("heads")) {
    for (const auto& [name, head] : ranked["heads"].items()) row.push_back(head_cell(head));
    for (const Json& term : ranked["terms"]) {
      row.push_back(money(integer_of(term["micros"]), unit_of(units, term["id"])));
    }
  }
  row.push_back(money(integer_of(ranked["score_micros"]),
                      units.empty() ? "USD" : unit_of(units, units.begin()->first)));
  row.push_back(probability(ranked["propensity"]));
  return row;
}

std::string ranked_text(const Json& decision, const Json& inspection, std::size_t max_width) {
  if (decision["ranked"].empty()) return "no offer is ranked\n";
  const auto units = term_units(inspection);
  Table table(headings(decision["ranked"].front()));
  for (const Json& ranked : decision["ranked"]) table.add(cells(ranked, units));
  return table.text(max_width);
}

std::string reason_cell(const Json& reason) {
  std::string text = reason.value("text", "");
  if (text.empty()) text = reason["code"].get<std::string>();
  text += " [" + reason["rule"].get<std::string>() + ": " + reason["value"].get<std::string>();
  if (reason.contains("missing")) text += ", missing " + reason["missing"].get<std::string>();
  if (reason.contains("change")) text += ", " + change_text(reason["change"]);
  return text + "]";
}

std::string excluded_text(const Json& decision, std::size_t max_width) {
  if (decision["excluded"].empty()) return "";
  Table table({{"excluded"}, {"stage"}, {"why"}});
  for (const Json& excluded : decision["excluded"]) {
    std::string why;
    for (const Json& reason : excluded["reasons"]) {
      if (!why.empty()) why += "; ";
      why += reason_cell(reason);
    }
    table.add({excluded["offer"], excluded["stage"], why});
  }
  return "\n" + table.text(max_width);
}

std::string summary(const Json& decision) {
  const Json& stages = decision["stages"];
  const Json& id = decision["request_id"];
  std::string text = id.is_string() ? "request " + printable(id.get<std::string>()) + ", " : "";
  text += "release " + printable(decision["release"].get<std::string>()) + ": " +
          stages["candidates"].dump() + " candidates, " + stages["eligible"].dump() +
          " eligible, " + stages["removed"].dump() + " removed\n\n";
  return text;
}

}  // namespace

Ranker::Ranker(const gr_engine* engine, const gr_snapshot* snapshot)
    : session_(create_session(engine)), request_(create_request(snapshot)) {}

void Ranker::tell(std::string name, std::string value) {
  if (!value.empty()) told_.emplace_back(std::move(name), std::move(value));
}

std::string_view Ranker::rank(std::string_view request, bool explains_always) {
  read(request);
  if (explains_always) gr_request_set_explain(request_.get(), true);
  return decide();
}

std::string_view Ranker::rank_all(std::string_view request) {
  read(request);
  gr_request_set_explain(request_.get(), true);
  gr_request_set_limit(request_.get(), 0);
  return decide();
}

void Ranker::read(std::string_view request) {
  decision_ = nullptr;
  check([&](gr_error** error) {
    return gr_request_from_json(request_.get(), request.data(), request.size(), error);
  });
  for (const auto& [name, value] : told_) {
    check([&](gr_error** error) {
      return gr_request_set_route(request_.get(), {name.data(), name.size()},
                                  {value.data(), value.size()}, error);
    });
  }
}

// Whether the last ranking failed for want of shards that have come since.
bool Ranker::lacks_shards() {
  gr_wanted_shard wanted{};
  wanted.struct_size = sizeof wanted;
  return add_shards_ && gr_session_wanted_shard(session_.get(), 0, &wanted) == GR_STATUS_OK &&
         add_shards_(session_.get()) != 0;
}

std::string_view Ranker::decide() {
  check([&](gr_error** error) {
    gr_status status = gr_rank(session_.get(), request_.get(), &decision_, error);
    while (status == GR_STATUS_MISSING && lacks_shards()) {
      gr_error_free(*error);
      status = gr_rank(session_.get(), request_.get(), &decision_, error);
    }
    return status;
  });
  gr_text json{};
  check([&](gr_error** error) {
    return gr_decision_json(decision_, false, &json, error);
  });
  return view(json);
}

std::string change_text(const Json& change) {
  return printable(change["fact"].get<std::string>()) + " " + change["from"].dump() + " -> " +
         change["to"].dump();
}

std::int64_t integer_of(const Json& value) {
  if (!value.is_string()) return value.get<std::int64_t>();
  const auto& text = value.get_ref<const std::string&>();
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string money(std::int64_t micros, const std::string& unit) {
  const bool is_negative = micros < 0;
  const std::uint64_t size = is_negative ? std::uint64_t{0} - static_cast<std::uint64_t>(micros)
                                         : static_cast<std::uint64_t>(micros);
  char digits[32];
  std::snprintf(digits, sizeof digits, "%llu.%06llu",
                static_cast<unsigned long long>(size / 1'000'000),
                static_cast<unsigned long long>(size % 1'000'000));
  std::string text = digits;
  for (int i = 0; i < 2 && text.back() == '0'; ++i) text.pop_back();
  const std::string sign = is_negative ? "-" : "";
  return unit == "USD" ? sign + "$" + text : sign + text + " " + unit;
}

std::string decision_text(const Json& decision, const Json& inspection, std::size_t max_width) {
  return summary(decision) + ranked_text(decision, inspection, max_width) +
         excluded_text(decision, max_width);
}

}  // namespace guardrank::shell
