#include "models/lint/stated_heads.h"

#include <cctype>

#include "core/base/limits.h"
#include "models/pack/pack_error.h"

namespace guardrank::lint {
namespace {

bool is_name_part(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Calls `found(name)` for every `prefix.name` in the text that is not part of a longer path.
template <typename Found>
void for_each_member(std::string_view text, std::string_view prefix, const Found& found) {
  for (std::size_t at = text.find(prefix); at != std::string_view::npos;
       at = text.find(prefix, at + 1)) {
    const bool is_inner = at > 0 && (is_name_part(text[at - 1]) || text[at - 1] == '.');
    std::size_t end = at + prefix.size();
    while (end < text.size() && is_name_part(text[end])) ++end;
    if (!is_inner && end > at + prefix.size())
      found(text.substr(at + prefix.size(), end - at - prefix.size()));
  }
}

}  // namespace

std::uint32_t StatedHeads::find(std::string_view name) const {
  for (std::uint32_t i = 0; i < heads_.size(); ++i)
    if (heads_[i].name == name) return i;
  return no_head;
}

std::string_view StatedHeads::keep(std::string_view text) {
  return *texts_.emplace_back(std::make_unique<std::string>(text));
}

Head* StatedHeads::add(std::string_view name, HeadKind kind, std::uint32_t given) {
  Head head;
  head.name = keep(name);
  head.kind = kind;
  head.given = given;
  return &heads_.emplace_back(head);
}

StatedHeads StatedHeads::from_expressions(const Policy& policy) {
  StatedHeads stated;
  const auto read = [&](std::string_view expr) {
    const auto add = [&](HeadKind kind) {
      return [&stated, kind](std::string_view name) {
        if (stated.find(name) == no_head) stated.add(name, kind, no_head);
      };
    };
    for_each_member(expr, "p.", add(HeadKind::probability));
    for_each_member(expr, "reach.", add(HeadKind::probability));
    for_each_member(expr, "value.", add(HeadKind::log_amount));
  };
  for (const Guardrail& guardrail : policy.guardrails) read(guardrail.expr);
  for (const Term& term : policy.terms) read(term.expr);
  return stated;
}

StatedHeads StatedHeads::from_document(const pack::DocumentNode& heads) {
  StatedHeads stated;
  for (const pack::DocumentNode& head : heads.members(limits::heads)) {
    head.allow({"kind", "given"});
    const std::string_view kind = pack::text_or(head, "kind", "probability");
    if (kind != "probability" && kind != "log_amount")
      head.at("kind").refuse(Status::argument, "wanted probability or log_amount");
    std::uint32_t given = no_head;
    if (const auto named = head.maybe("given")) {
      given = stated.find(named->text());
      if (given == no_head || stated.heads_[given].kind != HeadKind::probability)
        named->refuse(Status::reference, "wanted a probability head that stands before this one");
    }
    stated.add(head.key(), kind == "probability" ? HeadKind::probability : HeadKind::log_amount,
               given);
  }
  return stated;
}

StatedHeads StatedHeads::from_model(std::span<const Head> heads) {
  StatedHeads stated;
  for (const Head& head : heads) {
    Head* own = stated.add(head.name, head.kind, head.given);
    own->segment_field = stated.keep(head.segment_field);
    own->unit = stated.keep(head.unit);
  }
  return stated;
}

}  // namespace guardrank::lint
