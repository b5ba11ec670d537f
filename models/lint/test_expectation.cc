#include "models/lint/test_expectation.h"

#include <algorithm>

#include "core/base/limits.h"
#include "core/base/math.h"

namespace guardrank::lint {
namespace {

using pack::DocumentNode;

constexpr std::size_t most_members = 64;

std::string joined(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return "[" + out + "]";
}

std::string micros_text(std::int64_t micros) {
  std::string digits = std::to_string(micros < 0 ? -micros : micros);
  if (digits.size() < 7) digits.insert(0, 7 - digits.size(), '0');
  return (micros < 0 ? "-" : "") + digits.substr(0, digits.size() - 6) + "." +
         digits.substr(digits.size() - 6);
}

// Collects what differs, in the order of the members.
class Differences {
 public:
  void add(std::string_view member, const std::string& wanted, const std::string& found) {
    if (wanted == found) return;
    if (!text_.empty()) text_ += "; ";
    text_ += std::string(member) + ": wanted " + wanted + ", found " + found;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string yes_or_no(bool value) { return value ? "true" : "false"; }

std::vector<std::string> texts_of(const DocumentNode& list) {
  std::vector<std::string> out;
  for (const DocumentNode& item : list.items(limits::rules)) out.emplace_back(item.text());
  return out;
}

std::string amount_text(const DocumentNode& node) {
  std::int64_t micros = 0;
  if (!to_micros(node.number(), &micros)) node.refuse(Status::argument, "too large for micros");
  return micros_text(micros);
}

void compare_amounts(const DocumentNode& expect, const Outcome& outcome, Differences* found) {
  if (const auto terms = expect.maybe("terms"))
    for (const DocumentNode& wanted : terms->members(limits::terms)) {
      const auto term =
          std::find_if(outcome.terms.begin(), outcome.terms.end(),
                       [&](const auto& one) { return one.first == wanted.key(); });
      found->add("terms." + std::string(wanted.key()), amount_text(wanted),
                 term == outcome.terms.end() ? "no amount" : micros_text(term->second));
    }
  if (const auto score = expect.maybe("score"))
    found->add("score", amount_text(*score),
               outcome.terms.empty() ? "no score" : micros_text(outcome.score));
}

}  // namespace

std::string differences(const DocumentNode& expect, const Outcome& outcome) {
  expect.allow({"eligible", "kept", "reasons", "missing", "terms", "score", "position"});
  const std::vector<DocumentNode> members = expect.members(most_members);
  if (std::all_of(members.begin(), members.end(), [](const DocumentNode& m) { return m.is_null(); }))
    expect.refuse(Status::argument, "a test that expects nothing cannot fail");
  Differences found;
  const std::string reasons = joined(outcome.reasons);
  const std::string why = outcome.reasons.empty() ? "" : " " + reasons;
  if (const auto eligible = expect.maybe("eligible"))
    if (eligible->boolean() != outcome.is_eligible)
      found.add("eligible", yes_or_no(eligible->boolean()),
                yes_or_no(outcome.is_eligible) + why);
  if (const auto kept = expect.maybe("kept"))
    if (kept->boolean() != outcome.is_kept)
      found.add("kept", yes_or_no(kept->boolean()), yes_or_no(outcome.is_kept) + why);
  if (const auto wanted = expect.maybe("reasons"))
    found.add("reasons", joined(texts_of(*wanted)), reasons);
  if (const auto wanted = expect.maybe("missing"))
    found.add("missing", joined(texts_of(*wanted)), joined(outcome.missing));
  compare_amounts(expect, outcome, &found);
  if (const auto wanted = expect.maybe("position"))
    if (wanted->natural(0, limits::slots) != outcome.position)
      found.add("position", std::to_string(wanted->natural(0, limits::slots)),
                std::to_string(outcome.position) + why);
  return found.text();
}

}  // namespace guardrank::lint
