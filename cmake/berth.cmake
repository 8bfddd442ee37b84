# How berth is compiled: flags, ccache, precompiled headers; one static library per folder.

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

add_library(berth_options INTERFACE)
target_include_directories(berth_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_definitions(berth_options INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_ARRAY BOOST_ASIO_DISABLE_BOOST_BIND BOOST_ASIO_DISABLE_BOOST_DATE_TIME
 BERTH_VERSION="${PROJECT_VERSION}")
target_compile_options(berth_options INTERFACE -Wall -Wextra -Werror -Wno-missing-field-initializers -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports false positives from inlined std::string and coroutine frames.
  target_compile_options(berth_options INTERFACE
    -Wno-maybe-uninitialized -Wno-restrict -Wno-dangling-pointer -Wno-stringop-overflow -Wno-array-bounds
    -Wno-mismatched-new-delete -fpch-preprocess)
else()
  target_compile_options(berth_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp" -Wno-unused-private-field)
  add_link_options(-fuse-ld=lld)
endif()
if(BERTH_SANITIZE)
  add_compile_options(-fsanitize=${BERTH_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${BERTH_SANITIZE})
endif()
if(BERTH_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()

# Two precompiled headers that every target shares: "asio" for what awaits, "json" for what is pure.
file(WRITE ${CMAKE_BINARY_DIR}/generated/pch.cc "")
foreach(kind asio json)
  add_library(berth_pch_${kind} STATIC ${CMAKE_BINARY_DIR}/generated/pch.cc)
  target_link_libraries(berth_pch_${kind} PRIVATE berth_options)
endforeach()
set(_std <algorithm> <chrono> <cstdint> <functional> <map> <memory> <optional> <set> <string> <string_view>
    <unordered_map> <utility> <variant> <vector>)
target_precompile_headers(berth_pch_json PRIVATE ${_std} <nlohmann/json.hpp>)
target_precompile_headers(berth_pch_asio PRIVATE ${_std} <nlohmann/json.hpp>
  <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp> <boost/asio/steady_timer.hpp> <boost/asio/use_awaitable.hpp>
  <boost/asio/redirect_error.hpp> <boost/asio/as_tuple.hpp> <boost/asio/io_context.hpp> <boost/asio/post.hpp>
  <boost/asio/this_coro.hpp> <boost/asio/cancellation_signal.hpp>)

function(_berth_pch target kind)
  if(NOT kind STREQUAL "none")
    target_precompile_headers(${target} REUSE_FROM berth_pch_${kind})
  endif()
endfunction()

# Most of the time that a file takes goes into templates of the headers that its neighbours use as well. Where only whole builds
# count, up to BERTH_UNITY files of a folder are compiled as one unit; where files are compiled one by one, 0 is better.
set(BERTH_UNITY 0 CACHE STRING "Files of a library that are compiled together, at most (0: each alone)")

# Units of about the same size, so that none is waited for at the end.
function(_berth_unity target)
  get_target_property(sources ${target} SOURCES)
  list(LENGTH sources files)
  math(EXPR units "(${files} + ${BERTH_UNITY} - 1) / ${BERTH_UNITY}")
  math(EXPR batch "(${files} + ${units} - 1) / ${units}")
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${batch})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # In an included file, a coroutine's frame must not hold what is in an anonymous namespace: here it is the unit's own file.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()

# berth_library(name DIR folder LINK public... PRIVATE private... [PCH asio|json|none] [EXCLUDE file...])
function(berth_library name)
  cmake_parse_arguments(A "" "DIR;PCH" "LINK;PRIVATE;EXCLUDE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${A_DIR}/*.cc)
  list(TRANSFORM A_EXCLUDE PREPEND ${CMAKE_SOURCE_DIR}/)
  list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/controller/berthd.cc ${A_EXCLUDE})
  if(NOT sources)
    file(WRITE ${CMAKE_BINARY_DIR}/generated/empty_${name}.cc "")
    set(sources ${CMAKE_BINARY_DIR}/generated/empty_${name}.cc)
  endif()
  add_library(berth_${name} STATIC ${sources})
  target_link_libraries(berth_${name} PUBLIC berth_options ${A_LINK} PRIVATE ${A_PRIVATE})
  if(NOT A_PCH)
    set(A_PCH asio)
  endif()
  _berth_pch(berth_${name} ${A_PCH})
  if(BERTH_UNITY)
    _berth_unity(berth_${name})
  endif()
endfunction()

function(berth_program name source)
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${source})
    return()
  endif()
  cmake_parse_arguments(A "" "" "LINK" ${ARGN})
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE ${A_LINK})
  _berth_pch(${name} asio)
endfunction()

# A program of the tests: built by the target `tests`, and by a plain build only where there is nothing else to build.
add_custom_target(tests)
function(berth_test_program name)
  if(BERTH_APPS)
    add_executable(${name} EXCLUDE_FROM_ALL ${ARGN})
  else()
    add_executable(${name} ${ARGN})
  endif()
  add_dependencies(tests ${name})
endfunction()

# berth_tests(name DIR folder LINK libs... [PREFIX text]): one gtest binary from every *_test.cc of the folder; ctest sees each test.
function(berth_tests name)
  cmake_parse_arguments(A "" "DIR;TIMEOUT;ENVIRONMENT;PREFIX" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${A_DIR}/*_test.cc)
  if(NOT sources)
    return()
  endif()
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 60)
  endif()
  berth_test_program(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${A_LINK} GTest::gmock GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE BERTH_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  _berth_pch(${name} asio)
  set(properties TIMEOUT ${A_TIMEOUT})
  if(A_ENVIRONMENT)
    list(APPEND properties ENVIRONMENT ${A_ENVIRONMENT})
  endif()
  gtest_discover_tests(${name} TEST_PREFIX "${A_PREFIX}" DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 30 PROPERTIES ${properties})
endfunction()

# Compiles every crd/kinds/*.yaml into the library as text (crd/scheme.cc reads it with embedded_kinds()).
function(berth_embed_kinds target dir)
  file(GLOB kinds CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${dir}/*.yaml)
  set(out ${CMAKE_BINARY_DIR}/generated/embedded_kinds.cc)
  add_custom_command(OUTPUT ${out} DEPENDS ${kinds} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} "-DFILES=${kinds}" -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
