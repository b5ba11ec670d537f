#include "core/decision/version.h"
#include "core/record/flat_writer.h"
#include "core/record/record.h"

namespace guardrank {
namespace {

// Ordinals of the fields of models/schema/record.fbs.
enum RecordField : std::size_t {
  level = 0, engine, numerics, release_name, release, model, policy, catalog, request, heads, terms,
  ranked, logits, probabilities, term_micros, excluded, stages, previous, n_record_fields,
};
enum RankedField : std::size_t {
  ranked_candidate = 0, ranked_offer, score_micros, propensity, mandated, n_ranked_fields,
};
enum ExcludedField : std::size_t {
  excluded_candidate = 0, excluded_offer, excluded_stage, reasons, n_excluded_fields,
};

struct Writing {
  const Decision& decision;
  Arena* arena;
  FlatWriter writer;
  FlatLayout layout;
  std::uint32_t table = 0;

  void refer(RecordField field, std::uint32_t target) {
    writer.refer(table, layout, field, target);
  }
};

FlatLayout layout_record(FlatWriter* writer) {
  std::uint8_t sizes[n_record_fields];
  for (std::uint8_t& size : sizes) size = 4;
  sizes[level] = 1;
  sizes[previous] = 0;
  return writer->layout(sizes);
}

void write_identity(Writing* w, std::string_view request_json) {
  const Pipeline& pipeline = *w->decision.pipeline;
  w->writer.scalar(w->table, w->layout, numerics, numerics_version);
  w->refer(engine, w->writer.string(engine_version));
  w->refer(release_name, w->writer.string(pipeline.release_name));
  w->refer(release, w->writer.vector(std::span<const std::uint8_t>(pipeline.ids.release)));
  w->refer(model, w->writer.vector(std::span<const std::uint8_t>(pipeline.ids.model)));
  w->refer(policy, w->writer.vector(std::span<const std::uint8_t>(pipeline.ids.policy)));
  w->refer(catalog, w->writer.vector(std::span<const std::uint8_t>(pipeline.ids.catalog)));
  w->refer(request, w->writer.string(request_json));
}

template <typename Named>
std::uint32_t write_names(FlatWriter* writer, std::span<const Named> named, std::string_view Named::*name) {
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

Status write(const Decision& decision, Arena* arena, Bytes* record) {
  std::string_view request_json;
  GUARDRANK_TRY(write_request_json(*decision.request, arena, &request_json));
  Writing w{decision, arena, FlatWriter(arena, "GRRC"), {}, 0};
  w.layout = layout_record(&w.writer);
  w.table = w.writer.table(w.layout);
  w.writer.root(w.table);
  write_identity(&w, request_json);
  w.refer(heads, write_names(&w.writer, decision.pipeline->model->heads, &Head::name));
  w.refer(terms, write_names(&w.writer, decision.pipeline->policy->terms, &Term::id));
  write_ranked(&w);
  GUARDRANK_TRY(write_outcomes(&w));
  GUARDRANK_TRY(write_excluded(&w));
  write_stages(&w);
  *record = w.writer.bytes();
  return w.writer.status();
}

}  // namespace

Status write_record(const Decision& decision, Arena* arena, Bytes* record, Error* error) {
  const Status status = write(decision, arena, record);
  if (status == Status::ok) return status;
  return error->set(status, "record", {"it could not be written: ", status_name(status)});
}

}  // namespace guardrank
