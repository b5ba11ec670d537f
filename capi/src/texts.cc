#include "capi/src/texts.h"

namespace guardrank {

Status check_text(gr_text text, std::string_view argument, Error* error) {
  if (text.data != nullptr || text.size == 0) return Status::ok;
  return error->set(Status::argument, argument, {"NULL, but ", text.size, " bytes long"});
}

Status view_texts(const gr_text* texts, std::size_t count, std::string_view argument, Arena* arena,
                  std::span<const std::string_view>* views, Error* error) {
  std::span<std::string_view> copies;
  if (arena->make(count, &copies) != Status::ok) {
    return error->no_memory(argument);
  }
  for (std::size_t i = 0; i < count; ++i) {
    GUARDRANK_TRY(check_text(texts[i], Text<96>{argument, "[", i, "]"}, error));
    copies[i] = as_view(texts[i]);
  }
  *views = copies;
  return Status::ok;
}

}  // namespace guardrank
