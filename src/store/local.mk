# The durable store, for hosts; it knows the public interface and SQLite.
noinst_LTLIBRARIES += libtsnstore.la
libtsnstore_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(SQLITE_CFLAGS)
libtsnstore_la_SOURCES = \
  %D%/store.c \
  %D%/store.h
