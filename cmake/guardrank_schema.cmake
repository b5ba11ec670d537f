# Generates the FlatBuffers readers of models/schema into the build folder.
find_program(GUARDRANK_FLATC flatc REQUIRED)
set(GUARDRANK_GENERATED ${PROJECT_BINARY_DIR}/generated)
file(GLOB guardrank_schemas CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/models/schema/*.fbs)
set(guardrank_generated_headers)
foreach(schema ${guardrank_schemas})
  get_filename_component(name ${schema} NAME_WE)
  set(header ${GUARDRANK_GENERATED}/models/schema/${name}_generated.h)
  add_custom_command(OUTPUT ${header}
    COMMAND ${GUARDRANK_FLATC} --cpp --scoped-enums -o ${GUARDRANK_GENERATED}/models/schema ${schema}
    DEPENDS ${schema} VERBATIM)
  list(APPEND guardrank_generated_headers ${header})
endforeach()
add_custom_target(guardrank_schema_headers DEPENDS ${guardrank_generated_headers})

# The FlatBuffers headers alone: the whole of the system's include folder would break Emscripten.
find_path(GUARDRANK_FLATBUFFERS flatbuffers/flatbuffers.h PATHS /usr/include REQUIRED NO_CMAKE_FIND_ROOT_PATH)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/flatbuffers_only)
file(CREATE_LINK ${GUARDRANK_FLATBUFFERS}/flatbuffers ${PROJECT_BINARY_DIR}/flatbuffers_only/flatbuffers SYMBOLIC)

add_library(guardrank_schema INTERFACE)
add_dependencies(guardrank_schema guardrank_schema_headers)
target_include_directories(guardrank_schema SYSTEM INTERFACE
  ${GUARDRANK_GENERATED} ${PROJECT_BINARY_DIR}/flatbuffers_only)
target_compile_definitions(guardrank_schema INTERFACE FLATBUFFERS_MAX_ALIGNMENT=64)
