# Readers and writers, for hosts; the core does without. What unpacks inputs stands apart, as it alone takes other libraries.
noinst_LTLIBRARIES += libtsnio.la libtsnunpack.la
libtsnunpack_la_CPPFLAGS = $(AM_CPPFLAGS) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS)
libtsnunpack_la_LIBADD = $(ZLIB_LIBS) $(ZSTD_LIBS)
libtsnunpack_la_SOURCES = \
  %D%/stream.c \
  %D%/stream.h
libtsnio_la_LIBADD = -lm
libtsnio_la_SOURCES = \
  %D%/cell.c \
  %D%/cell.h \
  %D%/csv.c \
  %D%/csv_block.c \
  %D%/csv_block.h \
  %D%/csv.h \
  %D%/declared.c \
  %D%/declared.h \
  %D%/decoder.c \
  %D%/decoder.h \
  %D%/digits.h \
  %D%/infer.c \
  %D%/infer.h \
  %D%/json_guess.c \
  %D%/json_guess.h \
  %D%/json_path.c \
  %D%/json_path.h \
  %D%/json_scan.c \
  %D%/json_scan.h \
  %D%/jsonl.c \
  %D%/jsonl.h \
  %D%/rows.c \
  %D%/rows.h \
  %D%/sample.c \
  %D%/sample.h \
  %D%/turn.h \
  %D%/wide.h \
  %D%/width.c \
  %D%/width.h \
  %D%/write_csv.c \
  %D%/write_jsonl.c \
  %D%/write_table.c \
  %D%/writer.c \
  %D%/writer.h
