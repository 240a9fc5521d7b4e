libtsn_la_SOURCES += \
  %D%/alloc.c \
  %D%/alloc.h \
  %D%/arena.c \
  %D%/arena.h \
  %D%/bytes.c \
  %D%/bytes.h \
  %D%/map.c \
  %D%/map.h \
  %D%/real.c \
  %D%/status.c \
  %D%/status.def \
  %D%/text.c \
  %D%/text.h \
  %D%/time.c \
  %D%/time.h
