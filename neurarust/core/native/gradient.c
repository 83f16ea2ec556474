// Gradients of the kernels of convolutions: products of TILE terms of the kernel, read in a slab,
// with up to two vectors of outputs, over all pixels.

#include "convolution.h"

// Bytes of the slabs of small pictures that are taken together.
#define GROUP (512 << 10)
// Bytes of a kernel that is added up in few parts, and of one that is not added up in parts.
#define PART (64 << 10)
#define LARGE (1 << 20)

// Each part of the tasks adds up a kernel of its own: (group, row, column, input, output), outputs
// in whole vectors.
static integer part_size(const Convolution *c) {
  integer kernel = c->y.taps * c->x.taps;
  if (depthwise(c)) return kernel * c->pixel;
  return c->groups * kernel * c->channels * up(c->outputs, LANES) * LANES;
}

// Rows of the cotangent from `row` on: blocks of WIDE outputs, each (rows, columns, outputs).
static void take_cotangent(
    const Convolution *c, integer picture, integer group, integer row, integer first,
    integer wide, float *to) {
  integer rows = least(c->block, c->y.count - row), all = c->outputs * c->groups;
  integer own = depthwise(c) ? all : c->outputs, some = least(wide, own - first);
  const float *from = c->cotangent + (picture * c->rows + row) * c->columns * all +
                      group * own + first;
  for (integer k = 0; k < rows * c->columns; k++, from += all, to += wide) {
    if (some == WIDE) {
      memcpy(to, from, 4 * WIDE);
      continue;
    }
    memcpy(to, from, 4 * some);
    memset(to + some, 0, 4 * (wide - some));
  }
}

// Adds what slabs of some pictures give to the terms of row `i` of the kernel and the WIDE outputs
// from `first` on.
static void add_rows(const Convolution *c, integer pictures, integer rows, integer group, integer i,
                     integer first, const float *slab, const float *given, float *part) {
  integer width = up(c->outputs, LANES) * LANES, wide = least(WIDE, width - first);
  integer line = slab_columns(c) * c->pixel;
  bool together = in_a_row(c);
  integer runs = together ? 1 : c->x.taps, run = (together ? c->x.taps : 1) * c->channels;
  integer high = up(run, up(run, TILE));
  Sum sum = {pictures, c->apart, rows, c->y.stride * line, c->columns, 1,
             c->x.stride * c->pixel};
  for (integer j = 0; j < runs; j++)
    for (integer k = 0; k < run; k += high) {
      int some = least(high, run - k);
      const float *left = slab + i * c->y.dilation * line + j * c->x.dilation * c->pixel + k;
      float *out = part + (((group * c->y.taps + i) * runs + j) * run + k) * width + first;
      tile(some, wide / LANES, true, &sum, left, given, out, width, wide, true);
    }
}

// Some rows of one picture, or all rows of a few.
static void add_of_kernel(const Convolution *c, integer picture, integer block, float *slab,
                          float *part) {
  integer row = block * c->block, rows = least(c->block, c->y.count - row);
  integer pictures = least(c->pictures, c->batch - picture);
  integer width = up(c->outputs, LANES) * LANES;
  float *given = slab + c->pictures * c->slab;
  for (integer group = 0; group < c->groups; group++) {
    for (integer k = 0; k < pictures; k++) take(c, picture + k, group, row, slab + k * c->slab);
    for (integer first = 0; first < c->outputs; first += WIDE) {
      integer wide = least(WIDE, width - first);
      for (integer k = 0; k < pictures; k++)
        take_cotangent(c, picture + k, group, row, first, wide, given + k * rows * c->columns * wide);
      for (integer i = 0; i < c->y.taps; i++)
        add_rows(c, pictures, rows, group, i, first, slab, given, part);
    }
  }
}

// Large kernels are not added up in parts: each task has some of their outputs for itself, and
// all slabs are taken before.
static void take_all(void *context, integer task, integer worker) {
  const Convolution *c = context;
  (void)worker;
  take(c, task / c->groups, task % c->groups, 0, c->slabs + task * c->slab);
}

static void add_outputs(void *context, integer task, integer worker) {
  const Convolution *c = context;
  integer width = up(c->outputs, LANES) * LANES, blocks = up(width, WIDE);
  integer i = task % c->y.taps, first = task / c->y.taps % blocks * WIDE;
  integer group = task / c->y.taps / blocks, wide = least(WIDE, width - first);
  integer terms = c->x.taps * c->channels;
  float *given = c->scratch + worker * c->scratch_size;
  for (integer k = 0; k < terms; k++)
    memset(c->packed + ((group * c->y.taps + i) * terms + k) * width + first, 0, 4 * wide);
  for (integer picture = 0; picture < c->batch; picture += c->pictures) {
    integer pictures = least(c->pictures, c->batch - picture);
    for (integer k = 0; k < pictures; k++)
      take_cotangent(c, picture + k, group, 0, first, wide, given + k * c->rows * c->columns * wide);
    add_rows(c, pictures, c->rows, group, i, first,
             c->slabs + (picture * c->groups + group) * c->slab, given, c->packed);
  }
}

static void add_of_depthwise(const Convolution *c, integer picture, integer block, float *slab,
                             float *part) {
  integer row = block * c->block, rows = least(c->block, c->y.count - row);
  integer line = slab_columns(c) * c->pixel, stride = c->x.stride * c->pixel;
  float *given = slab + c->slab;
  take(c, picture, 0, row, slab);
  take_cotangent(c, picture, 0, row, 0, c->pixel, given);
  for (integer first = 0; first < c->pixel; first += LANES)
    for (integer i = 0; i < c->y.taps; i++)
      for (integer j = 0; j < c->x.taps; j += PIXELS) {
        integer some = least(PIXELS, c->x.taps - j);
        vec total[PIXELS] = {};
        for (integer t = 0; t < rows; t++) {
          const float *from = slab + (t * c->y.stride + i * c->y.dilation) * line +
                              j * c->x.dilation * c->pixel + first;
          const float *factor = given + t * c->columns * c->pixel + first;
          for (integer s = 0; s < c->columns; s++, from += stride, factor += c->pixel)
            UNROLL
            for (integer r = 0; r < PIXELS; r++)
              total[r] += *(const vec *)factor *
                          *(const vec *)(from + (r < some ? r : 0) * c->x.dilation * c->pixel);
        }
        for (integer r = 0; r < some; r++)
          *(vec *)(part + (i * c->x.taps + j + r) * c->pixel + first) += total[r];
      }
}

// A part takes a fixed share of the tasks, so that the sums do not depend on who is first.
static void add_part(void *context, integer number, integer worker) {
  const Convolution *c = context;
  integer tasks = up(c->batch, c->pictures) * c->blocks;
  float *part = c->packed + number * part_size(c);
  float *slab = c->scratch + worker * c->scratch_size;
  memset(part, 0, 4 * part_size(c));
  for (integer k = number * tasks / c->parts; k < (number + 1) * tasks / c->parts; k++)
    (depthwise(c) ? add_of_depthwise : add_of_kernel)(
        c, k / c->blocks * c->pictures, k % c->blocks, slab, part);
}

// Adds up the parts and writes them in the kernel's own order: LANES outputs of one group.
static void write_kernel(void *context, integer task, integer worker) {
  const Convolution *c = context;
  (void)worker;
  integer width = up(c->outputs, LANES) * LANES, blocks = up(c->outputs, LANES);
  integer group = task / blocks, first = task % blocks * LANES, size = part_size(c);
  integer some = least(LANES, c->outputs - first), taps = c->y.taps * c->x.taps;
  float *to = c->out + (group * c->outputs + first) * c->by_output;
  integer terms = taps * c->channels;
  if (by_terms(c) && some == LANES && terms % LANES == 0) {
    float sums[LANES * LANES];
    for (integer k = 0; k < terms; k += LANES) {
      for (integer r = 0; r < LANES; r++) {
        const float *from = c->packed + (group * terms + sorted(c, k + r)) * width + first;
        vec total = *(const vec *)from;
        for (integer one = 1; one < c->parts; one++) total += *(const vec *)(from + one * size);
        *(vec *)(sums + r * LANES) = total;
      }
      square(sums, LANES, to + k, c->by_output);
    }
    return;
  }
  for (integer k = 0; k < c->channels; k++)
    for (integer i = 0; i < c->y.taps; i++)
      for (integer j = 0; j < c->x.taps; j++) {
        integer tap = i * c->x.taps + j;
        const float *from = c->packed;
        from += depthwise(c) ? tap * c->pixel + group
                             : ((group * taps + tap) * c->channels + k) * width + first;
        float *place = to + k * c->by_input + i * c->by_row + j * c->by_column;
        for (integer n = 0; n < some; n++) {
          float total = 0;
          for (integer one = 0; one < c->parts; one++) total += from[one * size + n];
          place[n * c->by_output] = total;
        }
      }
}

// ------------------------------------------------------------------ calls from XLA

static bool add_in_parts(XLA_FFI_CallFrame *frame, Convolution *c, integer threads) {
  integer given = c->block * c->columns * (depthwise(c) ? c->pixel : WIDE);
  c->apart = c->slab;
  // Small pictures share the reading and writing of the sums.
  integer fit = depthwise(c) || c->blocks > 1 ? 1 : GROUP / (4 * (c->slab + given));
  c->pictures = most(1, least(fit, c->batch / (4 * threads)));
  // More parts than threads where they are small, for threads that other work takes time from.
  integer parts = threads * (4 * part_size(c) > PART ? 2 : 8);
  c->parts = least(parts, up(c->batch, c->pictures) * c->blocks);
  c->scratch_size = up(c->pictures * (c->slab + given) + LANES, LANES) * LANES;
  integer size = up(part_size(c), LANES) * LANES;
  c->packed = numbers_for(c->parts * size + threads * c->scratch_size + LANES);
  if (c->packed == NULL) return false;
  c->scratch = c->packed + c->parts * size;
  return in_parallel(frame, threads, c->parts, add_part, c);
}

static bool add_by_outputs(XLA_FFI_CallFrame *frame, Convolution *c, integer threads) {
  integer size = up(part_size(c), LANES) * LANES, given = c->rows * c->columns * WIDE;
  c->block = c->rows;
  c->blocks = c->parts = 1;
  c->slab = slab_rows(c, c->rows) * slab_columns(c) * c->pixel;
  c->apart = c->groups * c->slab;
  c->pictures = most(1, GROUP / (8 * given));
  c->scratch_size = c->pictures * given;
  integer slabs = c->batch * c->groups * c->slab;
  c->packed = numbers_for(size + threads * c->scratch_size + slabs + LANES);
  if (c->packed == NULL) return false;
  c->scratch = c->packed + size;
  c->slabs = c->scratch + threads * c->scratch_size;
  integer tasks = c->groups * up(c->outputs, WIDE) * c->y.taps;
  return in_parallel(frame, threads, c->batch * c->groups, take_all, c) &&
         in_parallel(frame, threads, tasks, add_outputs, c);
}

// (picture, cotangent of the result) -> gradient of the kernel.
XLA_FFI_Error *neurarust_convolution_kernel(XLA_FFI_CallFrame *frame) {
  if (asked_for_version(frame)) return NULL;
  const int64_t *n = numbers(frame, NUMBERS);
  if (n == NULL)
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "convolution: other numbers expected");
  Convolution c = described(n);
  integer threads = thread_count(frame, work_of(&c));
  c.picture = array(frame, 0);
  c.cotangent = array(frame, 1);
  c.out = result(frame, 0);
  plan(&c, n, 0, 0, threads);
  bool large = !depthwise(&c) && 4 * part_size(&c) > LARGE;
  bool done = (large ? add_by_outputs : add_in_parts)(frame, &c, threads);
  integer small = part_size(&c) < (1 << 14) ? 1 : threads;
  done = done && in_parallel(frame, small, c.groups * up(c.outputs, LANES), write_kernel, &c);
  free(c.packed);
  return done ? NULL : failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "convolution: no memory");
}
