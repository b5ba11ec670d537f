#include "core/artifact/model_reader.h"
#include "core/base/math.h"

namespace guardrank {
namespace {

Status read_handled(const schema::Head& source, const Place& place, RootReader* reader,
                    Head* head) {
  switch (source.sampling_handled()) {
    case schema::SamplingHandled::none: head->sampling_handled = SamplingHandled::none; break;
    case schema::SamplingHandled::correct: head->sampling_handled = SamplingHandled::correct; break;
    case schema::SamplingHandled::weighted:
      head->sampling_handled = SamplingHandled::weighted;
      break;
    default:
      return reader->fail(Status::sampling, Place(place, "sampling_handled"),
                          "a probability head states correct, weighted or none");
  }
  return Status::ok;
}

Status read_sampling(const schema::Head& source, const Place& place, RootReader* reader,
                     Head* head) {
  const double rate = source.negative_sampling_rate();
  const Place rate_place(place, "negative_sampling_rate");
  if (!is_finite(rate) || rate <= 0 || rate > 1)
    return reader->wanted_number(Status::sampling, rate_place, "a stated rate above 0, up to 1",
                          rate);
  GUARDRANK_TRY(read_handled(source, place, reader, head));
  if (head->sampling_handled == SamplingHandled::none && rate != 1)
    return reader->fail(Status::sampling, Place(place, "sampling_handled"),
                        {"\"none\" is for a rate of 1, found ", rate});
  head->negative_sampling_rate = rate;
  head->positive_weight = source.positive_weight();
  if (!is_finite(head->positive_weight) || head->positive_weight <= 0)
    return reader->wanted_number(Status::sampling, Place(place, "positive_weight"),
                          "a finite number above 0", head->positive_weight);
  return Status::ok;
}

Status read_probability(const schema::Head& source, const Place& place, RootReader* reader,
                        Head* head) {
  GUARDRANK_TRY(read_sampling(source, place, reader, head));
  GUARDRANK_TRY(read_calibrator(source.calibrator(), Place(place, "calibrator"), reader,
                                &head->calibrator));
  return read_segments(source, place, reader, head);
}

// Sampling and calibration are of probabilities: a value head keeps the neutral ones.
Status read_amount(const schema::Head& source, const Place& place, RootReader* reader,
                   Head* head) {
  head->log_sigma = source.log_sigma();
  head->ratio = source.ratio();
  GUARDRANK_TRY(reader->check_finite(head->log_sigma, Place(place, "log_sigma")));
  if (head->log_sigma < 0)
    return reader->wanted_number(Status::verify, Place(place, "log_sigma"), "0 or more",
                          head->log_sigma);
  return reader->check_positive(head->ratio, Place(place, "ratio"));
}

Status check_name(std::span<const Head> before, const Head& head, const Place& place,
                  RootReader* reader) {
  if (head.name == "shared")
    return reader->fail(Status::reference, place, "the name \"shared\" is reserved");
  for (const Head& other : before)
    if (other.name == head.name)
      return reader->fail(Status::reference, place, "two heads have this name");
  return Status::ok;
}

Status check_given(std::span<const Head> before, const Head& head, const Place& place,
                   RootReader* reader) {
  if (head.given == no_head) return Status::ok;
  if (head.given >= before.size())
    return reader->fail(Status::reference, Place(place, "given"),
                        {"wanted an earlier head, found ", head.given});
  if (before[head.given].kind != HeadKind::probability)
    return reader->fail(Status::reference, Place(place, "given"),
                        {"\"", before[head.given].name, "\" is not a probability head"});
  return Status::ok;
}

Status read_head(const schema::Head& source, std::span<const Head> before, Place* place,
                 RootReader* reader, Head* head) {
  GUARDRANK_TRY(reader->name(source.name(), Place(*place, "name"), &head->name));
  place->set_label(head->name);
  GUARDRANK_TRY(check_name(before, *head, *place, reader));
  if (source.kind() > schema::HeadKind::log_amount)
    return reader->fail(Status::verify, Place(*place, "kind"), "unknown kind of head");
  head->kind = static_cast<HeadKind>(source.kind());
  head->given = source.given();
  GUARDRANK_TRY(check_given(before, *head, *place, reader));
  GUARDRANK_TRY(reader->text(source.unit(), Place(*place, "unit"), &head->unit));
  if (head->kind == HeadKind::probability) return read_probability(source, *place, reader, head);
  return read_amount(source, *place, reader, head);
}

}  // namespace

Status read_heads(const schema::Model& source, ModelReader* reader) {
  const Place root("root");
  const Place all(root, "heads");
  GUARDRANK_TRY(reader->root.make(source.heads(), limits::heads, all, &reader->heads));
  if (reader->heads.empty())
    return reader->root.wanted(Status::dimension, all, "at least one", "none");
  for (std::uint32_t i = 0; i < reader->heads.size(); ++i) {
    Place place(root, "heads", i);
    GUARDRANK_TRY(read_head(*source.heads()->Get(i), reader->heads.first(i), &place,
                            &reader->root, &reader->heads[i]));
  }
  reader->model.heads = reader->heads;
  return Status::ok;
}

}  // namespace guardrank
