# The command. It holds the engine and is no libtool wrapper, so that it runs where it was built.
bin_PROGRAMS += tocsin
tocsin_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(SQLITE_CFLAGS)
tocsin_LDADD = libtsnstore.la libtsnunpack.la libtsnio.la libtsnapi.la libtsn.la $(SQLITE_LIBS) $(PTHREAD_LIBS)
tocsin_SOURCES = \
  %D%/args.c \
  %D%/args.h \
  %D%/aside.c \
  %D%/aside.h \
  %D%/cli.h \
  %D%/cmd_check.c \
  %D%/cmd_explain.c \
  %D%/cmd_fmt.c \
  %D%/cmd_query.c \
  %D%/cmd_run.c \
  %D%/cmd_schema.c \
  %D%/cmd_test.c \
  %D%/cmd_trace.c \
  %D%/database.c \
  %D%/database.h \
  %D%/diag_print.c \
  %D%/diag_print.h \
  %D%/drive.c \
  %D%/drive.h \
  %D%/durable.c \
  %D%/durable.h \
  %D%/engine.c \
  %D%/engine.h \
  %D%/files.c \
  %D%/files.h \
  %D%/follow.c \
  %D%/follow.h \
  %D%/input.c \
  %D%/input.h \
  %D%/job.c \
  %D%/job.h \
  %D%/live.c \
  %D%/main.c \
  %D%/manual.c \
  %D%/manual.h \
  %D%/merge.c \
  %D%/out.c \
  %D%/out.h \
  %D%/pipe.c \
  %D%/pipe.h \
  %D%/place.c \
  %D%/place.h \
  %D%/position.c \
  %D%/position.h \
  %D%/progress.c \
  %D%/progress.h \
  %D%/say.c \
  %D%/say.h \
  %D%/shape.c \
  %D%/shape.h \
  %D%/sink.c \
  %D%/sink.h \
  %D%/sorted.c \
  %D%/sorted.h \
  %D%/source.c \
  %D%/source.h \
  %D%/stamp.c \
  %D%/stamp.h \
  %D%/stats.c \
  %D%/stats.h \
  %D%/tables.c \
  %D%/tables.h \
  %D%/test_cell.c \
  %D%/test_cell.h \
  %D%/test_form.c \
  %D%/test_form.h \
  %D%/test_play.c \
  %D%/test_play.h \
  %D%/test_report.c \
  %D%/test_report.h \
  %D%/test_show.c \
  %D%/test_update.c \
  %D%/trace_story.c \
  %D%/trace_story.h \
  %D%/trace_words.c

dist_man_MANS = tocsin.1
tocsin.1: %D%/main.c %D%/manual.c | tocsin$(EXEEXT)   # order-only: tarballs do not rebuild it
	$(AM_V_GEN)./tocsin --man > $@-t && mv $@-t $@

# What shells complete, from the same tables.
bashcompletiondir = $(datadir)/bash-completion/completions
nodist_bashcompletion_DATA = completion/bash/tocsin
zshcompletiondir = $(datadir)/zsh/site-functions
nodist_zshcompletion_DATA = completion/zsh/_tocsin
fishcompletiondir = $(datadir)/fish/vendor_completions.d
nodist_fishcompletion_DATA = completion/fish/tocsin.fish
completions = $(nodist_bashcompletion_DATA) $(nodist_zshcompletion_DATA) $(nodist_fishcompletion_DATA)
$(completions): tocsin$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && ./tocsin completion $(notdir $(@D)) > $@
CLEANFILES += $(completions)
