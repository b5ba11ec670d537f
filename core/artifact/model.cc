#include "core/artifact/model_reader.h"

namespace guardrank {
namespace {

Bytes section_bytes(const Container& container, SectionKind kind) {
  const Section* section = container.find(kind);
  return section == nullptr ? Bytes() : section->bytes;
}

Status read_lineage(const schema::Model& source, ModelReader* reader) {
  const schema::Lineage* from = source.lineage();
  if (from == nullptr) return Status::ok;
  const Place root("root");
  const Place place(root, "lineage");
  RootReader& read = reader->root;
  Lineage& lineage = reader->model.lineage;
  GUARDRANK_TRY(read.text(from->code(), Place(place, "code"), &lineage.code));
  GUARDRANK_TRY(read.text(from->data(), Place(place, "data"), &lineage.data));
  GUARDRANK_TRY(read.text(from->features(), Place(place, "features"), &lineage.features));
  GUARDRANK_TRY(read.text(from->config(), Place(place, "config"), &lineage.config));
  GUARDRANK_TRY(read.text(from->lock(), Place(place, "lock"), &lineage.lock));
  return read.text(from->evaluation(), Place(place, "evaluation"), &lineage.evaluation,
                   limits::request_json_bytes);
}

Status read_names(const schema::Model& source, ModelReader* reader) {
  const Place root("root");
  RootReader& read = reader->root;
  Model& model = reader->model;
  GUARDRANK_TRY(read.name(source.name(), Place(root, "name"), &model.name));
  GUARDRANK_TRY(read.name(source.version(), Place(root, "version"), &model.version));
  GUARDRANK_TRY(read.text(source.report(), Place(root, "report"), &model.report,
                          limits::request_json_bytes));
  return read_lineage(source, reader);
}

Status read_root(const schema::Model& source, ModelReader* reader) {
  GUARDRANK_TRY(read_names(source, reader));
  GUARDRANK_TRY(read_fields(source, reader));
  GUARDRANK_TRY(read_heads(source, reader));
  GUARDRANK_TRY(read_levels(source, reader));
  return read_towers(source, reader);
}

}  // namespace

Status read_raw(Bytes bytes, std::string_view section, std::uint64_t offset, std::uint64_t count,
                std::uint64_t element_bytes, const Place& place, RootReader* reader,
                const std::uint8_t** out) {
  if (offset % section_alignment != 0)
    return reader->fail(Status::verify, place,
                        {"offset ", offset, " in section ", section, " is not 64-byte aligned"});
  if (offset > bytes.size() || count > (bytes.size() - offset) / element_bytes)
    return reader->fail(Status::verify, place,
                        {count, " elements of ", element_bytes, " bytes at ", offset,
                         " leave section ", section, " of ", bytes.size(), " bytes"});
  *out = count == 0 ? nullptr : bytes.data() + offset;
  return Status::ok;
}

Status open_model(Bytes bytes, Check check, Arena* arena, Model* model, Error* error) {
  ModelReader reader(arena, error);
  Container& container = reader.model.container;
  GUARDRANK_TRY(open_container_of(ArtifactKind::model, bytes, check, arena, &container, error));
  reader.check = check;
  reader.embeddings = section_bytes(container, SectionKind::embeddings);
  reader.weights = section_bytes(container, SectionKind::weights);
  const schema::Model* root = nullptr;
  GUARDRANK_TRY(reader.root.open(container, SectionKind::root, schema::ModelIdentifier(), &root));
  GUARDRANK_TRY(read_root(*root, &reader));
  GUARDRANK_TRY(read_golden(&reader));
  *model = reader.model;
  return Status::ok;
}

}  // namespace guardrank
