// SHA-256's compression, one file per set of instructions. Each adds `n_blocks` blocks of 64 bytes to the
// state of eight words.
#pragma once

#include <cstddef>
#include <cstdint>

namespace guardrank {

extern const std::uint32_t sha256_constants[64];

using Sha256Kernel = void (*)(std::uint32_t* state, const std::uint8_t* blocks, std::size_t n_blocks);
void sha256_portable(std::uint32_t* state, const std::uint8_t* blocks, std::size_t n_blocks);
void sha256_x86(std::uint32_t* state, const std::uint8_t* blocks, std::size_t n_blocks);
void sha256_arm(std::uint32_t* state, const std::uint8_t* blocks, std::size_t n_blocks);

// The best that this processor runs.
Sha256Kernel choose_sha256();

}  // namespace guardrank
