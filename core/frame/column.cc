#include "core/frame/column.h"

#include "core/frame/exclusion.h"

namespace guardrank {

std::string_view fact_type_name(FactType type) {
  switch (type) {
    case FactType::f64: return "f64";
    case FactType::i64: return "i64";
    case FactType::boolean: return "bool";
    case FactType::string: return "string";
    case FactType::timestamp: return "timestamp";
    case FactType::string_list: return "string[]";
    case FactType::f32_vector: return "f32[]";
  }
  return "unknown";
}

std::size_t Column::row_bytes() const {
  switch (type) {
    case FactType::boolean: return 1;
    case FactType::string: return sizeof(std::string_view);
    case FactType::string_list: return 0;
    case FactType::f32_vector: return width * sizeof(float);
    default: return 8;
  }
}

std::string_view exclusion_stage_name(ExclusionStage stage) {
  switch (stage) {
    case ExclusionStage::eligibility: return "eligibility";
    case ExclusionStage::value: return "value";
    case ExclusionStage::guardrail: return "guardrail";
    case ExclusionStage::retrieval: return "retrieval";
  }
  return "unknown";
}

std::string_view reason_value_name(ReasonValue value) {
  switch (value) {
    case ReasonValue::is_false: return "false";
    case ReasonValue::unknown: return "unknown";
    case ReasonValue::error: return "error";
    case ReasonValue::not_finite: return "not_finite";
    case ReasonValue::overflow: return "overflow";
  }
  return "unknown";
}

}  // namespace guardrank
