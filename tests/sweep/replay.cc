// Ranks drawn cases through the C interface: sweep_replay FILE KERNEL, or sweep_replay --kernels.
//
// For each case one line: its seed, then the SHA-256 of all decisions (JSON with the record, a
// newline after each) with nothing kept, the offers' codes, sums of some, both, and codes and sums of all.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/model/network.h"
#include "guardrank.h"

namespace {

using guardrank::KernelChoice;

struct Case {
  std::string seed, bundle;
  std::uint64_t partial_bytes = 0;
  std::vector<std::string> requests;
};

std::string read_bytes(std::istream* in, std::size_t size) {
  std::string bytes(size, '\0');
  in->read(bytes.data(), static_cast<std::streamsize>(size));
  if (!*in) throw std::runtime_error("the file of cases is cut short");
  return bytes;
}

bool read_case(std::istream* in, Case* out) {
  std::size_t bundle_bytes = 0, n_requests = 0, size = 0;
  if (!(*in >> out->seed >> bundle_bytes >> out->partial_bytes >> n_requests)) return false;
  in->get();
  out->bundle = read_bytes(in, bundle_bytes);
  out->requests.clear();
  for (std::size_t i = 0; i < n_requests && *in >> size; ++i) {
    in->get();
    out->requests.push_back(read_bytes(in, size));
  }
  return true;
}

void require(gr_status status, gr_error* error) {
  if (status == GR_STATUS_OK) return;
  const gr_text message = gr_error_message(error);
  const std::string text(message.data, message.size);
  gr_error_free(error);
  throw std::runtime_error(text);
}

// What a snapshot keeps of its catalog; codes are kept unless the budget is too small for one offer.
struct Way {
  std::uint64_t codes_bytes, sums_bytes;
};

constexpr std::uint64_t no_room = 1, room = std::uint64_t{1} << 30;

class Replay {
 public:
  explicit Replay(gr_kernel kernel) {
    gr_engine_options options{};
    options.struct_size = sizeof options;
    options.kernel = kernel;
    gr_error* error = nullptr;
    require(gr_engine_create(&options, &engine_, &error), error);
    require(gr_session_create(engine_, &session_, &error), error);
  }
  ~Replay() {
    gr_session_free(session_);
    gr_engine_free(engine_);
  }
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  std::string digest(const Case& drawn, const Way& way) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(drawn.bundle.data());
    gr_artifact* bundle = nullptr;
    gr_snapshot* snapshot = nullptr;
    gr_error* error = nullptr;
    require(gr_artifact_open(engine_, bytes, drawn.bundle.size(), nullptr, &bundle, &error), error);
    gr_snapshot_options options{};
    options.struct_size = sizeof options;
    options.catalog_codes_bytes = way.codes_bytes;
    options.catalog_sums_bytes = way.sums_bytes;
    require(gr_snapshot_create(engine_, bundle, &options, &snapshot, &error), error);
    const std::string text = digest_on(snapshot, drawn);
    gr_snapshot_free(snapshot);
    gr_artifact_free(bundle);
    return text;
  }

 private:
  std::string digest_on(const gr_snapshot* snapshot, const Case& drawn) {
    gr_request* request = nullptr;
    gr_error* error = nullptr;
    require(gr_request_create(snapshot, &request, &error), error);
    guardrank::Sha256 hash;
    for (const std::string& json : drawn.requests) {
      const gr_decision* decision = nullptr;
      gr_text text{};
      require(gr_request_from_json(request, json.data(), json.size(), &error), error);
      require(gr_rank(session_, request, &decision, &error), error);
      require(gr_decision_json(decision, true, &text, &error), error);
      hash.add({reinterpret_cast<const std::uint8_t*>(text.data), text.size});
      hash.add({reinterpret_cast<const std::uint8_t*>("\n"), 1});
    }
    gr_request_free(request);
    const guardrank::DigestText digest = guardrank::digest_text(hash.finish());
    return {digest.data(), digest.size()};
  }

  gr_engine* engine_ = nullptr;
  gr_session* session_ = nullptr;
};

void replay_all(const char* path, gr_kernel kernel) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(std::string("cannot read ") + path);
  Replay replay(kernel);
  Case drawn;
  while (read_case(&in, &drawn)) {
    std::cout << drawn.seed;
    const std::uint64_t some = drawn.partial_bytes;
    for (const Way& way : {Way{no_room, 0}, Way{room, 0}, Way{no_room, some}, Way{room, some},
                           Way{room, room}})
      std::cout << ' ' << replay.digest(drawn, way);
    std::cout << '\n';
  }
}

// Those that this build has and this processor runs.
std::vector<KernelChoice> usable_kernels() {
  std::vector<KernelChoice> usable;
  for (int i = 1; i < guardrank::n_kernel_choices; ++i) {
    const auto choice = static_cast<KernelChoice>(i);
    const guardrank::Kernel* kernel = nullptr;
    guardrank::Error error;
    if (guardrank::choose_kernel(choice, &kernel, &error) == guardrank::Status::ok)
      usable.push_back(choice);
  }
  return usable;
}

int run(const std::string& first, const char* kernel) {
  for (const KernelChoice choice : usable_kernels()) {
    if (first == "--kernels") std::cout << kernel_name(choice) << '\n';
    else if (kernel == kernel_name(choice)) return replay_all(first.c_str(),
                                                              static_cast<gr_kernel>(choice)), 0;
  }
  if (first == "--kernels") return 0;
  return std::cerr << "sweep_replay: no kernel \"" << kernel << "\" here\n", 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "";
  if (argc != (first == "--kernels" ? 2 : 3))
    return std::cerr << "usage: sweep_replay FILE KERNEL | --kernels\n", 2;
  try {
    return run(first, argv[2]);
  } catch (const std::exception& failure) {
    std::cerr << "sweep_replay: " << failure.what() << "\n";
    return 1;
  }
}
