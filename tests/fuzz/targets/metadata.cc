// Any bytes as signed metadata of every kind, with every signature held to be good or bad: a status,
// never undefined behaviour, and no need left open. The first byte chooses kind and answers.
#include <cstdlib>
#include <memory>

#include "core/store/canonical_json.h"
#include "core/store/metadata_client.h"
#include "tests/fuzz/fuzz_arena.h"

using namespace guardrank;

namespace {

// Canonical JSON reads back as itself.
void check_canonical(Bytes bytes) {
  Arena arena(fuzz::allocator(), fuzz::budget_bytes);
  Error error;
  const JsonValue* root = nullptr;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (parse_json(text, &arena, &root, &error) != Status::ok) return;
  std::string_view once, twice;
  if (write_canonical_json(*root, text.size(), &arena, &once, &error) != Status::ok) return;
  // Control characters stand in it as they are, which a reader of JSON refuses.
  if (parse_json(once, &arena, &root, &error) != Status::ok) return;
  if (write_canonical_json(*root, once.size(), &arena, &twice, &error) != Status::ok || once != twice)
    std::abort();
}

// Hands the bytes to whoever reads or fetches; `choice` says which signatures are good.
void serve(MetadataClient* client, Bytes bytes, std::uint8_t choice) {
  Need need;
  for (int steps = 0; client->is_busy(); ++steps) {
    if (!client->next(&need) || steps > 5000) std::abort();
    const bool has_bytes = need.kind == NeedKind::fetch || need.kind == NeedKind::read;
    Outcome outcome = Outcome::done;
    if (need.kind == NeedKind::verify && (choice >> (steps % 3) & 1) != 0) outcome = Outcome::failed;
    if (has_bytes && need.path.ends_with("root.json")) outcome = Outcome::not_found;
    if (need.kind == NeedKind::fetch && bytes.size() > need.max_bytes) outcome = Outcome::too_large;
    client->provide({need.id, outcome, has_bytes && outcome == Outcome::done ? bytes : Bytes{}, {}, {}});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const fuzz::AlignedInput input(data + 1, size - 1);
  const Bytes bytes = input.view();
  check_canonical(bytes);
  Error error;
  MetadataDocument document;
  document.open(fuzz::allocator());
  for (const MetadataKind kind : {MetadataKind::root, MetadataKind::timestamp, MetadataKind::snapshot,
                                  MetadataKind::targets}) {
    if (document.read(kind, "role", bytes, &error) != Status::ok || kind != MetadataKind::targets) continue;
    TargetSearch search;
    search.open(fuzz::allocator());
    if (search.begin("team/a.release") == Status::ok) (void)search.add_delegations(document, &error);
  }
  const auto client = std::make_unique<MetadataClient>(fuzz::allocator(), MetadataOptions{});
  if (client->adopt(bytes, 0, &error) == Status::ok) serve(client.get(), bytes, data[0]);
  if (client->refresh(RefreshKind::full, 0, &error) == Status::ok) serve(client.get(), bytes, data[0]);
  return 0;
}
