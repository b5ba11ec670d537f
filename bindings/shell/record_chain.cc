#include "bindings/shell/record_chain.h"

#include "bindings/shell/record_maker.h"

namespace guardrank::shell {
namespace {

std::string place(std::size_t line) { return "line " + std::to_string(line); }

}  // namespace

RecordChain::RecordChain(const std::string& head_file, const std::string& after_file)
    : head_file_(head_file),
      after_file_(after_file),
      kept_head_(head_file.empty() ? "" : read_record_hash(head_file)),
      kept_after_(after_file.empty() ? "" : read_record_hash(after_file)),
      is_wanted_(!head_file.empty() || !after_file.empty()) {}

void RecordChain::follow(const std::string& hash, const std::string& previous, std::size_t line) {
  is_linked_ |= !previous.empty();
  if (!is_begun_) after_ = previous;
  const std::string& before = is_begun_ ? head_ : kept_after_;
  const bool is_checked = is_begun_ || !after_file_.empty();
  if (is_checked && broken_.empty() && previous != before)
    broken_ = place(line) + " does not follow " +
              (is_begun_ ? "the one before it" : "the record that " + after_file_ + " names");
  is_begun_ = true;
  head_ = hash;
}

void RecordChain::end() {
  if (!head_file_.empty() && broken_.empty() && head_ != kept_head_)
    broken_ = "the last record is not the one that " + head_file_ + " names";
}

std::string RecordChain::told() const {
  if (!is_chain()) return "none";
  if (!broken_.empty()) return broken_;
  return is_open() ? "continues after " + after_ : "intact";
}

bool RecordChain::is_good() const {
  if (!is_chain()) return true;
  return broken_.empty() && !(is_open() && !head_file_.empty());
}

}  // namespace guardrank::shell
