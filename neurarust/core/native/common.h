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
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#define EACH_ALONE _Pragma("clang loop vectorize(assume_safety)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#define EACH_ALONE _Pragma("GCC ivdep")
#endif
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

// Multiplications and additions that are worth a thread.
#define SHARE (1 << 22)

// How many threads share in so much work.
static inline integer thread_count(XLA_FFI_CallFrame *frame, integer work) {
  int64_t count = 1;
  if (work < 2 * SHARE) return 1;
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
  return most(least(count, work / SHARE), 1);
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
  // (Its type has had two names.)
  __typeof__(frame->extension_start) one = frame->extension_start;
  if (one == NULL || one->type != XLA_FFI_Extension_Metadata) return false;
  XLA_FFI_Metadata *metadata = ((XLA_FFI_Metadata_Extension *)one)->metadata;
  metadata->api_version.major_version = XLA_FFI_API_MAJOR;
  metadata->api_version.minor_version = XLA_FFI_API_MINOR;
  return true;
}

static inline void *array(XLA_FFI_CallFrame *frame, int k) {
  return ((XLA_FFI_Buffer *)frame->args.args[k])->data;
}

// All numbers of an array.
static inline integer count_of(XLA_FFI_CallFrame *frame, int k) {
  const XLA_FFI_Buffer *given = frame->args.args[k];
  integer count = 1;
  for (integer axis = 0; axis < given->rank; axis++) count *= given->dims[axis];
  return count;
}

// The numbers that a call brings, if there are so many.
static inline const int64_t *numbers(XLA_FFI_CallFrame *frame, size_t count) {
  if (frame->attrs.size != 1 || frame->attrs.types[0] != XLA_FFI_AttrType_ARRAY) return NULL;
  XLA_FFI_Array *given = frame->attrs.attrs[0];
  return given->dtype == XLA_FFI_DataType_S64 && given->size == count ? given->data : NULL;
}

static inline void *result(XLA_FFI_CallFrame *frame, int k) {
  return ((XLA_FFI_Buffer *)frame->rets.rets[k])->data;
}

static inline float *numbers_for(integer count) { return aligned_alloc(64, up(4 * count + 64, 64) * 64); }

// ------------------------------------------------------------------ the product in registers

// A sum over two loops and a run: element (r, k) of the left factor is left[r * row + k * step].
typedef struct {
  integer outer, outer_left, inner, inner_left, run, row, step;
} Sum;

// out = or += left times right, for up to TILE rows and one or two vectors. The right factor lies
// packed in the order of the sum, and only the first `columns` numbers of each row are written.
// With `in_line` rows are 1 apart and terms `step`, else rows are `row` apart and terms 1.
void tile(int rows, int vectors, bool in_line, const Sum *sum, const float *left,
          const float *right, float *out, integer pitch, integer columns, bool add);
