// Fields to dense numbers and codes: the chain of each over its column.
#include "core/base/math.h"
#include "core/feature/feature.h"
#include "core/feature/load.h"
#include "core/feature/transforms.h"

namespace guardrank {
namespace {

constexpr double largest_float = 0x1.fffffep127;

Status run_chain(const Field& field, const TransformContext& context, WorkingColumn* column) {
  for (const Transform& transform : field.transforms) {
    const TransformOp* op = find_transform(transform.kind);
    if (op == nullptr || op->result(transform, column->form) == Form::none) return Status::type;
    GUARDRANK_TRY(op->apply(transform, context, column));
  }
  return Status::ok;
}

bool fits_float(const double* numbers, std::uint32_t n) {
  for (std::uint32_t i = 0; i < n; ++i) {
    if (!(numbers[i] >= -largest_float && numbers[i] <= largest_float)) return false;
  }
  return true;
}

// What is missing at the end, or does not fit a float, is 0 and told by the indicator.
Status finish_dense(const Field& field, const TransformContext& context, WorkingColumn* column,
                    EncodedField* encoded) {
  GUARDRANK_TRY(make_numbers(context, column));
  if (column->width != field.width) return Status::type;
  std::span<float> dense;
  GUARDRANK_TRY(context.arena->make(std::size_t{column->n_rows} * field.width, &dense));
  for (std::uint32_t row = 0; row < column->n_rows; ++row) {
    const std::size_t first = std::size_t{row} * field.width;
    const double* numbers = column->numbers.data() + first;
    if (column->present[row] == 0 || !fits_float(numbers, field.width)) {
      column->drop(row);
      continue;
    }
    for (std::uint32_t i = 0; i < field.width; ++i) {
      dense[first + i] = static_cast<float>(numbers[i]);
    }
  }
  encoded->dense = dense.data();
  encoded->is_missing = column->was_missing.data();
  return Status::ok;
}

Status finish_codes(const Field& field, const WorkingColumn& column, EncodedField* encoded) {
  encoded->codes = column.codes.data();
  if (column.form == Form::code) return Status::ok;
  if (column.form != Form::code_list || field.pooling == Pooling::none) return Status::type;
  encoded->list_offsets = column.list_offsets.data();
  return Status::ok;
}

Status encode_one(const FeaturePlan& plan, std::size_t ordinal, Frame* frame) {
  const Field& field = plan.fields[ordinal];
  std::span<Column> inputs;
  GUARDRANK_TRY(frame->arena().make(plan.inputs[ordinal].size(), &inputs));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    GUARDRANK_TRY(frame->column(plan.inputs[ordinal][i], &inputs[i]));
  }
  const std::uint32_t n_rows = field.side == Side::context ? 1 : frame->n_rows();
  return encode_field(field, inputs, n_rows, frame->request().time(), &frame->arena(),
                      &frame->encoded[ordinal]);
}

Status encode_sides(const FeaturePlan& plan, bool needs_pair, bool needs_candidate, Frame* frame) {
  GUARDRANK_TRY(frame->arena().make(plan.fields.size(), &frame->encoded));
  for (std::size_t i = 0; i < plan.fields.size(); ++i) {
    const Side side = plan.fields[i].side;
    if ((side == Side::pair && !needs_pair) || (side == Side::candidate && !needs_candidate))
      continue;
    GUARDRANK_TRY(encode_one(plan, i, frame));
  }
  return Status::ok;
}

}  // namespace

Status encode_field(const Field& field, std::span<const Column> inputs, std::uint32_t n_rows,
                    std::int64_t now, Arena* arena, EncodedField* encoded) {
  const bool is_cross = !field.inputs.empty();
  if (inputs.size() != (is_cross ? field.inputs.size() : 1)) return Status::argument;
  WorkingColumn column;
  GUARDRANK_TRY(is_cross ? load_cross(inputs, n_rows, arena, &column)
                         : load_column(field, inputs[0], n_rows, arena, &column));
  const TransformContext context = {now, arena};
  GUARDRANK_TRY(run_chain(field, context, &column));
  *encoded = {};
  encoded->n_rows = n_rows;
  encoded->width = field.output == OutputKind::dense ? field.width : 1;
  if (field.output == OutputKind::embedding) return finish_codes(field, column, encoded);
  if (numeric_form(column.form) == Form::none) return Status::type;
  return finish_dense(field, context, &column, encoded);
}

Status encode_features(const FeaturePlan& plan, Frame* frame, bool needs_candidate_fields) {
  return encode_sides(plan, true, needs_candidate_fields, frame);
}

Status encode_context(const FeaturePlan& plan, Frame* frame) {
  return encode_sides(plan, false, false, frame);
}

}  // namespace guardrank
