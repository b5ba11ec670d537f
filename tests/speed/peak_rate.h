// The roofline: int8 multiply-accumulates per second of one core, from registers alone.
#pragma once

#include <string_view>

// Of this thread.
double processor_seconds();

// What the kernel's own instructions give at best; 0 where no loop of its kind is written down.
double peak_products_per_second(std::string_view kernel);
