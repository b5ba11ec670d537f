#include "bindings/shell/files.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bindings/shell/library.h"

namespace guardrank::shell {
namespace {

// The file that a chain of symbolic links ends at, which need not exist.
std::string end_of_links(std::filesystem::path path) {
  constexpr int most_links = 40;   // as the system has it
  std::error_code code;
  for (int i = 0; i < most_links && std::filesystem::is_symlink(path, code); ++i) {
    const std::filesystem::path next = std::filesystem::read_symlink(path, code);
    if (code) break;
    path = path.parent_path() / next;   // an absolute one replaces what stands before it
  }
  return path.string();
}

// Files that are not yet whole, for a signal that ends the command: its handler may only read what
// stands in fixed places.
struct Unfinished {
  volatile std::sig_atomic_t is_used = 0;
  char path[4096];
};
Unfinished unfinished[4];
constexpr int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

void remove_unfinished(int number) {
  for (const Unfinished& file : unfinished)
    if (file.is_used != 0) ::unlink(file.path);
  ::raise(number);   // it is caught once: this one ends the command
}

// Signals that the caller has set aside (nohup) stay so.
void catch_signals() {
  for (const int number : ending_signals) {
    struct sigaction before {};
    struct sigaction wanted {};
    wanted.sa_handler = remove_unfinished;
    wanted.sa_flags = SA_RESETHAND;
    if (::sigaction(number, nullptr, &before) == 0 && before.sa_handler == SIG_DFL)
      ::sigaction(number, &wanted, nullptr);
  }
}

// No signal between a file and its note.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t held;
    ::sigemptyset(&held);
    for (const int number : ending_signals) ::sigaddset(&held, number);
    ::pthread_sigmask(SIG_BLOCK, &held, &before_);
  }
  ~HeldSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

 private:
  sigset_t before_;
};

void remember(const std::string& path) {
  for (Unfinished& file : unfinished) {
    if (file.is_used != 0 || path.size() >= sizeof file.path) continue;
    path.copy(file.path, path.size());
    file.path[path.size()] = '\0';
    file.is_used = 1;
    return catch_signals();
  }
}

void forget(const std::string& path) {
  for (Unfinished& file : unfinished)
    if (file.is_used != 0 && path == file.path) file.is_used = 0;
}

}  // namespace

void write_output(const std::string& path, std::string_view bytes) {
  OutputFile file(path);
  file.write(bytes);
  file.commit();
}

OutputFile::OutputFile(const std::string& path) : path_(path) {
  if (path_ == "-") {
    file_ = stdout;
    return;
  }
  struct stat found {};
  const bool exists = ::stat(path_.c_str(), &found) == 0;
  if (exists && !S_ISREG(found.st_mode)) {
    open_directly();
    return;
  }
  target_ = end_of_links(path_);
  open_beside();
}

void OutputFile::open_directly() {
  const int descriptor = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor >= 0) file_ = ::fdopen(descriptor, "wb");
  if (file_ == nullptr) fail();
}

void OutputFile::open_beside() {
  temporary_ = target_ + ".XXXXXX";
  struct stat found {};
  const bool exists = ::stat(target_.c_str(), &found) == 0;
  const HeldSignals held;
  const int descriptor = ::mkstemp(temporary_.data());
  if (descriptor < 0) {
    temporary_.clear();
    fail();
  }
  remember(temporary_);
  // mkstemp makes files private; a result is as readable as any other file, or as the one before it.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (exists && ::fchown(descriptor, found.st_uid, found.st_gid) != 0) errno = 0;
  ::fchmod(descriptor, exists ? found.st_mode & 07777 : 0666 & ~mask);
  file_ = ::fdopen(descriptor, "wb");
  if (file_ != nullptr) return;
  ::unlink(temporary_.c_str());
  forget(temporary_);
  fail();
}

OutputFile::~OutputFile() {
  if (path_ == "-") return;
  if (file_ != nullptr) std::fclose(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  forget(temporary_);
}

void OutputFile::fail() const {
  throw Failure(GR_STATUS_ARGUMENT, path_,
                path_ + ": cannot be written: " + std::strerror(errno));
}

void OutputFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail();
}

void OutputFile::commit() {
  if (std::fflush(file_) != 0) fail();
  if (path_ == "-") return;
  const int synced = temporary_.empty() ? 0 : ::fsync(::fileno(file_));
  const int closed = std::fclose(file_);
  file_ = nullptr;
  if (synced != 0 || closed != 0) fail();
  if (temporary_.empty()) return;
  const HeldSignals held;
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) fail();
  forget(temporary_);
  temporary_.clear();
}

}  // namespace guardrank::shell
