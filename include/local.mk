# The public headers, as they are installed.
include_HEADERS = %D%/tocsin.h
tocsinincludedir = $(includedir)/tocsin
tocsininclude_HEADERS = \
  %D%/tocsin/batch.h \
  %D%/tocsin/compile.h \
  %D%/tocsin/program.h \
  %D%/tocsin/run.h \
  %D%/tocsin/state.h \
  %D%/tocsin/status.h \
  %D%/tocsin/trace.h \
  %D%/tocsin/value.h
