libtsn_la_SOURCES += \
  %D%/ast.c \
  %D%/ast.h \
  %D%/ast_pattern.c \
  %D%/ast_query.c \
  %D%/diag.c \
  %D%/diag.def \
  %D%/diag.h \
  %D%/errors.c \
  %D%/errors.h \
  %D%/foreign.c \
  %D%/foreign.def \
  %D%/foreign.h \
  %D%/format.c \
  %D%/keywords.def \
  %D%/layout.c \
  %D%/layout.h \
  %D%/literals.c \
  %D%/parse.c \
  %D%/print.c \
  %D%/reader.h \
  %D%/tokens.c

# What flex and bison make is a library of its own, because warnings about their code are not ours to mend.
noinst_LTLIBRARIES += libtsngen.la
libtsngen_la_SOURCES = %D%/grammar.y %D%/lexer.l
libtsngen_la_CFLAGS = $(AM_CFLAGS) -Wno-conversion -Wno-sign-conversion -Wno-undef
libtsn_la_LIBADD += libtsngen.la
BUILT_SOURCES += %D%/grammar.h
