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

// What is missing at the end, or does not fit a float, is 0 and told by the indicator.
Status finish_dense(const Field& field, const TransformContext& context, WorkingColumn* column,
                    EncodedField* encoded) {
  GUARDRANK_TRY(make_numbers(context, column));
  if (column->width != field.width) return Status::type;
  drop_beyond(largest_float, column);
  column->clear_missing(column->numbers);
  std::span<float> dense;
  GUARDRANK_TRY(context.arena->make_uninitialised(column->numbers.size(), &dense));
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = static_cast<float>(column->numbers[i]);
  encoded->dense = dense.data();
  encoded->is_missing = column->was_missing.data();
  return Status::ok;
}

bool is_number(const Field& field, std::uint32_t n_rows) {
  return n_rows == 1 && field.type == FactType::f64 && field.output == OutputKind::dense &&
         field.width == 1 && field.inputs.empty();
}

LoneNumber load_number(const Column& input) {
  LoneNumber loaded;
  if (input.n_rows != 0 && input.is_present(0)) {
    loaded.number = input.type == FactType::i64 ? static_cast<double>(input.integers[0]) : input.numbers[0];
    loaded.is_present = true;
  }
  loaded.was_missing = !loaded.is_present;
  loaded.drop_beyond(largest_double);
  return loaded;
}

// What most fields of a context are: without a column for each, to the same result. `is_done` false: a
// step of the chain wants a column, or refuses it with a status.
Status encode_number(const Field& field, const Column& input, Arena* arena, EncodedField* encoded,
                     bool* is_done) {
  *is_done = false;
  if (input.n_rows > 1 || (input.n_rows == 1 && input.type != FactType::f64 && input.type != FactType::i64)) {
    return Status::ok;
  }
  LoneNumber number = load_number(input);
  for (const Transform& transform : field.transforms) {
    const TransformOp* op = find_transform(transform.kind);
    if (op == nullptr || op->apply_to_number == nullptr) return Status::ok;
    if (op->result(transform, Form::number) != Form::number) return Status::ok;
    op->apply_to_number(transform, &number);
  }
  number.drop_beyond(largest_float);
  struct Encoded {
    float dense;
    std::uint8_t is_missing;
  };
  std::span<Encoded> made;
  GUARDRANK_TRY(arena->make(1, &made));
  made[0] = {number.is_present ? static_cast<float>(number.number) : 0.0f, number.was_missing};
  *encoded = {1, 1, &made[0].dense, &made[0].is_missing, nullptr, nullptr};
  *is_done = true;
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
  const std::span<const std::uint32_t> facts = plan.inputs[ordinal];
  Column one;
  std::span<Column> inputs = {&one, 1};
  if (facts.size() != 1) GUARDRANK_TRY(frame->arena().make(facts.size(), &inputs));
  for (std::size_t i = 0; i < facts.size(); ++i) {
    GUARDRANK_TRY(frame->column(facts[i], &inputs[i]));
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
  if (is_number(field, n_rows)) {
    bool is_done = false;
    GUARDRANK_TRY(encode_number(field, inputs[0], arena, encoded, &is_done));
    if (is_done) return Status::ok;
  }
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
