# The Python module, for `make check`; a wheel is made by pip from pyproject.toml and setup.py, of the same sources.
if PYTHON_MODULE
check_LTLIBRARIES += %D%/_core.la
endif
%C%__core_la_SOURCES = \
  %D%/arrow.h \
  %D%/arrow_export.c \
  %D%/arrow_source.c \
  %D%/binding.h \
  %D%/column_source.c \
  %D%/file_source.c \
  %D%/function.c \
  %D%/matcher.c \
  %D%/module.c \
  %D%/program.c \
  %D%/row_source.c \
  %D%/rows.c \
  %D%/rows.h \
  %D%/source.c \
  %D%/state.c \
  %D%/value.c \
  %D%/vector.c \
  %D%/vector.h
%C%__core_la_CPPFLAGS = $(AM_CPPFLAGS) -DTOCSIN_STATIC -DPy_LIMITED_API=0x030b0000 -isystem $(PYTHON_INCLUDE)   # TOCSIN_API exports nothing
%C%__core_la_LIBADD = libtsnunpack.la libtsnio.la libtsnapi.la libtsn.la
%C%__core_la_LDFLAGS = -module -avoid-version -shared -no-undefined -rpath $(abs_builddir) -export-symbols-regex '^PyInit__core$$'

EXTRA_DIST += \
  %D%/tocsin \
  MANIFEST.in pyproject.toml setup.py
