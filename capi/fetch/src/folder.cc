#include "capi/fetch/src/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

namespace guardrank::fetch {

namespace {

constexpr char temporary_prefix[] = ".new-";

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~File() { if (descriptor_ >= 0) ::close(descriptor_); }

  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

bool is_key(std::string_view key) {
  char before = '/';
  for (const char byte : key) {
    const bool is_known = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '.' ||
                          byte == '_' || byte == '-' || byte == '/';
    // Starts a part: no dot ("..", hidden and temporary files) and no second slash.
    if (!is_known || (before == '/' && (byte == '.' || byte == '/'))) return false;
    before = byte;
  }
  return before != '/';
}

// The folder that the last part of `key` stands in. No link is followed: a folder of the cache that
// was made into a link leads nowhere.
File open_parent(int root, std::string_view key, bool makes, std::string* name) {
  File folder(::dup(root));
  for (;;) {
    const std::size_t slash = key.find('/');
    *name = std::string(key.substr(0, slash));
    if (!folder || slash == std::string_view::npos) return folder;
    if (makes && ::mkdirat(folder.get(), name->c_str(), 0777) == 0) ::fsync(folder.get());
    folder = File(::openat(folder.get(), name->c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    key.remove_prefix(slash + 1);
  }
}

// A file to be read, and how long it is; 0 or an errno.
int open_file(int root, std::string_view key, std::uint64_t max_bytes, File* file, std::size_t* size) {
  if (!is_key(key)) return EINVAL;
  std::string name;
  const File parent = open_parent(root, key, false, &name);
  if (!parent) return errno;
  *file = File(::openat(parent.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat facts;
  if (!*file || ::fstat(file->get(), &facts) != 0) return errno;
  if (!S_ISREG(facts.st_mode)) return EINVAL;
  if (static_cast<std::uint64_t>(facts.st_size) > max_bytes) return EFBIG;
  *size = static_cast<std::size_t>(facts.st_size);
  return 0;
}

using FolderStream = std::unique_ptr<DIR, int (*)(DIR*)>;

// The folder of that key; null with `problem` an errno.
FolderStream open_folder(int root, std::string_view key, int* problem) {
  FolderStream folder(nullptr, ::closedir);
  std::string name;
  errno = EINVAL;
  const File parent = is_key(key) ? open_parent(root, key, false, &name) : File(-1);
  const int inner = parent ? ::openat(parent.get(), name.c_str(),
                                      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                           : -1;
  if (inner >= 0) folder.reset(::fdopendir(inner));
  *problem = folder == nullptr ? errno : 0;
  return folder;
}

int write_all(int file, const std::uint8_t* bytes, std::size_t size) {
  while (size != 0) {
    const ssize_t n = ::write(file, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
  return ::fsync(file) == 0 ? 0 : errno;
}

// A new file that is locked while it is written: a sweep leaves it alone. Whoever swept it between its
// creation and its lock left it without a name, and another one is made.
File create_temporary(int folder, std::string* name) {
  static std::atomic<unsigned> count{0};
  for (int attempt = 0; attempt < 16; ++attempt) {
    *name = temporary_prefix + std::to_string(::getpid()) + "-" + std::to_string(count++);
    File file(::openat(folder, name->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!file && errno != EEXIST) return file;
    struct stat facts;
    if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(file.get(), &facts) == 0 &&
        facts.st_nlink != 0)
      return file;
  }
  errno = EAGAIN;
  return File(-1);
}

}  // namespace

Folder::Folder(const std::string& path, bool is_required) {
  std::error_code problem;
  std::filesystem::create_directories(path, problem);
  folder_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_ < 0) problem_ = problem ? problem.value() : errno;
  if (folder_ >= 0) sweep();
  else if (is_required) throw std::system_error(problem_, std::generic_category(), path);
}

Folder::~Folder() {
  if (folder_ >= 0) ::close(folder_);
}

void Folder::sweep() const {
  const int copy = ::openat(folder_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(copy < 0 ? nullptr : ::fdopendir(copy), ::closedir);
  if (folder == nullptr) return;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (!std::string_view(entry->d_name).starts_with(temporary_prefix)) continue;
    const File file(::openat(folder_, entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    // Locked: another process is writing it now.
    if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) ::unlinkat(folder_, entry->d_name, 0);
  }
}

int Folder::list(std::string_view key, std::uint64_t max_bytes, std::vector<std::uint8_t>* bytes) const {
  int problem = 0;
  const FolderStream folder = open_folder(folder_, key, &problem);
  if (folder == nullptr) return problem;
  while (const dirent* entry = ::readdir(folder.get())) {
    struct stat facts;
    // What stands beside its place until it is finished has a name that is no key.
    if (!is_key(entry->d_name) ||
        ::fstatat(::dirfd(folder.get()), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(facts.st_mode))
      continue;
    const std::string line = std::string(entry->d_name) + " " + std::to_string(facts.st_size) + "\n";
    if (bytes->size() + line.size() <= max_bytes) bytes->insert(bytes->end(), line.begin(), line.end());
  }
  return 0;
}

int Folder::map(std::string_view key, std::uint64_t max_bytes,
                std::shared_ptr<const Mapping>* mapping) const {
  if (folder_ < 0) return problem_;
  File file(-1);
  std::size_t whole = 0;
  const int problem = open_file(folder_, key, max_bytes, &file, &whole);
  return problem != 0 ? problem : Mapping::open(file.get(), whole, mapping);
}

int Folder::read(std::string_view key, std::uint64_t max_bytes, std::vector<std::uint8_t>* bytes) const {
  if (folder_ < 0) return problem_;
  if (key.ends_with('/')) return list(key.substr(0, key.size() - 1), max_bytes, bytes);
  File file(-1);
  std::size_t whole = 0;
  if (const int problem = open_file(folder_, key, max_bytes, &file, &whole); problem != 0) return problem;
  bytes->resize(whole);
  std::size_t size = 0;
  while (size < bytes->size()) {
    const ssize_t n = ::read(file.get(), bytes->data() + size, bytes->size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  bytes->resize(size);
  return 0;
}

int Folder::write(std::string_view key, const std::uint8_t* bytes, std::size_t size) {
  if (folder_ < 0) return problem_;
  if (!is_key(key)) return EINVAL;
  std::string name, temporary;
  const File parent = open_parent(folder_, key, true, &name);
  if (!parent) return errno;
  const File file = create_temporary(folder_, &temporary);
  if (!file) return errno;
  int problem = write_all(file.get(), bytes, size);
  if (problem == 0 && ::renameat(folder_, temporary.c_str(), parent.get(), name.c_str()) != 0)
    problem = errno;
  if (problem != 0) {
    ::unlinkat(folder_, temporary.c_str(), 0);
    return problem;
  }
  return ::fsync(parent.get()) == 0 ? 0 : errno;
}

int Folder::remove_below(std::string_view key) {
  int problem = 0;
  const FolderStream folder = open_folder(folder_, key, &problem);
  if (folder == nullptr) return problem == ENOENT ? 0 : problem;
  const int inner = ::dirfd(folder.get());
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view each = entry->d_name;
    if (each == "." || each == "..") continue;
    if (::unlinkat(inner, entry->d_name, 0) != 0 && errno != ENOENT) problem = errno;
  }
  return ::fsync(inner) == 0 ? problem : errno;
}

int Folder::remove(std::string_view key) {
  if (folder_ < 0) return problem_;
  if (key.ends_with('/')) return remove_below(key.substr(0, key.size() - 1));
  if (!is_key(key)) return EINVAL;
  std::string name;
  const File parent = open_parent(folder_, key, false, &name);
  if (!parent) return errno == ENOENT ? 0 : errno;
  if (::unlinkat(parent.get(), name.c_str(), 0) != 0) return errno == ENOENT ? 0 : errno;
  return ::fsync(parent.get()) == 0 ? 0 : errno;
}

}  // namespace guardrank::fetch
