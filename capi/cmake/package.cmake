# What an installed library is found by.
include(GNUInstallDirs)

# <name>.pc, relative to itself, so that an installed tree may be moved.
function(guardrank_install_pc pc_name pc_description)
  file(RELATIVE_PATH guardrank_pc_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  configure_file(${PROJECT_SOURCE_DIR}/capi/cmake/guardrank.pc.in
    ${CMAKE_CURRENT_BINARY_DIR}/${pc_name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${pc_name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

# A target as component <component> of the CMake package: guardrankConfig.cmake reads its file.
function(guardrank_install_component component target)
  install(TARGETS ${target} EXPORT guardrank_${component}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT guardrank_${component} NAMESPACE guardrank:: FILE guardrank_${component}Targets.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/guardrank)
endfunction()
