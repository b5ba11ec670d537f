// Whether a kernel multiplies a small layer, and mixes experts, as plain arithmetic does.
#pragma once

#include "core/model/kernels/kernel.h"

namespace guardrank {

bool answers_rightly(const Kernel& kernel);

}  // namespace guardrank
