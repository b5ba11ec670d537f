#include "capi/fetch/src/mapping.h"

#include <sys/mman.h>

#include <cerrno>

namespace guardrank::fetch {

int Mapping::open(int file, std::size_t size, std::shared_ptr<const Mapping>* mapping) {
  if (size == 0) return EINVAL;
  // All of it is read at once, to be verified.
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  if (address == MAP_FAILED) return errno;
  mapping->reset(new Mapping({static_cast<const std::uint8_t*>(address), size}));
  return 0;
}

Mapping::~Mapping() { ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size()); }

Loan Mappings::lend(std::shared_ptr<const Mapping> mapping) {
  const Bytes bytes = mapping->bytes();
  lent_[bytes.data()] = std::move(mapping);
  Loan loan;
  loan.user = this;
  loan.end = [](void* self, Bytes ended) { static_cast<Mappings*>(self)->take_back(ended); };
  return loan;
}

std::shared_ptr<const Mapping> Mappings::find(Bytes bytes) const {
  const auto found = lent_.find(bytes.data());
  return found == lent_.end() ? nullptr : found->second;
}

}  // namespace guardrank::fetch
