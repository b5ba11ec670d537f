// The network alone as a module for pages: what the peers are given, codes and dense numbers, to logits.
// Built as the module that ships. Arrays are in this module's memory: of each side the dense numbers and
// the codes, a column of n values per field, in the order of the model's fields.
#include <cstdlib>

#include "core/engine/snapshot.h"

namespace guardrank {
namespace {

constexpr std::size_t most_bytes = std::size_t{64} << 20;

Allocator host() {
  Allocator allocator;
  allocator.allocate = [](void*, std::size_t size, std::size_t alignment) -> void* {
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  };
  allocator.release = [](void*, void* memory, std::size_t, std::size_t) { std::free(memory); };
  return allocator;
}

// One side's arrays.
struct Columns {
  const float* dense;
  const std::uint32_t* codes;
  std::uint32_t n;
};

struct World {
  Snapshot snapshot{host()};
  Arena kept{host(), most_bytes};
  Arena working{host(), most_bytes};
  Error error;
  std::span<std::int16_t> sums;
  std::span<std::span<float>> logits;

  const NetworkPlan& plan() const { return snapshot.pipeline().network; }

  Status encode(const Columns* sides, std::span<EncodedField>* encoded) {
    const std::span<const Field> fields = plan().model->fields;
    GUARDRANK_TRY(working.make(fields.size(), encoded));
    Columns left[] = {sides[0], sides[1]};
    for (std::size_t i = 0; i < fields.size(); ++i) {
      Columns& side = left[static_cast<std::size_t>(fields[i].side)];
      EncodedField& field = (*encoded)[i];
      field.n_rows = side.n;
      field.width = 1;
      if (fields[i].output == OutputKind::dense) {
        field.dense = side.dense;
        side.dense += side.n;
      } else {
        field.codes = side.codes;
        side.codes += side.n;
      }
    }
    return Status::ok;
  }

  Status keep(const Columns& offers) {
    working.reset();
    std::span<EncodedField> encoded;
    const Columns sides[] = {{nullptr, nullptr, 0}, offers};
    GUARDRANK_TRY(encode(sides, &encoded));
    GUARDRANK_TRY(kept.make_uninitialised(offers.n * kept_sums_per_row(plan()), &sums));
    return sum_candidates(plan(), encoded, offers.n, &working, sums.data());
  }

  // Offers by number where their sums are kept, else null.
  Status score(const Columns& context, const Columns& candidates, const std::uint32_t* offers) {
    working.reset();
    std::span<EncodedField> encoded;
    const Columns sides[] = {context, candidates};
    GUARDRANK_TRY(encode(sides, &encoded));
    std::span<const std::int16_t*> rows;
    if (offers != nullptr) {
      GUARDRANK_TRY(working.make(candidates.n, &rows));
      for (std::uint32_t row = 0; row < candidates.n; ++row) {
        rows[row] = sums.data() + offers[row] * kept_sums_per_row(plan());
      }
    }
    return score_encoded(plan(), encoded, {{}, rows, false}, candidates.n, &working, &logits);
  }
};

World& world() {
  static World* const one = new World;
  return *one;
}

}  // namespace
}  // namespace guardrank

using namespace guardrank;

extern "C" {

// 64-byte aligned; never given back.
void* network_memory(std::size_t bytes) { return host().allocate(nullptr, bytes, 64); }

// These return a Status.
int network_open(const std::uint8_t* bundle, std::size_t size) {
  World& w = world();
  return static_cast<int>(w.snapshot.open({bundle, size}, Check::structure, KernelChoice::automatic, false, &w.error));
}

int network_keep(const float* dense, const std::uint32_t* codes, std::uint32_t n) {
  return static_cast<int>(world().keep({dense, codes, n}));
}

int network_score(const float* context_dense, const std::uint32_t* context_codes, const float* dense,
                  const std::uint32_t* codes, std::uint32_t n) {
  return static_cast<int>(world().score({context_dense, context_codes, 1}, {dense, codes, n}, nullptr));
}

int network_score_kept(const float* context_dense, const std::uint32_t* context_codes,
                       const std::uint32_t* offers, std::uint32_t n) {
  return static_cast<int>(world().score({context_dense, context_codes, 1}, {nullptr, nullptr, n}, offers));
}

// n logits of a head, of the last request.
const float* network_logits(std::uint32_t head) { return world().logits[head].data(); }

const char* network_kernel() { return world().plan().kernel->name; }

}  // extern "C"
