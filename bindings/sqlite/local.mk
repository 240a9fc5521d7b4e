# The loadable module for SQLite: the engine inside, libsqlite3 not linked. (Whoever links it into a program of
# their own compiles these files with -DSQLITE_CORE and calls sqlite3_tocsin_init().)
sqlite_module_sources = \
  %D%/cursor.c \
  %D%/ext.c \
  %D%/function.c \
  %D%/input.c \
  %D%/live.c \
  %D%/module.h \
  %D%/query.c \
  %D%/scan.c \
  %D%/settings.c \
  %D%/shadow.c \
  %D%/table.c \
  %D%/text.c \
  %D%/value.c \
  %D%/virtual.c
if SHARED
sqlitedir = $(libdir)/sqlite3
sqlite_LTLIBRARIES = %D%/tocsin.la
%C%_tocsin_la_SOURCES = $(sqlite_module_sources) src/api_compile.c src/api_run.c src/api_state.c
%C%_tocsin_la_CPPFLAGS = $(AM_CPPFLAGS) -DTOCSIN_STATIC $(SQLITE_CFLAGS)
%C%_tocsin_la_LIBADD = libtsnio.la libtsn.la
%C%_tocsin_la_LDFLAGS = -module -avoid-version -shared -export-symbols-regex '^sqlite3_tocsin_init$$'
endif
