/* Texts of the statuses, and the proof that the installed header agrees with the table. */
#include "tocsin/status.h"

#define STATUS(name, value, ...) \
  _Static_assert(TOCSIN_##name == value, "tocsin/status.h and base/status.def differ: " #name);
#include "base/status.def"
#undef STATUS

enum {
#define STATUS(name, ...) ROW_##name,
#include "base/status.def"
#undef STATUS
  ROWS
};
_Static_assert(TOCSIN_KEY == ROWS - 1, "tocsin/status.h has statuses that base/status.def lacks");

const char *tocsin_status_text(tocsin_status status)
{
  switch (status) {
#define STATUS(name, value, sqlite, python, exit, text) \
  case TOCSIN_##name: return text;
#include "base/status.def"
#undef STATUS
  }
  return "an unknown status";
}
