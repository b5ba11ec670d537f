// "heads" of model.json: sampling, calibrators, towers.
#include <algorithm>

#include "core/base/limits.h"
#include "models/pack/pack_error.h"
#include "models/pack/weights/calibrator_json.h"
#include "models/pack/weights/model_json.h"

namespace guardrank::pack {
namespace {

[[noreturn]] void refuse_sampling(const JsonNode& node, std::string_view message) {
  throw PackError(Status::sampling, node.where(), message);
}

void read_sampling(const JsonNode& node, Head* head) {
  const auto rate = node.maybe("negative_sampling_rate");
  const auto handled = node.maybe("sampling_handled");
  if (!rate) refuse_sampling(node, "a probability head states its negative_sampling_rate");
  if (!handled) refuse_sampling(node, "a probability head states its sampling_handled");
  head->negative_sampling_rate = rate->number();
  if (!(head->negative_sampling_rate > 0 && head->negative_sampling_rate <= 1))
    refuse_sampling(*rate, "wanted a number above 0, at most 1");
  const std::string_view text = handled->text();
  if (text == "correct")
    head->sampling_handled = SamplingHandled::correct;
  else if (text == "weighted")
    head->sampling_handled = SamplingHandled::weighted;
  else if (text == "none")
    head->sampling_handled = SamplingHandled::none;
  else
    refuse_sampling(*handled, "wanted correct, weighted or none");
  if (head->sampling_handled == SamplingHandled::none && head->negative_sampling_rate != 1)
    refuse_sampling(*handled, "\"none\" stands only with a rate of 1");
  if (const auto weight = node.maybe("positive_weight")) {
    head->positive_weight = weight->number();
    if (!(head->positive_weight > 0)) refuse_sampling(*weight, "wanted a number above 0");
  }
}

void refuse_empty(const JsonNode& node, std::string_view segment) {
  if (segment.empty()) node.refuse("wanted a value: where the fact is missing or empty there is no segment");
}

// Of a calibrator to fit: each gets its own from the holdout's rows that have its number.
void read_segment_names(const JsonNode& node, TrainedHead* head) {
  if (!head->fit) node.refuse("only a calibrator to fit has names; what is stated stands in \"values\"");
  head->fits_segments = true;
  for (const std::string_view name : node.names(limits::calibrator_segments)) {
    refuse_empty(node, name);
    if (std::find(head->segments.begin(), head->segments.end(), name) != head->segments.end())
      node.refuse("'" + std::string(name) + "' stands twice");
    head->segments.emplace_back(name);
  }
}

void read_segment_values(const JsonNode& node, Memory* memory, TrainedHead* head) {
  std::vector<SegmentCalibrator> segments;
  for (const JsonNode& item : node.members(limits::calibrator_segments)) {
    refuse_empty(item, item.key());
    head->segments.emplace_back(item.key());
    SegmentCalibrator segment;
    segment.value = memory->text(item.key());
    segment.calibrator = read_calibrator(item, memory, CalibratorPlace::segment).calibrator;
    segment.positives = item.at("positives").number_within(0, 1e300);
    segments.push_back(segment);
  }
  head->head.segments = memory->copy(segments);
}

void read_segments(const JsonNode& node, Memory* memory, TrainedHead* head) {
  node.allow({"field", "kappa", "values", "names"});
  head->head.segment_field = memory->text(node.at("field").name());
  head->head.kappa = node.at("kappa").number_within(0, 1e300);
  const auto names = node.maybe("names"), values = node.maybe("values");
  if (names && values) names->refuse("wanted \"values\" or \"names\", not both");
  if (names) read_segment_names(*names, head);
  else read_segment_values(node.at("values"), memory, head);
}

void read_probability(const JsonNode& node, Memory* memory, TrainedHead* head) {
  for (std::string_view member : {"log_sigma", "ratio", "unit"}) {
    if (const auto found = node.maybe(member))
      found->refuse("only a log_amount head has this member");
  }
  read_sampling(node, &head->head);
  const auto calibrator = node.maybe("calibrator");
  if (!calibrator)
    throw PackError(Status::calibrator, node.where(),
                    "a probability head states its calibrator; an identity is stated too");
  const StatedCalibrator stated = read_calibrator(*calibrator, memory, CalibratorPlace::head);
  head->head.calibrator = stated.calibrator;
  head->fit = stated.fit;
  if (const auto segments = calibrator->maybe("segments"))
    read_segments(*segments, memory, head);
}

void read_amount(const JsonNode& node, Memory* memory, Head* head) {
  for (std::string_view member :
       {"negative_sampling_rate", "sampling_handled", "positive_weight", "calibrator"}) {
    if (const auto found = node.maybe(member))
      found->refuse("only a probability head has this member");
  }
  head->kind = HeadKind::log_amount;
  head->log_sigma = node.at("log_sigma").number_within(0, 100);
  head->ratio = node.at("ratio").number_within(0, 1e12);
  if (!(head->ratio > 0)) node.at("ratio").wanted("a number above 0");
  head->unit = memory->text(node.at("unit").name());
}

std::uint32_t read_given(const JsonNode& node, const TrainedModel& model) {
  for (std::size_t i = 0; i < model.heads.size(); ++i) {
    const Head& head = model.heads[i].head;
    if (head.name != node.text()) continue;
    if (head.kind != HeadKind::probability) node.wanted("a probability head");
    return static_cast<std::uint32_t>(i);
  }
  node.wanted("the name of an earlier head");
}

TrainedHead read_head(const JsonNode& node, TrainedModel* model) {
  node.allow({"name", "kind", "given", "tower", "negative_sampling_rate", "sampling_handled",
              "positive_weight", "calibrator", "log_sigma", "ratio", "unit"});
  TrainedHead head;
  head.head.name = model->memory.text(node.at("name").name());
  if (head.head.name == "shared") node.at("name").refuse("the name \"shared\" is reserved");
  for (const TrainedHead& other : model->heads) {
    if (other.head.name == head.head.name) node.at("name").refuse("stands twice");
  }
  if (const auto given = node.maybe("given")) head.head.given = read_given(*given, *model);
  const JsonNode kind = node.at("kind");
  if (kind.text() == "probability")
    read_probability(node, &model->memory, &head);
  else if (kind.text() == "log_amount")
    read_amount(node, &model->memory, &head.head);
  else
    kind.wanted("probability or log_amount");
  for (const JsonNode& item : node.at("tower").items(limits::layers - 1)) {
    head.tower.emplace_back();
    head.tower.back().n_out = item.natural(1, limits::layer_width);
  }
  head.tower.emplace_back();
  head.tower.back().n_out = 1;
  return head;
}

}  // namespace

void read_heads(const JsonNode& node, TrainedModel* model) {
  for (const JsonNode& item : node.items(limits::heads))
    model->heads.push_back(read_head(item, model));
  if (model->heads.empty()) node.refuse("wanted at least one head");
}

}  // namespace guardrank::pack
