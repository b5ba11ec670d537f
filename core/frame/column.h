// Typed columns: the one form in which values travel between stages. Views only; nobody here owns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace guardrank {

enum class FactType : std::uint8_t {
  f64 = 0,
  i64 = 1,
  boolean = 2,
  string = 3,
  timestamp = 4,    // micros since the epoch, UTC, in `integers`
  string_list = 5,
  f32_vector = 6,
};

// "f64", "i64", "bool", "string", "timestamp", "string[]", "f32[]"
std::string_view fact_type_name(FactType type);

// `n_rows` is 1 for a value that all candidates share (context, parameters, time).
// Of the arrays of values only that of the type is there; code that does not look into values takes
// them by `values`. A missing row's value may be anything.
struct Column {
  FactType type = FactType::f64;
  std::uint32_t n_rows = 0;
  std::uint32_t width = 0;                         // f32_vector: floats per row
  const std::uint8_t* present = nullptr;           // one byte per row, 0 missing; null: all there
  union {
    const void* values = nullptr;
    const double* numbers;                         // f64
    const std::int64_t* integers;                  // i64, timestamp
    const std::uint8_t* booleans;                  // one byte per row, 0 or 1
    const std::string_view* strings;               // string; elements of string_list
    const float* floats;                           // n_rows * width
  };
  const std::uint32_t* list_offsets = nullptr;     // n_rows + 1: row i is strings[o[i] .. o[i+1])

  bool is_present(std::uint32_t row) const { return present == nullptr || present[row] != 0; }
  std::uint32_t row_of(std::uint32_t row) const { return n_rows == 1 ? 0 : row; }
  // Bytes of one row's value in `values`; 0 where lists have as many elements as they like.
  std::size_t row_bytes() const;
};

}  // namespace guardrank
