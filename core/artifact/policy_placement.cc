#include "core/artifact/policy_reader.h"
#include "core/base/math.h"

namespace guardrank {
namespace {

Status check_between(double value, double minimum, double maximum, const Place& place,
                     RootReader* reader) {
  GUARDRANK_TRY(reader->check_finite(value, place));
  if (minimum <= value && value <= maximum) return Status::ok;
  return reader->wanted(Status::verify, place, {minimum, " to ", maximum}, {value});
}

// A count of positions, from 1 to limits::slots.
Status check_slots(std::uint32_t value, const Place& place, RootReader* reader) {
  if (value == 0) return reader->wanted(Status::verify, place, "at least 1", "0");
  return reader->check_count(value, limits::slots, place);
}

Status read_mandated(const schema::MandatedOffer& source, const Place& place, RootReader* reader,
                     MandatedOffer* mandated) {
  GUARDRANK_TRY(reader->name(source.offer(), Place(place, "offer"), &mandated->offer,
                             limits::offer_id_bytes));
  GUARDRANK_TRY(
      read_expression(source.when(), false, Place(place, "when"), reader, &mandated->when));
  mandated->slot = source.slot();
  return check_slots(mandated->slot, Place(place, "slot"), reader);
}

Status read_cap(const schema::Cap& source, const Place& place, RootReader* reader, Cap* cap) {
  GUARDRANK_TRY(reader->name(source.fact(), Place(place, "fact"), &cap->fact));
  cap->max = source.max();
  cap->within = source.within();
  GUARDRANK_TRY(reader->check_count(cap->max, limits::slots, Place(place, "max")));
  return check_slots(cap->within, Place(place, "within"), reader);
}

Status read_diversity(const schema::Diversity* source, RootReader* reader, Diversity* diversity) {
  if (source == nullptr) return Status::ok;
  const Place root("root");
  const Place place(root, "diversity");
  GUARDRANK_TRY(reader->texts(source->facts(), limits::diversity_facts, Place(place, "facts"),
                              &diversity->facts));
  diversity->lambda = source->lambda();
  diversity->within = source->within();
  GUARDRANK_TRY(check_between(diversity->lambda, 0, 1, Place(place, "lambda"), reader));
  if (diversity->lambda == 0) return Status::ok;
  if (diversity->facts.empty())
    return reader->wanted(Status::verify, Place(place, "facts"), "at least one", "none");
  return check_slots(diversity->within, Place(place, "within"), reader);
}

Status read_exploration(const schema::Exploration* source, RootReader* reader,
                        Exploration* exploration) {
  if (source == nullptr) return Status::ok;
  const Place root("root");
  const Place place(root, "exploration");
  if (source->kind() > schema::ExplorationKind::plackett_luce)
    return reader->fail(Status::verify, Place(place, "kind"), "unknown kind of exploration");
  exploration->kind = static_cast<ExplorationKind>(source->kind());
  exploration->epsilon = source->epsilon();
  exploration->temperature = source->temperature();
  GUARDRANK_TRY(check_between(exploration->epsilon, 0, 1, Place(place, "epsilon"), reader));
  return reader->check_positive(exploration->temperature, Place(place, "temperature"));
}

template <typename Table, typename T>
Status read_all(const flatbuffers::Vector<flatbuffers::Offset<Table>>* source,
                std::size_t max_count, const char* kind, RootReader* reader,
                Status (*read)(const Table&, const Place&, RootReader*, T*),
                std::span<const T>* out) {
  const Place root("root");
  std::span<T> all;
  GUARDRANK_TRY(reader->make(source, max_count, Place(root, kind), &all));
  for (std::uint32_t i = 0; i < all.size(); ++i)
    GUARDRANK_TRY(read(*source->Get(i), Place(root, kind, i), reader, &all[i]));
  *out = all;
  return Status::ok;
}

}  // namespace

Status read_placement(const schema::Policy& source, RootReader* reader, Policy* policy) {
  GUARDRANK_TRY(read_all(source.mandated(), limits::mandated_offers, "mandated", reader,
                         read_mandated, &policy->mandated));
  GUARDRANK_TRY(
      read_all(source.caps(), limits::caps, "caps", reader, read_cap, &policy->caps));
  GUARDRANK_TRY(read_diversity(source.diversity(), reader, &policy->diversity));
  return read_exploration(source.exploration(), reader, &policy->exploration);
}

Status read_two_stage(const schema::Policy& source, RootReader* reader, Policy* policy) {
  const schema::TwoStage* from = source.two_stage();
  if (from == nullptr) return Status::ok;
  const Place root("root");
  const Place place(root, "two_stage");
  TwoStage& stages = policy->two_stage;
  stages = {true, from->budget_us(), from->fixed_us(), from->c1_us(), from->c2_us(),
            from->min_value_recall()};
  const double most = 1e12;   // microseconds: over 11 days
  GUARDRANK_TRY(check_between(stages.budget_us, 0, most, Place(place, "budget_us"), reader));
  GUARDRANK_TRY(check_between(stages.fixed_us, 0, most, Place(place, "fixed_us"), reader));
  GUARDRANK_TRY(check_between(stages.c1_us, 0, most, Place(place, "c1_us"), reader));
  GUARDRANK_TRY(check_between(stages.c2_us, 0, most, Place(place, "c2_us"), reader));
  GUARDRANK_TRY(reader->check_positive(stages.c2_us, Place(place, "c2_us")));
  return check_between(stages.min_value_recall, 0, 1, Place(place, "min_value_recall"), reader);
}

}  // namespace guardrank
