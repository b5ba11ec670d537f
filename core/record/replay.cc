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

}  // namespace

Status open_record(Bytes record, RecordView* view, Error* error) {
  RecordRoot root;
  GUARDRANK_TRY(read_record_root(record, nullptr, &root, error));
  if (root.numerics != numerics_version)
    return error->wanted(Status::version, "record.numerics", {numerics_version}, {root.numerics});
  *view = {root.release_name, root.engine, root.request, root.numerics, root.level,
           {root.release, root.model, root.policy, root.catalog}};
  return Status::ok;
}

Status replay(const Pipeline& pipeline, Bytes record, Session* session, Request* request,
              ReplayResult* result, Error* error) {
  RecordView view;
  GUARDRANK_TRY(open_record(record, &view, error));
  constexpr std::uint32_t full = 0;
  if (view.level != full)
    return error->wanted(Status::version, "record.level", {full, " (full)"}, {view.level});
  GUARDRANK_TRY(check_artifacts(view.ids, pipeline.ids, error));
  if (const Status status = read_request_json(view.request_json, request, error);
      status != Status::ok) {
    return error->within("record.request");
  }
  Decision decision;
  GUARDRANK_TRY(rank(pipeline, *request, session, &decision, error));
  Bytes again;
  GUARDRANK_TRY(write_record(decision, &session->arena(), &again, error));
  RecordRoot recorded, now;
  GUARDRANK_TRY(read_record_root(record, &session->arena(), &recorded, error));
  GUARDRANK_TRY(read_record_root(again, &session->arena(), &now, error));
  *result = {};
  result->is_equal = is_same_record(recorded, now, result);
  return Status::ok;
}

}  // namespace guardrank
