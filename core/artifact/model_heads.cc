#include "core/artifact/model_reader.h"

namespace guardrank {
namespace {

constexpr auto probability = static_cast<std::uint8_t>(HeadKind::probability);
constexpr auto log_amount = static_cast<std::uint8_t>(HeadKind::log_amount);

// Calibrators. The file's kinds start with "unstated": until finish_calibrator, `kind` is the
// file's, one more than ours.
constexpr auto platt = static_cast<std::uint8_t>(schema::CalibratorKind::platt);
constexpr auto temperature = static_cast<std::uint8_t>(schema::CalibratorKind::temperature);
constexpr auto beta = static_cast<std::uint8_t>(schema::CalibratorKind::beta);
constexpr auto isotonic = static_cast<std::uint8_t>(schema::CalibratorKind::isotonic);
constexpr Bounds finite = bounds::finite_or(Status::calibrator);
constexpr Bounds positive = bounds::positive_or(Status::calibrator);
constexpr Bounds not_negative = bounds::within(0, bounds::most, Status::calibrator);
constexpr Bounds n_knots = bounds::at_most(limits::calibrator_knots);

constexpr Member calibrator_members[] = {
    GUARDRANK_MEMBER(Calibrator, kind, VT_KIND, Calibrator, kind, {.selects = true}),
    GUARDRANK_MEMBER(Calibrator, a, VT_A, Calibrator, a, {.bounds = &not_negative, .when = platt}),
    GUARDRANK_MEMBER(Calibrator, b, VT_B, Calibrator, b, {.bounds = &finite, .when = platt}),
    GUARDRANK_MEMBER(Calibrator, a, VT_A, Calibrator, a, {.bounds = &not_negative, .when = beta}),
    GUARDRANK_MEMBER(Calibrator, b, VT_B, Calibrator, b, {.bounds = &not_negative, .when = beta}),
    GUARDRANK_MEMBER(Calibrator, c, VT_C, Calibrator, c, {.bounds = &finite, .when = beta}),
    GUARDRANK_MEMBER(Calibrator, t, VT_T, Calibrator, t,
                     {.bounds = &positive, .when = temperature}),
    GUARDRANK_MEMBER(Calibrator, x, VT_X, Calibrator, x, {.bounds = &n_knots, .when = isotonic}),
    GUARDRANK_MEMBER(Calibrator, y, VT_Y, Calibrator, y, {.bounds = &n_knots, .when = isotonic}),
};
constexpr Table calibrator_table = table_of<calibrator_members>();

// Values within 0 and 1 that increase strictly or do not fall.
Status check_knots(ModelReader* reader, const char* member, std::span<const double> values,
                   bool strictly) {
  double before = strictly ? -1 : 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool increases = strictly ? values[i] > before : values[i] >= before;
    if (!increases || !(values[i] >= 0 && values[i] <= 1))
      return reader->fail(Status::calibrator, member,
                          "knots must increase within 0 and 1: knot ", i);
    before = values[i];
  }
  return Status::ok;
}

Status finish_calibrator(ModelReader* reader, Calibrator* calibrator) {
  const auto stated = static_cast<unsigned>(calibrator->kind);
  reader->place.enter("calibrator");
  if (stated == 0 || stated > isotonic)
    return reader->fail(Status::calibrator, nullptr,
                        "a probability head states a calibrator, if only \"identity\"");
  if (calibrator->y.size() != calibrator->x.size() || (stated == isotonic && calibrator->x.empty()))
    return reader->fail(Status::calibrator, "y", "wanted as many knots as x, at least one");
  GUARDRANK_TRY(check_knots(reader, "x", calibrator->x, true));
  GUARDRANK_TRY(check_knots(reader, "y", calibrator->y, false));
  calibrator->kind = static_cast<CalibratorKind>(stated - 1);
  reader->place.leave();
  return Status::ok;
}

constexpr Member segment_members[] = {
    GUARDRANK_MEMBER(SegmentCalibrator, value, VT_VALUE, SegmentCalibrator, value,
                     {.bounds = &bounds::optional_name, .is_required = true, .is_label = true}),
    GUARDRANK_MEMBER(SegmentCalibrator, positives, VT_POSITIVES, SegmentCalibrator, positives,
                     {.bounds = &not_negative}),
    GUARDRANK_MEMBER(SegmentCalibrator, calibrator, VT_CALIBRATOR, SegmentCalibrator, calibrator,
                     {.child = &calibrator_table, .is_required = true}),
};

Status finish_segment(ModelReader* reader, SegmentCalibrator* segment) {
  return finish_calibrator(reader, &segment->calibrator);
}

constexpr SegmentCalibrator blank_segment{};
constexpr Table segment_table = table_of<segment_members>({
    .n_bytes = sizeof(SegmentCalibrator),
    .blank = &blank_segment,
    .finish = finish_as<ModelReader, SegmentCalibrator, finish_segment>,
    .duplicate = Status::calibrator});

// Heads. As with calibrators, `sampling_handled` is first the file's.
constexpr Bounds kinds = bounds::within(0, log_amount);
constexpr Bounds rates = bounds::within(Bounds::above_zero, 1, Status::sampling);
constexpr Bounds weights = bounds::positive_or(Status::sampling);
constexpr Bounds n_layers = bounds::some(limits::layers, Status::dimension);
constexpr Bounds n_segments = bounds::at_most(limits::calibrator_segments);

constexpr Member head_members[] = {
    GUARDRANK_MEMBER(Head, name, VT_NAME, Head, name, {.bounds = &bounds::name, .is_label = true}),
    GUARDRANK_MEMBER(Head, kind, VT_KIND, Head, kind, {.bounds = &kinds, .selects = true}),
    GUARDRANK_MEMBER(Head, given, VT_GIVEN, Head, given),
    GUARDRANK_MEMBER(Head, unit, VT_UNIT, Head, unit),
    GUARDRANK_MEMBER(Head, negative_sampling_rate, VT_NEGATIVE_SAMPLING_RATE, Head,
                     negative_sampling_rate, {.bounds = &rates, .when = probability}),
    GUARDRANK_MEMBER(Head, sampling_handled, VT_SAMPLING_HANDLED, Head, sampling_handled,
                     {.when = probability}),
    GUARDRANK_MEMBER(Head, positive_weight, VT_POSITIVE_WEIGHT, Head, positive_weight,
                     {.bounds = &weights, .when = probability}),
    GUARDRANK_MEMBER(Head, calibrator, VT_CALIBRATOR, Head, calibrator,
                     {.child = &calibrator_table, .when = probability}),
    GUARDRANK_MEMBER(Head, segment_field, VT_SEGMENT_FIELD, Head, segment_field,
                     {.when = probability}),
    GUARDRANK_MEMBER(Head, kappa, VT_KAPPA, Head, kappa,
                     {.bounds = &not_negative, .when = probability}),
    GUARDRANK_MEMBER(Head, segments, VT_SEGMENTS, Head, segments,
                     {.bounds = &n_segments, .child = &segment_table, .when = probability}),
    GUARDRANK_MEMBER(Head, log_sigma, VT_LOG_SIGMA, Head, log_sigma,
                     {.bounds = &bounds::not_negative, .when = log_amount}),
    GUARDRANK_MEMBER(Head, ratio, VT_RATIO, Head, ratio,
                     {.bounds = &bounds::positive, .when = log_amount}),
    GUARDRANK_MEMBER(Head, tower, VT_TOWER, Head, tower,
                     {.bounds = &n_layers, .child = &layer_table}),
};

Status check_given(ModelReader* reader, const Head* head) {
  if (head->given == no_head) return Status::ok;
  const Head* first = reader->model->heads.data();
  if (head->given >= static_cast<std::size_t>(head - first))
    return reader->fail(Status::reference, "given", "wanted an earlier head, found ",
                        head->given);
  if (first[head->given].kind != HeadKind::probability)
    return reader->fail(Status::reference, "given", "not a probability head: ",
                        first[head->given].name);
  return Status::ok;
}

Status finish_probability(ModelReader* reader, Head* head) {
  const auto stated = static_cast<unsigned>(head->sampling_handled);
  if (stated == 0 || stated > static_cast<unsigned>(schema::SamplingHandled::weighted))
    return reader->fail(Status::sampling, "sampling_handled",
                        "a probability head states correct, weighted or none");
  head->sampling_handled = static_cast<SamplingHandled>(stated - 1);
  if (head->sampling_handled == SamplingHandled::none && head->negative_sampling_rate != 1)
    return reader->fail(Status::sampling, "sampling_handled", "\"none\" is for a rate of 1");
  if (!head->segments.empty() && head->segment_field.empty())
    return reader->fail(Status::calibrator, "segment_field",
                        "segments need the context fact that names them");
  return finish_calibrator(reader, &head->calibrator);
}

Status finish_head(ModelReader* reader, Head* head) {
  if (head->name == "shared")
    return reader->fail(Status::reference, nullptr, "the name \"shared\" is reserved");
  GUARDRANK_TRY(check_given(reader, head));
  if (head->kind == HeadKind::probability) return finish_probability(reader, head);
  // Sampling and calibration are of probabilities: a value head keeps the neutral ones.
  head->negative_sampling_rate = 1;
  return Status::ok;
}

// A rate that is absent is not stated.
constexpr Head blank_head = [] {
  Head head;
  head.negative_sampling_rate = 0;
  return head;
}();

}  // namespace

const Table head_table = table_of<head_members>({
    .n_bytes = sizeof(Head),
    .blank = &blank_head,
    .finish = finish_as<ModelReader, Head, finish_head>,
    .duplicate = Status::reference});

}  // namespace guardrank
