#include "bindings/shell/library.h"

#include <nlohmann/json.hpp>

namespace guardrank::shell {

std::string error_json(gr_status code, const std::string& where, const std::string& message,
                       std::size_t line) {
  nlohmann::ordered_json error = {
      {"code", code}, {"name", gr_status_name(code)}, {"message", message}, {"where", where}};
  if (line != 0) error["line"] = line;
  return nlohmann::ordered_json{{"error", error}}.dump(
      -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Engine create_engine() {
  gr_engine* engine = nullptr;
  check([&](gr_error** error) { return gr_engine_create(nullptr, &engine, error); });
  return Engine(engine);
}

Artifact open_artifact(const gr_engine* engine, std::string_view bytes, gr_check level) {
  gr_artifact_options options{};
  options.struct_size = sizeof options;
  options.check = level;
  gr_artifact* artifact = nullptr;
  check([&](gr_error** error) {
    return gr_artifact_open(engine, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(),
                            &options, &artifact, error);
  });
  return Artifact(artifact);
}

Snapshot create_snapshot(const gr_engine* engine, const gr_artifact* bundle) {
  gr_snapshot* snapshot = nullptr;
  check([&](gr_error** error) {
    return gr_snapshot_create(engine, bundle, nullptr, &snapshot, error);
  });
  return Snapshot(snapshot);
}

Session create_session(const gr_engine* engine) {
  gr_session* session = nullptr;
  check([&](gr_error** error) { return gr_session_create(engine, &session, error); });
  return Session(session);
}

Request create_request(const gr_snapshot* snapshot) {
  gr_request* request = nullptr;
  check([&](gr_error** error) { return gr_request_create(snapshot, &request, error); });
  return Request(request);
}

}  // namespace guardrank::shell
