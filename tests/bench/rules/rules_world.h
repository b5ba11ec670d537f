// The workload of workload.mjs in the engine's own columns, behind plain C functions, so that one
// source serves the native benchmark and the WebAssembly module.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

// Memory for a text that the caller fills before rules_open.
char* rules_memory(std::size_t bytes);
// Reads both texts, compiles every expression, fills a frame. 0, or what rules_message tells.
int rules_open(const char* workload, std::size_t workload_bytes, const char* request,
               std::size_t request_bytes);
const char* rules_message();

// Evaluates every rule and every term over all offers, `rounds` times. 0 when all went well.
int rules_run(std::uint32_t rounds);
// The same of one expression, rules first.
int rules_run_one(std::uint32_t expression, std::uint32_t rounds);
// Compiles `count` expressions, the rules again and again, into an arena that is then emptied.
int rules_compile(std::uint32_t count);
// How often memory was asked of the host so far.
std::uint64_t rules_allocations();

// Outcomes: a byte per rule and offer (0 false, 1 true, 2 unknown, 3 error), then from the next
// multiple of 8 on a double per term and offer. Valid until the next call.
const std::uint8_t* rules_results(std::size_t* bytes);
std::uint32_t rules_count();   // of expressions
}
