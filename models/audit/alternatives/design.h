// Features of a population as the columns of a linear model.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/audit/table.h"

namespace guardrank::audit {

// Columns [first, first + count) of the design belong to one feature.
struct DesignFeature {
  std::string name;
  bool is_number = true;
  std::size_t first = 0, count = 0;
};

// Standardised columns, rows one after another. A number gives itself, hinges at its quartiles
// where it has more than ten values, and an indicator where it is missing anywhere (then 0
// elsewhere); a text gives an indicator per value, blank among them.
struct Design {
  std::size_t n_rows = 0, n_columns = 0;
  std::vector<DesignFeature> features;
  std::vector<double> values;

  std::span<const double> row(std::size_t row) const {
    return {values.data() + row * n_columns, n_columns};
  }
};

// Throws PackError for a text feature with more than 50 values and for one that never varies.
Design make_design(const Table& table, std::span<const std::string> features);

}  // namespace guardrank::audit
