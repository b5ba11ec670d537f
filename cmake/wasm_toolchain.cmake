# The WebAssembly module: clang-19 and wasm-ld-19 on the headers and libraries of Debian's Emscripten
# (libc, emmalloc, libc++ 13). The compiler is called directly, not through emcc: ccache then works,
# no JavaScript glue is made, and nothing runs Debian's wasm-opt (108), which breaks newer modules.
# The flags that emcc 3.1.6 would give and that change code or ABI are repeated below.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(EMSCRIPTEN TRUE)

set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_C_COMPILER_TARGET wasm32-unknown-emscripten)
set(CMAKE_CXX_COMPILER_TARGET wasm32-unknown-emscripten)
set(CMAKE_AR llvm-ar-19 CACHE FILEPATH "Archiver")
set(CMAKE_RANLIB llvm-ranlib-19 CACHE FILEPATH "Archive index")
set(CMAKE_SYSROOT /usr/share/emscripten/cache/sysroot)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)

# Every engine that runs simd128 has these other features too (Chromium 91, Node 20, workerd).
set(GUARDRANK_WASM_FEATURES "-msimd128 -mbulk-memory -mnontrapping-fptoint -msign-ext")
# As emcc: libc++.a is built with ABI version 2; lowering of loops that suits wasm engines.
set(GUARDRANK_WASM_FLAGS "${GUARDRANK_WASM_FEATURES} -D_LIBCPP_ABI_VERSION=2 -mllvm -disable-lsr")
set(CMAKE_C_FLAGS_INIT "${GUARDRANK_WASM_FLAGS}")
set(CMAKE_CXX_FLAGS_INIT "${GUARDRANK_WASM_FLAGS}")
# Small everywhere, and optimised at link time: views passed by value then travel in registers, which
# saves an eighth of the module. wasm/CMakeLists.txt raises the kernels to -O3. In the cache, because
# CMake would append its own -O3 to the _INIT variables.
set(CMAKE_C_FLAGS_RELEASE "-Oz -flto -DNDEBUG" CACHE STRING "Release flags" FORCE)
set(CMAKE_CXX_FLAGS_RELEASE "-Oz -flto -DNDEBUG" CACHE STRING "Release flags" FORCE)
