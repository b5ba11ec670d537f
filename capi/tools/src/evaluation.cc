#include "capi/tools/src/evaluation.h"

#include <algorithm>

#include "models/pack/memory.h"
#include "models/pack/metrics/metrics.h"
#include "models/pack/pack_error.h"

namespace guardrank::tools {
namespace {

using pack::PackError;

enum class Label : std::uint8_t { negative = 0, positive = 1, outside = 2 };

Label read_label(const JsonValue& value, const std::string& where) {
  if (value.type == JsonType::null) return Label::outside;
  if (value.type == JsonType::boolean) return value.boolean ? Label::positive : Label::negative;
  if (value.type == JsonType::number && value.number == 0) return Label::negative;
  if (value.type == JsonType::number && value.number == 1) return Label::positive;
  const bool is_number = value.type == JsonType::number;
  throw PackError(Status::type, where,
                  "wanted 0, 1 or null, found " +
                      std::string(is_number ? value.text : json_type_name(value.type)));
}

std::vector<Label> read_labels(const JsonValue& list, std::uint32_t n_candidates,
                               const std::string& where) {
  if (list.type != JsonType::array || list.n_children != n_candidates)
    throw PackError(Status::type, where,
                    "wanted an array of " + std::to_string(n_candidates) +
                        " labels, one per candidate, found " +
                        (list.type == JsonType::array ? std::to_string(list.n_children)
                                                      : std::string(json_type_name(list.type))));
  std::vector<Label> labels;
  for (const JsonValue* at = list.first; at != nullptr; at = at->next)
    labels.push_back(read_label(*at, where + "[" + std::to_string(labels.size()) + "]"));
  return labels;
}

// What NDCG and the hit rate look at: labels in the order shown, then those of what was not shown. The
// places in between that nothing took count as negatives: a positive that was left out is missed
// however few were shown, and is still one of those that an ideal list has. Who is outside the
// population takes no place, as in the other figures.
std::vector<std::uint8_t> listed_labels(const std::vector<Label>& labels, const Decision& decision) {
  std::vector<std::uint8_t> listed;
  std::vector<bool> is_shown(labels.size(), false);
  const auto add = [&](Label label) {
    if (label != Label::outside) listed.push_back(label == Label::positive);
  };
  for (const Placed& placed : decision.ranked) {
    const std::uint32_t candidate = decision.candidates[placed.row];
    add(labels[candidate]);
    is_shown[candidate] = true;
  }
  listed.resize(std::max(listed.size(), ranking_depth), 0);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!is_shown[i]) add(labels[i]);
  }
  return listed;
}

void add_list(const std::vector<std::uint8_t>& listed, HeadRows* rows) {
  if (std::find(listed.begin(), listed.end(), 1) == listed.end()) return;
  rows->ndcg += pack::ndcg_at(listed, ranking_depth);
  rows->hits += pack::hit_rate_at(listed, ranking_depth);
  ++rows->n_lists;
}

void write_head(const Head& head, const HeadRows& rows, JsonWriter* out) {
  const auto lists = static_cast<double>(rows.n_lists);
  out->begin_object();
  out->key("name").string(head.name);
  out->key("rows").natural(rows.labels.size());
  out->key("positives")
      .natural(static_cast<std::uint64_t>(std::count(rows.labels.begin(), rows.labels.end(), 1)));
  out->key("unscored").natural(rows.n_unscored);
  out->key("auc").number(pack::auc(rows.probabilities, rows.labels));
  out->key("pr_auc").number(pack::pr_auc(rows.probabilities, rows.labels));
  out->key("log_loss").number(pack::log_loss(rows.probabilities, rows.labels));
  out->key("ece").number(pack::calibration_error(rows.probabilities, rows.labels));
  out->key("lists").natural(rows.n_lists);
  out->key("ndcg_at_10").number(rows.ndcg / lists);
  out->key("hr_at_10").number(rows.hits / lists);
  out->end_object();
}

}  // namespace

void Evaluation::add_head(std::size_t head, const JsonValue& list, const Decision& decision) {
  const std::string where = "labels." + std::string(heads_[head].name);
  if (heads_[head].kind != HeadKind::probability)
    throw PackError(Status::type, where, "wanted a probability head");
  const std::uint32_t n_candidates = decision.request->n_candidates();
  const std::vector<Label> labels = read_labels(list, n_candidates, where);
  HeadRows& rows = rows_[head];
  std::uint64_t n_labelled = 0, n_scored = 0;
  for (Label label : labels) n_labelled += label != Label::outside ? 1 : 0;
  for (std::size_t row = 0; row < decision.candidates.size(); ++row) {
    const Label label = labels[decision.candidates[row]];
    if (label == Label::outside) continue;
    rows.probabilities.push_back(decision.heads[head].probability[row]);
    rows.labels.push_back(label == Label::positive ? 1 : 0);
    ++n_scored;
  }
  rows.n_unscored += n_labelled - n_scored;
  add_list(listed_labels(labels, decision), &rows);
}

void Evaluation::add(const JsonValue& labels, const Decision& decision) {
  if (labels.type != JsonType::object)
    throw PackError(Status::type, "labels", "wanted an object of lists by head");
  for (const JsonValue* at = labels.first; at != nullptr; at = at->next) {
    std::size_t head = 0;
    while (head < heads_.size() && heads_[head].name != at->key) ++head;
    if (head == heads_.size())
      throw PackError(Status::name, "labels." + std::string(at->key), "no head has this name");
    add_head(head, *at, decision);
  }
  ++n_requests_;
  n_candidates_ += decision.request->n_candidates();
  n_excluded_ += decision.exclusions->exclusions().size();
}

std::string Evaluation::report() const {
  pack::Memory memory;
  JsonWriter out(&memory.arena());
  out.begin_object();
  out.key("requests").natural(n_requests_);
  out.key("candidates").natural(n_candidates_);
  out.key("excluded").natural(n_excluded_);
  out.key("heads").begin_array();
  for (std::size_t h = 0; h < heads_.size(); ++h) {
    if (heads_[h].kind == HeadKind::probability) write_head(heads_[h], rows_[h], &out);
  }
  out.end_array().end_object();
  if (out.status() != Status::ok) throw PackError(out.status(), "report", "out of memory");
  return std::string(out.view());
}

}  // namespace guardrank::tools
