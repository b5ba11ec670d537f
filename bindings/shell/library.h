// The C library's handles with owners, and its failures as exceptions.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "guardrank.h"
#include "guardrank_tools.h"

namespace guardrank::shell {

// What the command ends with exit code 1 for: the library's error, or its own of the same form.
class Failure : public std::runtime_error {
 public:
  Failure(gr_status code, const std::string& where, const std::string& message)
      : std::runtime_error(message), code_(code), where_(where) {}

  gr_status code() const { return code_; }
  const std::string& where() const { return where_; }

 private:
  gr_status code_;
  std::string where_;
};

// The form of contracts.md, with the line of a file where there is one (from 1).
std::string error_json(gr_status code, const std::string& where, const std::string& message,
                       std::size_t line = 0);

template <auto Free>
struct Freed {
  template <typename Handle>
  void operator()(Handle* handle) const {
    Free(handle);
  }
};
using Engine = std::unique_ptr<gr_engine, Freed<gr_engine_free>>;
using Artifact = std::unique_ptr<gr_artifact, Freed<gr_artifact_free>>;
using Snapshot = std::unique_ptr<gr_snapshot, Freed<gr_snapshot_free>>;
using Session = std::unique_ptr<gr_session, Freed<gr_session_free>>;
using Request = std::unique_ptr<gr_request, Freed<gr_request_free>>;
using ToolsText = std::unique_ptr<gr_tools_text, Freed<gr_tools_text_free>>;

inline std::string_view view(gr_text text) { return {text.data, text.size}; }

// Runs call(&error) and throws a Failure when the status is not OK.
template <typename Call>
void check(Call call) {
  gr_error* error = nullptr;
  const gr_status status = call(&error);
  if (status == GR_STATUS_OK) return;
  const std::string where(view(gr_error_where(error)));
  std::string message(view(gr_error_message(error)));
  gr_error_free(error);
  throw Failure(status, where, message.empty() ? gr_status_name(status) : message);
}

Engine create_engine();
// Copies the bytes.
Artifact open_artifact(const gr_engine* engine, std::string_view bytes, gr_check level);
Snapshot create_snapshot(const gr_engine* engine, const gr_artifact* bundle);
Session create_session(const gr_engine* engine);
Request create_request(const gr_snapshot* snapshot);

}  // namespace guardrank::shell
