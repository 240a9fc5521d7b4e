# Patterns to run and to read, with events to try them on.
patternsdir = $(pkgdatadir)/patterns
dist_patterns_DATA = \
  %D%/abandoned_cart.cep \
  %D%/failed_logins.cep \
  %D%/v_shape.cep
samplesdir = $(patternsdir)/samples
dist_samples_DATA = \
  %D%/samples/logins.jsonl \
  %D%/samples/shop.jsonl
EXTRA_DIST += %D%/samples/make_samples.py
