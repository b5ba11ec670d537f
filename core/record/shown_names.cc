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

// The part of a route that is meant, or nothing.
std::string_view route_part(std::string_view text) {
  for (const RoutePart& part : route_parts)
    if (name_within("route", text) == part.name) return part.name;
  return {};
}

Status check_protection(const Fact& fact, std::string_view text, Error* error) {
  if (!fact.is_protected) return Status::ok;
  return error->set(Status::protected_fact, "shown",
                    {"'", text, "' is protected: no record shows it in clear"});
}

// A part of the route stands in for the context fact of its name, and is protected as that is.
Status check_route_part(std::string_view part, std::string_view text, const FactTable& facts, Error* error) {
  const std::uint32_t fact = facts.find(Namespace::context, part);
  return fact == no_fact ? Status::ok : check_protection(facts[fact], text, error);
}

}  // namespace

Status check_shown(std::span<const std::string_view> shown, const FactTable& facts, Error* error) {
  for (const std::string_view text : shown) {
    if (text == "request_id") continue;
    if (const std::string_view part = route_part(text); !part.empty()) {
      GUARDRANK_TRY(check_route_part(part, text, facts, error));
      continue;
    }
    const Fact* fact = find_given(text, facts);
    if (fact == nullptr)
      return error->set(Status::name, "shown", {"no request gives a value called '", text, "'"});
    GUARDRANK_TRY(check_protection(*fact, text, error));
  }
  return Status::ok;
}

}  // namespace guardrank
