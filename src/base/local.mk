libtsn_la_SOURCES += \
  %D%/alloc.c \
  %D%/alloc.h \
  %D%/arena.c \
  %D%/arena.h \
  %D%/bytes.c \
  %D%/bytes.h \
  %D%/json_value.c \
  %D%/json_value.h \
  %D%/letters.c \
  %D%/letters.h \
  %D%/map.c \
  %D%/map.h \
  %D%/real.c \
  %D%/regex.c \
  %D%/regex.h \
  %D%/status.c \
  %D%/status.def \
  %D%/text.c \
  %D%/text.h \
  %D%/time.c \
  %D%/time.h
