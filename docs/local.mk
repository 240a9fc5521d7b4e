EXTRA_DIST += README.md CHANGELOG.md \
  %D%/guide/README.md \
  %D%/guide/embedding.md \
  %D%/guide/events.md \
  %D%/guide/patterns.md \
  %D%/reference/language.md
