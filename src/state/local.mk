libtsn_la_SOURCES += \
  %D%/automaton.c \
  %D%/codec.c \
  %D%/codec.h \
  %D%/frame.c \
  %D%/graph.c \
  %D%/part.c \
  %D%/part.h \
  %D%/partition.c \
  %D%/paths.c \
  %D%/queue.c \
  %D%/state.h \
  %D%/waiting.c
