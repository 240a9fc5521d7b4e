# One runner, not TESTS: its line comes last.

LDADD = libtsnunpack.la libtsnio.la libtsnapi.la libtsn.la $(CMOCKA_LIBS)
if CMOCKA
check_PROGRAMS += $(unit_tests)
endif
unit_tests = \
  %D%/faults/memory \
  %D%/unit/alloc \
  %D%/unit/arena \
  %D%/unit/bag \
  %D%/unit/batch \
  %D%/unit/bytes \
  %D%/unit/cell \
  %D%/unit/compile \
  %D%/unit/csv \
  %D%/unit/csv_random \
  %D%/unit/diag \
  %D%/unit/dialect \
  %D%/unit/foreign \
  %D%/unit/format \
  %D%/unit/frame \
  %D%/unit/functions \
  %D%/unit/host \
  %D%/unit/infer \
  %D%/unit/jsonl \
  %D%/unit/jsonl_random \
  %D%/unit/map \
  %D%/unit/matcher \
  %D%/unit/outputs \
  %D%/unit/parse \
  %D%/unit/position \
  %D%/unit/program \
  %D%/unit/questions \
  %D%/unit/real \
  %D%/unit/sources \
  %D%/unit/state \
  %D%/unit/status \
  %D%/unit/stream \
  %D%/unit/table \
  %D%/unit/text \
  %D%/unit/time \
  %D%/unit/writers

# Of the command they take what writes, and what reads.
%C%_unit_outputs_SOURCES = %D%/unit/outputs.c src/cli/place.c src/cli/say.c src/cli/sink.c src/cli/tables.c
%C%_unit_outputs_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(SQLITE_CFLAGS)
%C%_unit_outputs_LDADD = $(LDADD) $(SQLITE_LIBS)
%C%_unit_position_SOURCES = %D%/unit/position.c \
  src/cli/args.c src/cli/database.c src/cli/follow.c src/cli/input.c src/cli/pipe.c src/cli/place.c src/cli/position.c \
  src/cli/progress.c src/cli/say.c src/cli/sorted.c src/cli/source.c
%C%_unit_position_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(SQLITE_CFLAGS) $(ZLIB_CFLAGS)
%C%_unit_position_LDADD = $(LDADD) $(SQLITE_LIBS) $(ZLIB_LIBS) $(PTHREAD_LIBS)

# Replays of the fuzz corpus; `make fuzz` is below.
fuzz_targets = compile csv events jsonl place program state
fuzz_replays = %D%/fuzz/compile %D%/fuzz/csv %D%/fuzz/events %D%/fuzz/jsonl %D%/fuzz/place %D%/fuzz/program %D%/fuzz/state
%C%_fuzz_place_SOURCES = %D%/fuzz/place.c src/cli/place.c
check_PROGRAMS += $(fuzz_replays)

# The engine as the case files and the oracle drive it.
check_PROGRAMS += %D%/play
%C%_play_SOURCES = %D%/play.c %D%/keeper.c %D%/keeper.h
%C%_play_LDADD = libtsnunpack.la libtsnio.la libtsnapi.la libtsn.la

# SQLite with the module linked in: each of its files again, as SQLITE_CORE has it.
check_PROGRAMS += %D%/sqlite/host
%C%_sqlite_host_SOURCES = %D%/sqlite/host.c $(sqlite_module_sources)
%C%_sqlite_host_CPPFLAGS = $(AM_CPPFLAGS) -DSQLITE_CORE $(SQLITE_CFLAGS)
%C%_sqlite_host_LDADD = libtsnio.la libtsnapi.la libtsn.la $(SQLITE_LIBS)

EXTRA_DIST += \
  %D%/engine.h \
  %D%/faults/kill \
  %D%/fuzz/corpus \
  %D%/fuzz/fuzz.h \
  %D%/fuzz/reading.h \
  %D%/bench \
  %D%/cases \
  %D%/conformance \
  %D%/headers \
  %D%/host.h \
  %D%/layers \
  %D%/oracle \
  %D%/pages \
  %D%/patterns \
  %D%/python \
  %D%/reference \
  %D%/run \
  %D%/sqlite/__init__.py \
  %D%/sqlite/crash.py \
  %D%/sqlite/faults.py \
  %D%/sqlite/features.py \
  %D%/sqlite/live.py \
  %D%/sqlite/player.py \
  %D%/symbols \
  %D%/unit/command.py \
  %D%/unit/durable.py \
  %D%/unit/follow.py \
  %D%/unit/reading.h \
  %D%/unit/test_command.py \
  %D%/unit/trace_command.py \
  %D%/unit/t.h

TEST_RUN = PYTHONDONTWRITEBYTECODE=1 CC='$(CC)' CFLAGS='$(CFLAGS)' NM='$(NM)' $(PYTHON3) $(srcdir)/%D%/run --source $(srcdir) --build .

check-local: all $(check_LTLIBRARIES)
if CMOCKA
	@$(TEST_RUN) $(check_PROGRAMS)
else
	@$(TEST_RUN) --missing libcmocka-dev $(check_PROGRAMS)
endif

# The campaign keeps what it has counted in campaign.json, and goes on from there: make check-deep CAMPAIGN=50000 SEED=2
CAMPAIGN = 1000000
SEED = 1
CLEANFILES += campaign.json campaign.txt
check-deep: all $(check_PROGRAMS) $(check_LTLIBRARIES)
	@$(TEST_RUN) --deep --campaign $(CAMPAIGN) --seed $(SEED) $(check_PROGRAMS)
	@if command -v clang >/dev/null; then $(MAKE) fuzz; else echo 'fuzz: left out, it needs clang'; fi

# With libFuzzer of clang, apart from the other objects. What it finds stays in fuzz-found/. (pointer-overflow: clang
# takes NULL + 0, the place of an empty array, for one.)
FUZZ_SECONDS = 60
FUZZ_FLAGS = -std=c11 -O1 -g -DTSN_LIBFUZZER -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -fno-sanitize=pointer-overflow
fuzz: $(BUILT_SOURCES) libtsngen.la
	@command -v clang >/dev/null || { echo 'make fuzz needs clang'; exit 1; }
	@mkdir -p fuzz-found
	@for t in $(fuzz_targets); do \
	  echo "fuzz/$$t"; \
	  clang $(FUZZ_FLAGS) $(AM_CPPFLAGS) $(PCRE2_CFLAGS) -o fuzz-found/$$t $(srcdir)/%D%/fuzz/$$t.c $(srcdir)/src/cli/place.c \
	    $(addprefix $(srcdir)/,$(filter %.c,$(libtsn_la_SOURCES) $(libtsnapi_la_SOURCES) $(libtsnio_la_SOURCES))) \
	    $(foreach g,dsl/grammar.c dsl/lexer.c,$(firstword $(wildcard $(g) $(srcdir)/$(g)))) \
	    $(PCRE2_LIBS) $(ZLIB_LIBS) $(ZSTD_LIBS) -lm || exit 1; \
	  mkdir -p fuzz-found/corpus-$$t && cp -n $(srcdir)/%D%/fuzz/corpus/$$t/* fuzz-found/corpus-$$t/; \
	  ./fuzz-found/$$t -max_total_time=$(FUZZ_SECONDS) -timeout=5 -rss_limit_mb=3000 -max_len=4096 \
	    -artifact_prefix=fuzz-found/$$t- fuzz-found/corpus-$$t || exit 1; \
	done

layers:
	@$(PYTHON3) $(srcdir)/%D%/layers $(srcdir)

# make bench BENCH='--rows 1000000 --instructions'
BENCH =
bench: all
	@PYTHONDONTWRITEBYTECODE=1 $(PYTHON3) $(srcdir)/%D%/bench/run ./tocsin $(BENCH)
bench-sqlite: all $(check_PROGRAMS)
	@PYTHONDONTWRITEBYTECODE=1 $(PYTHON3) $(srcdir)/%D%/bench/sqlite %D%/sqlite/host

.PHONY: bench bench-sqlite check-deep fuzz layers
