// Whether a kernel multiplies a small layer as plain arithmetic does.
#pragma once

#include "core/model/kernels/kernel.h"

namespace guardrank {

bool multiplies_rightly(const Kernel& kernel);

}  // namespace guardrank
