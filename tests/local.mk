# One runner, not TESTS: its line comes last.

LDADD = libtsnio.la libtsnapi.la libtsn.la $(CMOCKA_LIBS)
if CMOCKA
check_PROGRAMS += $(unit_tests)
endif
unit_tests = \
  %D%/faults/memory \
  %D%/unit/alloc \
  %D%/unit/arena \
  %D%/unit/batch \
  %D%/unit/bytes \
  %D%/unit/cell \
  %D%/unit/compile \
  %D%/unit/csv \
  %D%/unit/diag \
  %D%/unit/format \
  %D%/unit/functions \
  %D%/unit/infer \
  %D%/unit/jsonl \
  %D%/unit/map \
  %D%/unit/matcher \
  %D%/unit/parse \
  %D%/unit/program \
  %D%/unit/real \
  %D%/unit/status \
  %D%/unit/stream \
  %D%/unit/text \
  %D%/unit/time \
  %D%/unit/writers

# The engine as the case files and the oracle drive it.
check_PROGRAMS += %D%/play
%C%_play_LDADD = libtsnio.la libtsnapi.la libtsn.la

EXTRA_DIST += \
  %D%/engine.h \
  %D%/bench \
  %D%/cases \
  %D%/conformance \
  %D%/headers \
  %D%/layers \
  %D%/oracle \
  %D%/reference \
  %D%/run \
  %D%/symbols \
  %D%/unit/command.py \
  %D%/unit/reading.h \
  %D%/unit/t.h

TEST_RUN = PYTHONDONTWRITEBYTECODE=1 CC='$(CC)' NM='$(NM)' $(PYTHON3) $(srcdir)/%D%/run --source $(srcdir) --build .

check-local: all
if CMOCKA
	@$(TEST_RUN) $(check_PROGRAMS)
else
	@$(TEST_RUN) --missing libcmocka-dev $(check_PROGRAMS)
endif

check-deep: all $(check_PROGRAMS)
	@$(TEST_RUN) --deep $(check_PROGRAMS)

layers:
	@$(PYTHON3) $(srcdir)/%D%/layers $(srcdir)

bench: all
	@if test -x $(srcdir)/%D%/bench/run; then $(srcdir)/%D%/bench/run ./tocsin; \
	else echo 'no benchmarks here yet'; fi

.PHONY: bench check-deep layers
