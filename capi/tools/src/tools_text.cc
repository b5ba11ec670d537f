#include "capi/tools/src/tools_text.h"

extern "C" {

gr_text gr_tools_text_view(const gr_tools_text* text) {
  if (text == nullptr) return {"", 0};
  return text->view();
}

void gr_tools_text_free(gr_tools_text* text) { delete text; }

}  // extern "C"
