// Releases from a folder whose files are mapped: who holds the mappings, and until when.
// Usage: mapped ORIGIN ROOT.json CACHE REQUEST.json RELEASE. Prints the ranking, and then how many artifacts of CACHE
// are mapped: with a client and its snapshot, without the client, and without the snapshot.
#include <guardrank_fetch.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace {

void check(gr_status status, gr_error* error) {
  if (status == GR_STATUS_OK) return;
  const gr_text message = gr_error_message(error);
  std::fprintf(stderr, "mapped: %.*s\n", static_cast<int>(message.size), message.data);
  std::exit(1);
}

std::string read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int n_mapped(const std::string& folder) {
  std::ifstream maps("/proc/self/maps");
  int n = 0;
  for (std::string line; std::getline(maps, line);) n += line.find(folder + "/blobs/") != line.npos;
  return n;
}

gr_fetch_client* open(const gr_engine* engine, char** words) {
  const std::string metadata = std::string(words[1]) + "metadata/", root = read(words[2]);
  gr_fetch_options fetch{};
  fetch.struct_size = sizeof fetch;
  fetch.cache_folder = words[3];
  fetch.metadata_address = metadata.c_str();
  fetch.trusted_root = reinterpret_cast<const uint8_t*>(root.data());
  fetch.trusted_root_size = root.size();
  const std::string release = words[5];
  const gr_text name = {release.data(), release.size()};
  gr_fetch_client_options options{};
  options.struct_size = sizeof options;
  options.release_count = 1;
  options.releases = &name;
  options.fetch = &fetch;
  options.maps_files = 1;
  gr_fetch_client* client = nullptr;
  gr_error* error = nullptr;
  check(gr_fetch_client_open(engine, &options, &client, &error), error);
  return client;
}

void rank(const gr_engine* engine, const gr_snapshot* snapshot, const std::string& text) {
  gr_request* request = nullptr;
  gr_session* session = nullptr;
  const gr_decision* decision = nullptr;
  gr_error* error = nullptr;
  gr_text json{};
  check(gr_request_create(snapshot, &request, &error), error);
  check(gr_request_from_json(request, text.data(), text.size(), &error), error);
  check(gr_session_create(engine, &session, &error), error);
  check(gr_rank(session, request, &decision, &error), error);
  check(gr_decision_json(decision, false, &json, &error), error);
  std::printf("%.*s\n", static_cast<int>(json.size), json.data);
  gr_session_free(session);
  gr_request_free(request);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return std::fprintf(stderr, "usage: mapped ORIGIN ROOT.json CACHE REQUEST.json RELEASE\n"), 2;
  gr_engine* engine = nullptr;
  gr_error* error = nullptr;
  check(gr_engine_create(nullptr, &engine, &error), error);
  gr_fetch_client* client = open(engine, argv);
  gr_fetch_served served{};
  served.struct_size = sizeof served;
  gr_snapshot_options options{};
  options.struct_size = sizeof options;
  options.in_steps = 1;                  // of a client nothing unfinished comes, whatever is asked for
  check(gr_fetch_client_snapshot(client, nullptr, 20'000'000, &options, &served, &error), error);
  const int with_client = n_mapped(argv[3]);
  gr_fetch_client_free(client);
  const int with_snapshot = n_mapped(argv[3]);
  rank(engine, served.snapshot, read(argv[4]));
  gr_snapshot_free(served.snapshot);
  gr_engine_free(engine);
  std::printf("%d %d %d\n", with_client, with_snapshot, n_mapped(argv[3]));
  return 0;
}
