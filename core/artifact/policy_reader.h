// What the parts of open_policy share: each reads one concept of the root and checks it.
#pragma once

#include "core/artifact/root_reader.h"

#include "core/artifact/policy.h"
#include "models/schema/policy_generated.h"

namespace guardrank {

Status read_facts(const schema::Policy& source, RootReader* reader, Policy* policy);
Status read_parameters(const schema::Policy& source, RootReader* reader, Policy* policy);
Status read_rules(const schema::Policy& source, RootReader* reader, Policy* policy);
Status read_guardrails(const schema::Policy& source, RootReader* reader, Policy* policy);
Status read_terms(const schema::Policy& source, RootReader* reader, Policy* policy);
Status read_placement(const schema::Policy& source, RootReader* reader, Policy* policy);
Status read_two_stage(const schema::Policy& source, RootReader* reader, Policy* policy);

// Source text of an expression; `is_required`: empty is Status::verify.
Status read_expression(const flatbuffers::String* source, bool is_required, const Place& place,
                       RootReader* reader, std::string_view* out);

// Ids are unique within their kind (Status::reference). `id` gives an element's id.
template <typename T>
Status check_unique(std::span<const T> all, std::string_view T::*id, const Place& root,
                    const char* kind, RootReader* reader) {
  for (std::uint32_t i = 0; i < all.size(); ++i)
    for (std::uint32_t j = 0; j < i; ++j)
      if (all[i].*id == all[j].*id) {
        Place place(root, kind, i);
        place.set_label(all[i].*id);
        return reader->fail(Status::reference, place, "two of this name");
      }
  return Status::ok;
}

}  // namespace guardrank
