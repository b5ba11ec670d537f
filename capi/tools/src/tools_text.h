// Owned bytes behind gr_tools_text.
#pragma once

#include <string>

#include "capi/tools/include/guardrank_tools.h"
#include "models/pack/artifact/writers.h"

struct gr_tools_text {
  std::string text;
  guardrank::pack::AlignedBytes bytes;   // of a bundle; then `text` is empty

  gr_text view() const {
    if (bytes.empty()) return {text.data(), text.size()};
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};
