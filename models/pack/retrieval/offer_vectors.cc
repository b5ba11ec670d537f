#include "models/pack/retrieval/offer_vectors.h"

#include <algorithm>
#include <cmath>

#include <xtensor/xview.hpp>

#include "core/engine/bind_facts.h"
#include "core/feature/feature.h"
#include "core/retrieve/retrieve.h"
#include "models/pack/float_reference/float_reference.h"
#include "models/pack/pack_error.h"
#include "models/pack/quantise/input_scales.h"

namespace guardrank::pack {
namespace {

constexpr std::uint32_t block_rows = 256;

// The model's fields, then those that the offer tower alone reads.
std::vector<Field> all_fields(const TrainedModel& trained) {
  std::vector<Field> fields(trained.fields.begin(), trained.fields.end());
  if (const TrainedModel* own = trained.retrieval->offer_fields.get())
    fields.insert(fields.end(), own->fields.begin(), own->fields.end());
  return fields;
}

// Every offer of the catalog, encoded as the engine does it.
class EncodedCatalog {
 public:
  EncodedCatalog(std::span<const Field> fields, const Policy& policy, const Catalog& catalog) {
    Model model;
    model.fields = fields;
    Error error;
    Arena* arena = &memory_.arena();
    throw_if(bind_facts(model, policy, catalog, arena, &facts_, &error), error);
    FeaturePlan plan;
    throw_if(prepare_features(fields, facts_, arena, &plan, &error), error);
    Request request(facts_, &catalog, system_allocator());
    throw_if(request.set_whole_catalog(&error), error);
    Frame frame;
    Status status = frame.open(request, arena);
    if (status == Status::ok) status = encode_features(plan, &frame);
    if (status != Status::ok)
      throw PackError(status, "catalog", "its offers' features cannot be computed");
    encoded = frame.encoded;
  }

  std::span<const EncodedField> encoded;

 private:
  Memory memory_;
  FactTable facts_;
};

void fill_own_fields(std::span<const Field> fields, std::span<const EncodedField> encoded,
                     std::uint32_t first, std::size_t column, Matrix* x) {
  for (std::size_t f = 0; f < fields.size(); ++f) {
    const std::uint32_t width = fields[f].width;
    for (std::size_t i = 0; i < x->shape(0); ++i) {
      const std::size_t row = first + i;
      for (std::uint32_t j = 0; j < width; ++j)
        (*x)(i, column + j) = encoded[f].dense[row * width + j];
      if (fields[f].has_indicator)
        (*x)(i, column + width) = encoded[f].is_missing[row] != 0 ? 1.0f : 0.0f;
    }
    column += fields[f].n_inputs();
  }
}

// Columns that the offer tower reads, for rows [first, first + count).
Matrix offer_inputs(const TrainedModel& trained, const FloatReference& reference,
                    std::span<const EncodedField> encoded, std::uint32_t first,
                    std::uint32_t count) {
  const std::size_t begin = trained.block_inputs[0], n = trained.block_inputs[1];
  Matrix x({count, trained.retrieval->offer.front().n_in});
  const Matrix whole = reference.inputs(encoded, first, count);
  xt::view(x, xt::all(), xt::range(0, n)) =
      xt::view(whole, xt::all(), xt::range(begin, begin + n));
  if (const TrainedModel* own = trained.retrieval->offer_fields.get())
    fill_own_fields(own->fields, encoded.subspan(trained.fields.size()), first, n, &x);
  return x;
}

void quantise(const std::vector<float>& values, OfferVectors* vectors) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  vectors->scale = largest > 1e-30f ? largest / 127 : 1.0f;
  for (const float value : values)
    vectors->codes.push_back(
        static_cast<std::int8_t>(round_code(double{value} / vectors->scale, -127, 127)));
}

}  // namespace

OfferVectors make_offer_vectors(const TrainedModel& trained, const Policy& policy,
                                const Catalog& catalog) {
  const std::vector<Field> fields = all_fields(trained);
  const EncodedCatalog offers(fields, policy, catalog);
  const FloatReference reference(trained);
  const std::vector<Linear> tower(trained.retrieval->offer.begin(),
                                  trained.retrieval->offer.end());
  std::vector<float> values;
  for (std::uint32_t first = 0; first < catalog.n_offers; first += block_rows) {
    const std::uint32_t count = std::min(block_rows, catalog.n_offers - first);
    const Matrix out =
        run_tower(tower, offer_inputs(trained, reference, offers.encoded, first, count)).back();
    values.insert(values.end(), out.begin(), out.end());
  }
  OfferVectors vectors;
  quantise(values, &vectors);
  return vectors;
}

void check_two_stage(const TrainedModel& trained, const TwoStage& figures,
                     const Catalog& catalog) {
  const double measured = figures.measured_value_recall;
  if (figures.is_set && measured != 0 && measured < figures.min_value_recall)
    throw PackError(Status::argument, "two_stage.measured_value_recall",
                    std::to_string(measured) + " is under min_value_recall " +
                        std::to_string(figures.min_value_recall) +
                        ": raise budget_us, train better towers or lower the minimum, then run "
                        "guardrank plan again");
  if (measured != 0 && !trained.retrieval)
    throw PackError(Status::reference, "two_stage.measured_value_recall",
                    "was measured with stage-one towers, and model.json has no \"retrieval\": train "
                    "towers, or pack with a single stage");
  if (!needs_stage_one(figures, catalog.n_offers)) return;
  if (!trained.retrieval)
    throw PackError(Status::reference, "two_stage",
                    "calls for stage one with the catalog's " + std::to_string(catalog.n_offers) +
                        " offers, and model.json has no \"retrieval\" towers; a single stage "
                        "would need budget_us of " +
                        std::to_string(figures.fixed_us + figures.c2_us * catalog.n_offers));
  if (measured == 0)
    throw PackError(Status::missing, "two_stage.measured_value_recall",
                    "calls for stage one with the catalog's " + std::to_string(catalog.n_offers) +
                        " offers, and its value-recall was never measured: run guardrank plan");
}

}  // namespace guardrank::pack
