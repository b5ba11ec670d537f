#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/library.h"

namespace guardrank::shell {
namespace {

// Every section's hash, the meaning of every part, and for a bundle the golden vectors.
int verify(const std::string& path, bool as_json) {
  const Engine engine = create_engine();
  const std::string bytes = read_artifact(path);
  const Artifact artifact = open_artifact(engine.get(), bytes, GR_CHECK_FULL);
  const std::string kind(view(gr_artifact_kind(artifact.get())));
  const bool is_bundle = kind == "bundle";
  if (is_bundle) create_snapshot(engine.get(), artifact.get());
  if (as_json) {
    const nlohmann::ordered_json result = {{"ok", true},
                                           {"kind", kind},
                                           {"id", view(gr_artifact_id(artifact.get()))},
                                           {"bytes", bytes.size()},
                                           {"golden_replayed", is_bundle},
                                           {"kernel", view(gr_engine_kernel(engine.get()))}};
    std::cout << result.dump() << '\n';
  } else {
    std::cout << "ok: " << kind << " " << view(gr_artifact_id(artifact.get())) << ", "
              << bytes.size() << " bytes, every hash checked"
              << (is_bundle ? ", golden vectors replayed" : "") << '\n';
  }
  return 0;
}

}  // namespace

void add_verify(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command =
      app->add_subcommand("verify", "Check an artifact in full and replay its golden vectors");
  const auto path = std::make_shared<std::string>();
  command->add_option("file", *path, "Artifact, or -")->required();
  add_json_option(command, common);
  (*actions)[command] = [path, common] { return verify(*path, common->as_json); };
}

}  // namespace guardrank::shell
