#include "models/pack/weights/number_formats.h"

#include <bit>
#include <cmath>
#include <limits>

namespace guardrank::pack {
namespace {

std::uint64_t little_endian(const std::uint8_t* bytes, unsigned count) {
  std::uint64_t out = 0;
  for (unsigned i = count; i-- > 0;) out = out << 8 | bytes[i];
  return out;
}

double half(std::uint32_t bits) {
  const std::uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023;
  double value = 0;
  if (exponent == 31)
    value = fraction != 0 ? std::numeric_limits<double>::quiet_NaN()
                          : std::numeric_limits<double>::infinity();
  else if (exponent == 0)
    value = std::ldexp(fraction, -24);
  else
    value = std::ldexp(1024 + fraction, static_cast<int>(exponent) - 25);
  return bits >> 15 != 0 ? -value : value;
}

}  // namespace

std::uint64_t bytes_of(TensorType type) {
  switch (type) {
    case TensorType::f64:
      return 8;
    case TensorType::f32:
      return 4;
    default:
      return 2;
  }
}

double number_at(TensorType type, const std::uint8_t* bytes) {
  switch (type) {
    case TensorType::f64:
      return std::bit_cast<double>(little_endian(bytes, 8));
    case TensorType::f32:
      return std::bit_cast<float>(static_cast<std::uint32_t>(little_endian(bytes, 4)));
    case TensorType::bf16:
      return std::bit_cast<float>(static_cast<std::uint32_t>(little_endian(bytes, 2) << 16));
    case TensorType::f16:
      return half(static_cast<std::uint32_t>(little_endian(bytes, 2)));
  }
  return 0;
}

}  // namespace guardrank::pack
