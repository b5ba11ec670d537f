#include "core/artifact/flatbuffers.h"

#include "core/record/record_root.h"

#include "core/artifact/table_reader.h"
#include "models/schema/record_generated.h"

namespace guardrank {
namespace {

// A table per ranked and per excluded candidate, and the root.
constexpr std::uint32_t record_tables = 2 * limits::candidates + 1;

constexpr Member offer_members[] = {
    GUARDRANK_MEMBER(RankedOffer, offer, VT_OFFER, RecordedOffer, offer),
    GUARDRANK_MEMBER(RankedOffer, candidate, VT_CANDIDATE, RecordedOffer, candidate),
    GUARDRANK_MEMBER(RankedOffer, score_micros, VT_SCORE_MICROS, RecordedOffer, score_micros),
    GUARDRANK_MEMBER(RankedOffer, propensity, VT_PROPENSITY, RecordedOffer, propensity),
    GUARDRANK_MEMBER(RankedOffer, mandated, VT_MANDATED, RecordedOffer, is_mandated),
};

constexpr Table offer_table = table_of<offer_members>({.n_bytes = sizeof(RecordedOffer)});

constexpr Member exclusion_members[] = {
    GUARDRANK_MEMBER(ExcludedOffer, offer, VT_OFFER, RecordedExclusion, offer),
    GUARDRANK_MEMBER(ExcludedOffer, candidate, VT_CANDIDATE, RecordedExclusion, candidate),
    GUARDRANK_MEMBER(ExcludedOffer, stage, VT_STAGE, RecordedExclusion, stage),
    GUARDRANK_MEMBER(ExcludedOffer, reasons, VT_REASONS, RecordedExclusion, reasons),
};

constexpr Table exclusion_table = table_of<exclusion_members>({
    .n_bytes = sizeof(RecordedExclusion)});

constexpr Bounds digest_or_none = bounds::at_most(Sha256Digest{}.size());
constexpr Bounds n_offers = bounds::at_most(limits::candidates);
constexpr Member members[] = {
    GUARDRANK_MEMBER(Record, level, VT_LEVEL, RecordRoot, level),
    GUARDRANK_MEMBER(Record, engine, VT_ENGINE, RecordRoot, engine),
    GUARDRANK_MEMBER(Record, numerics, VT_NUMERICS, RecordRoot, numerics),
    GUARDRANK_MEMBER(Record, release, VT_RELEASE, RecordRoot, release,
                     {.bounds = &bounds::digest}),
    GUARDRANK_MEMBER(Record, model, VT_MODEL, RecordRoot, model, {.bounds = &bounds::digest}),
    GUARDRANK_MEMBER(Record, policy, VT_POLICY, RecordRoot, policy, {.bounds = &bounds::digest}),
    GUARDRANK_MEMBER(Record, catalog, VT_CATALOG, RecordRoot, catalog,
                     {.bounds = &bounds::digest}),
    GUARDRANK_MEMBER(Record, request, VT_REQUEST, RecordRoot, request,
                     {.bounds = &bounds::document}),
    GUARDRANK_MEMBER(Record, previous, VT_PREVIOUS, RecordRoot, previous,
                     {.bounds = &digest_or_none}),
    GUARDRANK_MEMBER(Record, shown, VT_SHOWN, RecordRoot, shown),
    GUARDRANK_MEMBER(Record, digest, VT_DIGEST, RecordRoot, digest, {.bounds = &digest_or_none}),
    // From here on, what is compared.
    GUARDRANK_MEMBER(Record, release_name, VT_RELEASE_NAME, RecordRoot, release_name),
    GUARDRANK_MEMBER(Record, stages, VT_STAGES, RecordRoot, stages),
    GUARDRANK_MEMBER(Record, ranked, VT_RANKED, RecordRoot, ranked,
                     {.bounds = &n_offers, .child = &offer_table}),
    GUARDRANK_MEMBER(Record, heads, VT_HEADS, RecordRoot, heads),
    GUARDRANK_MEMBER(Record, terms, VT_TERMS, RecordRoot, terms),
    GUARDRANK_MEMBER(Record, logits, VT_LOGITS, RecordRoot, logits),
    GUARDRANK_MEMBER(Record, probabilities, VT_PROBABILITIES, RecordRoot, probabilities),
    GUARDRANK_MEMBER(Record, term_micros, VT_TERM_MICROS, RecordRoot, term_micros),
    GUARDRANK_MEMBER(Record, excluded, VT_EXCLUDED, RecordRoot, excluded,
                     {.bounds = &n_offers, .child = &exclusion_table}),
};
}  // namespace

const Table record_table = table_of<members>();

Status read_record_root(Bytes record, Arena* arena, RecordRoot* root, Error* error) {
  constexpr std::size_t smallest = 8;
  if (record.size() < smallest)
    return error->wanted(Status::truncated, "record", {smallest, " bytes or more"},
                         {record.size()});
  if (reinterpret_cast<std::uintptr_t>(record.data()) % 8 != 0)
    return error->set(Status::argument, "record", {"must be 8-byte aligned"});
  GUARDRANK_TRY(TableReader(arena, error).read(record, "record", schema::RecordIdentifier(),
                                               record_tables, record_table, root));
  for (const auto& digest : {root->previous, root->digest})
    if (digest.size() % Sha256Digest{}.size() != 0)
      return error->wanted(Status::verify, "record.previous, record.digest", {"32 bytes or none"},
                           {digest.size()});
  return Status::ok;
}

}  // namespace guardrank
