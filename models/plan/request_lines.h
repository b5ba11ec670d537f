// Requests as JSON lines, with the labels that evaluation reads taken off.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace guardrank::plan {

// Calls `visit` with each request and the number of its line; blank lines are passed over. Throws
// PackError that names the line.
void read_request_lines(std::string_view text,
                        const std::function<void(std::string request, std::size_t line)>& visit);

}  // namespace guardrank::plan
