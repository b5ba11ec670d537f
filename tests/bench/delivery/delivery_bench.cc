// What delivery costs a native host. Usage: delivery_bench ORIGIN ROOT.json RELEASE FOLDER
// Prints JSON: microseconds from nothing to a snapshot ready to rank (cold), from a folder that has it all
// (restarted; mapped: its files not copied), and what asking for a snapshot that is at hand adds to a request
// (warm); medians.
#include <guardrank_fetch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

void check(gr_status status, gr_error* error) {
  if (status == GR_STATUS_OK) return;
  const gr_text message = gr_error_message(error);
  std::fprintf(stderr, "delivery_bench: %.*s\n", static_cast<int>(message.size), message.data);
  std::exit(1);
}

struct Arguments {
  std::string metadata, root, release, folder;
};

double now_micros() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::micro>(since).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

gr_fetch_client* open(const gr_engine* engine, const Arguments& given, bool maps_files = false) {
  gr_fetch_options fetch{};
  fetch.struct_size = sizeof fetch;
  fetch.cache_folder = given.folder.c_str();
  fetch.metadata_address = given.metadata.c_str();
  fetch.trusted_root = reinterpret_cast<const uint8_t*>(given.root.data());
  fetch.trusted_root_size = given.root.size();
  const gr_text name = {given.release.data(), given.release.size()};
  gr_fetch_client_options options{};
  options.struct_size = sizeof options;
  options.release_count = 1;
  options.releases = &name;
  options.fetch = &fetch;
  options.maps_files = maps_files ? 1 : 0;
  gr_fetch_client* client = nullptr;
  gr_error* error = nullptr;
  check(gr_fetch_client_open(engine, &options, &client, &error), error);
  return client;
}

void serve(gr_fetch_client* client) {
  gr_fetch_served served{};
  served.struct_size = sizeof served;
  gr_error* error = nullptr;
  check(gr_fetch_client_snapshot(client, nullptr, 10'000'000, nullptr, &served, &error), error);
  gr_snapshot_free(served.snapshot);
}

// From an empty folder, or one that has it all.
double ready_micros(const gr_engine* engine, const Arguments& given, bool is_cold, bool maps_files = false) {
  std::vector<double> times;
  for (int i = 0; i < 15; ++i) {
    if (is_cold) std::filesystem::remove_all(given.folder);
    const double from = now_micros();
    gr_fetch_client* client = open(engine, given, maps_files);
    serve(client);
    times.push_back(now_micros() - from);
    gr_fetch_client_poll(client, 50'000, nullptr);   // the writes
    gr_fetch_client_free(client);
  }
  return median(times);
}

double warm_micros(const gr_engine* engine, const Arguments& given) {
  constexpr int n = 20'000;
  gr_fetch_client* client = open(engine, given);
  serve(client);
  std::vector<double> times;
  for (int i = 0; i < 9; ++i) {
    const double from = now_micros();
    for (int k = 0; k < n; ++k) serve(client);
    times.push_back((now_micros() - from) / n);
  }
  gr_fetch_client_free(client);
  return median(times);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: delivery_bench ORIGIN ROOT.json RELEASE FOLDER\n");
    return 2;
  }
  std::ifstream root(argv[2], std::ios::binary);
  const Arguments given = {std::string(argv[1]) + "metadata/",
                           {std::istreambuf_iterator<char>(root), {}}, argv[3], argv[4]};
  gr_engine* engine = nullptr;
  gr_error* error = nullptr;
  check(gr_engine_create(nullptr, &engine, &error), error);
  const double cold = ready_micros(engine, given, true);
  const double restarted = ready_micros(engine, given, false);
  const double mapped = ready_micros(engine, given, false, true);
  std::printf("{\"cold_us\": %.0f, \"restarted_us\": %.0f, \"mapped_us\": %.0f, \"warm_us\": %.3f}\n", cold,
              restarted, mapped, warm_micros(engine, given));
  gr_engine_free(engine);
  return 0;
}
