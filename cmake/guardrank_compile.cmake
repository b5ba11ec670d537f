# Flags that every target of the project takes.
set(GUARDRANK_SANITIZE "" CACHE STRING "Sanitizers to build with, as for -fsanitize=")

add_library(guardrank_compile INTERFACE)
target_compile_options(guardrank_compile INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror
  -ffp-contract=off -fno-math-errno
  # libstdc++ 12 calls what it has deprecated itself in stable_sort, and clang tells.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>
  # gcc-12 reports overlaps in appended strings where there are none (its bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=maybe-uninitialized> $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
target_include_directories(guardrank_compile INTERFACE ${PROJECT_SOURCE_DIR})

if(GUARDRANK_SANITIZE)
  add_compile_options(-fsanitize=${GUARDRANK_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${GUARDRANK_SANITIZE})
endif()

if(NOT EMSCRIPTEN)
  find_program(GUARDRANK_LLD NAMES ld.lld ld.lld-19)
  if(GUARDRANK_LLD AND NOT CMAKE_CROSSCOMPILING AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_link_options(-fuse-ld=lld)
  elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_link_options(-fuse-ld=lld-19)
  endif()
endif()

# Core: no exceptions, no RTTI, no assertion of FlatBuffers, sections that a linker can drop.
add_library(guardrank_core_compile INTERFACE)
target_link_libraries(guardrank_core_compile INTERFACE guardrank_compile)
target_compile_options(guardrank_core_compile INTERFACE
  -fno-exceptions -fno-rtti -ffunction-sections -fdata-sections -fno-threadsafe-statics)
