// The first program: ranks one request on a bundle, prints the top 3 and why the first excluded
// offer was excluded. Usage: rank BUNDLE REQUEST.json
#include <guardrank.h>

#include <cstdint>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

// Handles that free themselves.
template <auto free_function>
struct Free {
  template <class Handle>
  void operator()(Handle* handle) const {
    free_function(handle);
  }
};
using Error = std::unique_ptr<gr_error, Free<gr_error_free>>;
using Engine = std::unique_ptr<gr_engine, Free<gr_engine_free>>;
using Artifact = std::unique_ptr<gr_artifact, Free<gr_artifact_free>>;
using Snapshot = std::unique_ptr<gr_snapshot, Free<gr_snapshot_free>>;
using Request = std::unique_ptr<gr_request, Free<gr_request_free>>;
using Session = std::unique_ptr<gr_session, Free<gr_session_free>>;

std::string_view view(gr_text text) { return {text.data, text.size}; }

// Calls a function of guardrank.h with `arguments` and an error; throws what it stored there.
template <class Function, class... Arguments>
void call(Function function, Arguments... arguments) {
  gr_error* error = nullptr;
  if (const gr_status status = function(arguments..., &error); status != GR_STATUS_OK) {
    const Error owned(error);
    throw std::runtime_error("error " + std::to_string(status) + ": " +
                             std::string(view(gr_error_message(error))));
  }
}

// As `call`, for functions whose last output is a new handle.
template <class Owner, class Function, class... Arguments>
Owner make(Function function, Arguments... arguments) {
  typename Owner::pointer handle = nullptr;
  call(function, arguments..., &handle);
  return Owner(handle);
}

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw std::runtime_error(std::string("error: cannot read ") + path);
  return bytes;
}

// Micros as currency units: "-0.076998".
std::string units(std::int64_t micros) {
  const bool negative = micros < 0;
  std::uint64_t magnitude = static_cast<std::uint64_t>(micros);
  if (negative) magnitude = 0 - magnitude;
  std::string digits = std::to_string(magnitude);
  if (digits.size() < 7) digits.insert(0, 7 - digits.size(), '0');
  digits.insert(digits.size() - 6, ".");
  return negative ? "-" + digits : digits;
}

void print(const gr_decision* decision) {
  for (std::uint32_t position = 0; position < 3; position++) {
    gr_ranked ranked{};
    ranked.struct_size = sizeof ranked;
    if (gr_decision_ranked(decision, position, &ranked) != GR_STATUS_OK) break;
    std::cout << position + 1 << "  " << view(ranked.offer) << "  " << units(ranked.score_micros)
              << '\n';
  }
  gr_excluded excluded{};
  excluded.struct_size = sizeof excluded;
  gr_reason reason{};
  reason.struct_size = sizeof reason;
  if (gr_decision_excluded(decision, 0, &excluded) != GR_STATUS_OK ||
      gr_decision_reason(decision, 0, 0, &reason) != GR_STATUS_OK) {
    std::cout << "excluded  none\n";
    return;
  }
  std::cout << "excluded  " << view(excluded.offer) << "  " << view(reason.rule) << ": "
            << view(reason.text) << '\n';
}

void rank(const char* bundle_path, const char* request_path) {
  const std::string bytes = read_file(bundle_path);
  const std::string json = read_file(request_path);
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());

  const gr_engine_options* defaults = nullptr;
  const gr_artifact_options* artifact_defaults = nullptr;
  const gr_snapshot_options* snapshot_defaults = nullptr;
  const auto engine = make<Engine>(gr_engine_create, defaults);
  const auto bundle =
      make<Artifact>(gr_artifact_open, engine.get(), data, bytes.size(), artifact_defaults);
  const auto snapshot =
      make<Snapshot>(gr_snapshot_create, engine.get(), bundle.get(), snapshot_defaults);
  const auto request = make<Request>(gr_request_create, snapshot.get());
  call(gr_request_from_json, request.get(), json.data(), json.size());
  const auto session = make<Session>(gr_session_create, engine.get());
  const gr_decision* decision = nullptr;
  call(gr_rank, session.get(), request.get(), &decision);
  print(decision);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: " << argv[0] << " BUNDLE REQUEST.json\n";
    return 2;
  }
  try {
    rank(argv[1], argv[2]);
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
  return 0;
}
