// Every kernel that this build has and this processor runs.
#pragma once

#include <vector>

#include "core/model/network.h"

namespace guardrank::testing {

inline std::vector<const Kernel*> built_kernels() {
  std::vector<const Kernel*> result;
  for (int number = 1; number < n_kernel_choices; ++number) {
    Error error;
    const Kernel* kernel = nullptr;
    const Status status = choose_kernel(static_cast<KernelChoice>(number), &kernel, &error);
    if (status == Status::ok) result.push_back(kernel);
  }
  return result;
}

}  // namespace guardrank::testing
