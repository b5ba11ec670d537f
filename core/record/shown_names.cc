#include "core/frame/route_parts.h"
#include "core/record/record.h"

namespace guardrank {
namespace {

// What stands after `space` and a dot, or nothing.
std::string_view name_within(std::string_view space, std::string_view text) {
  if (!text.starts_with(space) || text.size() == space.size() || text[space.size()] != '.') return {};
  text.remove_prefix(space.size() + 1);
  return text;
}

// Of the facts that a request gives.
const Fact* find_given(std::string_view text, const FactTable& facts) {
  for (const Namespace space : {Namespace::context, Namespace::candidate, Namespace::pair}) {
    const std::uint32_t fact = facts.find(space, name_within(namespace_name(space), text));
    if (fact != no_fact) return &facts[fact];
  }
  return nullptr;
}

bool is_of_request(std::string_view text) {
  if (text == "request_id") return true;
  for (const RoutePart& part : route_parts)
    if (name_within("route", text) == part.name) return true;
  return false;
}

}  // namespace

Status check_shown(std::span<const std::string_view> shown, const FactTable& facts, Error* error) {
  for (const std::string_view text : shown) {
    if (is_of_request(text)) continue;
    const Fact* fact = find_given(text, facts);
    if (fact == nullptr)
      return error->set(Status::name, "shown", {"no request gives a value called '", text, "'"});
    if (fact->is_protected)
      return error->set(Status::protected_fact, "shown",
                        {"'", text, "' is protected: no record shows it in clear"});
  }
  return Status::ok;
}

}  // namespace guardrank
