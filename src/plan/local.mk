libtsn_la_SOURCES += \
  %D%/arcs.c \
  %D%/arcs.h \
  %D%/check.c \
  %D%/code.c \
  %D%/draw.c \
  %D%/emit.c \
  %D%/explain.c \
  %D%/nfa.c \
  %D%/over.c \
  %D%/permute.c \
  %D%/plan.h \
  %D%/registers.c \
  %D%/source.c \
  %D%/waits.c
