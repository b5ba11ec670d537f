#include "models/publish/blobs.h"

#include "core/artifact/row_shards.h"
#include "core/engine/snapshot.h"
#include "models/pack/memory.h"
#include "models/pack/pack_error.h"
#include "models/publish/chunks.h"

namespace guardrank::publish {
namespace {

using pack::AlignedBytes;
using pack::PackError;

// Smaller artifacts are fetched whole: a list of chunks would not save a request.
constexpr std::size_t least_cut_bytes = std::size_t{1} << 20;

AlignedBytes aligned(std::string_view bytes) {
  return AlignedBytes(Bytes(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string id_of(Bytes bytes) {
  const Sha256Digest id = pack::artifact_id(bytes);
  return hexadecimal({reinterpret_cast<const char*>(id.data()), id.size()});
}

AlignedBytes read_file(const std::string& path) {
  const std::filesystem::path name(path);
  return aligned(OriginFolder(name.parent_path().empty() ? "." : name.parent_path())
                     .read(name.filename().string()));
}

Model open_whole(Bytes bytes, Bytes shards, const std::string& name, pack::Memory* memory) {
  Model model;
  Error error;
  if (open_model(bytes, Check::full, &memory->arena(), &model, &error, shards) == Status::ok)
    return model;
  error.within(name + ": ");
  pack::throw_if(error.code(), error);
  return model;
}

}  // namespace

std::string Blobs::keep(AlignedBytes bytes, ArtifactKind kind, const std::string& name) {
  pack::Memory memory;
  Container container;
  Error error;
  if (open_container_of(kind, bytes, Check::full, &memory.arena(), &container, &error) != Status::ok) {
    error.within(name + ": ");
    pack::throw_if(error.code(), error);
  }
  const std::string id = id_of(bytes);
  taken_.try_emplace(id, std::move(bytes));
  return id;
}

std::string Blobs::take(const std::string& reference, ArtifactKind kind) {
  if (!reference.starts_with("sha256:")) return keep(read_file(reference), kind, reference);
  const std::string id = reference.substr(7);
  if (from_hexadecimal(id).size() != 32)
    throw PackError(Status::argument, reference, "wanted sha256: and 64 hexadecimal digits");
  const std::string kept = keep(aligned(folder_.read("blobs/" + id)), kind, reference);
  if (kept != id) throw PackError(Status::hash, "blobs/" + id, "it holds another artifact");
  return id;
}

std::map<std::string, std::string> Blobs::take_bundle(const std::string& path) {
  const AlignedBytes bytes = read_file(path);
  pack::Memory memory;
  Bundle bundle;
  Error error;
  if (open_bundle(bytes, Check::full, &memory.arena(), &bundle, &error) != Status::ok) {
    error.within(path + ": ");
    pack::throw_if(error.code(), error);
  }
  const std::string model =
      keep(AlignedBytes(bundle.model), ArtifactKind::model, path + ": model");
  open_whole(bundle.model, bundle.shards, path, &memory);
  if (!bundle.shards.empty()) tables_.insert_or_assign(model, AlignedBytes(bundle.shards));
  return {{"model", model},
          {"policy", keep(AlignedBytes(bundle.policy), ArtifactKind::policy, path + ": policy")},
          {"catalog", keep(AlignedBytes(bundle.catalog), ArtifactKind::catalog, path + ": catalog")}};
}

const AlignedBytes& Blobs::at(const std::string& id) { return taken_.at(id); }

void Blobs::check_together(const std::string& model, const std::string& policy,
                           const std::string& catalog) {
  const AlignedBytes bundle = pack::write_bundle("publish", at(model), at(policy), at(catalog), {});
  Snapshot snapshot(pack::system_allocator());
  Error error;
  pack::throw_if(snapshot.open(bundle, Check::full, KernelChoice::automatic, true, &error), error);
  for (const Shard& shard : shards_of(model)) {
    if (!shard.bytes.empty()) continue;
    const auto there = folder_.find("blobs/" + shard.hash);
    if (there && sha256_hex(*there) == shard.hash) continue;
    throw PackError(Status::missing, "blobs/" + shard.hash,
                    "a shard of " + shard.field + " that neither a bundle nor the origin has; publish "
                    "with the bundle that holds the table");
  }
}

// Of all tables of a model that are in shards.
std::vector<Blobs::Shard> Blobs::shards_of(const std::string& id) {
  pack::Memory memory;
  const auto together = tables_.find(id);
  const Bytes tables = together == tables_.end() ? Bytes{} : together->second.view();
  const Model model = open_whole(at(id), tables, "model", &memory);
  std::vector<Shard> shards;
  for (const Field& field : model.fields) {
    for (std::uint32_t i = 0; field.shard_rows != 0 && i < n_shards(field); ++i) {
      const RowShard shard = shard_at(field, i);
      const std::size_t first = std::size_t{shard.first_row} * field.dim;
      shards.push_back({std::string(field.name), hexadecimal(text_of(shard.hash)),
                        field.is_apart() ? Bytes{} : Bytes{field.table + first, shard.n_bytes}});
    }
  }
  return shards;
}

void Blobs::store_shards() {
  std::uint64_t n = 0, n_bytes = 0, n_new = 0;
  for (const auto& [model, tables] : tables_) {
    for (const Shard& shard : shards_of(model)) {
      if (put("blobs/" + shard.hash, text_of(shard.bytes))) n_new += shard.bytes.size();
      n_bytes += shard.bytes.size();
      ++n;
    }
  }
  figures_["shards"] = n;
  figures_["shard_bytes"] = n_bytes;
  figures_["new_shard_bytes"] = n_new;
}

// True where the origin had none. A blob's name says what it holds: one that is there with other bytes
// was damaged, and is written over only by what has its own length.
bool Blobs::put(const std::string& name, std::string_view bytes) {
  const auto there = folder_.find(name);
  if (there == bytes) return false;
  if (there && there->size() > bytes.size())
    throw PackError(Status::hash, name, "the origin has a longer file of this name; remove it first");
  folder_.write(name, bytes);
  return true;
}

void Blobs::store_chunks(const AlignedBytes& artifact, Json* entry) {
  const std::vector<Chunk> chunks = cut_artifact(artifact);
  std::uint64_t n_new = 0;
  for (const Chunk& chunk : chunks)
    if (put("blobs/" + chunk.hash_hex(), text_of(Bytes(artifact).subspan(chunk.offset, chunk.n_bytes))))
      n_new += chunk.n_bytes;
  const std::string list = write_chunk_list(chunks);
  (*entry)["chunks"] = sha256_hex(list);
  put("blobs/" + sha256_hex(list), list);
  figures_["chunks"] = figures_["chunks"].get<std::uint64_t>() + chunks.size();
  figures_["chunk_bytes"] = figures_["chunk_bytes"].get<std::uint64_t>() + artifact.size();
  figures_["new_chunk_bytes"] = figures_["new_chunk_bytes"].get<std::uint64_t>() + n_new;
}

Json Blobs::store(bool is_cut) {
  figures_ = {{"blobs", taken_.size()}, {"new_blob_bytes", 0}, {"chunks", 0}, {"chunk_bytes", 0},
              {"new_chunk_bytes", 0}};
  Json entries = Json::array();
  std::uint64_t done = 0, total = 0;
  for (const auto& [id, bytes] : taken_) total += bytes.size();
  for (const auto& [id, bytes] : taken_) {
    if (progress_) progress_("storing artifacts", done, total);
    Json entry = {{"id", id}, {"bytes", bytes.size()}, {"chunks", std::string(64, '0')}};
    if (put("blobs/" + id, text_of(bytes)))
      figures_["new_blob_bytes"] = figures_["new_blob_bytes"].get<std::uint64_t>() + bytes.size();
    if (is_cut && bytes.size() >= least_cut_bytes) store_chunks(bytes, &entry);
    entries.push_back(entry);
    done += bytes.size();
  }
  store_shards();
  if (progress_) progress_("storing artifacts", total, total);
  return entries;
}

}  // namespace guardrank::publish
