#include "core/expr/constants.h"

#include "core/base/slice.h"

namespace guardrank {
namespace {

// "container.path" without putting it together.
bool is_joined(std::string_view name, std::string_view container, std::string_view path) {
  if (container.empty()) return name == path;
  return name.size() == container.size() + 1 + path.size() &&
         slice(name, 0, container.size()) == container && name[container.size()] == '.' &&
         slice(name, container.size() + 1) == path;
}

bool find_type(std::string_view path, ExprType* type) {
  if (path == "google.protobuf.Timestamp") *type = ExprType::timestamp;
  else if (path == "google.protobuf.Duration") *type = ExprType::duration;
  else {
    for (unsigned i = 0; i < static_cast<unsigned>(ExprType::dyn); ++i) {
      *type = static_cast<ExprType>(i);
      const bool has_other_name = *type == ExprType::timestamp || *type == ExprType::duration;
      if (!has_other_name && expr_type_name(*type) == path) return true;
    }
    return false;
  }
  return true;
}

}  // namespace

bool find_named_constant(const ExpressionScope& scope, bool is_absolute, std::string_view path,
                         Node* node) {
  std::string_view container = is_absolute ? std::string_view{} : scope.container;
  for (;;) {
    for (const NamedConstant& constant : scope.constants) {
      if (!is_joined(constant.name, container, path)) continue;
      node->kind = NodeKind::literal;
      node->constant = constant.value;
      node->type.kind = constant.type;
      node->qualifier = path.find('.') == std::string_view::npos ? std::string_view{} : path;
      node->name = {};
      return true;
    }
    if (container.empty()) break;
    const std::size_t dot = container.rfind('.');
    container = slice(container, 0, dot == std::string_view::npos ? 0 : dot);
  }
  ExprType type;
  if (!find_type(path, &type)) return false;
  node->kind = NodeKind::literal;
  node->constant = ExprValue::of_type(type);
  node->type.kind = ExprType::type;
  node->name = {};
  return true;
}

}  // namespace guardrank
