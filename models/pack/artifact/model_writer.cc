#include <algorithm>

#include "models/pack/artifact/section_builder.h"
#include "models/pack/artifact/writers.h"
#include "models/pack/pack_error.h"
#include "models/schema/golden_generated.h"
#include "models/schema/model_generated.h"

namespace guardrank::pack {
namespace {

// Where no section reaches: `table_offset` of a table in shards.
constexpr std::uint64_t no_section = std::uint64_t{1} << 63;

// Of the table where it is at hand.
std::vector<std::uint8_t> shard_hashes(const Field& field) {
  if (field.shard_rows == 0 || field.table == nullptr || field.n_codes == 0)
    return {field.shard_hashes.begin(), field.shard_hashes.end()};
  std::vector<std::uint8_t> hashes;
  const std::size_t size = std::size_t{field.n_codes} * field.dim;
  const std::size_t most = std::size_t{field.shard_rows} * field.dim;
  for (std::size_t at = 0; at < size; at += most) {
    const Sha256Digest hash = sha256(Bytes{field.table + at, std::min(most, size - at)});
    hashes.insert(hashes.end(), hash.begin(), hash.end());
  }
  return hashes;
}

// The root and the raw sections of one model while they grow.
class ModelWriter {
 public:
  AlignedBytes write(const Model& model, std::span<const FieldDeclaration> declarations);

 private:
  flatbuffers::Offset<schema::Transform> transform(const Transform& transform);
  flatbuffers::Offset<schema::Field> field(const Field& field, const FieldDeclaration& declared);
  flatbuffers::Offset<schema::Layer> layer(const Layer& layer);
  std::vector<flatbuffers::Offset<schema::Layer>> layers(std::span<const Layer> layers);
  flatbuffers::Offset<schema::Expert> expert(const Expert& expert);
  flatbuffers::Offset<schema::Gate> gate(const Gate& gate);
  flatbuffers::Offset<schema::Level> level(const Level& level);
  flatbuffers::Offset<schema::Calibrator> calibrator(const Calibrator& calibrator);
  flatbuffers::Offset<schema::Head> head(const Head& head);
  flatbuffers::Offset<schema::Retrieval> retrieval(const Retrieval& retrieval);
  flatbuffers::Offset<schema::Lineage> lineage(const Lineage& lineage);
  void root(const Model& model, std::span<const FieldDeclaration> declarations);
  void golden(std::span<const GoldenRequest> requests);

  Builder root_;
  Builder golden_;
  RawSection embeddings_;
  RawSection weights_;
};

flatbuffers::Offset<schema::Transform> ModelWriter::transform(const Transform& from) {
  const auto fill = optional_text(&root_, from.text);
  const auto edges = optional_vector(&root_, from.edges);
  const auto values = optional_texts(&root_, from.values);
  const auto sorted = optional_vector(&root_, from.sorted);
  return schema::CreateTransform(root_, static_cast<schema::TransformKind>(from.kind), from.number,
                                 fill, from.minimum, from.maximum, from.mean,
                                 from.standard_deviation, edges, values, sorted, from.buckets,
                                 from.seed);
}

flatbuffers::Offset<schema::Field> ModelWriter::field(const Field& from,
                                                      const FieldDeclaration& declared) {
  std::vector<flatbuffers::Offset<schema::Transform>> steps;
  for (const Transform& step : from.transforms) steps.push_back(transform(step));
  const bool has_table = from.output == OutputKind::embedding && from.table != nullptr;
  std::uint64_t table = from.shard_rows != 0 ? no_section : 0;
  if (has_table && from.shard_rows == 0)
    table = embeddings_.add(from.table, std::size_t{from.n_codes} * from.dim);
  const std::vector<std::uint8_t> hashes = shard_hashes(from);
  const auto name = text(&root_, from.name);
  const auto inputs = optional_texts(&root_, from.inputs);
  const auto transforms = offsets_vector(&root_, steps);
  const auto owner = optional_text(&root_, declared.owner);
  const auto event_time = optional_text(&root_, declared.event_time);
  const auto created_time = optional_text(&root_, declared.created_time);
  const auto access_tag = optional_text(&root_, declared.access_tag);
  const auto field_lineage = optional_text(&root_, declared.lineage);
  const auto shards = optional_vector<std::uint8_t>(&root_, hashes);
  return schema::CreateField(
      root_, name, static_cast<schema::Side>(from.side), static_cast<schema::FactType>(from.type),
      from.width, inputs, transforms, static_cast<schema::OutputKind>(from.output),
      from.has_indicator, from.is_module, from.feeds_every_layer,
      static_cast<schema::Pooling>(from.pooling), from.scale, from.zero_point,
      from.indicator_scale, from.indicator_zero_point, from.dim, from.n_codes, table,
      from.table_scale, owner, event_time, created_time, declared.ttl_seconds, access_tag,
      field_lineage, from.table_bits, from.shard_rows, shards);
}

flatbuffers::Offset<schema::Layer> ModelWriter::layer(const Layer& from) {
  const std::size_t size = from.weights == nullptr ? 0 : std::size_t{from.n_out} * from.n_in;
  const std::uint64_t offset = weights_.add(from.weights, size);
  const auto bias = optional_vector(&root_, from.bias);
  const auto multiplier = optional_vector(&root_, from.multiplier);
  return schema::CreateLayer(root_, from.n_out, from.n_in, offset, bias, multiplier,
                             from.input_shift);
}

std::vector<flatbuffers::Offset<schema::Layer>> ModelWriter::layers(std::span<const Layer> from) {
  std::vector<flatbuffers::Offset<schema::Layer>> offsets;
  for (const Layer& one : from) offsets.push_back(layer(one));
  return offsets;
}

flatbuffers::Offset<schema::Expert> ModelWriter::expert(const Expert& from) {
  const auto all = offsets_vector(&root_, layers(from.layers));
  const auto name = text(&root_, from.name);
  return schema::CreateExpert(root_, name, from.owner, all);
}

flatbuffers::Offset<schema::Gate> ModelWriter::gate(const Gate& from) {
  const auto experts = optional_vector(&root_, from.experts);
  flatbuffers::Offset<schema::Layer> linear;
  if (from.layer != nullptr) linear = layer(*from.layer);
  const auto multiplier = optional_vector(&root_, from.expert_multiplier);
  return schema::CreateGate(root_, from.owner, experts, linear, multiplier);
}

flatbuffers::Offset<schema::Level> ModelWriter::level(const Level& from) {
  std::vector<flatbuffers::Offset<schema::Expert>> experts;
  for (const Expert& one : from.experts) experts.push_back(expert(one));
  std::vector<flatbuffers::Offset<schema::Gate>> gates;
  for (const Gate& one : from.gates) gates.push_back(gate(one));
  const auto expert_offsets = offsets_vector(&root_, experts);
  const auto gate_offsets = offsets_vector(&root_, gates);
  return schema::CreateLevel(root_, expert_offsets, gate_offsets);
}

schema::CalibratorKind stated(CalibratorKind kind) {
  switch (kind) {
    case CalibratorKind::identity: return schema::CalibratorKind::identity;
    case CalibratorKind::platt: return schema::CalibratorKind::platt;
    case CalibratorKind::temperature: return schema::CalibratorKind::temperature;
    case CalibratorKind::beta: return schema::CalibratorKind::beta;
    case CalibratorKind::isotonic: return schema::CalibratorKind::isotonic;
  }
  return schema::CalibratorKind::unstated;
}

schema::SamplingHandled stated(SamplingHandled handled) {
  switch (handled) {
    case SamplingHandled::none: return schema::SamplingHandled::none;
    case SamplingHandled::correct: return schema::SamplingHandled::correct;
    case SamplingHandled::weighted: return schema::SamplingHandled::weighted;
  }
  return schema::SamplingHandled::unstated;
}

flatbuffers::Offset<schema::Calibrator> ModelWriter::calibrator(const Calibrator& from) {
  const auto x = optional_vector(&root_, from.x);
  const auto y = optional_vector(&root_, from.y);
  return schema::CreateCalibrator(root_, stated(from.kind), from.a, from.b, from.c, from.t, x, y);
}

flatbuffers::Offset<schema::Head> ModelWriter::head(const Head& from) {
  const auto tower = offsets_vector(&root_, layers(from.tower));
  const auto own = calibrator(from.calibrator);
  std::vector<flatbuffers::Offset<schema::SegmentCalibrator>> segments;
  for (const SegmentCalibrator& segment : from.segments) {
    const auto value = text(&root_, segment.value);
    const auto theirs = calibrator(segment.calibrator);
    segments.push_back(
        schema::CreateSegmentCalibrator(root_, value, theirs, segment.positives));
  }
  const auto segment_offsets = offsets_vector(&root_, segments);
  const auto name = text(&root_, from.name);
  const auto segment_field = optional_text(&root_, from.segment_field);
  const auto unit = optional_text(&root_, from.unit);
  return schema::CreateHead(root_, name, static_cast<schema::HeadKind>(from.kind), from.given,
                            tower, from.negative_sampling_rate, stated(from.sampling_handled),
                            from.positive_weight, own, segment_field, from.kappa, segment_offsets,
                            from.log_sigma, from.ratio, unit);
}

flatbuffers::Offset<schema::Retrieval> ModelWriter::retrieval(const Retrieval& from) {
  if (!from.is_set) return {};
  const auto tower = offsets_vector(&root_, layers(from.context_tower));
  const auto name = optional_text(&root_, from.name);
  return schema::CreateRetrieval(root_, name, tower, 0, from.dim, from.scale);
}

flatbuffers::Offset<schema::Lineage> ModelWriter::lineage(const Lineage& from) {
  const auto code = optional_text(&root_, from.code);
  const auto data = optional_text(&root_, from.data);
  const auto features = optional_text(&root_, from.features);
  const auto config = optional_text(&root_, from.config);
  const auto lock = optional_text(&root_, from.lock);
  const auto evaluation = optional_text(&root_, from.evaluation);
  return schema::CreateLineage(root_, code, data, features, config, lock, evaluation);
}

void ModelWriter::root(const Model& model, std::span<const FieldDeclaration> declarations) {
  if (!declarations.empty() && declarations.size() != model.fields.size())
    throw PackError(Status::argument, "declarations", "wanted one per field");
  std::vector<flatbuffers::Offset<schema::Field>> fields;
  for (std::size_t i = 0; i < model.fields.size(); ++i)
    fields.push_back(field(model.fields[i],
                           declarations.empty() ? FieldDeclaration() : declarations[i]));
  std::vector<flatbuffers::Offset<schema::Level>> levels;
  for (const Level& one : model.levels) levels.push_back(level(one));
  std::vector<flatbuffers::Offset<schema::Head>> heads;
  for (const Head& one : model.heads) heads.push_back(head(one));
  const auto retrieval_offset = retrieval(model.retrieval);
  const auto lineage_offset = lineage(model.lineage);
  const auto field_offsets = offsets_vector(&root_, fields);
  const auto level_offsets = offsets_vector(&root_, levels);
  const auto head_offsets = offsets_vector(&root_, heads);
  const auto name = text(&root_, model.name);
  const auto version = text(&root_, model.version);
  const auto report = optional_text(&root_, model.report);
  schema::FinishModelBuffer(
      root_, schema::CreateModel(root_, name, version, field_offsets, level_offsets, head_offsets,
                                 retrieval_offset, lineage_offset, report));
}

void ModelWriter::golden(std::span<const GoldenRequest> requests) {
  std::vector<flatbuffers::Offset<schema::GoldenRequest>> offsets;
  for (const GoldenRequest& request : requests) {
    const auto json = text(&golden_, request.request);
    const auto logits = optional_vector(&golden_, request.logits);
    const auto probabilities = optional_vector(&golden_, request.probabilities);
    const auto rows = optional_vector(&golden_, request.rows);
    offsets.push_back(
        schema::CreateGoldenRequest(golden_, json, request.n_rows, logits, probabilities, rows));
  }
  const auto all = offsets_vector(&golden_, offsets);
  schema::FinishGoldenVectorsBuffer(golden_, schema::CreateGoldenVectors(golden_, all));
}

AlignedBytes ModelWriter::write(const Model& model,
                                std::span<const FieldDeclaration> declarations) {
  root(model, declarations);
  std::vector<NewSection> sections = {{SectionKind::root, finished(root_)}};
  if (!embeddings_.view().empty())
    sections.push_back({SectionKind::embeddings, embeddings_.view()});
  if (!weights_.view().empty()) sections.push_back({SectionKind::weights, weights_.view()});
  if (!model.golden.empty()) {
    golden(model.golden);
    sections.push_back({SectionKind::golden, finished(golden_)});
  }
  return write_container(ArtifactKind::model, sections);
}

}  // namespace

AlignedBytes write_shards(const Model& model) {
  RawSection tables;
  for (const Field& field : model.fields) {
    if (field.shard_rows != 0 && field.table != nullptr)
      tables.add(field.table, std::size_t{field.n_codes} * field.dim);
  }
  return AlignedBytes(tables.view());
}

AlignedBytes write_model(const Model& model, std::span<const FieldDeclaration> declarations) {
  return ModelWriter().write(model, declarations);
}

}  // namespace guardrank::pack
