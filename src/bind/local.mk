libtsn_la_SOURCES += \
  %D%/bind.h \
  %D%/binder.h \
  %D%/call.c \
  %D%/dialect.c \
  %D%/dialect.def \
  %D%/disjoint.c \
  %D%/expr.c \
  %D%/host.c \
  %D%/output.c \
  %D%/over.c \
  %D%/row.c \
  %D%/scope.c \
  %D%/shape.c \
  %D%/source.c \
  %D%/source_time.c \
  %D%/table.c
