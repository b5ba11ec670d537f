#include "models/publish/origin_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/pack/pack_error.h"

namespace guardrank::publish {
namespace {

using pack::PackError;

[[noreturn]] void fail(const std::filesystem::path& path, const char* what) {
  throw PackError(Status::internal, path.string(), std::string(what) + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

void write_all(const Descriptor& file, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.number(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, "cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

// nginx and others make entity tags of a file's length and its time in whole seconds: of two versions within
// one second a reader would take the second for the first. So the second gets a later time.
void make_later(const Descriptor& file, const std::filesystem::path& replaced) {
  struct stat before {}, now {};
  if (::stat(replaced.c_str(), &before) != 0) return;
  if (::fstat(file.number(), &now) != 0) fail(replaced, "cannot be written");
  if (now.st_mtime > before.st_mtime) return;
  const timespec times[] = {{0, UTIME_OMIT}, {before.st_mtime + 1, 0}};
  if (::futimens(file.number(), times) != 0) fail(replaced, "cannot be written");
}

void flush_folder(const std::filesystem::path& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.number() < 0 || ::fsync(opened.number()) != 0) fail(folder, "cannot be flushed");
}

constexpr std::string_view unfinished = ".new.";
constexpr const char* unfinished_pattern = ".new.XXXXXX";   // of mkostemp

// What a publisher that was killed was writing. Under the lock nobody else is.
void sweep(const std::filesystem::path& folder) {
  std::error_code problem;
  std::vector<std::filesystem::path> left;
  using Walk = std::filesystem::recursive_directory_iterator;
  for (Walk entry(folder, problem), end; !problem && entry != end; entry.increment(problem)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(unfinished) && name.size() == std::strlen(unfinished_pattern) &&
        entry->symlink_status(problem).type() == std::filesystem::file_type::regular)
      left.push_back(entry->path());
  }
  for (const std::filesystem::path& path : left) std::filesystem::remove(path, problem);
}

}  // namespace

bool OriginFolder::has(const std::string& name) const {
  return std::filesystem::is_regular_file(folder_ / name);
}

std::optional<std::string> OriginFolder::find(const std::string& name) const {
  const std::filesystem::path path = folder_ / name;
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    fail(path, "cannot be read");
  }
  struct stat about {};
  if (::fstat(file.number(), &about) != 0) fail(path, "cannot be read");
  std::string bytes(static_cast<std::size_t>(about.st_size), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::read(file.number(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, "cannot be read");
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

std::string OriginFolder::read(const std::string& name) const {
  if (auto bytes = find(name)) return *std::move(bytes);
  throw PackError(Status::missing, (folder_ / name).string(), "there is no such file");
}

void OriginFolder::write(const std::string& name, std::string_view bytes) const {
  const std::filesystem::path path = folder_ / name;
  std::error_code problem;
  // For a file server, whatever this process makes its own folders.
  if (std::filesystem::create_directories(path.parent_path(), problem)) {
    for (std::filesystem::path folder = path.parent_path();; folder = folder.parent_path()) {
      ::chmod(folder.c_str(), 0755);
      if (folder == folder_ || !folder.has_relative_path()) break;
    }
    flush_folder(std::filesystem::absolute(path.parent_path()).parent_path());
  }
  std::string temporary = (path.parent_path() / unfinished_pattern).string();
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.number() < 0) fail(path, "cannot be written");
  try {
    // mkostemp makes files private; this one is for a file server.
    if (::fchmod(file.number(), 0644) != 0) fail(path, "cannot be written");
    write_all(file, bytes, path);
    make_later(file, path);
    if (::fsync(file.number()) != 0) fail(path, "cannot be flushed");
    if (std::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "cannot be written");
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  flush_folder(path.parent_path());
}

void OriginFolder::remove(const std::string& name) const {
  std::error_code ignored;
  std::filesystem::remove(folder_ / name, ignored);
}

std::filesystem::path named_folder(const std::filesystem::path& folder) {
  const std::filesystem::path path = std::filesystem::weakly_canonical(folder);
  return path.has_filename() ? path : path.parent_path();
}

PublisherLock::PublisherLock(const std::filesystem::path& origin, const std::filesystem::path& staged) {
  std::filesystem::path path = named_folder(origin);
  path += ".lock";
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail(path, "cannot be made");
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int problem = errno;
    ::close(descriptor_);
    errno = problem;
    if (problem != EWOULDBLOCK) fail(path, "cannot be locked");
    throw PackError(Status::internal, path.string(), "another publisher is at work on this origin");
  }
  // Folders of an origin, and no others: a name that was mistyped may be anybody's.
  for (const char* part : {"metadata", "targets", "blobs"}) sweep(origin / part);
  sweep(staged);
}

PublisherLock::~PublisherLock() { ::close(descriptor_); }

}  // namespace guardrank::publish
