# Run by cmake --install, which alone knows the prefix: where the configuration goes, and what the unit file says.
if(IS_ABSOLUTE "${sysconf_dir}")
  set(CMAKE_INSTALL_FULL_SYSCONFDIR ${sysconf_dir})
elseif(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(CMAKE_INSTALL_FULL_SYSCONFDIR /etc)
else()
  set(CMAKE_INSTALL_FULL_SYSCONFDIR ${CMAKE_INSTALL_PREFIX}/${sysconf_dir})
endif()
set(CMAKE_INSTALL_FULL_BINDIR ${CMAKE_INSTALL_PREFIX}/${bin_dir})
set(CMAKE_INSTALL_FULL_DOCDIR ${CMAKE_INSTALL_PREFIX}/${doc_dir})
configure_file(${source_dir}/chainmend.service.in ${binary_dir}/chainmend.service @ONLY)
set(conf_dir ${CMAKE_INSTALL_FULL_SYSCONFDIR}/chainmend)
if(EXISTS $ENV{DESTDIR}${conf_dir}/chainmend.ini)
  # Keeps a file that an operator has edited.
  file(INSTALL ${sample} DESTINATION ${conf_dir} RENAME chainmend.ini.sample)
else()
  file(INSTALL ${sample} DESTINATION ${conf_dir})
endif()
file(INSTALL ${binary_dir}/chainmend.service DESTINATION ${CMAKE_INSTALL_PREFIX}/lib/systemd/system)
# A file of this name may have been edited too.
if(NOT EXISTS $ENV{DESTDIR}${CMAKE_INSTALL_FULL_SYSCONFDIR}/logrotate.d/chainmend)
  file(INSTALL ${source_dir}/chainmend.logrotate DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/logrotate.d
    RENAME chainmend)
endif()
