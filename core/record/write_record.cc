#include "core/base/commitment.h"
#include "core/base/limits.h"
#include "core/record/flat_writer.h"
#include "core/record/record.h"

namespace guardrank {
namespace {

// Ordinals of the fields of models/schema/record.fbs.
enum RecordField : std::size_t {
  level = 0, engine, numerics, release_name, release, model, policy, catalog, request, heads, terms,
  ranked, logits, probabilities, term_micros, excluded, stages, previous, shown, digest, n_record_fields,
};
enum RankedField : std::size_t {
  ranked_candidate = 0, ranked_offer, score_micros, propensity, mandated, n_ranked_fields,
};
enum ExcludedField : std::size_t {
  excluded_candidate = 0, excluded_offer, excluded_stage, reasons, n_excluded_fields,
};

struct Writing {
  const Decision& decision;
  const RecordOptions& options;
  Arena* arena;
  FlatWriter writer;
  FlatLayout layout;
  std::uint32_t table = 0;

  void refer(RecordField field, std::uint32_t target) {
    writer.refer(table, layout, field, target);
  }
};

// A record of level digest ends with what it is of.
FlatLayout layout_record(const RecordOptions& options, FlatWriter* writer) {
  const bool is_digest = options.level == RecordLevel::digest;
  std::uint8_t sizes[n_record_fields] = {};
  for (std::size_t field = 0; field < previous; ++field)
    sizes[field] = is_digest && field >= request ? 0 : 4;
  sizes[level] = 1;
  sizes[previous] = options.previous.empty() ? 0 : 4;
  sizes[shown] = options.level == RecordLevel::redacted ? 4 : 0;
  sizes[digest] = is_digest ? 4 : 0;
  return writer->layout(sizes);
}

void write_identity(Writing* w) {
  const Pipeline& pipeline = *w->decision.pipeline;
  w->writer.scalar(w->table, w->layout, numerics, numerics_version);
  w->writer.scalar(w->table, w->layout, level, static_cast<std::uint8_t>(w->options.level));
  w->refer(engine, w->writer.string(w->options.engine));
  w->refer(release_name, w->writer.string(pipeline.release_name));
  w->refer(release, w->writer.vector(std::span<const std::uint8_t>(pipeline.ids.release)));
  w->refer(model, w->writer.vector(std::span<const std::uint8_t>(pipeline.ids.model)));
  w->refer(policy, w->writer.vector(std::span<const std::uint8_t>(pipeline.ids.policy)));
  w->refer(catalog, w->writer.vector(std::span<const std::uint8_t>(pipeline.ids.catalog)));
  if (!w->options.previous.empty()) w->refer(previous, w->writer.vector(w->options.previous));
}

Status write_request(Writing* w) {
  const Redaction redaction{w->options.shown, w->options.salt};
  const bool is_redacted = w->options.level == RecordLevel::redacted;
  std::string_view json;
  GUARDRANK_TRY(write_request_json(*w->decision.request, is_redacted ? &redaction : nullptr,
                                   w->arena, &json));
  w->refer(request, w->writer.string(json));
  if (!is_redacted) return Status::ok;
  const std::uint32_t names = w->writer.references(w->options.shown.size());
  for (std::size_t i = 0; i < w->options.shown.size(); ++i)
    w->writer.refer(FlatWriter::element(names, i), w->writer.string(w->options.shown[i]));
  w->refer(shown, names);
  return Status::ok;
}

template <typename Named>
std::uint32_t write_names(FlatWriter* writer, std::span<const Named> named,
                          std::string_view Named::*name) {
  const std::uint32_t names = writer->references(named.size());
  for (std::size_t i = 0; i < named.size(); ++i) {
    writer->refer(FlatWriter::element(names, i), writer->string(named[i].*name));
  }
  return names;
}

void write_ranked(Writing* w) {
  constexpr std::uint8_t sizes[n_ranked_fields] = {4, 4, 8, 8, 1};
  const Decision& decision = w->decision;
  FlatWriter& writer = w->writer;
  const FlatLayout layout = writer.layout(sizes);
  const std::uint32_t offers = writer.references(decision.ranked.size());
  w->refer(ranked, offers);
  for (std::size_t i = 0; i < decision.ranked.size(); ++i) {
    const Placed& placed = decision.ranked[i];
    const std::uint32_t candidate = decision.candidates[placed.row];
    const std::uint32_t table = writer.table(layout);
    writer.refer(FlatWriter::element(offers, i), table);
    writer.scalar(table, layout, ranked_candidate, candidate);
    writer.scalar(table, layout, score_micros, decision.scores.score[placed.row]);
    writer.scalar(table, layout, propensity, placed.propensity);
    writer.scalar(table, layout, mandated, placed.is_mandated);
    writer.refer(table, layout, ranked_offer, writer.string(decision.request->offer_id(candidate)));
  }
}

// A vector of ranked rows times columns, by row. `value(column, row)` gives an element.
template <typename T, typename Value>
Status write_matrix(Writing* w, RecordField field, std::size_t n_columns, Value value) {
  std::span<T> values;
  GUARDRANK_TRY(w->arena->make_uninitialised(w->decision.ranked.size() * n_columns, &values));
  std::size_t next = 0;
  for (const Placed& placed : w->decision.ranked) {
    for (std::size_t c = 0; c < n_columns; ++c) values[next++] = value(c, placed.row);
  }
  w->refer(field, w->writer.vector(std::span<const T>(values)));
  return Status::ok;
}

Status write_outcomes(Writing* w) {
  const Decision& decision = w->decision;
  const std::size_t n_heads = decision.pipeline->model->heads.size();
  const std::size_t n_terms = decision.pipeline->policy->terms.size();
  GUARDRANK_TRY(write_matrix<float>(w, logits, n_heads, [&](std::size_t head, std::uint32_t row) {
    return decision.heads[head].logit[row];
  }));
  GUARDRANK_TRY(write_matrix<double>(w, probabilities, n_heads,
                                     [&](std::size_t head, std::uint32_t row) {
                                       return decision.heads[head].probability[row];
                                     }));
  return write_matrix<std::int64_t>(w, term_micros, n_terms,
                                    [&](std::size_t term, std::uint32_t row) {
                                      return decision.scores.terms[term][row];
                                    });
}

std::uint32_t code_of(const Reason& reason) {
  return static_cast<std::uint32_t>(reason.kind) << 24 |
         static_cast<std::uint32_t>(reason.value) << 16 | (reason.index & 0xffffu);
}

Status write_exclusion(Writing* w, const FlatLayout& layout, const Exclusion& exclusion,
                       std::uint32_t table) {
  const std::span<const Reason> found = w->decision.exclusions->reasons(exclusion);
  std::span<std::uint32_t> codes;
  GUARDRANK_TRY(w->arena->make(found.size(), &codes));
  for (std::size_t i = 0; i < found.size(); ++i) codes[i] = code_of(found[i]);
  FlatWriter& writer = w->writer;
  const std::string_view offer = w->decision.request->offer_id(exclusion.candidate);
  writer.scalar(table, layout, excluded_candidate, exclusion.candidate);
  writer.scalar(table, layout, excluded_stage, static_cast<std::uint8_t>(exclusion.stage));
  writer.refer(table, layout, excluded_offer, writer.string(offer));
  writer.refer(table, layout, reasons, writer.vector(std::span<const std::uint32_t>(codes)));
  return Status::ok;
}

Status write_excluded(Writing* w) {
  constexpr std::uint8_t sizes[n_excluded_fields] = {4, 4, 1, 4};
  const std::span<const Exclusion> found = w->decision.excluded;
  const FlatLayout layout = w->writer.layout(sizes);
  const std::uint32_t offers = w->writer.references(found.size());
  w->refer(excluded, offers);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::uint32_t table = w->writer.table(layout);
    w->writer.refer(FlatWriter::element(offers, i), table);
    GUARDRANK_TRY(write_exclusion(w, layout, found[i], table));
  }
  return Status::ok;
}

void write_stages(Writing* w) {
  const StageCounts& counts = w->decision.stages;
  const std::uint32_t values[] = {counts.candidates, counts.eligible, counts.retrieved,
                                  counts.scored, counts.removed,
                                  counts.is_two_stage ? 1u : 0u, counts.is_raised ? 1u : 0u};
  // A single stage within its budget is written as before there were two.
  const std::size_t n = counts.is_two_stage || counts.is_raised ? std::size(values) : 5;
  w->refer(stages, w->writer.vector(std::span<const std::uint32_t>(values, n)));
}

Status write(const Decision& decision, const RecordOptions& options, Arena* arena, Bytes* record);

// The commitment to the full record of the same engine, without its place in a chain.
Status write_digest(Writing* w) {
  Bytes full;
  RecordOptions options;
  options.engine = w->options.engine;
  GUARDRANK_TRY(write(w->decision, options, w->arena, &full));
  const Sha256Digest commitment = commit(w->options.salt, "record", full);
  w->refer(digest, w->writer.vector(std::span<const std::uint8_t>(commitment)));
  return Status::ok;
}

Status write_decision(Writing* w) {
  GUARDRANK_TRY(write_request(w));
  w->refer(heads, write_names(&w->writer, w->decision.pipeline->model->heads, &Head::name));
  w->refer(terms, write_names(&w->writer, w->decision.pipeline->policy->terms, &Term::id));
  write_ranked(w);
  GUARDRANK_TRY(write_outcomes(w));
  GUARDRANK_TRY(write_excluded(w));
  write_stages(w);
  return Status::ok;
}

Status write(const Decision& decision, const RecordOptions& options, Arena* arena, Bytes* record) {
  Writing w{decision, options, arena, FlatWriter(arena, "GRRC"), {}, 0};
  w.layout = layout_record(options, &w.writer);
  w.table = w.writer.table(w.layout);
  w.writer.root(w.table);
  write_identity(&w);
  GUARDRANK_TRY(options.level == RecordLevel::digest ? write_digest(&w) : write_decision(&w));
  *record = w.writer.bytes();
  return w.writer.status();
}

Status check(const RecordOptions& options, Error* error) {
  if (options.level != RecordLevel::full && options.salt.size() < limits::salt_bytes)
    return error->wanted(Status::argument, "salt", {limits::salt_bytes, " bytes or more"},
                         {options.salt.size()});
  if (!options.previous.empty() && options.previous.size() != Sha256Digest{}.size())
    return error->wanted(Status::argument, "previous", {"32 bytes"}, {options.previous.size()});
  return Status::ok;
}

}  // namespace

Status write_record(const Decision& decision, const RecordOptions& options, Arena* arena,
                    Bytes* record, Error* error) {
  GUARDRANK_TRY(check(options, error));
  const Status status = write(decision, options, arena, record);
  if (status == Status::ok) return status;
  return error->set(status, "record", {"it could not be written: ", status_name(status)});
}

}  // namespace guardrank
