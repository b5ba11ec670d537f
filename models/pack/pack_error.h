// The one exception of the offline tools.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace guardrank::pack {

// What went wrong in an input, and where: "rules[0].expr", "row 7, column offer.cpa",
// "tensor tower.click.layer.0.weight". Its message reads "where: message", as an Error's does.
class PackError : public std::exception {
 public:
  PackError(Status status, std::string where, std::string_view message)
      : status_(status), where_(std::move(where)), message_(where_) {
    if (!message_.empty()) message_ += ": ";
    message_ += message;
  }

  Status status() const { return status_; }
  const std::string& where() const { return where_; }
  const std::string& message() const { return message_; }
  const char* what() const noexcept override { return message_.c_str(); }

  // The same error seen from outside: `prefix` goes before the place ("policy.yaml").
  PackError within(std::string_view prefix) const {
    PackError outer = *this;
    outer.where_ = std::string(prefix) + (where_.empty() ? "" : ": ") + where_;
    outer.message_ = std::string(prefix) + ": " + message_;
    return outer;
  }

  // Fills `error` for a caller behind the C border; returns the status.
  Status store(Error* error) const {
    const std::string_view rest = where_.empty()
                                      ? std::string_view(message_)
                                      : std::string_view(message_).substr(where_.size() + 2);
    return error == nullptr ? status_ : error->set(status_, where_, {rest});
  }

 private:
  Status status_;
  std::string where_;
  std::string message_;
};

// Throws what a core function reported.
inline void throw_if(Status status, const Error& error) {
  if (status == Status::ok) return;
  const std::string where(error.where());
  std::string message(error.message());
  if (!where.empty() && message.starts_with(where + ": ")) message.erase(0, where.size() + 2);
  throw PackError(status, where, message);
}

}  // namespace guardrank::pack
