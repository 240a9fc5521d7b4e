# The layers of the core, from the ground up; then the library, what only hosts need, and the command.
include %D%/base/local.mk
include %D%/data/local.mk
include %D%/program/local.mk
include dsl/local.mk
include %D%/bind/local.mk
include %D%/plan/local.mk
include %D%/run/local.mk
include %D%/state/local.mk

# The public functions, apart from the rest so that tests and hosts choose; libtocsin is both.
noinst_LTLIBRARIES += libtsnapi.la
libtsnapi_la_SOURCES = \
  %D%/api_compile.c \
  %D%/api_run.c \
  %D%/api_state.c \
  %D%/matcher.h

lib_LTLIBRARIES += libtocsin.la
libtocsin_la_SOURCES =
libtocsin_la_LIBTOOLFLAGS =      # this one is also static, see AM_LIBTOOLFLAGS
libtocsin_la_LIBADD = libtsnapi.la libtsn.la
libtocsin_la_LDFLAGS = -no-undefined -version-info 0:0:0 -export-symbols-regex '^tocsin_'

include %D%/io/local.mk
include %D%/store/local.mk
include %D%/cli/local.mk
