# How our own code is compiled: warnings, hardening, sanitizers. Each of our targets links chainmend_options.

add_library(chainmend_options INTERFACE)

target_compile_definitions(chainmend_options INTERFACE _POSIX_C_SOURCE=200809L)
target_compile_options(chainmend_options INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla
  -fvisibility=hidden)
if(CHAINMEND_WERROR)
  target_compile_options(chainmend_options INTERFACE -Werror)
endif()

if(CHAINMEND_SANITIZE)
  target_compile_options(chainmend_options INTERFACE
    -fsanitize=${CHAINMEND_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(chainmend_options INTERFACE -fsanitize=${CHAINMEND_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_options(chainmend_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
endif()

# A fuzzer finds its way by the coverage of what it calls, so all of our code is built to tell it.
if(CHAINMEND_FUZZ)
  target_compile_options(chainmend_options INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(chainmend_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# No symbol of BoringSSL is exported: libcurl brings OpenSSL's libcrypto into the same process through Kerberos, and the
# two must never meet. Named, and not ALL: clang's sanitizers are static libraries whose symbols others must find.
target_link_options(chainmend_options INTERFACE
  -Wl,--exclude-libs,libssl.a:libcrypto.a -Wl,-z,relro -Wl,-z,now -Wl,--as-needed)

# chainmend_target(NAME): what every one of our targets has in common.
function(chainmend_target name)
  target_link_libraries(${name} PRIVATE chainmend_options)
  set_target_properties(${name} PROPERTIES C_VISIBILITY_PRESET hidden)
endfunction()
