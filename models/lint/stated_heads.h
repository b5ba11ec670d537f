// The heads that expressions may name where no model is at hand.
#pragma once

#include <string>
#include <vector>

#include "core/artifact/model.h"
#include "core/artifact/policy.h"
#include "models/pack/documents/document_node.h"

namespace guardrank::lint {

// Owns the texts that its heads view.
class StatedHeads {
 public:
  // "p.click" and "reach.click" name a probability head, "value.amount" a value head.
  static StatedHeads from_expressions(const Policy& policy);
  // {click: {}, apply: {given: click}, amount: {kind: log_amount, given: apply}}: a head stands
  // after the one it is given. PackError: Status::reference, Status::json, Status::argument.
  static StatedHeads from_document(const pack::DocumentNode& heads);
  // With the fact that picks their calibrators and the unit of their amounts.
  static StatedHeads from_model(std::span<const Head> heads);

  std::span<const Head> heads() const { return heads_; }
  bool is_empty() const { return heads_.empty(); }

 private:
  Head* add(std::string_view name, HeadKind kind, std::uint32_t given);
  std::string_view keep(std::string_view text);
  std::uint32_t find(std::string_view name) const;   // no_head

  std::vector<std::unique_ptr<std::string>> texts_;
  std::vector<Head> heads_;
};

}  // namespace guardrank::lint
