// What an optimizer's step does with each parameter: the squares of its gradient are added up, the
// gradient is scaled, and Adam takes one pass over it, the parameter and two averages.

#include "common.h"

// A number read, and one that Adam updates, take as long as so many multiplications and additions,
// most of them waiting.
#define READ 16
#define UPDATED 64
// Numbers of one task.
#define BLOCK (1 << 13)

// ------------------------------------------------------------------ sums of squares

typedef struct {
  const float *from;
  float *parts;
  integer count;
} Squares;

static void add_squares(void *context, integer task, integer worker) {
  const Squares *s = context;
  (void)worker;
  const float *from = s->from + task * BLOCK;
  integer count = least(BLOCK, s->count - task * BLOCK), k = 0;
  vec total[4] = {};
  for (; k + 4 * LANES <= count; k += 4 * LANES)
    UNROLL
    for (int n = 0; n < 4; n++) {
      vec one = *(const vec *)(from + k + n * LANES);
      total[n] += one * one;
    }
  vec lanes = (total[0] + total[1]) + (total[2] + total[3]);
  double sum = 0;
  for (int n = 0; n < LANES; n++) sum += lanes[n];
  for (; k < count; k++) sum += (double)from[k] * from[k];
  s->parts[task] = sum;
}

// (array) -> the sum of its squares. The parts do not depend on how many threads there are.
XLA_FFI_Error *neurarust_squares(XLA_FFI_CallFrame *frame) {
  if (asked_for_version(frame)) return NULL;
  Squares s = {.from = array(frame, 0), .count = count_of(frame, 0)};
  integer tasks = up(s.count, BLOCK);
  s.parts = numbers_for(tasks);
  if (s.parts == NULL || !in_parallel(frame, thread_count(frame, READ * s.count), tasks, add_squares, &s)) {
    free(s.parts);
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "squares: no memory");
  }
  double sum = 0;
  for (integer k = 0; k < tasks; k++) sum += s.parts[k];
  *(float *)result(frame, 0) = sum;
  free(s.parts);
  return NULL;
}

// ------------------------------------------------------------------ scaled arrays

typedef struct {
  const float *from;
  float *to, factor;
  integer count;
} Scaled;

static void scale(void *context, integer task, integer worker) {
  const Scaled *s = context;
  (void)worker;
  integer first = task * BLOCK, last = least(first + BLOCK, s->count);
  EACH_ALONE
  for (integer k = first; k < last; k++) s->to[k] = s->from[k] * s->factor;
}

// (array, factor) -> their product.
XLA_FFI_Error *neurarust_scaled(XLA_FFI_CallFrame *frame) {
  if (asked_for_version(frame)) return NULL;
  Scaled s = {.from = array(frame, 0), .to = result(frame, 0),
              .factor = *(const float *)array(frame, 1), .count = count_of(frame, 0)};
  if (!in_parallel(frame, thread_count(frame, READ * s.count), up(s.count, BLOCK), scale, &s))
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "scaled: no memory");
  return NULL;
}

// ------------------------------------------------------------------ Adam

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
      .new_squares = result(frame, 2), .count = count_of(frame, 0)};
  for (int k = 0; k < SCALARS; k++) a.scalar[k] = *(const float *)array(frame, 4 + k);
  integer threads = thread_count(frame, UPDATED * a.count);
  if (!in_parallel(frame, threads, up(a.count, BLOCK), update, &a))
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "adam: no memory");
  return NULL;
}
