# The pages, whole folders of them.
EXTRA_DIST += README.md CHANGELOG.md \
  %D%/guide \
  %D%/internals \
  %D%/notebooks \
  %D%/reference
