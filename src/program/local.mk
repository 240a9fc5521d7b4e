libtsn_la_SOURCES += \
  %D%/aggregates.def \
  %D%/code.c \
  %D%/code.h \
  %D%/functions.def \
  %D%/guard.c \
  %D%/guard.h \
  %D%/load.c \
  %D%/ops.def \
  %D%/ops.h \
  %D%/program.h \
  %D%/reach.c \
  %D%/reach.h \
  %D%/sections.def \
  %D%/tier.c \
  %D%/tier.h \
  %D%/tiers.def \
  %D%/units.def \
  %D%/verify.c \
  %D%/verify.h \
  %D%/verify_code.c \
  %D%/verify_source.c
