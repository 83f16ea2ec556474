// A step of Adam in one pass over a parameter, its gradient and its two averages.

#include "common.h"

// A number updated takes as long as so many multiplications and additions, most of them waiting.
#define UPDATED 64
// Numbers of one task.
#define BLOCK (1 << 13)

// In the order in which they are passed, after the arrays.
enum { DECAY, WEIGHT, SQUARES_KEPT, SQUARES_WEIGHT, RATE, ROOT, EPSILON, SCALARS };

typedef struct {
  const float *param, *gradient, *average, *squares;
  float *new_param, *new_average, *new_squares, scalar[SCALARS];
  integer count;
} Adam;

static void update(void *context, integer task, integer worker) {
  const Adam *a = context;
  (void)worker;
  const float *s = a->scalar;
  float decay = s[DECAY], weight = s[WEIGHT], kept = s[SQUARES_KEPT], fresh = s[SQUARES_WEIGHT];
  float rate = s[RATE], root = s[ROOT], epsilon = s[EPSILON];
  integer first = task * BLOCK, last = least(first + BLOCK, a->count);
  // A new array is the old one or lies elsewhere, so that no number waits for another.
  EACH_ALONE
  for (integer k = first; k < last; k++) {
    float gradient = a->gradient[k], average = a->average[k];
    average += weight * (gradient - average);
    float squares = kept * a->squares[k] + fresh * (gradient * gradient);
    float step = average / (__builtin_sqrtf(squares) / root + epsilon);
    a->new_param[k] = a->param[k] * decay - rate * step;
    a->new_average[k] = average;
    a->new_squares[k] = squares;
  }
}

// (param, gradient, average, squares, scalars..., what it waits for) -> new param, average, squares.
XLA_FFI_Error *neurarust_adam(XLA_FFI_CallFrame *frame) {
  if (asked_for_version(frame)) return NULL;
  if (frame->args.size != 4 + SCALARS + 1 || frame->rets.size != 3)
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "adam: other arrays expected");
  Adam a = {
      .param = array(frame, 0), .gradient = array(frame, 1), .average = array(frame, 2),
      .squares = array(frame, 3), .new_param = result(frame, 0), .new_average = result(frame, 1),
      .new_squares = result(frame, 2), .count = 1};
  for (int k = 0; k < SCALARS; k++) a.scalar[k] = *(const float *)array(frame, 4 + k);
  const XLA_FFI_Buffer *given = frame->args.args[0];
  for (integer k = 0; k < given->rank; k++) a.count *= given->dims[k];
  integer threads = thread_count(frame, UPDATED * a.count);
  if (!in_parallel(frame, threads, up(a.count, BLOCK), update, &a))
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "adam: no memory");
  return NULL;
}
