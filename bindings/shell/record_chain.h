// Records that hold the hash of the one before: whether each follows its neighbour, from where the
// first goes on, and whether the last is the one whose hash was kept.
#pragma once

#include <string>
#include <string_view>

namespace guardrank::shell {

class RecordChain {
 public:
  // Files with hashes that were kept apart from the records, or empty: of the last record, and of the
  // one before the first.
  RecordChain(const std::string& head_file, const std::string& after_file);

  // The next record: its hash, and that of the one before it, empty where it holds none.
  void follow(const std::string& hash, const std::string& previous, std::size_t line);
  // After the last one.
  void end();

  // "none", "intact", "continues after sha256:..", or where it breaks.
  std::string told() const;
  // Whether it is what was asked for: with a head kept, all of it must be there.
  bool is_good() const;
  const std::string& head() const { return head_; }     // of the last record
  const std::string& after() const { return after_; }   // of the one before the first, or empty

 private:
  bool is_chain() const { return is_wanted_ || is_linked_; }
  bool is_open() const { return !after_.empty() && after_file_.empty(); }

  std::string head_file_, after_file_, kept_head_, kept_after_;
  std::string head_, after_, broken_;
  bool is_wanted_ = false, is_linked_ = false, is_begun_ = false;
};

}  // namespace guardrank::shell
