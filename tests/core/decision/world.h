// The conformance bundle "cards" in memory, ready to rank, with logits that a test sets itself.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/limits.h"
#include "core/engine/snapshot.h"
#include "tests/core/support/test_memory.h"

namespace guardrank::testing {

inline std::vector<std::uint8_t> read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file, path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Bytes at an address that artifacts may stand at.
class AlignedBytes {
 public:
  explicit AlignedBytes(const std::vector<std::uint8_t>& bytes)
      : size_(bytes.size()),
        data_(static_cast<std::uint8_t*>(std::aligned_alloc(64, (size_ + 64) / 64 * 64))) {
    std::copy(bytes.begin(), bytes.end(), data_);
  }
  ~AlignedBytes() { std::free(data_); }
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;

  std::uint8_t* data() { return data_; }
  std::size_t size() const { return size_; }
  Bytes view() const { return {data_, size_}; }

 private:
  std::size_t size_;
  std::uint8_t* data_;
};

inline std::filesystem::path conformance_folder() {
  return std::filesystem::path(GUARDRANK_SOURCE_DIR) / "tests/conformance";
}
inline std::vector<std::uint8_t> bundle_bytes(const std::string& name) {
  return read_bytes(conformance_folder() / "bundles" / (name + ".guardrank"));
}

// Logits by head name and offer id, in the network's place.
struct FixedLogits {
  const Model* model = nullptr;
  std::map<std::string, std::map<std::string, float>> by_head;

  static Status score(const void* self, Frame* frame) {
    const auto& fixed = *static_cast<const FixedLogits*>(self);
    std::span<std::span<float>> all;
    GUARDRANK_TRY(frame->arena().make(fixed.model->heads.size(), &all));
    for (std::size_t head = 0; head < all.size(); ++head) {
      GUARDRANK_TRY(frame->arena().make(frame->n_rows(), &all[head]));
      const auto& offers = fixed.by_head.at(std::string(fixed.model->heads[head].name));
      for (std::uint32_t row = 0; row < frame->n_rows(); ++row) {
        const auto found = offers.find(std::string(frame->request().offer_id(frame->rows()[row])));
        all[head][row] = found == offers.end() ? 0.0f : found->second;
      }
    }
    frame->logits = all;
    return Status::ok;
  }
};

class World {
 public:
  explicit World(const std::string& bundle)
      : bytes_(bundle_bytes(bundle)), snapshot(memory.allocator()),
        session(memory.allocator(), limits::session_bytes) {
    const Status status =
        snapshot.open(bytes_.view(), Check::full, KernelChoice::portable, true, &error);
    REQUIRE_MESSAGE(status == Status::ok, error.message());
    logits.model = snapshot.pipeline().model;
    for (const Head& head : logits.model->heads) logits.by_head[std::string(head.name)];
  }

  void use_fixed_logits() { snapshot.set_scorer({&logits, FixedLogits::score}); }

  // Ranks; the request is kept for the decision.
  Decision rank_json(const std::string& json) {
    const Pipeline& pipeline = snapshot.pipeline();
    request.emplace_back(
        std::make_unique<Request>(*pipeline.facts, pipeline.catalog, memory.allocator()));
    REQUIRE_MESSAGE(read_request_json(json, request.back().get(), &error) == Status::ok,
                    error.message());
    Decision decision;
    REQUIRE_MESSAGE(rank(pipeline, *request.back(), &session, &decision, &error) == Status::ok,
                    error.message());
    return decision;
  }

  std::string json_of(const Decision& decision, Bytes record = {}) {
    std::string_view text;
    REQUIRE(write_decision_json(decision, record, &session.arena(), &text) == Status::ok);
    return std::string(text);
  }

 private:
  AlignedBytes bytes_;

 public:
  TestMemory memory;
  Error error;
  FixedLogits logits;
  Snapshot snapshot;
  Session session;
  std::vector<std::unique_ptr<Request>> request;
};

inline std::string offer_at(const Decision& decision, std::size_t position) {
  const std::uint32_t row = decision.ranked[position].row;
  return std::string(decision.request->offer_id(decision.candidates[row]));
}

}  // namespace guardrank::testing
