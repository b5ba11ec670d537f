// A reference bundle, opened, for tests of models/plan.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "core/engine/snapshot.h"
#include "models/pack/artifact/writers.h"

namespace guardrank::plan {

// A file of the checkout.
inline std::string read_source(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(std::filesystem::path(GUARDRANK_SOURCE_DIR) / path, std::ios::binary).rdbuf();
  return text.str();
}

class ReferenceBundle {
 public:
  // `kept`: what follows from the catalog alone.
  explicit ReferenceBundle(const std::string& path, const KeptBudget& kept = {})
      : text_(read_source(path)),
        bytes_(Bytes(reinterpret_cast<const std::uint8_t*>(text_.data()), text_.size())),
        snapshot_(pack::system_allocator()) {
    Error error;
    REQUIRE_MESSAGE(snapshot_.open(bytes_, Check::structure, KernelChoice::automatic, false,
                                   &error) == Status::ok,
                    error.message());
    REQUIRE(snapshot_.keep_catalog(kept, &error) == Status::ok);
  }

  const Pipeline& pipeline() const { return snapshot_.pipeline(); }

 private:
  std::string text_;
  pack::AlignedBytes bytes_;
  Snapshot snapshot_;
};

}  // namespace guardrank::plan
