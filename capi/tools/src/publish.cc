#include "models/publish/publish.h"

#include <memory>

#include "capi/tools/src/border.h"
#include "capi/tools/src/tools_text.h"

namespace {

using guardrank::Error;
using guardrank::Report;
using guardrank::Status;
namespace publish = guardrank::publish;
using publish::Json;

gr_tools_text* make_text(std::string text) {
  auto made = std::make_unique<gr_tools_text>();
  made->text = std::move(text);
  return made.release();
}

Status read_publisher(const gr_tools_origin* origin, publish::Publisher* publisher, Error* error) {
  gr_tools_origin known;
  GUARDRANK_TRY(guardrank::read_struct(origin, "origin", &known, error));
  if (known.folder == nullptr)
    return error->set(Status::argument, "origin.folder", {"must not be NULL"});
  if (known.keys == nullptr && known.key_count != 0)
    return error->set(Status::argument, "origin.keys", {"must not be NULL"});
  publisher->origin = known.folder;
  if (known.staging_folder != nullptr) publisher->staging = known.staging_folder;
  for (std::uint32_t i = 0; i < known.key_count; ++i)
    publisher->keys.push_back(publish::PrivateKey::from_pem(guardrank::as_view(known.keys[i]),
                                                            guardrank::as_view(known.passphrase)));
  publisher->now = known.now_micros;
  publisher->trusts_clock = known.trusts_clock != 0;
  publisher->progress = guardrank::tools::progress_of(known.progress, known.progress_user);
  return Status::ok;
}

// One step on an origin: its request read, its report written.
template <typename Step>
gr_status run(const gr_tools_origin* origin, gr_text request, gr_tools_text** report,
              gr_error** error, const Step& step) {
  Report outcome(error);
  if (origin == nullptr) return outcome.null("origin");
  if (report == nullptr) return outcome.null("report");
  return guardrank::tools::at_border(&outcome, [&] {
    publish::Publisher publisher;
    GUARDRANK_TRY(read_publisher(origin, &publisher, outcome.error()));
    const std::string_view text = guardrank::as_view(request);
    const Json parsed = text.empty() ? Json::object() : publish::parse_json(text, "request");
    if (!parsed.is_object())
      return outcome.error()->set(Status::type, "request", {"wanted an object"});
    *report = make_text(step(publisher, parsed).dump());
    return Status::ok;
  });
}

}  // namespace

extern "C" {

gr_status gr_tools_key_create(gr_text scheme, gr_text passphrase, gr_tools_text** private_key,
                              gr_tools_text** public_key, gr_error** error) {
  Report outcome(error);
  if (private_key == nullptr) return outcome.null("private_key");
  if (public_key == nullptr) return outcome.null("public_key");
  return guardrank::tools::at_border(&outcome, [&] {
    const auto key = publish::PrivateKey::generate(guardrank::as_view(scheme));
    std::unique_ptr<gr_tools_text> whole(make_text(key.pem(guardrank::as_view(passphrase))));
    *public_key = make_text(key.public_key().pem());
    *private_key = whole.release();
    return Status::ok;
  });
}

gr_status gr_tools_key_describe(gr_text pem, gr_text passphrase, gr_tools_text** description,
                                gr_error** error) {
  Report outcome(error);
  if (description == nullptr) return outcome.null("description");
  return guardrank::tools::at_border(&outcome, [&] {
    const std::string_view text = guardrank::as_view(pem), secret = guardrank::as_view(passphrase);
    const publish::PublicKey key =
        secret.empty() ? publish::PublicKey::from_pem(text)
                       : publish::PrivateKey::from_pem(text, secret).public_key();
    *description =
        make_text(Json{{"id", key.id()}, {"key", key.json()}, {"pem", key.pem()}}.dump());
    return Status::ok;
  });
}

gr_status gr_tools_origin_create(const gr_tools_origin* origin, gr_text request,
                                 gr_tools_text** report, gr_error** error) {
  return run(origin, request, report, error, publish::create_origin);
}

gr_status gr_tools_origin_rotate(const gr_tools_origin* origin, gr_text request,
                                 gr_tools_text** report, gr_error** error) {
  return run(origin, request, report, error, publish::rotate_keys);
}

gr_status gr_tools_origin_delegate(const gr_tools_origin* origin, gr_text request,
                                   gr_tools_text** report, gr_error** error) {
  return run(origin, request, report, error, publish::delegate_team);
}

gr_status gr_tools_origin_undelegate(const gr_tools_origin* origin, gr_text request,
                                     gr_tools_text** report, gr_error** error) {
  return run(origin, request, report, error, publish::remove_team);
}

gr_status gr_tools_origin_sign(const gr_tools_origin* origin, gr_tools_text** report,
                               gr_error** error) {
  return run(origin, {nullptr, 0}, report, error,
             [](const publish::Publisher& who, const Json&) { return publish::sign_staged(who); });
}

gr_status gr_tools_origin_discard(const gr_tools_origin* origin, gr_tools_text** report,
                                  gr_error** error) {
  return run(origin, {nullptr, 0}, report, error, [](const publish::Publisher& who, const Json&) {
    return publish::Repository::discard(who);
  });
}

gr_status gr_tools_origin_refresh(const gr_tools_origin* origin, gr_text request,
                                  gr_tools_text** report, gr_error** error) {
  return run(origin, request, report, error, publish::refresh_metadata);
}

gr_status gr_tools_origin_publish(const gr_tools_origin* origin, gr_text request,
                                  gr_tools_text** report, gr_error** error) {
  return run(origin, request, report, error, publish::publish_release);
}

gr_status gr_tools_origin_promote(const gr_tools_origin* origin, gr_text request,
                                  gr_tools_text** report, gr_error** error) {
  return run(origin, request, report, error, publish::promote_release);
}

gr_status gr_tools_origin_rollback(const gr_tools_origin* origin, gr_text request,
                                   gr_tools_text** report, gr_error** error) {
  return run(origin, request, report, error, publish::rollback_release);
}

gr_status gr_tools_origin_withdraw(const gr_tools_origin* origin, gr_text request,
                                   gr_tools_text** report, gr_error** error) {
  return run(origin, request, report, error, publish::withdraw_release);
}

gr_status gr_tools_origin_describe(const gr_tools_origin* origin, gr_text request,
                                   gr_tools_text** report, gr_error** error) {
  return run(origin, request, report, error, publish::describe_origin);
}

}  // extern "C"
