// The tables of a policy that have a file of their own.
#pragma once

#include "core/artifact/flatbuffers.h"

#include "core/artifact/policy.h"
#include "core/artifact/table_reader.h"
#include "models/schema/policy_generated.h"

namespace guardrank {

struct PolicyReader : TableReader {
  using TableReader::TableReader;

  Policy* policy = nullptr;
};

extern const Table fact_table;

}  // namespace guardrank
