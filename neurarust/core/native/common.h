// What all kernels share: vectors, tasks on XLA's threads, and the product in registers.
//
// A product is made of small ones that stay in registers: TILE rows times up to two vectors of
// columns (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008).

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "xla/ffi/api/c_api.h"

#if defined(__AVX512F__)
#define LANES 16
#define TILE 14
#elif defined(__AVX__)
#define LANES 8
#define TILE 6
#else
#define LANES 4
#define TILE 6
#endif
#define WIDE (2 * LANES)
#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int64_t integer;

INLINE integer least(integer a, integer b) { return a < b ? a : b; }
INLINE integer most(integer a, integer b) { return a > b ? a : b; }
INLINE integer up(integer a, integer b) { return (a + b - 1) / b; }

// ------------------------------------------------------------------ tasks on XLA's threads

typedef void Task(void *context, integer task, integer worker);

typedef struct {
  Task *run;
  void *context;
  integer count;
  atomic_llong next, finished, workers, references;
} Loop;

static inline void work(Loop *loop) {
  integer worker = -1, task;
  while ((task = atomic_fetch_add(&loop->next, 1)) < loop->count) {
    if (worker < 0) worker = atomic_fetch_add(&loop->workers, 1);
    loop->run(loop->context, task, worker);
    atomic_fetch_add(&loop->finished, 1);
  }
}

static inline void release(Loop *loop) {
  if (atomic_fetch_sub(&loop->references, 1) == 1) free(loop);
}

static inline void helper(void *data) {
  work(data);
  release(data);
}

static inline integer thread_count(XLA_FFI_CallFrame *frame) {
  int64_t count = 1;
  XLA_FFI_ThreadPool_NumThreads_Args args = {
      .struct_size = XLA_FFI_ThreadPool_NumThreads_Args_STRUCT_SIZE,
      .ctx = frame->ctx, .num_threads = &count};
  XLA_FFI_Error *error = frame->api->XLA_FFI_ThreadPool_NumThreads(&args);
  if (error != NULL) {
    XLA_FFI_Error_Destroy_Args gone = {
        .struct_size = XLA_FFI_Error_Destroy_Args_STRUCT_SIZE, .error = error};
    frame->api->XLA_FFI_Error_Destroy(&gone);
    return 1;
  }
  return most(count, 1);
}

// Runs tasks 0 to count - 1. The caller takes part, and waits only for tasks that others began,
// so that it ends even if no other thread is ever free.
static inline bool in_parallel(
    XLA_FFI_CallFrame *frame, integer threads, integer count, Task *run, void *context) {
  Loop *loop = malloc(sizeof(Loop));
  if (loop == NULL) return false;
  loop->run = run;
  loop->context = context;
  loop->count = count;
  integer helpers = least(threads, count) - 1;
  atomic_init(&loop->next, 0);
  atomic_init(&loop->finished, 0);
  atomic_init(&loop->workers, 0);
  atomic_init(&loop->references, helpers + 1);
  for (integer k = 0; k < helpers; k++) {
    XLA_FFI_ThreadPool_Schedule_Args args = {
        .struct_size = XLA_FFI_ThreadPool_Schedule_Args_STRUCT_SIZE,
        .ctx = frame->ctx, .task = helper, .data = loop};
    XLA_FFI_Error *error = frame->api->XLA_FFI_ThreadPool_Schedule(&args);
    if (error != NULL) {
      XLA_FFI_Error_Destroy_Args gone = {
          .struct_size = XLA_FFI_Error_Destroy_Args_STRUCT_SIZE, .error = error};
      frame->api->XLA_FFI_Error_Destroy(&gone);
      release(loop);
    }
  }
  work(loop);
  // The last tasks are short; but the thread that has one may be waiting for this one's core.
  for (integer k = 0; atomic_load(&loop->finished) < count; k++)
    if (k > 100) sched_yield();
  release(loop);
  return true;
}

// ------------------------------------------------------------------ calls from XLA

static inline XLA_FFI_Error *failure(XLA_FFI_CallFrame *frame, XLA_FFI_Error_Code code, const char *text) {
  XLA_FFI_Error_Create_Args args = {
      .struct_size = XLA_FFI_Error_Create_Args_STRUCT_SIZE, .message = text, .errc = code};
  return frame->api->XLA_FFI_Error_Create(&args);
}

// Answers XLA's question for the version of its interface; true if that was all it wanted.
static inline bool asked_for_version(XLA_FFI_CallFrame *frame) {
  XLA_FFI_Extension_Base *one = frame->extension_start;
  if (one == NULL || one->type != XLA_FFI_Extension_Metadata) return false;
  XLA_FFI_Metadata *metadata = ((XLA_FFI_Metadata_Extension *)one)->metadata;
  metadata->api_version.major_version = XLA_FFI_API_MAJOR;
  metadata->api_version.minor_version = XLA_FFI_API_MINOR;
  return true;
}

static inline void *array(XLA_FFI_CallFrame *frame, int k) {
  return ((XLA_FFI_Buffer *)frame->args.args[k])->data;
}

static inline void *result(XLA_FFI_CallFrame *frame) {
  return ((XLA_FFI_Buffer *)frame->rets.rets[0])->data;
}

static inline float *numbers_for(integer count) { return aligned_alloc(64, up(4 * count + 64, 64) * 64); }

// ------------------------------------------------------------------ the product in registers

// A sum over two loops and a run: element (r, k) of the left factor is left[r * row + k * step].
typedef struct {
  integer outer, outer_left, inner, inner_left, run, row, step;
} Sum;

// out (rows, vectors of LANES) = or += left times right, which lies packed in the order of the sum.
INLINE void product(
    const int rows, const int vectors, const bool in_line, const Sum sum, const float *left,
    const float *right, float *out, integer pitch, bool add) {
  vec total[TILE][2];
#pragma GCC unroll 16
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++)
      total[r][v] = add ? *(const vec *)(out + r * pitch + v * LANES) : (vec){};
  const integer row = in_line ? 1 : sum.row, step = in_line ? sum.step : 1;
  for (integer i = 0; i < sum.outer; i++)
    for (integer j = 0; j < sum.inner; j++) {
      const float *one = left + i * sum.outer_left + j * sum.inner_left;
#pragma GCC unroll 2
      for (integer k = 0; k < sum.run; k++, right += vectors * LANES, one += step) {
        vec first = *(const vec *)right;
        vec second = vectors > 1 ? *(const vec *)(right + LANES) : first;
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++) {
          vec spread = one[r * row] - (vec){};
          total[r][0] += spread * first;
          if (vectors > 1) total[r][1] += spread * second;
        }
      }
    }
#pragma GCC unroll 16
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++) *(vec *)(out + r * pitch + v * LANES) = total[r][v];
}

// Up to TILE rows; only the first `columns` numbers of each row of `out` are written.
INLINE void tile(
    int rows, const int vectors, const bool in_line, Sum sum, const float *left,
    const float *right, float *out, integer pitch, integer columns, bool add) {
  float own[TILE * WIDE];
  float *to = out;
  integer to_pitch = pitch;
  if (columns < vectors * LANES) {
    to = own, to_pitch = vectors * LANES;
    if (add)
      for (int r = 0; r < rows; r++) memcpy(own + r * to_pitch, out + r * pitch, 4 * columns);
  }
  switch (rows) {
#define CASE(n) case n: product(n, vectors, in_line, sum, left, right, to, to_pitch, add); break;
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if TILE > 6
    CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
#endif
#undef CASE
  }
  if (to == own)
    for (int r = 0; r < rows; r++) memcpy(out + r * pitch, own + r * to_pitch, 4 * columns);
}
