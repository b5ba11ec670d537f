// Small artifacts that use every part of the schemas, as structs that a test may change.
#pragma once

#include <string>
#include <vector>

#include "core/artifact/catalog.h"
#include "core/artifact/model.h"
#include "core/artifact/policy.h"
#include "core/artifact/release.h"
#include "models/pack/artifact/writers.h"
#include "models/pack/memory.h"

namespace guardrank::test {

// The samples' arrays are all in writable memory of `memory`, so that a test may alter one element.
template <typename T>
T& at(std::span<const T> values, std::size_t index) {
  return const_cast<T&>(values[index]);
}

// Three heads in a chain over a two-level PLE, with every kind of field but boolean.
Model sample_model(pack::Memory* memory);
Policy sample_policy(pack::Memory* memory);
Catalog sample_catalog(pack::Memory* memory);
Release sample_release(pack::Memory* memory);
pack::AlignedBytes sample_bundle();

// Opens bytes as any of the five kinds and, if that works, reads everything there is: all of it is
// written out again. `bytes_out` may be null.
Status open_and_read(ArtifactKind kind, Bytes bytes, Check check, Arena* arena, Error* error,
                     pack::AlignedBytes* bytes_out = nullptr);

}  // namespace guardrank::test
