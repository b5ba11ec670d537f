// Files read with a bound, and the formats that are never read: they can execute code.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/limits.h"

namespace guardrank::pack {

// Most bytes of one text document (model.json, a policy, a catalog).
inline constexpr std::uint64_t max_document_bytes = 512u << 20;

// The whole of a file, or of standard input for "-". Status::missing when it is not there,
// Status::limit when it is larger; a pickle, TorchScript archive or the like has Status::unsafe_format.
// `name` stands in messages.
std::string read_document(const std::filesystem::path& path, const std::string& name);

// Throws Status::unsafe_format when the first bytes are those of a format that can run code or
// holds such a format: pickle, zip (TorchScript, npz), NumPy arrays, joblib's compressed files.
void refuse_unsafe_bytes(std::string_view first_bytes, const std::string& name);

// Throws Status::unsafe_format when the folder has weights in such a format only, by name.
void refuse_unsafe_weights(const std::filesystem::path& folder);

}  // namespace guardrank::pack
