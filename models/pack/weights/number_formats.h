// Little-endian IEEE 754 numbers of the widths that safetensors has.
#pragma once

#include <cstdint>

#include "models/pack/weights/tensor_file.h"

namespace guardrank::pack {

std::uint64_t bytes_of(TensorType type);
double number_at(TensorType type, const std::uint8_t* bytes);

}  // namespace guardrank::pack
