#include "models/pack/rows/model_facts.h"

#include <algorithm>

#include "core/base/limits.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

std::uint32_t most_facts(std::span<const Field> fields) {
  std::size_t count = 1;
  for (const Field& field : fields) count += 1 + field.inputs.size();
  return static_cast<std::uint32_t>(std::min<std::size_t>(count, limits::facts));
}

}  // namespace

ModelFacts::ModelFacts(std::span<const Field> fields) {
  catalog_.allows_unlisted = true;
  Error error;
  throw_if(table_.open(most_facts(fields), &memory_.arena(), &error), error);
  throw_if(add_model_facts(fields, &table_, &error), error);
  throw_if(prepare_features(fields, table_, &memory_.arena(), &plan_, &error), error);
}

}  // namespace guardrank::pack
