#include "capi/fetch/src/download.h"

#include <algorithm>
#include <charconv>
#include <new>
#include <stdexcept>

namespace guardrank::fetch {

namespace {

constexpr std::uint64_t most_ignored_bytes = 64 << 10;
constexpr std::uint64_t most_reserved_bytes = 1 << 20;

long milliseconds(std::int64_t micros) { return static_cast<long>((micros + 999) / 1000); }

bool is_name(std::string_view line, std::string_view name) {
  return line.size() > name.size() && line[name.size()] == ':' &&
         std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
         });
}

std::string value_of(std::string_view line, std::string_view name) {
  line.remove_prefix(name.size() + 1);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  while (!line.empty() && static_cast<unsigned char>(line.back()) <= ' ') line.remove_suffix(1);
  return std::string(line);
}

// "bytes 200-299/1000" gives 200.
std::optional<std::uint64_t> start_of_range(std::string_view value) {
  constexpr std::string_view unit = "bytes ";
  if (!value.starts_with(unit)) return std::nullopt;
  value.remove_prefix(unit.size());
  std::uint64_t start = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), start);
  if (problem != std::errc{} || end == value.data() + value.size() || *end != '-') return std::nullopt;
  return start;
}

const char* protocol_of(const std::string& address) {
  return address.starts_with("https:") ? "https" : "http";
}

}  // namespace

Download::Download(const Need& need, std::string address, const Patience& patience,
                   const std::string& user_agent, const ProgressCall* progress)
    : easy_(curl_easy_init()), id_(need.id), address_(std::move(address)), offset_(need.offset),
      max_bytes_(need.max_bytes), is_range_(need.is_range), is_conditional_(!need.entity_tag.empty()),
      is_blob_(need.origin == Origin::blobs), patience_(patience), progress_(progress) {
  CURL* easy = easy_.get();
  if (easy == nullptr) throw std::bad_alloc();
  curl_easy_setopt(easy, CURLOPT_URL, address_.c_str());
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  // What was asked for over one protocol is not taken over another.
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, protocol_of(address_));
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, static_cast<long>(patience_.redirects));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(patience_.connect_micros));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(patience_.whole_micros));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(patience_.least_bytes_per_second));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(patience_.slow_seconds));
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, message_);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, watch);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  std::vector<std::string> lines;
  if (is_range_) {
    const std::uint64_t last = offset_ + std::max<std::uint64_t>(max_bytes_, 1) - 1;
    curl_easy_setopt(easy, CURLOPT_RANGE,
                     (std::to_string(offset_) + "-" + std::to_string(last)).c_str());
    lines.emplace_back("Accept-Encoding: identity");   // an offset into encoded bytes says nothing
  } else {
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");   // all that this libcurl decodes
  }
  if (is_conditional_) lines.push_back("If-None-Match: " + std::string(need.entity_tag));
  for (const std::string& line : lines) {
    curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)headers_.release();
    headers_.reset(longer);
  }
  if (headers_ != nullptr) curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
}

void Download::prepare() {
  body_.clear();
  ignored_ = 0;
  is_too_large_ = is_range_done_ = is_late_ = is_encoded_ = false;
  range_start_.reset();
  entity_tag_.clear();
  retry_after_.clear();
  message_[0] = 0;
}

long Download::status() const {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  return status;
}

// Which byte of the file the answer begins with; nothing where it is of no use: neither the file nor the range,
// or a range encoded after all.
std::optional<std::uint64_t> Download::first_byte() const {
  const long now = status();
  if (now == 200 && !(is_range_ && is_encoded_)) return 0;
  if (now == 206 && is_range_ && !is_encoded_ && range_start_ == offset_) return offset_;
  return std::nullopt;
}

// False ends the transfer: what came is too much, or all that was asked for.
bool Download::take(const std::uint8_t* bytes, std::size_t size) {
  const std::optional<std::uint64_t> first = first_byte();
  if (!first) {
    ignored_ += size;
    return ignored_ <= most_ignored_bytes;
  }
  const std::uint64_t room = offset_ + max_bytes_ - *first - body_.size();
  if (size > room && is_range_ && status() == 200) {
    size = static_cast<std::size_t>(room);
    is_range_done_ = true;
  } else if (size > room) {
    is_too_large_ = true;
    return false;
  }
  if (body_.capacity() == 0)
    body_.reserve(static_cast<std::size_t>(std::min(max_bytes_, most_reserved_bytes)));
  body_.insert(body_.end(), bytes, bytes + size);
  return !is_range_done_;
}

std::size_t Download::take_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  try {
    const bool goes_on =
        static_cast<Download*>(self)->take(reinterpret_cast<const std::uint8_t*>(bytes), size * count);
    return goes_on ? size * count : 0;
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

void Download::header(std::string_view line) {
  // Each response of a chain of redirects starts anew.
  if (line.starts_with("HTTP/")) {
    entity_tag_.clear();
    retry_after_.clear();
    range_start_.reset();
    is_encoded_ = false;
  } else if (is_name(line, "content-encoding")) {
    is_encoded_ = value_of(line, "content-encoding") != "identity";
  } else if (is_name(line, "etag")) {
    entity_tag_ = value_of(line, "etag");
  } else if (is_name(line, "retry-after")) {
    retry_after_ = value_of(line, "retry-after");
  } else if (is_name(line, "content-range")) {
    range_start_ = start_of_range(value_of(line, "content-range"));
  }
}

std::size_t Download::take_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  try {
    static_cast<Download*>(self)->header({bytes, size * count});
    return size * count;
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

// Called about once a second whatever happens, so that silence is noticed.
int Download::watch(void* self, curl_off_t total, curl_off_t done, curl_off_t, curl_off_t) {
  auto* download = static_cast<Download*>(self);
  curl_off_t elapsed = 0;
  long header_bytes = 0;
  curl_easy_getinfo(download->easy_.get(), CURLINFO_TOTAL_TIME_T, &elapsed);
  curl_easy_getinfo(download->easy_.get(), CURLINFO_HEADER_SIZE, &header_bytes);
  if (header_bytes == 0 && elapsed > download->patience_.first_byte_micros) {
    download->is_late_ = true;
    return 1;
  }
  if (download->progress_ != nullptr && *download->progress_ && done > 0) {
    try {
      const auto before = download->status() == 206 ? download->offset_ : 0;   // it goes on where it stopped
      (*download->progress_)(download->address_, before + static_cast<std::uint64_t>(done),
                             total > 0 ? before + static_cast<std::uint64_t>(total) : 0);
    } catch (...) {
      return 1;   // no exception may pass through libcurl
    }
  }
  return 0;
}

Completion Download::complete(Outcome outcome, std::string detail) {
  Completion completion;
  completion.id = id_;
  completion.outcome = outcome;
  completion.detail = std::move(detail);
  if (outcome == Outcome::failed && is_blob_) completion.bytes = what_came();
  if (outcome == Outcome::done) {
    completion.bytes = std::move(body_);
    completion.entity_tag = std::move(entity_tag_);
  }
  return completion;
}

// Of a blob, from the first byte that was asked for on. libcurl has decoded it.
std::vector<std::uint8_t> Download::what_came() {
  const std::uint64_t before = offset_ - first_byte().value_or(offset_);
  if (before >= body_.size()) return {};
  body_.erase(body_.begin(), body_.begin() + static_cast<std::ptrdiff_t>(before));
  return std::move(body_);
}

// A response came whole. Nothing: it is worth another try.
std::optional<Completion> Download::succeed(long status) {
  if (status == 304 && is_conditional_) return complete(Outcome::unchanged, "");
  if (status == 403 || status == 404 || status == 410)
    return complete(Outcome::not_found, "HTTP status " + std::to_string(status));
  const std::optional<std::uint64_t> first = first_byte();
  if (!first) {
    if (is_retried_status(status)) return std::nullopt;
    const bool is_other = is_range_ && (status == 200 || status == 206 || status == 416);
    return complete(is_other ? Outcome::other_range : Outcome::failed, "HTTP status " + std::to_string(status));
  }
  const std::uint64_t wanted = offset_ + max_bytes_ - *first;
  if (!is_range_ || body_.size() == wanted) return complete(Outcome::done, "");
  // Less of the range than was asked for is its beginning; of a whole it is another file.
  return complete(status == 206 ? Outcome::failed : Outcome::other_range,
                  std::to_string(body_.size()) + " bytes came instead of " + std::to_string(wanted));
}

std::optional<Completion> Download::finish(CURLcode code, std::int64_t now_micros, double uniform,
                                           std::int64_t* wait_micros) {
  const long now = status();
  std::string detail = message_[0] != 0 ? message_ : curl_easy_strerror(code);
  if (is_late_) detail = "no answer in time";
  if (is_too_large_) return complete(Outcome::too_large, "");
  const bool is_page_cut = ignored_ > most_ignored_bytes;
  if (code == CURLE_OK || (is_range_done_ && code == CURLE_WRITE_ERROR) || is_page_cut) {
    if (auto completion = succeed(now)) return completion;
    detail = "HTTP status " + std::to_string(now);
  } else if (code == CURLE_TOO_MANY_REDIRECTS || code == CURLE_UNSUPPORTED_PROTOCOL ||
             code == CURLE_URL_MALFORMAT || code == CURLE_PEER_FAILED_VERIFICATION) {
    return complete(Outcome::failed, std::move(detail));   // another try would say the same
  }
  ++failures_;
  *wait_micros = backoff_micros(patience_.retry, failures_ - 1, uniform);
  const std::int64_t asked =
      retry_after_.empty() ? 0 : retry_after_micros(retry_after_, now_micros).value_or(0);
  *wait_micros = std::max(*wait_micros, asked);
  if (asked > patience_.retry.most_asked_micros) failures_ = patience_.retry.attempts;
  if (failures_ < patience_.retry.attempts) return std::nullopt;
  if (code == CURLE_BAD_CONTENT_ENCODING || code == CURLE_WRITE_ERROR) body_.clear();   // no good came of it
  Completion completion = complete(Outcome::failed, std::move(detail));
  completion.retry_after_micros = asked;
  return completion;
}

}  // namespace guardrank::fetch
