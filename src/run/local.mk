libtsn_la_SOURCES += \
  %D%/aggregate.c \
  %D%/ahead.c \
  %D%/function.c \
  %D%/history.c \
  %D%/items.c \
  %D%/junction.c \
  %D%/measure.c \
  %D%/output.c \
  %D%/partition.c \
  %D%/paths.c \
  %D%/reorder.c \
  %D%/run.c \
  %D%/run.h \
  %D%/settle.c \
  %D%/texts.c \
  %D%/timers.c \
  %D%/vm.c
