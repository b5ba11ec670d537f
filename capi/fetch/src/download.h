// One request over HTTP and its retries.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capi/fetch/src/mapping.h"
#include "capi/fetch/src/retry.h"
#include "core/store/need.h"

namespace guardrank::fetch {

// How patient a host is.
struct Patience {
  std::int64_t connect_micros = 5'000'000;
  std::int64_t first_byte_micros = 10'000'000;       // from the start of a try
  std::int64_t whole_micros = 120'000'000;           // of one try
  std::uint32_t least_bytes_per_second = 1024;       // below it for as long as the next says: given up
  std::uint32_t slow_seconds = 10;
  std::uint32_t redirects = 5;
  RetryPolicy retry;
};

// How a need ended, with what it brought.
struct Completion {
  std::uint64_t id = 0;
  Outcome outcome = Outcome::failed;
  std::vector<std::uint8_t> bytes;
  std::shared_ptr<const Mapping> mapping;   // of a file, in place of bytes
  std::string entity_tag;
  std::string detail;
  std::int64_t retry_after_micros = 0;   // of a failure: what the origin asked for

  // Views into this.
  Answer answer() const {
    return {id, outcome, mapping ? mapping->bytes() : Bytes(bytes), entity_tag, detail, {}, retry_after_micros};
  }
};

// `total` is 0 while it is unknown.
using ProgressCall = std::function<void(const std::string& address, std::uint64_t done, std::uint64_t total)>;

struct FreeEasy { void operator()(CURL* easy) const { curl_easy_cleanup(easy); } };
struct FreeList { void operator()(curl_slist* list) const { curl_slist_free_all(list); } };

class Download {
 public:
  Download(const Need& need, std::string address, const Patience& patience, const std::string& user_agent,
           const ProgressCall* progress);
  Download(const Download&) = delete;
  Download& operator=(const Download&) = delete;

  CURL* handle() const { return easy_.get(); }
  // Makes ready for a first or another try.
  void prepare();
  // What came of a try: the end, or micros to wait before the next one.
  std::optional<Completion> finish(CURLcode code, std::int64_t now_micros, double uniform,
                                   std::int64_t* wait_micros);

 private:
  static std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static int watch(void* self, curl_off_t total, curl_off_t done, curl_off_t, curl_off_t);
  bool take(const std::uint8_t* bytes, std::size_t size);
  void header(std::string_view line);
  std::optional<std::uint64_t> first_byte() const;
  Completion complete(Outcome outcome, std::string detail);
  std::vector<std::uint8_t> what_came();
  std::optional<Completion> succeed(long status);
  long status() const;

  std::unique_ptr<CURL, FreeEasy> easy_;
  std::unique_ptr<curl_slist, FreeList> headers_;
  std::uint64_t id_;
  std::string address_;
  std::uint64_t offset_;
  std::uint64_t max_bytes_;
  bool is_range_;
  bool is_conditional_;
  bool is_blob_;
  Patience patience_;
  const ProgressCall* progress_;
  std::uint32_t failures_ = 0;

  // Of the present try.
  std::vector<std::uint8_t> body_;
  std::uint64_t ignored_ = 0;            // of a page that tells of a failure
  bool is_too_large_ = false;
  bool is_range_done_ = false;
  bool is_late_ = false;
  bool is_encoded_ = false;
  std::optional<std::uint64_t> range_start_;
  std::string entity_tag_;
  std::string retry_after_;
  char message_[CURL_ERROR_SIZE] = {};
};

}  // namespace guardrank::fetch
