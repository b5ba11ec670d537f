# WebAssembly modules: linked by wasm-ld, optimised by npm's wasm-opt (Debian's 108 must not touch them), checked.
find_program(GUARDRANK_WASM_LD NAMES wasm-ld-19 REQUIRED)
find_program(GUARDRANK_NM NAMES llvm-nm-19 REQUIRED)
find_program(GUARDRANK_STRIP NAMES llvm-strip-19 REQUIRED)
find_program(GUARDRANK_NODE NAMES node REQUIRED)

# guardrank_wasm_module(NAME [RELAXED] EXPORTS function... OBJECTS file...): NAME.wasm in the caller's
# binary folder, which imports nothing and exports these functions, memory and _initialize. RELAXED lets
# relaxed SIMD through. Objects come from targets of the caller's project.
#
# Linked with 256 KiB of stack at the bottom of memory, so that an overflow traps; 128 MB in all, what
# edge runtimes give. No undefined symbol is allowed.
#
# Optimised with the functions' names, which tests/size reads, then stripped of them by a tool that
# leaves the code as it is: wasm-opt would write it anew, and 270 brotli bytes larger. "Low memory
# unused" lets constants move into addresses; it holds with the stack there, which never wraps.
# Splitting the data at its zeros ("memory packing") costs more, once compressed, than the zeros.
function(guardrank_wasm_module name)
  cmake_parse_arguments(module "RELAXED" "" "EXPORTS;OBJECTS" ${ARGN})
  set(libraries ${CMAKE_SYSROOT}/lib/wasm32-emscripten)
  set(package ${PROJECT_SOURCE_DIR}/wasm)
  set(features --mvp-features --enable-mutable-globals --enable-sign-ext --enable-simd
    --enable-bulk-memory --enable-bulk-memory-opt --enable-nontrapping-float-to-int
    --enable-multivalue --enable-reference-types)
  set(node_flags "")
  if(module_RELAXED)
    list(APPEND features --enable-relaxed-simd)
    # In Node 18 and 20; harmless in those where relaxed SIMD is no experiment any more.
    set(node_flags --experimental-wasm-relaxed-simd)
  endif()
  set(optimiser_flags --post-emscripten -Oz -Oz --skip-pass=memory-packing --low-memory-unused
    --zero-filled-memory --strip-producers --strip-target-features)
  # Passes that trade size for a machine with few registers, which WebAssembly is not: loop strength
  # reduction, redundancy elimination over merges, values kept over blocks. 2.0 KB of brotli without
  # them (1.4 of these the first); kernels are compiled outside link-time optimisation and keep them.
  set(smaller_code -mllvm -disable-lsr -mllvm -disable-machine-cse -mllvm -disable-machine-licm
    -mllvm -enable-pre=0 -mllvm -enable-load-pre=0 -mllvm -replexitval=never
    -mllvm -phi-node-folding-threshold=6 -mllvm -two-entry-phi-node-folding-threshold=12)
  set(link_flags --gc-sections -O2 --lto-O2
    -mllvm -inline-threshold=-100 -mllvm -inlinecold-threshold=-100
    ${smaller_code}
    -z stack-size=262144 --stack-first --max-memory=134217728 --strip-debug --no-demangle)

  list(TRANSFORM module_EXPORTS PREPEND "--export=" OUTPUT_VARIABLE exports)
  set(linked ${CMAKE_CURRENT_BINARY_DIR}/${name}.linked.wasm)
  set(named ${CMAKE_CURRENT_BINARY_DIR}/${name}.named.wasm)
  set(file ${CMAKE_CURRENT_BINARY_DIR}/${name}.wasm)
  add_custom_command(OUTPUT ${linked}
    COMMAND ${GUARDRANK_WASM_LD} -o ${linked} ${libraries}/crt1_reactor.o ${module_OBJECTS}
      -L${libraries} -lemmalloc -lc -lcompiler_rt -lc++-noexcept -lc++abi-noexcept
      --entry=_initialize ${exports} ${link_flags}
    COMMAND ${GUARDRANK_NM} --defined-only --print-file-name ${module_OBJECTS} > ${linked}.symbols
    DEPENDS ${module_OBJECTS}
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_command(OUTPUT ${named}
    COMMAND ${GUARDRANK_NODE} ${package}/node_modules/binaryen/bin/wasm-opt ${linked} -o ${named} -g
      ${features} ${optimiser_flags}
    DEPENDS ${linked} ${package}/package-lock.json VERBATIM)
  add_custom_command(OUTPUT ${file}
    COMMAND ${GUARDRANK_STRIP} --strip-all ${named} -o ${file}
    COMMAND ${GUARDRANK_NODE} ${node_flags} ${package}/check_module.mjs ${file} ${module_EXPORTS}
    DEPENDS ${named} ${package}/check_module.mjs VERBATIM)
endfunction()
