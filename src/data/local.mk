libtsn_la_SOURCES += \
  %D%/batch.c \
  %D%/batch.h \
  %D%/schema.h \
  %D%/type.c
