libtsn_la_SOURCES += \
  %D%/aggregate.c \
  %D%/ahead.c \
  %D%/function.c \
  %D%/function.h \
  %D%/gather.c \
  %D%/hash_function.c \
  %D%/history.c \
  %D%/host_function.c \
  %D%/items.c \
  %D%/junction.c \
  %D%/measure.c \
  %D%/output.c \
  %D%/partition.c \
  %D%/paths.c \
  %D%/regex_function.c \
  %D%/reorder.c \
  %D%/run.c \
  %D%/run.h \
  %D%/settle.c \
  %D%/source.c \
  %D%/table.c \
  %D%/table.h \
  %D%/text_function.c \
  %D%/texts.c \
  %D%/time_function.c \
  %D%/timers.c \
  %D%/vm.c
