#include "core/artifact/model_reader.h"
#include "core/base/math.h"

namespace guardrank {
namespace {

Status check_in_unit(std::span<const double> values, const Place& place, RootReader* reader) {
  for (std::uint32_t i = 0; i < values.size(); ++i)
    if (!(values[i] >= 0 && values[i] <= 1))
      return reader->fail(Status::calibrator, place, {"knot ", i, " is not within 0 and 1"});
  return Status::ok;
}

Status read_knots(const schema::Calibrator& source, const Place& place, RootReader* reader,
                  Calibrator* calibrator) {
  const Place x(place, "x");
  const Place y(place, "y");
  GUARDRANK_TRY(reader->numbers(source.x(), limits::calibrator_knots, x, &calibrator->x));
  GUARDRANK_TRY(reader->numbers(source.y(), limits::calibrator_knots, y, &calibrator->y));
  if (calibrator->x.empty() || calibrator->x.size() != calibrator->y.size())
    return reader->wanted(Status::calibrator, y, {"as many knots as x, at least one"},
                          {calibrator->y.size(), " for ", calibrator->x.size()});
  GUARDRANK_TRY(check_in_unit(calibrator->x, x, reader));
  GUARDRANK_TRY(check_in_unit(calibrator->y, y, reader));
  for (std::size_t i = 1; i < calibrator->x.size(); ++i) {
    if (!(calibrator->x[i - 1] < calibrator->x[i]))
      return reader->fail(Status::calibrator, x, {"knots must increase strictly (knot ", i, ")"});
    if (calibrator->y[i - 1] > calibrator->y[i])
      return reader->fail(Status::calibrator, y, {"values must not decrease (knot ", i, ")"});
  }
  return Status::ok;
}

Status check_parameter(double value, const Place& place, RootReader* reader) {
  if (is_finite(value)) return Status::ok;
  return reader->fail(Status::calibrator, place, "wanted a finite number");
}

Status check_linear(const Calibrator& calibrator, const Place& place, RootReader* reader) {
  GUARDRANK_TRY(check_parameter(calibrator.a, Place(place, "a"), reader));
  return check_parameter(calibrator.b, Place(place, "b"), reader);
}

Status check_beta(const Calibrator& calibrator, const Place& place, RootReader* reader) {
  GUARDRANK_TRY(check_linear(calibrator, place, reader));
  GUARDRANK_TRY(check_parameter(calibrator.c, Place(place, "c"), reader));
  if (calibrator.a >= 0 && calibrator.b >= 0) return Status::ok;
  return reader->fail(Status::calibrator, place, "beta wants a and b of 0 or more");
}

Status check_temperature(const Calibrator& calibrator, const Place& place, RootReader* reader) {
  GUARDRANK_TRY(check_parameter(calibrator.t, Place(place, "t"), reader));
  if (calibrator.t > 0) return Status::ok;
  return reader->wanted_number(Status::calibrator, Place(place, "t"), "a number above 0",
                        calibrator.t);
}

Status read_segment(const schema::SegmentCalibrator& source, Place* place, RootReader* reader,
                    SegmentCalibrator* segment) {
  GUARDRANK_TRY(reader->text(source.value(), Place(*place, "value"), &segment->value,
                             limits::name_bytes));
  place->set_label(segment->value);
  segment->positives = source.positives();
  if (!is_finite(segment->positives) || segment->positives < 0)
    return reader->wanted_number(Status::calibrator, Place(*place, "positives"),
                          "a finite number of 0 or more", segment->positives);
  return read_calibrator(source.calibrator(), *place, reader, &segment->calibrator);
}

Status check_segments(std::span<const SegmentCalibrator> segments, const Place& place,
                      RootReader* reader) {
  for (std::size_t i = 0; i < segments.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (segments[i].value == segments[j].value)
        return reader->fail(Status::calibrator, place,
                            {"two calibrators for \"", segments[i].value, "\""});
  return Status::ok;
}

}  // namespace

Status read_calibrator(const schema::Calibrator* source, const Place& place, RootReader* reader,
                       Calibrator* calibrator) {
  if (source == nullptr || source->kind() == schema::CalibratorKind::unstated)
    return reader->fail(Status::calibrator, place,
                        "a probability head states a calibrator, if only \"identity\"");
  calibrator->a = source->a();
  calibrator->b = source->b();
  calibrator->c = source->c();
  calibrator->t = source->t();
  switch (source->kind()) {
    case schema::CalibratorKind::identity: calibrator->kind = CalibratorKind::identity; break;
    case schema::CalibratorKind::platt:
      calibrator->kind = CalibratorKind::platt;
      return check_linear(*calibrator, place, reader);
    case schema::CalibratorKind::temperature:
      calibrator->kind = CalibratorKind::temperature;
      return check_temperature(*calibrator, place, reader);
    case schema::CalibratorKind::beta:
      calibrator->kind = CalibratorKind::beta;
      return check_beta(*calibrator, place, reader);
    case schema::CalibratorKind::isotonic:
      calibrator->kind = CalibratorKind::isotonic;
      return read_knots(*source, place, reader, calibrator);
    default: return reader->fail(Status::calibrator, place, "unknown kind of calibrator");
  }
  return Status::ok;
}

Status read_segments(const schema::Head& source, const Place& place, RootReader* reader,
                     Head* head) {
  const Place all(place, "segments");
  std::span<SegmentCalibrator> segments;
  GUARDRANK_TRY(reader->text(source.segment_field(), Place(place, "segment_field"),
                             &head->segment_field));
  GUARDRANK_TRY(
      reader->make(source.segments(), limits::calibrator_segments, all, &segments));
  head->kappa = source.kappa();
  if (!is_finite(head->kappa) || head->kappa < 0)
    return reader->wanted_number(Status::calibrator, Place(place, "kappa"),
                          "a finite number of 0 or more", head->kappa);
  if (!segments.empty() && head->segment_field.empty())
    return reader->fail(Status::calibrator, Place(place, "segment_field"),
                        "segments need the context fact that names them");
  for (std::uint32_t i = 0; i < segments.size(); ++i) {
    Place one(place, "segments", i);
    GUARDRANK_TRY(read_segment(*source.segments()->Get(i), &one, reader, &segments[i]));
  }
  head->segments = segments;
  return check_segments(segments, all, reader);
}

}  // namespace guardrank
