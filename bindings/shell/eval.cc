#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/library.h"
#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

struct EvalOptions {
  std::string expression, facts = "{}", container;
  bool is_checked = false;
};

// "@file" is what the file holds, "@-" and "-" standard input.
std::string text_of(const std::string& given, std::uint64_t most) {
  if (given == "-") return read_input(given, most);
  return !given.empty() && given[0] == '@' ? read_input(given.substr(1), most) : given;
}

int eval(const EvalOptions& options, bool as_json) {
  const std::string expression = text_of(options.expression, most_bytes::text),
                    facts = text_of(options.facts, most_bytes::request);
  gr_tools_expression_options given{};
  given.struct_size = sizeof given;
  given.is_checked = options.is_checked;
  given.expression = {expression.data(), expression.size()};
  given.facts = {facts.data(), facts.size()};
  given.container = {options.container.data(), options.container.size()};
  gr_tools_text* made = nullptr;
  check([&](gr_error** error) { return gr_tools_evaluate_expression_as(&given, &made, error); });
  const std::unique_ptr<gr_tools_text, void (*)(gr_tools_text*)> result(made, gr_tools_text_free);
  const std::string_view text = view(gr_tools_text_view(made));
  if (as_json) {
    std::cout << text << '\n';
    return 0;
  }
  const nlohmann::json value = nlohmann::json::parse(text);
  const std::string type = value["type"].get<std::string>();
  const bool is_unknown = type == "unknown";
  const std::string shown = value[is_unknown ? "fact" : "text"].get<std::string>();
  std::cout << type << (is_unknown ? ": nothing is given for " : " ") << printable(shown) << '\n';
  return 0;
}

}  // namespace

void add_eval(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand("eval", "Evaluate one expression of a policy");
  const auto options = std::make_shared<EvalOptions>();
  command->add_option("--expr", options->expression, "The expression, @FILE or -")->required();
  command->add_option("--facts", options->facts,
                      "JSON, @FILE or -: {\"ctx\": {..}, \"offer\": {..}, \"pair\": {..}, \"p\": {..}, "
                      "\"reach\": {..}, \"value\": {..}, \"param\": {..}, \"now\": \"2026-11-21T10:00:00Z\"}. "
                      "A null is a fact that is missing, and so without --check is a name of ctx, offer "
                      "or pair that is not there; other names stand for their values. "
                      "A value is plain JSON or {\"$type\": \"uint\", \"value\": 5}");
  command->add_option("--container", options->container,
                      "Where names are looked for first: com.example");
  command->add_flag("--check", options->is_checked,
                    "Check types and names before it runs, as policies are checked");
  command->footer("Prints the type and the value, the fact whose absence makes it unknown, or the "
                  "error with its place.\n"
                  "  guardrank eval --expr 'ctx.age >= offer.min_age' "
                  "--facts '{\"ctx\": {\"age\": 34}, \"offer\": {\"min_age\": 21}}'\n"
                  "  guardrank eval --expr 'names.filter(n, n.startsWith(\"a\"))' "
                  "--facts '{\"names\": [\"ab\", \"c\"]}'");
  add_json_option(command, common);
  (*actions)[command] = [options, common] { return eval(*options, common->as_json); };
}

}  // namespace guardrank::shell
