libtsn_la_SOURCES += \
  %D%/aggregates.def \
  %D%/functions.def \
  %D%/load.c \
  %D%/ops.def \
  %D%/ops.h \
  %D%/program.h \
  %D%/sections.def \
  %D%/tier.c \
  %D%/tier.h \
  %D%/tiers.def \
  %D%/units.def \
  %D%/verify.c \
  %D%/verify.h \
  %D%/verify_code.c \
  %D%/verify_source.c
