// Texts of the C interface as views: the two are laid out differently.
#pragma once

#include "capi/src/report.h"

namespace guardrank {

// GR_STATUS_ARGUMENT for NULL with a size; NULL without one is the empty text.
Status check_text(gr_text text, std::string_view argument, Error* error);

// Views in `arena` over the caller's texts, which stay where they are.
Status view_texts(const gr_text* texts, std::size_t count, std::string_view argument, Arena* arena,
                  std::span<const std::string_view>* views, Error* error);

}  // namespace guardrank
