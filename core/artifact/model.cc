#include "core/artifact/model_reader.h"

namespace guardrank {
namespace {

constexpr Member lineage_members[] = {
    GUARDRANK_MEMBER(Lineage, code, VT_CODE, Lineage, code),
    GUARDRANK_MEMBER(Lineage, data, VT_DATA, Lineage, data),
    GUARDRANK_MEMBER(Lineage, features, VT_FEATURES, Lineage, features),
    GUARDRANK_MEMBER(Lineage, config, VT_CONFIG, Lineage, config),
    GUARDRANK_MEMBER(Lineage, lock, VT_LOCK, Lineage, lock),
    GUARDRANK_MEMBER(Lineage, evaluation, VT_EVALUATION, Lineage, evaluation,
                     {.bounds = &bounds::document}),
};
constexpr Table lineage_table = table_of<lineage_members>();

// Not read before drift needs them.
constexpr Member histogram_members[] = {
    GUARDRANK_UNREAD(ReferenceHistogram, field, VT_FIELD),
    GUARDRANK_UNREAD(ReferenceHistogram, edges, VT_EDGES),
    GUARDRANK_UNREAD(ReferenceHistogram, counts, VT_COUNTS),
    GUARDRANK_UNREAD(ReferenceHistogram, missing, VT_MISSING),
    GUARDRANK_UNREAD(ReferenceHistogram, unknown, VT_UNKNOWN),
};
constexpr Table histogram_table = table_of<histogram_members>();

constexpr Bounds n_fields = bounds::some(limits::fields, Status::dimension);
constexpr Bounds n_heads = bounds::some(limits::heads, Status::dimension);
constexpr Bounds n_levels = bounds::at_most(limits::levels);
constexpr Member model_members[] = {
    GUARDRANK_MEMBER(Model, name, VT_NAME, Model, name, {.bounds = &bounds::name}),
    GUARDRANK_MEMBER(Model, version, VT_VERSION, Model, version, {.bounds = &bounds::name}),
    GUARDRANK_MEMBER(Model, report, VT_REPORT, Model, report, {.bounds = &bounds::document}),
    GUARDRANK_MEMBER(Model, lineage, VT_LINEAGE, Model, lineage, {.child = &lineage_table}),
    GUARDRANK_MEMBER(Model, fields, VT_FIELDS, Model, fields,
                     {.bounds = &n_fields, .child = &field_table}),
    GUARDRANK_MEMBER(Model, heads, VT_HEADS, Model, heads,
                     {.bounds = &n_heads, .child = &head_table}),
    GUARDRANK_MEMBER(Model, levels, VT_LEVELS, Model, levels,
                     {.bounds = &n_levels, .child = &level_table}),
    GUARDRANK_MEMBER(Model, retrieval, VT_RETRIEVAL, Model, retrieval,
                     {.child = &retrieval_table}),
    GUARDRANK_UNREAD(Model, histograms, VT_HISTOGRAMS, {.child = &histogram_table}),
};

Status finish_model(ModelReader* reader, Model*) {
  GUARDRANK_TRY(check_fields(reader));
  GUARDRANK_TRY(check_shards_end(reader));
  GUARDRANK_TRY(check_graph(reader));
  return check_retrieval(reader);
}

constexpr Table model_table = table_of<model_members>({
    .finish = finish_as<ModelReader, Model, finish_model>});

}  // namespace

Status open_model(Bytes bytes, Check check, Arena* arena, Model* model, Error* error,
                  Bytes shards) {
  ModelReader reader(arena, error);
  Model opened;
  GUARDRANK_TRY(open_container_of(ArtifactKind::model, bytes, check, arena, &opened.container,
                                  error));
  reader.check_level = check;
  reader.embeddings.bytes = section_bytes(opened.container, SectionKind::embeddings);
  reader.shards.bytes = shards;
  reader.weights.bytes = section_bytes(opened.container, SectionKind::weights);
  // Matrices may share their bytes, but not so often that a small file costs memory out of proportion.
  reader.embeddings.budget = reader.embeddings.bytes.size();
  reader.weights.budget = reader.weights.bytes.size();
  reader.model = &opened;
  GUARDRANK_TRY(reader.open(opened.container, SectionKind::root, schema::ModelIdentifier(),
                            model_table, &opened));
  GUARDRANK_TRY(read_golden(&reader));
  *model = opened;
  return Status::ok;
}

}  // namespace guardrank
