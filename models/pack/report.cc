#include "models/pack/report.h"

#include <algorithm>
#include <cmath>

#include "core/base/math.h"
#include "core/calibration/calibration.h"
#include "models/pack/calibrate/fit_head.h"
#include "models/pack/metrics/metrics.h"
#include "models/pack/pack_error.h"
#include "models/pack/rows/int8_scorer.h"
#include "models/pack/weights/calibrator_json.h"

namespace guardrank::pack {
namespace {

void add_error(double wanted, double found, LogitError* error) {
  const double distance = std::abs(found - wanted);
  error->worst = std::max(error->worst, distance);
  error->mean += distance;
  ++error->n_rows;
  if (!(std::abs(wanted) < 6)) return;
  error->worst_within_6 = std::max(error->worst_within_6, distance);
  ++error->n_within_6;
}

void write_error(const LogitError& error, JsonWriter* out) {
  out->key("logit_error").begin_object();
  out->key("rows").natural(error.n_rows);
  out->key("worst").number(error.worst);
  out->key("mean").number(error.mean);
  out->key("worst_within_6").number(error.worst_within_6);
  out->key("rows_within_6").natural(error.n_within_6);
  out->end_object();
}

void write_calibrator(const Calibrator& calibrator, bool is_fitted, JsonWriter* out) {
  out->key("calibrator").begin_object();
  out->key("kind").string(calibrator_name(calibrator.kind));
  out->key("fitted").boolean(is_fitted);
  switch (calibrator.kind) {
    case CalibratorKind::identity:
      break;
    case CalibratorKind::beta:
      out->key("a").number(calibrator.a).key("b").number(calibrator.b);
      out->key("c").number(calibrator.c);
      break;
    case CalibratorKind::platt:
      out->key("a").number(calibrator.a).key("b").number(calibrator.b);
      break;
    case CalibratorKind::temperature:
      out->key("t").number(calibrator.t);
      break;
    case CalibratorKind::isotonic:
      out->key("knots").natural(calibrator.x.size());
      break;
  }
  out->end_object();
}

void write_quality(std::string_view name, std::span<const double> probabilities,
                   std::span<const std::uint8_t> labels, JsonWriter* out) {
  out->key(name).begin_object();
  out->key("auc").number(auc(probabilities, labels));
  out->key("pr_auc").number(pr_auc(probabilities, labels));
  out->key("log_loss").number(log_loss(probabilities, labels));
  out->key("ece").number(calibration_error(probabilities, labels));
  out->end_object();
}

void write_holdout(const TrainedHead& trained, const HoldoutHead& rows, JsonWriter* out) {
  if (rows.logits.empty()) return;
  const Head& head = trained.head;
  const std::vector<const SegmentCalibrator*> segments = segment_calibrators(trained);
  std::vector<double> before, after;
  for (std::size_t i = 0; i < rows.logits.size(); ++i) {
    const double z = correct_logit(head, rows.logits[i]);
    const std::int32_t number = rows.segments.empty() ? -1 : rows.segments[i];
    const SegmentCalibrator* segment = number < 0 ? nullptr : segments[static_cast<std::size_t>(number)];
    before.push_back(sigmoid(z));
    after.push_back(segment == nullptr ? calibrate(head.calibrator, z)
                                       : calibrate_segment(head.calibrator, *segment, head.kappa, z));
  }
  out->key("holdout").begin_object();
  out->key("rows").natural(rows.labels.size());
  out->key("positives")
      .natural(static_cast<std::uint64_t>(std::count(rows.labels.begin(), rows.labels.end(), 1)));
  write_quality("before", before, rows.labels, out);
  write_quality("after", after, rows.labels, out);
  if (!segments.empty()) out->key("segments").boolean(!rows.segments.empty());
  out->end_object();
}

void write_rows(const CalibrationRows& rows, JsonWriter* out) {
  out->key("calibration").begin_object();
  out->key("lines").natural(rows.n_lines);
  out->key("rows").natural(rows.encoded.size());
  out->key("assumed_time").boolean(rows.has_assumed_time);
  out->key("absent_facts").begin_array();
  for (const std::string& name : rows.absent) out->string(name);
  out->end_array().end_object();
}

std::string text_of(const JsonWriter& writer) {
  if (writer.status() != Status::ok) throw PackError(writer.status(), "report", "out of memory");
  return std::string(writer.view());
}

void write_id(std::string_view name, Bytes bytes, JsonWriter* out) {
  const DigestText text = digest_text(artifact_id(bytes));
  out->key(name).string({text.data(), text.size()});
}

void write_sections(Bytes model, JsonWriter* out) {
  Memory memory;
  Container container;
  Error error;
  throw_if(open_container(model, Check::structure, &memory.arena(), &container, &error), error);
  out->key("model_sections").begin_object();
  for (const Section& section : container.sections)
    out->key(section_kind_name(section.kind)).natural(section.bytes.size());
  out->end_object();
}

}  // namespace

std::vector<LogitError> measure_logit_errors(const FloatReference& reference, const Model& model,
                                             const CalibrationRows& rows,
                                             const Progress& progress) {
  constexpr std::uint32_t block_rows = 256;
  std::vector<LogitError> errors(model.heads.size());
  Int8Scorer scorer(model);
  for (std::uint32_t first = 0; first < rows.encoded.size(); first += block_rows) {
    const std::uint32_t count = std::min(block_rows, rows.encoded.size() - first);
    const Matrix wanted = reference.logits(rows.encoded.block(first, count), count);
    const Matrix found = scorer.logits(rows.encoded, first, count);
    for (std::uint32_t row = 0; row < count; ++row) {
      for (std::size_t h = 0; h < errors.size(); ++h)
        add_error(wanted(row, h), found(row, h), &errors[h]);
    }
    if (progress) progress("logit errors", first + count, rows.encoded.size());
  }
  for (LogitError& error : errors) {
    if (error.n_rows > 0) error.mean /= static_cast<double>(error.n_rows);
  }
  return errors;
}

std::string model_report(const ReportParts& parts) {
  Memory memory;
  JsonWriter out(&memory.arena());
  out.begin_object();
  out.key("format").natural(1);
  out.key("model").string(parts.model.name).key("version").string(parts.model.version);
  write_rows(parts.rows, &out);
  out.key("heads").begin_array();
  for (std::size_t h = 0; h < parts.model.heads.size(); ++h) {
    const Head& head = parts.model.heads[h];
    out.begin_object();
    out.key("name").string(head.name);
    out.key("kind").string(head.kind == HeadKind::probability ? "probability" : "log_amount");
    write_error(parts.errors[h], &out);
    if (head.kind == HeadKind::probability) {
      write_calibrator(head.calibrator, parts.trained.heads[h].fit.has_value(), &out);
      write_holdout(parts.trained.heads[h], parts.holdout[h], &out);
    }
    out.end_object();
  }
  out.end_array().end_object();
  return text_of(out);
}

std::string whole_report(const std::string& model_report, const PackedSizes& sizes,
                         const std::vector<std::string>& warnings) {
  Memory memory;
  JsonWriter out(&memory.arena());
  out.begin_object();
  out.key("artifacts").begin_object();
  write_id("model", sizes.model, &out);
  write_id("policy", sizes.policy, &out);
  write_id("catalog", sizes.catalog, &out);
  write_id("release", sizes.release, &out);
  write_id("bundle", sizes.bundle, &out);
  out.end_object();
  out.key("bytes").begin_object();
  out.key("bundle").natural(sizes.bundle.size()).key("model").natural(sizes.model.size());
  out.key("policy").natural(sizes.policy.size()).key("catalog").natural(sizes.catalog.size());
  out.key("release").natural(sizes.release.size());
  write_sections(sizes.model, &out);
  out.end_object();
  if (!warnings.empty()) {
    out.key("warnings").begin_array();
    for (const std::string& warning : warnings) out.string(warning);
    out.end_array();
  }
  out.end_object();
  // Two objects joined: "{a}" and "{b}" to "{a,b}".
  return model_report.substr(0, model_report.size() - 1) + "," + text_of(out).substr(1);
}

}  // namespace guardrank::pack
