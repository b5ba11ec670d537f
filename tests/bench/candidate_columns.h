// All facts of a catalog as typed columns of a request, as a host sends them that keeps its offers itself.
#pragma once

#include <map>
#include <sstream>

#include "tests/bench/opened_bundle.h"

class Columns {
 public:
  // A catalog as `make_bundle.py` writes it (the offer first, then "offer.NAME" each), in the order of `offers`.
  Columns(const std::string& path, const std::vector<std::string>& offers) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    const std::vector<std::string> names = cells_of(line);
    std::map<std::string, std::vector<std::string>> rows;
    while (std::getline(file, line)) {
      const std::vector<std::string> cells = cells_of(line);
      if (cells.size() == names.size()) rows[cells[0]] = cells;
    }
    for (std::size_t i = 1; i < names.size(); ++i) {
      Fact& fact = facts_.emplace_back();
      fact.name = names[i].substr(sizeof "offer." - 1);
      for (const std::string& offer : offers) fact.texts.push_back(rows.at(offer).at(i));
    }
    for (Fact& fact : facts_)
      for (const std::string& text : fact.texts) {
        fact.numbers.push_back(std::atof(text.c_str()));
        fact.integers.push_back(std::atoll(text.c_str()));
        fact.views.push_back({text.data(), text.size()});
      }
  }

  // Leaves the facts that the bundle knows and lets a request override; sets them, each in its own type.
  void prepare(const gr_snapshot* snapshot, gr_request* request, std::size_t n) {
    std::erase_if(facts_, [&](Fact& fact) {
      fact.number = gr_snapshot_fact(snapshot, GR_NAMESPACE_CANDIDATE, {fact.name.data(), fact.name.size()});
      if (fact.number == GR_NO_FACT) return true;
      fact.type = type_of(fact.texts);
      return !set_one(request, fact, n);
    });
    if (facts_.empty()) std::fprintf(stderr, "bench: no fact of the catalog may be sent\n"), std::exit(1);
  }

  // The first n offers' facts.
  void set(gr_request* request, std::size_t n) const {
    for (const Fact& fact : facts_) set_one(request, fact, n);
  }

 private:
  struct Fact {
    std::string name;
    std::uint32_t number = 0;
    int type = GR_TYPE_F64;
    std::vector<std::string> texts;
    std::vector<double> numbers;
    std::vector<std::int64_t> integers;
    std::vector<gr_text> views;
  };

  static std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream in(line);
    for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
    return cells;
  }

  // Of a column of the catalog, whose numbers with a fraction are doubles.
  static int type_of(const std::vector<std::string>& texts) {
    bool is_whole = true;
    for (const std::string& text : texts) {
      if (text.find_first_not_of("-.0123456789") != text.npos) return GR_TYPE_STRING;
      is_whole = is_whole && text.find('.') == text.npos;
    }
    return is_whole ? GR_TYPE_I64 : GR_TYPE_F64;
  }

  static bool set_one(gr_request* request, const Fact& fact, std::size_t n) {
    gr_column column{};
    column.struct_size = sizeof column;
    column.type = fact.type;
    column.n_rows = n;
    column.numbers = fact.type == GR_TYPE_F64 ? fact.numbers.data() : nullptr;
    column.integers = fact.type == GR_TYPE_I64 ? fact.integers.data() : nullptr;
    column.texts = fact.type == GR_TYPE_STRING ? fact.views.data() : nullptr;
    gr_error* error = nullptr;
    const bool is_set = gr_request_set_column(request, fact.number, &column, &error) == GR_STATUS_OK;
    gr_error_free(error);
    return is_set;
  }

  std::vector<Fact> facts_;
};
