#include "core/record/comparison.h"
#include "core/record/record.h"
#include "core/record/record_root.h"

namespace guardrank {
namespace {

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

// The request to rank: the recorded one, or the one supplied in its place.
Status find_request(const RecordView& view, const ReplaySupplement& supplement,
                    std::string_view* json, Error* error) {
  const bool is_full = view.level == RecordLevel::full;
  if (is_full != supplement.request_json.empty())
    return is_full ? error->set(Status::argument, "request", {"a full record brings its own"})
                   : error->set(Status::missing, "request",
                                {"the record holds only commitments: supply the request"});
  *json = is_full ? view.request_json : supplement.request_json;
  return Status::ok;
}

bool is_same(Bytes a, Bytes b) {
  return a.size() == b.size() && __builtin_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool compare(const RecordRoot& recorded, const RecordRoot& now, ReplayResult* result) {
  if (recorded.request != now.request)
    result->first_difference.assign({"request: not the values that the record commits to"});
  else if (!is_same(recorded.digest, now.digest))
    result->first_difference.assign({"digest: of another request, salt or decision"});
  else
    return is_same_record(recorded, now, result);
  return false;
}

// A full record says what its request was in its own way; the others as this program does.
RecordOptions options_like(const RecordRoot& recorded, const ReplaySupplement& supplement) {
  RecordOptions options;
  options.level = static_cast<RecordLevel>(recorded.level);
  options.shown = recorded.shown;
  options.salt = supplement.salt;
  options.engine = recorded.engine;
  return options;
}

}  // namespace

Status open_record(Bytes record, RecordView* view, Error* error) {
  RecordRoot root;
  GUARDRANK_TRY(read_record_root(record, nullptr, &root, error));
  if (root.numerics != numerics_version)
    return error->wanted(Status::version, "record.numerics", {numerics_version}, {root.numerics});
  if (root.level > static_cast<std::uint8_t>(RecordLevel::digest))
    return error->wanted(Status::version, "record.level", {"0, 1 or 2"}, {root.level});
  *view = {root.release_name, root.engine, root.request, root.numerics,
           static_cast<RecordLevel>(root.level),
           {root.release, root.model, root.policy, root.catalog}, root.previous};
  return Status::ok;
}

Status replay(const Pipeline& pipeline, Bytes record, const ReplaySupplement& supplement,
              Session* session, Request* request, ReplayResult* result, Error* error) {
  RecordView view;
  std::string_view json;
  GUARDRANK_TRY(open_record(record, &view, error));
  GUARDRANK_TRY(check_artifacts(view.ids, pipeline.ids, error));
  GUARDRANK_TRY(find_request(view, supplement, &json, error));
  if (const Status status = read_request_json(json, request, error); status != Status::ok) {
    return error->within(view.level == RecordLevel::full ? "record.request" : "request");
  }
  Decision decision;
  GUARDRANK_TRY(rank(pipeline, *request, session, &decision, error));
  Bytes again;
  RecordRoot recorded, now;
  GUARDRANK_TRY(read_record_root(record, &session->arena(), &recorded, error));
  GUARDRANK_TRY(write_record(decision, options_like(recorded, supplement), &session->arena(),
                             &again, error));
  GUARDRANK_TRY(read_record_root(again, &session->arena(), &now, error));
  *result = {};
  // A full record may say its request in the words of an older engine.
  if (view.level == RecordLevel::full) now.request = recorded.request;
  result->is_equal = compare(recorded, now, result);
  return Status::ok;
}

}  // namespace guardrank
