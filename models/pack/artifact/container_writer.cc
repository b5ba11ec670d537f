#include <cstring>

#include "core/base/limits.h"
#include "models/pack/artifact/writers.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

std::size_t align_up(std::size_t offset) {
  return (offset + section_alignment - 1) / section_alignment * section_alignment;
}

void check_sections(std::span<const NewSection> sections) {
  if (sections.size() > limits::sections)
    throw PackError(Status::limit, "container", "too many sections");
  for (std::size_t i = 0; i < sections.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (sections[i].kind == sections[j].kind)
        throw PackError(Status::argument, "container", "two sections of one kind");
}

// Offsets of the sections, and last the length of the whole.
std::vector<std::size_t> place_sections(std::span<const NewSection> sections) {
  std::size_t end = header_bytes + sections.size() * section_entry_bytes;
  std::vector<std::size_t> offsets;
  for (const NewSection& section : sections) {
    offsets.push_back(align_up(end));
    end = offsets.back() + section.bytes.size();
  }
  offsets.push_back(end);
  return offsets;
}

template <typename T>
void put(std::uint8_t* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

void put_entry(std::uint8_t* entry, const NewSection& section, std::size_t offset) {
  put(entry, static_cast<std::uint32_t>(section.kind));
  put(entry + 8, std::uint64_t{offset});
  put(entry + 16, std::uint64_t{section.bytes.size()});
  put(entry + 24, sha256(section.bytes));
}

void put_header(AlignedBytes* bytes, ArtifactKind kind, std::size_t n_sections) {
  std::uint8_t* header = bytes->data();
  put(header, container_magic);
  put(header + 8, static_cast<std::uint32_t>(kind));
  put(header + 12, container_version);
  put(header + 16, std::uint64_t{bytes->size()});
  put(header + 24, static_cast<std::uint32_t>(n_sections));
  put(header + 28, numerics_version);
  Sha256 hash;
  hash.add({header, 32});
  hash.add({header + header_bytes, n_sections * section_entry_bytes});
  put(header + 32, hash.finish());
}

}  // namespace

AlignedBytes write_container(ArtifactKind kind, std::span<const NewSection> sections) {
  check_sections(sections);
  const std::vector<std::size_t> offsets = place_sections(sections);
  AlignedBytes bytes(offsets.back());
  for (std::size_t i = 0; i < sections.size(); ++i) {
    put_entry(bytes.data() + header_bytes + i * section_entry_bytes, sections[i], offsets[i]);
    if (!sections[i].bytes.empty())
      std::memcpy(bytes.data() + offsets[i], sections[i].bytes.data(), sections[i].bytes.size());
  }
  put_header(&bytes, kind, sections.size());
  return bytes;
}

Sha256Digest artifact_id(Bytes bytes) {
  std::uint32_t n_sections = 0;
  if (bytes.size() >= header_bytes) std::memcpy(&n_sections, bytes.data() + 24, 4);
  const std::size_t size = header_bytes + std::size_t{n_sections} * section_entry_bytes;
  if (bytes.size() < size) throw PackError(Status::truncated, "artifact", "no whole section table");
  return sha256(bytes.first(size));
}

}  // namespace guardrank::pack
