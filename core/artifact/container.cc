#include "core/artifact/container.h"

#include "core/base/limits.h"

namespace guardrank {
namespace {

std::uint32_t read_u32(const std::uint8_t* bytes) {
  std::uint32_t value;
  __builtin_memcpy(&value, bytes, sizeof value);
  return value;
}

std::uint64_t read_u64(const std::uint8_t* bytes) {
  std::uint64_t value;
  __builtin_memcpy(&value, bytes, sizeof value);
  return value;
}

bool all_zero(Bytes bytes) {
  for (const std::uint8_t byte : bytes)
    if (byte != 0) return false;
  return true;
}

bool is_known(SectionKind kind) { return !section_kind_name(kind).empty(); }

// The bytes of one artifact while its container is opened. Header and table are copied first and
// only the copies are read.
class ContainerReader {
 public:
  ContainerReader(Bytes bytes, Bytes section_hashes, Arena* arena, Error* error)
      : bytes_(bytes), given_hashes_(section_hashes), arena_(arena), error_(error) {}

  Status read(Check check, Container* container) {
    GUARDRANK_TRY(read_header());
    GUARDRANK_TRY(read_versions());
    GUARDRANK_TRY(read_length());
    GUARDRANK_TRY(copy_table());
    GUARDRANK_TRY(read_sections());
    if (check == Check::full) GUARDRANK_TRY(check_hashes());
    container->kind = kind_;
    container->id = hash_table();
    container->sections = sections_;
    return Status::ok;
  }

 private:
  Status read_header();
  Status read_versions();
  Status read_length();
  Status copy_table();
  Status read_sections();
  Status read_section(std::uint32_t index, std::uint64_t* end);
  Status check_unique(std::uint32_t index);
  Status check_hashes();
  Sha256Digest section_hash(std::uint32_t index) const;
  Status check_padding();
  Sha256Digest hash_table() const;
  // At "section 2 (weights)".
  Status fail(std::uint32_t index, Status status, const char* message);
  // "at most 64 sections", found so many.
  Status wanted(Status status, const char* where, const char* relation, std::uint64_t expected,
                const char* unit, std::uint64_t found);

  Bytes bytes_;
  Bytes given_hashes_;
  Arena* arena_;
  Error* error_;
  std::array<std::uint8_t, header_bytes> header_{};
  std::span<std::uint8_t> table_;
  std::span<Section> sections_;
  ArtifactKind kind_{};
};

Status ContainerReader::fail(std::uint32_t index, Status status, const char* message) {
  const std::string_view name = section_kind_name(
      static_cast<SectionKind>(read_u32(&table_[index * section_entry_bytes])));
  Text<48> where{"section ", index};
  if (!name.empty()) where.append({" (", name, ")"});
  return error_->set(status, where, {message});
}

Status ContainerReader::wanted(Status status, const char* where, const char* relation,
                               std::uint64_t expected, const char* unit, std::uint64_t found) {
  return error_->wanted(status, where, {relation, expected, unit}, {found});
}

Status ContainerReader::read_header() {
  const std::size_t have = bytes_.size() < header_bytes ? bytes_.size() : header_bytes;
  if (have != 0) __builtin_memcpy(header_.data(), bytes_.data(), have);
  for (std::size_t i = 0; i < container_magic.size() && i < have; ++i)
    if (header_[i] != container_magic[i])
      return error_->set(Status::identifier, "header", {"not a guardrank artifact"});
  if (have < header_bytes)
    return wanted(Status::truncated, "header", "", header_bytes, " bytes", bytes_.size());
  if (reinterpret_cast<std::uintptr_t>(bytes_.data()) % section_alignment != 0)
    return error_->set(Status::argument, "artifact", {"the bytes must be 64-byte aligned"});
  return Status::ok;
}

Status ContainerReader::read_versions() {
  const std::uint32_t version = read_u32(&header_[12]);
  if (version == 0 || version > container_version)
    return wanted(Status::version, "header.version", "at most ", container_version,
                  " (newer is unsupported)", version);
  const std::uint32_t numerics = read_u32(&header_[28]);
  if (numerics != numerics_version)
    return wanted(Status::version, "header.numerics", "arithmetic ", numerics_version,
                  " (another is unsupported)", numerics);
  kind_ = static_cast<ArtifactKind>(read_u32(&header_[8]));
  if (artifact_kind_name(kind_).empty())
    return error_->set(Status::identifier, "header.kind", {"not a kind of artifact"});
  return Status::ok;
}

Status ContainerReader::read_length() {
  const std::uint64_t length = read_u64(&header_[16]);
  if (length > limits::artifact_bytes)
    return error_->over_limit("header.length", limits::artifact_bytes, " bytes", length);
  if (length == bytes_.size()) return Status::ok;
  return wanted(length > bytes_.size() ? Status::truncated : Status::verify, "header.length", "",
                length, " bytes", bytes_.size());
}

Status ContainerReader::copy_table() {
  const std::uint32_t count = read_u32(&header_[24]);
  if (count > limits::sections)
    return error_->over_limit("header.sections", limits::sections, "", count);
  const std::size_t size = count * section_entry_bytes;
  if (size > bytes_.size() - header_bytes)
    return error_->set(Status::verify, "header.sections", {"the table does not fit"});
  if (arena_->make_uninitialised(size, &table_) != Status::ok ||
      arena_->make(count, &sections_) != Status::ok)
    return error_->no_memory("header.sections");
  if (size != 0) __builtin_memcpy(table_.data(), bytes_.data() + header_bytes, size);
  return Status::ok;
}

Status ContainerReader::read_sections() {
  std::uint64_t end = header_bytes + table_.size();
  for (std::uint32_t i = 0; i < sections_.size(); ++i) {
    GUARDRANK_TRY(read_section(i, &end));
    GUARDRANK_TRY(check_unique(i));
  }
  if (end != bytes_.size())
    return wanted(Status::verify, "header.length", "", end, " bytes", bytes_.size());
  return Status::ok;
}

// `end`: where the section before ends. Sections stand in the order of the table.
Status ContainerReader::read_section(std::uint32_t index, std::uint64_t* end) {
  const std::uint8_t* entry = &table_[index * section_entry_bytes];
  const SectionKind kind = static_cast<SectionKind>(read_u32(entry));
  if (!all_zero({entry + 4, 4}) || !all_zero({entry + 56, 8}))
    return fail(index, Status::verify, "reserved bytes are not zero");
  const std::uint64_t offset = read_u64(entry + 8);
  const std::uint64_t length = read_u64(entry + 16);
  if (offset % section_alignment != 0)
    return fail(index, Status::verify, "its offset is not 64-byte aligned");
  if (offset < *end) return fail(index, Status::verify, "it overlaps what stands before");
  if (offset > bytes_.size() || length > bytes_.size() - offset)
    return fail(index, Status::verify, "offset and length leave the artifact");
  Section& section = sections_[index];
  section.kind = kind;
  section.bytes = bytes_.subspan(static_cast<std::size_t>(offset),
                                 static_cast<std::size_t>(length));
  __builtin_memcpy(section.hash.data(), entry + 24, section.hash.size());
  *end = offset + length;
  return Status::ok;
}

Status ContainerReader::check_unique(std::uint32_t index) {
  const SectionKind kind = sections_[index].kind;
  if (!is_known(kind)) return Status::ok;
  for (std::uint32_t i = 0; i < index; ++i)
    if (sections_[i].kind == kind)
      return fail(index, Status::verify, "a section of this kind stands before");
  return Status::ok;
}

Status ContainerReader::check_hashes() {
  Sha256 hash;
  hash.add({header_.data(), 32});
  hash.add(table_);
  const Sha256Digest digest = hash.finish();
  if (__builtin_memcmp(digest.data(), &header_[32], digest.size()) != 0)
    return error_->set(Status::hash, "header", {"header or table do not match their hash"});
  for (std::uint32_t i = 0; i < sections_.size(); ++i)
    if (section_hash(i) != sections_[i].hash)
      return fail(i, Status::hash, "the bytes do not match the section's hash");
  return check_padding();
}

Sha256Digest ContainerReader::section_hash(std::uint32_t index) const {
  Sha256Digest hash;
  if (given_hashes_.size() != sections_.size() * hash.size()) return sha256(sections_[index].bytes);
  __builtin_memcpy(hash.data(), &given_hashes_[index * hash.size()], hash.size());
  return hash;
}

Status ContainerReader::check_padding() {
  const std::uint8_t* end = bytes_.data() + header_bytes + table_.size();
  for (std::uint32_t i = 0; i < sections_.size(); ++i) {
    const std::uint8_t* start = sections_[i].bytes.data();
    if (!all_zero({end, static_cast<std::size_t>(start - end)}))
      return fail(i, Status::verify, "the bytes before it are not zero");
    end = start + sections_[i].bytes.size();
  }
  return Status::ok;
}

Sha256Digest ContainerReader::hash_table() const {
  Sha256 hash;
  hash.add(header_);
  hash.add(table_);
  return hash.finish();
}

}  // namespace

std::string_view artifact_kind_name(ArtifactKind kind) {
  switch (kind) {
    case ArtifactKind::model: return "model";
    case ArtifactKind::policy: return "policy";
    case ArtifactKind::catalog: return "catalog";
    case ArtifactKind::release: return "release";
    case ArtifactKind::bundle: return "bundle";
  }
  return "";
}

std::string_view section_kind_name(SectionKind kind) {
  switch (kind) {
    case SectionKind::root: return "root";
    case SectionKind::embeddings: return "embeddings";
    case SectionKind::weights: return "weights";
    case SectionKind::golden: return "golden";
    case SectionKind::columns: return "columns";
    case SectionKind::stage_one: return "stage_one";
    case SectionKind::model: return "model";
    case SectionKind::policy: return "policy";
    case SectionKind::catalog: return "catalog";
    case SectionKind::release: return "release";
    case SectionKind::shards: return "shards";
  }
  return "";
}

const Section* Container::find(SectionKind wanted) const {
  for (const Section& section : sections)
    if (section.kind == wanted) return &section;
  return nullptr;
}

Status open_container(Bytes bytes, Check check, Arena* arena, Container* container, Error* error,
                      Bytes section_hashes) {
  return ContainerReader(bytes, section_hashes, arena, error).read(check, container);
}

Status open_container_of(ArtifactKind kind, Bytes bytes, Check check, Arena* arena,
                         Container* container, Error* error) {
  GUARDRANK_TRY(open_container(bytes, check, arena, container, error));
  if (container->kind == kind) return Status::ok;
  return error->wanted(Status::identifier, "header.kind",
                       {"a ", artifact_kind_name(kind), " artifact"},
                       {"a ", artifact_kind_name(container->kind)});
}

Bytes section_bytes(const Container& container, SectionKind kind) {
  const Section* section = container.find(kind);
  return section == nullptr ? Bytes() : section->bytes;
}

}  // namespace guardrank
