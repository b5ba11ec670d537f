// The folder that any file server serves. What is written appears whole or not at all, and stays: a
// file is flushed before it gets its name, its folder after.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace guardrank::publish {

class OriginFolder {
 public:
  explicit OriginFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& path() const { return folder_; }
  bool has(const std::string& name) const;
  // Nothing where there is no such file; throws PackError where it cannot be read.
  std::optional<std::string> find(const std::string& name) const;
  // Throws PackError (Status::missing) where there is no such file.
  std::string read(const std::string& name) const;
  void write(const std::string& name, std::string_view bytes) const;
  void remove(const std::string& name) const;

 private:
  std::filesystem::path folder_;
};

// One path for a folder, however it was named: what stands beside it is found by everyone.
std::filesystem::path named_folder(const std::filesystem::path& folder);

// One publisher at a time: an exclusive lock of a file beside the folder, held until it goes. Throws
// PackError where another has it. What one that was killed was writing, in the two folders, goes.
class PublisherLock {
 public:
  PublisherLock(const std::filesystem::path& origin, const std::filesystem::path& staged);
  ~PublisherLock();
  PublisherLock(const PublisherLock&) = delete;
  PublisherLock& operator=(const PublisherLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace guardrank::publish
