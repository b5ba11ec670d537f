// Artifacts on the origin: taken apart, checked as a reader would, stored by id.
#pragma once

#include <map>
#include <string>

#include "models/pack/artifact/writers.h"
#include "models/publish/repository.h"

namespace guardrank::publish {

class Blobs {
 public:
  Blobs(const OriginFolder& folder, const Progress& progress) : folder_(folder), progress_(progress) {}

  // A file, or "sha256:..." of an artifact that the origin has. Gives the id (hexadecimal); throws
  // PackError where it is not of this kind.
  std::string take(const std::string& reference, ArtifactKind kind);
  // The three parts of a bundle: {"model", "policy", "catalog"} to ids.
  std::map<std::string, std::string> take_bundle(const std::string& path);
  // Opens the three together with a full check and replays the golden vectors; and that the shards of the
  // model's tables came along, or are on the origin.
  void check_together(const std::string& model, const std::string& policy, const std::string& catalog);
  // Those taken that the origin has not yet; with `is_cut`, large ones as chunks too. Gives an entry
  // of the release's "blobs" for each id.
  Json store(bool is_cut);
  // A text beside the artifacts, by its SHA-256.
  void store_text(std::string_view text) { put("blobs/" + sha256_hex(text), text); }
  // Figures of the last `store`: bytes written, of chunks and shards those that the origin had not.
  const Json& figures() const { return figures_; }

 private:
  std::string keep(pack::AlignedBytes bytes, ArtifactKind kind, const std::string& name);
  const pack::AlignedBytes& at(const std::string& id);

  void store_chunks(const pack::AlignedBytes& artifact, Json* entry);
  bool put(const std::string& name, std::string_view bytes);

  const OriginFolder& folder_;
  const Progress& progress_;
  struct Shard {
    std::string field, hash;
    Bytes bytes;                         // empty: not in a bundle that was taken
  };
  std::vector<Shard> shards_of(const std::string& model);
  void store_shards();

  std::map<std::string, pack::AlignedBytes> taken_;
  std::map<std::string, pack::AlignedBytes> tables_;   // by model: its tables in shards
  Json figures_;
};

}  // namespace guardrank::publish
