// Layer normalization and its gradient: one row after the other, which stays in the first cache.

#include "common.h"

// A number of the result takes as long as so many multiplications and additions.
#define FORWARD 64
#define BACKWARD 128
// Rows of one task at least, and tasks at most.
#define LEAST_ROWS 32
#define TASKS 64

typedef struct {
  const float *given, *from, *weight, *bias;
  float *to, *parts, epsilon;
  integer rows, size, block;
} Normalization;

INLINE vec at(const float *from) { return *(const vec *)from; }

INLINE float across(vec lanes) {
  float sum = 0;
  for (int k = 0; k < LANES; k++) sum += lanes[k];
  return sum;
}

// The mean of a row, and 1 over its deviation.
static void measure(const Normalization *n, const float *row, float *mean, float *scale) {
  vec sums = {}, squares = {};
  float sum = 0, square = 0;
  integer whole = n->size / LANES * LANES;
  for (integer k = 0; k < whole; k += LANES) sums += at(row + k);
  for (integer k = whole; k < n->size; k++) sum += row[k];
  *mean = (across(sums) + sum) / n->size;
  for (integer k = 0; k < whole; k += LANES) {
    vec centred = at(row + k) - *mean;
    squares += centred * centred;
  }
  for (integer k = whole; k < n->size; k++) square += (row[k] - *mean) * (row[k] - *mean);
  *scale = 1 / __builtin_sqrtf((across(squares) + square) / n->size + n->epsilon);
}

static void normalize(void *context, integer task, integer worker) {
  const Normalization *n = context;
  (void)worker;
  integer last = least(n->rows, (task + 1) * n->block);
  for (integer r = task * n->block; r < last; r++) {
    const float *row = n->from + r * n->size;
    float *to = n->to + r * n->size, mean, scale;
    measure(n, row, &mean, &scale);
    EACH_ALONE
    for (integer k = 0; k < n->size; k++) to[k] = (row[k] - mean) * scale * n->weight[k] + n->bias[k];
  }
}

// Rows of the input's gradient, and this task's share of those of the weight and the bias.
static void differentiate(void *context, integer task, integer worker) {
  const Normalization *n = context;
  (void)worker;
  float *by_weight = n->parts + 2 * task * n->size, *by_bias = by_weight + n->size;
  memset(by_weight, 0, 2 * 4 * n->size);
  integer last = least(n->rows, (task + 1) * n->block), whole = n->size / LANES * LANES;
  for (integer r = task * n->block; r < last; r++) {
    const float *row = n->from + r * n->size, *given = n->given + r * n->size;
    float *to = n->to + r * n->size, mean, scale, sum = 0, product = 0;
    vec sums = {}, products = {};
    measure(n, row, &mean, &scale);
    for (integer k = 0; k < whole; k += LANES) {
      vec one = at(given + k), share = one * ((at(row + k) - mean) * scale);
      *(vec *)(by_weight + k) += share;
      *(vec *)(by_bias + k) += one;
      sums += one * at(n->weight + k);
      products += share * at(n->weight + k);
    }
    for (integer k = whole; k < n->size; k++) {
      float share = given[k] * ((row[k] - mean) * scale);
      by_weight[k] += share;
      by_bias[k] += given[k];
      sum += given[k] * n->weight[k];
      product += share * n->weight[k];
    }
    sum = (across(sums) + sum) / n->size;
    product = (across(products) + product) / n->size;
    EACH_ALONE
    for (integer k = 0; k < n->size; k++)
      to[k] = scale * (given[k] * n->weight[k] - sum - product * ((row[k] - mean) * scale));
  }
}

// The rows of `input`, as long as `weight` is, and how many a task takes.
static Normalization rows_of(XLA_FFI_CallFrame *frame, int input, int weight) {
  Normalization n = {.from = array(frame, input), .weight = array(frame, weight),
                     .to = result(frame, 0), .size = count_of(frame, weight)};
  n.rows = count_of(frame, input) / n.size;
  n.block = most(LEAST_ROWS, up(n.rows, TASKS));
  return n;
}

// (input, weight, bias, epsilon) -> the normalized rows.
XLA_FFI_Error *neurarust_layer_norm(XLA_FFI_CallFrame *frame) {
  if (asked_for_version(frame)) return NULL;
  Normalization n = rows_of(frame, 0, 1);
  n.bias = array(frame, 2);
  n.epsilon = *(const float *)array(frame, 3);
  integer threads = thread_count(frame, FORWARD * n.rows * n.size);
  if (!in_parallel(frame, threads, up(n.rows, n.block), normalize, &n))
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "layer_norm: no memory");
  return NULL;
}

// (gradient of the result, input, weight, epsilon) -> gradients of input, weight and bias. The parts
// of the last two do not depend on how many threads there are.
XLA_FFI_Error *neurarust_layer_norm_gradient(XLA_FFI_CallFrame *frame) {
  if (asked_for_version(frame)) return NULL;
  Normalization n = rows_of(frame, 1, 2);
  n.given = array(frame, 0);
  n.epsilon = *(const float *)array(frame, 3);
  integer tasks = up(n.rows, n.block), threads = thread_count(frame, BACKWARD * n.rows * n.size);
  n.parts = numbers_for(2 * tasks * n.size);
  if (n.parts == NULL || !in_parallel(frame, threads, tasks, differentiate, &n)) {
    free(n.parts);
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "layer_norm: no memory");
  }
  float *by_weight = result(frame, 1), *by_bias = result(frame, 2);
  memcpy(by_weight, n.parts, 4 * n.size);
  memcpy(by_bias, n.parts + n.size, 4 * n.size);
  for (integer task = 1; task < tasks; task++) {
    const float *part = n.parts + 2 * task * n.size;
    EACH_ALONE
    for (integer k = 0; k < n.size; k++) {
      by_weight[k] += part[k];
      by_bias[k] += part[n.size + k];
    }
  }
  free(n.parts);
  return NULL;
}
