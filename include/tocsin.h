/* Tocsin: patterns over streams of events. The whole public API. */
#ifndef TOCSIN_H
#define TOCSIN_H

#include "tocsin/batch.h"
#include "tocsin/compile.h"
#include "tocsin/program.h"
#include "tocsin/run.h"
#include "tocsin/state.h"
#include "tocsin/status.h"
#include "tocsin/trace.h"
#include "tocsin/value.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TOCSIN_VERSION "0.1.0"

/* The version of the library that was loaded. */
TOCSIN_API const char *tocsin_version(void);

#ifdef __cplusplus
}
#endif
#endif
