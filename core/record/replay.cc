#include "core/record/record_root.h"

#include "core/record/record.h"

namespace guardrank {
namespace {

bool is_same(double a, double b) {
  return __builtin_bit_cast(std::uint64_t, a) == __builtin_bit_cast(std::uint64_t, b);
}
template <typename T>
bool is_same(T a, T b) {
  return a == b;
}

// Keeps the first difference, and says so from then on.
struct Comparison {
  ReplayResult* result;

  template <typename T>
  bool same(std::initializer_list<TextPiece> path, T recorded, T now) {
    if (is_same(recorded, now)) return true;
    result->first_difference.assign(path);
    result->first_difference.append({": ", recorded, " recorded, ", now, " now"});
    return false;
  }
};

using Names = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;

bool same_names(Comparison* c, std::string_view what, const Names* recorded, const Names* now) {
  if (!c->same({what, " (count)"}, size_of(recorded), size_of(now))) return false;
  for (std::uint32_t i = 0; i < size_of(now); ++i) {
    if (!c->same({what, "[", i, "]"}, view_of(recorded->Get(i)), view_of(now->Get(i)))) return false;
  }
  return true;
}

bool same_stages(Comparison* c, const schema::Record& recorded, const schema::Record& now) {
  constexpr std::string_view names[] = {"candidates", "eligible", "retrieved", "scored", "removed"};
  const std::span<const std::uint32_t> a = view_of(recorded.stages()), b = view_of(now.stages());
  if (!c->same({"stages (count)"}, a.size(), b.size())) return false;
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (!c->same({"stages.", names[i]}, a[i], b[i])) return false;
  }
  return true;
}

bool same_offer(Comparison* c, std::uint32_t i, const schema::RankedOffer& recorded,
                const schema::RankedOffer& now) {
  return c->same({"ranked[", i, "].offer"}, view_of(recorded.offer()), view_of(now.offer())) &&
         c->same({"ranked[", i, "].candidate"}, recorded.candidate(), now.candidate()) &&
         c->same({"ranked[", i, "].score_micros"}, recorded.score_micros(), now.score_micros()) &&
         c->same({"ranked[", i, "].propensity"}, recorded.propensity(), now.propensity()) &&
         c->same({"ranked[", i, "].mandated"}, int{recorded.mandated()}, int{now.mandated()});
}

bool same_ranked(Comparison* c, const schema::Record& recorded, const schema::Record& now) {
  if (!c->same({"ranked (count)"}, size_of(recorded.ranked()), size_of(now.ranked()))) return false;
  for (std::uint32_t i = 0; i < size_of(now.ranked()); ++i) {
    if (!same_offer(c, i, *recorded.ranked()->Get(i), *now.ranked()->Get(i))) return false;
  }
  return true;
}

// `kind`: what stands between the row and the column's name, as in the JSON form. The columns'
// names have been compared before; a damaged record may hold another number of values.
template <typename Shown, typename T>
bool same_matrix(Comparison* c, std::string_view kind, std::string_view figure, const Names* names,
                 std::span<const T> recorded, std::span<const T> now) {
  if (!c->same({kind, figure, " (count)"}, recorded.size(), now.size())) return false;
  const std::size_t n_columns = size_of(names);
  for (std::size_t i = 0; i < now.size(); ++i) {
    const std::size_t row = i / n_columns;
    const auto column = static_cast<std::uint32_t>(i % n_columns);
    if (!c->same({"ranked[", row, "].", kind, ".", view_of(names->Get(column)), figure},
                 static_cast<Shown>(recorded[i]), static_cast<Shown>(now[i]))) {
      return false;
    }
  }
  return true;
}

bool same_outcomes(Comparison* c, const schema::Record& recorded, const schema::Record& now) {
  return same_names(c, "heads", recorded.heads(), now.heads()) &&
         same_names(c, "terms", recorded.terms(), now.terms()) &&
         same_matrix<double>(c, "heads", ".logit", now.heads(), view_of(recorded.logits()),
                             view_of(now.logits())) &&
         same_matrix<double>(c, "heads", ".probability", now.heads(),
                             view_of(recorded.probabilities()), view_of(now.probabilities())) &&
         same_matrix<std::int64_t>(c, "terms", ".micros", now.terms(),
                                   view_of(recorded.term_micros()), view_of(now.term_micros()));
}

bool same_exclusion(Comparison* c, std::uint32_t i, const schema::ExcludedOffer& recorded,
                    const schema::ExcludedOffer& now) {
  if (!c->same({"excluded[", i, "].offer"}, view_of(recorded.offer()), view_of(now.offer())) ||
      !c->same({"excluded[", i, "].candidate"}, recorded.candidate(), now.candidate()) ||
      !c->same({"excluded[", i, "].stage"}, unsigned{recorded.stage()}, unsigned{now.stage()})) {
    return false;
  }
  const std::span<const std::uint32_t> a = view_of(recorded.reasons()), b = view_of(now.reasons());
  if (!c->same({"excluded[", i, "].reasons (count)"}, a.size(), b.size())) return false;
  for (std::size_t r = 0; r < b.size(); ++r) {
    if (!c->same({"excluded[", i, "].reasons[", r, "]"}, a[r], b[r])) return false;
  }
  return true;
}

bool same_excluded(Comparison* c, const schema::Record& recorded, const schema::Record& now) {
  const std::uint32_t n = size_of(now.excluded());
  if (!c->same({"excluded (count)"}, size_of(recorded.excluded()), n)) return false;
  for (std::uint32_t i = 0; i < n; ++i) {
    if (!same_exclusion(c, i, *recorded.excluded()->Get(i), *now.excluded()->Get(i))) return false;
  }
  return true;
}

bool same_record(Comparison* c, const schema::Record& recorded, const schema::Record& now) {
  return c->same({"release_name"}, view_of(recorded.release_name()), view_of(now.release_name())) &&
         same_stages(c, recorded, now) && same_ranked(c, recorded, now) &&
         same_outcomes(c, recorded, now) && same_excluded(c, recorded, now);
}

Status read_digest(std::string_view where, const flatbuffers::Vector<std::uint8_t>* bytes,
                   Sha256Digest* digest, Error* error) {
  const std::span<const std::uint8_t> found = view_of(bytes);
  if (found.size() != digest->size()) {
    return error->wanted(Status::verify, where, {digest->size(), " bytes"},
                         {found.size(), " bytes"});
  }
  for (std::size_t i = 0; i < found.size(); ++i) (*digest)[i] = found[i];
  return Status::ok;
}

Status check_artifact(std::string_view where, const Sha256Digest& recorded,
                      const Sha256Digest& now, Error* error) {
  if (recorded == now) return Status::ok;
  const DigestText wanted = digest_text(recorded), found = digest_text(now);
  return error->wanted(Status::reference, where, {std::string_view{wanted.data(), wanted.size()}},
                       {std::string_view{found.data(), found.size()}});
}

Status check_artifacts(const ArtifactIds& recorded, const ArtifactIds& now, Error* error) {
  GUARDRANK_TRY(check_artifact("record.release", recorded.release, now.release, error));
  GUARDRANK_TRY(check_artifact("record.model", recorded.model, now.model, error));
  GUARDRANK_TRY(check_artifact("record.policy", recorded.policy, now.policy, error));
  return check_artifact("record.catalog", recorded.catalog, now.catalog, error);
}

}  // namespace

Status open_record(Bytes record, RecordView* view, Error* error) {
  const schema::Record* root = nullptr;
  GUARDRANK_TRY(read_record_root(record, &root, error));
  if (root->numerics() != numerics_version) {
    return error->wanted(Status::version, "record.numerics", {numerics_version},
                         {root->numerics()});
  }
  RecordView opened;
  GUARDRANK_TRY(read_digest("record.release", root->release(), &opened.ids.release, error));
  GUARDRANK_TRY(read_digest("record.model", root->model(), &opened.ids.model, error));
  GUARDRANK_TRY(read_digest("record.policy", root->policy(), &opened.ids.policy, error));
  GUARDRANK_TRY(read_digest("record.catalog", root->catalog(), &opened.ids.catalog, error));
  opened.release = view_of(root->release_name());
  opened.engine = view_of(root->engine());
  opened.request_json = view_of(root->request());
  opened.numerics = root->numerics();
  *view = opened;
  return Status::ok;
}

Status replay(const Pipeline& pipeline, Bytes record, Session* session, Request* request,
              ReplayResult* result, Error* error) {
  RecordView view;
  GUARDRANK_TRY(open_record(record, &view, error));
  const schema::Record& recorded = *schema::GetRecord(record.data());
  if (recorded.level() != schema::RecordLevel::full) {
    return error->wanted(Status::version, "record.level", {"full"}, {"a level that does not replay"});
  }
  GUARDRANK_TRY(check_artifacts(view.ids, pipeline.ids, error));
  if (const Status status = read_request_json(view.request_json, request, error);
      status != Status::ok) {
    return error->within("record.request");
  }
  Decision decision;
  GUARDRANK_TRY(rank(pipeline, *request, session, &decision, error));
  Bytes again;
  GUARDRANK_TRY(write_record(decision, &session->arena(), &again, error));
  *result = {};
  Comparison comparison{result};
  result->is_equal = same_record(&comparison, recorded, *schema::GetRecord(again.data()));
  return Status::ok;
}

}  // namespace guardrank
