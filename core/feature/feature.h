// Declared transforms: facts to dense numbers and embedding codes.
#pragma once

#include <cstdint>
#include <span>

#include "core/artifact/model.h"
#include "core/frame/frame.h"

namespace guardrank {

struct FeaturePlan {
  std::span<const Field> fields;
  std::span<const std::span<const std::uint32_t>> inputs;  // per field: ordinals of the facts read
};

// Adds the facts that the fields read: ctx.<name>, offer.<name>, pair.<name>; a cross reads the
// facts of the fields it names. `offer_id` is the candidate's id.
Status add_model_facts(std::span<const Field> fields, FactTable* facts, Error* error);

// Resolves the fields' inputs. Checks that every transform suits the type it gets
// (Status::model_json names the field and the op).
Status prepare_features(std::span<const Field> fields, const FactTable& facts, Arena* arena,
                        FeaturePlan* plan, Error* error);

// Fills frame->encoded for all fields over the frame's present rows; without candidate fields where
// the network has no use for them.
Status encode_features(const FeaturePlan& plan, Frame* frame, bool needs_candidate_fields = true);

// The context fields alone, which stage one wants first; the others stay empty.
Status encode_context(const FeaturePlan& plan, Frame* frame);

// One field over columns of any length: what `encode_features` calls per field, and what the
// trainer reaches through the C ABI. `inputs`: one column per fact read; `now` in micros.
Status encode_field(const Field& field, std::span<const Column> inputs, std::uint32_t n_rows,
                    std::int64_t now, Arena* arena, EncodedField* encoded);

}  // namespace guardrank
