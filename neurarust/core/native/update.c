// What an optimizer's step does with each parameter: the squares of its gradient are added up, the
// gradient is scaled, and the rule takes one pass over it, the parameter and what it keeps.

#include "common.h"

// A number read, and one that a rule updates, take as long as so many multiplications and additions,
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

// ------------------------------------------------------------------ steps

#define ARRAYS 4

// One parameter's step: its arrays, of which the parameter is the first and the gradient the second,
// numbers, and new arrays. A new array is the old one or lies elsewhere, so that no number waits for
// another.
typedef struct {
  const float *array[ARRAYS];
  const float *numbers;
  float *made[ARRAYS - 1];
  integer count;
} Step;

// (arrays..., numbers, what it waits for) -> results.
static XLA_FFI_Error *step(XLA_FFI_CallFrame *frame, int arrays, int numbers, int results, Task *task) {
  if (asked_for_version(frame)) return NULL;
  if (frame->args.size != arrays + 2 || frame->rets.size != results || count_of(frame, arrays) != numbers)
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "update: other arrays expected");
  Step s = {.count = count_of(frame, 0), .numbers = array(frame, arrays)};
  for (int k = 0; k < arrays; k++) s.array[k] = array(frame, k);
  for (int k = 0; k < results; k++) s.made[k] = result(frame, k);
  integer threads = thread_count(frame, UPDATED * s.count);
  if (!in_parallel(frame, threads, up(s.count, BLOCK), task, &s))
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "update: no memory");
  return NULL;
}

static void adam(void *context, integer task, integer worker) {
  const Step *s = context;
  (void)worker;
  enum { DECAY, WEIGHT, SQUARES_KEPT, SQUARES_WEIGHT, RATE, ROOT, EPSILON };
  float decay = s->numbers[DECAY], weight = s->numbers[WEIGHT], kept = s->numbers[SQUARES_KEPT];
  float fresh = s->numbers[SQUARES_WEIGHT], rate = s->numbers[RATE], root = s->numbers[ROOT];
  // average / (sqrt(squares) / root + epsilon), with one division: two take twice as long.
  float scale = rate * root, epsilon = s->numbers[EPSILON] * root;
  const float *param = s->array[0], *gradients = s->array[1];
  integer first = task * BLOCK, last = least(first + BLOCK, s->count);
  EACH_ALONE
  for (integer k = first; k < last; k++) {
    float gradient = gradients[k], average = s->array[2][k];
    average += weight * (gradient - average);
    float squares = kept * s->array[3][k] + fresh * (gradient * gradient);
    float change = average / (__builtin_sqrtf(squares) + epsilon);
    s->made[0][k] = param[k] * decay - scale * change;
    s->made[1][k] = average;
    s->made[2][k] = squares;
  }
}

XLA_FFI_Error *neurarust_adam(XLA_FFI_CallFrame *frame) { return step(frame, 4, 7, 3, adam); }

// Gradient descent with momentum; with `ahead`, by Nesterov's rule.
INLINE void descend(const Step *s, integer task, bool ahead) {
  enum { DECAY, MOMENTUM, TAKEN, RATE };
  float decay = s->numbers[DECAY], momentum = s->numbers[MOMENTUM], taken = s->numbers[TAKEN];
  float rate = s->numbers[RATE];
  const float *param = s->array[0], *gradients = s->array[1], *buffers = s->array[2];
  integer first = task * BLOCK, last = least(first + BLOCK, s->count);
  EACH_ALONE
  for (integer k = first; k < last; k++) {
    float gradient = decay == 0 ? gradients[k] : gradients[k] + decay * param[k];
    float buffer = momentum * buffers[k] + taken * gradient;
    s->made[0][k] = param[k] - rate * (ahead ? gradient + momentum * buffer : buffer);
    s->made[1][k] = buffer;
  }
}

static void with_momentum(void *context, integer task, integer worker) {
  (void)worker;
  descend(context, task, false);
}

static void ahead(void *context, integer task, integer worker) {
  (void)worker;
  descend(context, task, true);
}

XLA_FFI_Error *neurarust_momentum(XLA_FFI_CallFrame *frame) {
  return step(frame, 3, 4, 2, with_momentum);
}

XLA_FFI_Error *neurarust_nesterov(XLA_FFI_CallFrame *frame) { return step(frame, 3, 4, 2, ahead); }

static void plainly(void *context, integer task, integer worker) {
  const Step *s = context;
  (void)worker;
  float decay = s->numbers[0], rate = s->numbers[1];
  const float *param = s->array[0], *gradients = s->array[1];
  integer first = task * BLOCK, last = least(first + BLOCK, s->count);
  EACH_ALONE
  for (integer k = first; k < last; k++) {
    float gradient = decay == 0 ? gradients[k] : gradients[k] + decay * param[k];
    s->made[0][k] = param[k] - rate * gradient;
  }
}

XLA_FFI_Error *neurarust_descent(XLA_FFI_CallFrame *frame) { return step(frame, 2, 2, 1, plainly); }
