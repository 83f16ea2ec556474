// Convolutions in float32, called by XLA programs through its foreign function interface.
//
// Pictures are (batch, height, width, channels). A task takes some rows of one picture, with their
// margins, into a slab of its own, where the numbers that a row of the kernel meets lie side by
// side; the rest is products of TILE pixels (or, for the gradient of the kernel, TILE of its terms)
// with up to two vectors of output channels.

#include "common.h"

// ------------------------------------------------------------------ what is convolved

// One axis. Result `first + t * every` (t < count) is the sum over taps i < taps of the picture at
// t * stride + i * dilation - before, times the kernel at first_tap + i * tap_step.
typedef struct {
  integer first, every, count, taps, first_tap, tap_step, stride, dilation, before;
} Axis;

typedef struct {
  const float *picture, *kernel, *cotangent;
  float *out;
  // Channels and outputs are those of one group; what begins with `by` is in elements: from one to
  // the next output, input, row and column of the kernel, and pixel, picture and group of pictures.
  integer batch, height, width, channels, outputs, groups, rows, columns;
  integer kernel_rows, kernel_columns, by_output, by_input, by_row, by_column;
  integer by_pixel, by_picture, by_group;
  Axis y, x;
  // Rows of results of one task, tasks a picture, numbers a pixel in a slab, pictures of one task.
  integer block, blocks, pixel, pictures;
  float *packed, *scratch, *slabs;
  integer slab, apart, scratch_size, parts;
} Convolution;

// Channels that a group takes in a slab; depthwise ones are taken all at once, in whole vectors.
static bool depthwise(const Convolution *c) {
  bool together = c->by_group == 1 && c->by_pixel == c->groups;
  return together && c->channels == 1 && c->outputs == 1;
}

// Whether a row of the kernel meets numbers that lie side by side in a slab.
static bool in_a_row(const Convolution *c) { return c->x.dilation == 1 && c->pixel == c->channels; }

static Axis axis(
    integer results, integer taps, integer stride, integer dilation, integer spread, integer before,
    integer phase) {
  if (spread == 1) return (Axis){0, 1, results, taps, 0, 1, stride, dilation, before};
  // Zeros lie between the pixels: each phase meets every `spread`-th tap, and no zeros.
  integer first = ((before - phase) % spread + spread) % spread;
  integer left = first < taps ? up(taps - first, spread) : 0;
  integer count = phase < results ? up(results - phase, spread) : 0;
  return (Axis){phase, spread, count, left, first, spread, 1, 1, (before - phase - first) / spread};
}

static integer slab_rows(const Convolution *c, integer rows) {
  return (rows - 1) * c->y.stride + (c->y.taps - 1) * c->y.dilation + 1;
}

static integer slab_columns(const Convolution *c) {
  return (c->x.count - 1) * c->x.stride + (c->x.taps - 1) * c->x.dilation + 1;
}

// The rows of a picture that results from `row` on need, with zeros around it.
static void take(const Convolution *c, integer picture, integer group, integer row, float *slab) {
  integer rows = least(c->block, c->y.count - row), columns = slab_columns(c);
  integer all = c->by_pixel, own = depthwise(c) ? all : c->channels;
  integer high = slab_rows(c, rows), top = row * c->y.stride - c->y.before;
  integer begin = least(columns, most(0, c->x.before)), end = least(columns, c->width + c->x.before);
  end = most(begin, end);
  for (integer i = 0; i < high; i++, slab += columns * c->pixel) {
    integer line = top + i;
    if (line < 0 || line >= c->height) {
      memset(slab, 0, 4 * columns * c->pixel);
      continue;
    }
    const float *from = c->picture + picture * c->by_picture + group * c->by_group +
                        (line * c->width + begin - c->x.before) * all;
    memset(slab, 0, 4 * begin * c->pixel);
    memset(slab + end * c->pixel, 0, 4 * (columns - end) * c->pixel);
    if (c->pixel == all) {
      memcpy(slab + begin * c->pixel, from, 4 * (end - begin) * all);
      continue;
    }
    for (integer k = begin; k < end; k++, from += all) {
      memcpy(slab + k * c->pixel, from, 4 * own);
      memset(slab + k * c->pixel + own, 0, 4 * (c->pixel - own));
    }
  }
}

// ------------------------------------------------------------------ the convolution

// Numbers of the packed kernel of one group: blocks of WIDE outputs, then one of LANES if it does.
static integer packed_size(const Convolution *c) {
  return c->y.taps * c->x.taps * c->channels * up(c->outputs, LANES) * LANES;
}

static void pack(void *context, integer task, integer worker) {
  const Convolution *c = context;
  (void)worker;
  integer blocks = up(c->outputs, WIDE), group = task / blocks, block = task % blocks;
  integer terms = c->y.taps * c->x.taps * c->channels, first = block * WIDE;
  integer wide = least(WIDE, up(c->outputs - first, LANES) * LANES);
  integer some = least(wide, c->outputs - first);
  float *to = c->packed + group * packed_size(c) + first * terms;
  const float *base = c->kernel + (group * c->outputs + first) * c->by_output;
  for (integer i = 0; i < c->y.taps; i++)
    for (integer j = 0; j < c->x.taps; j++) {
      const float *from = base + (c->y.first_tap + i * c->y.tap_step) * c->by_row +
                          (c->x.first_tap + j * c->x.tap_step) * c->by_column;
      for (integer k = 0; k < c->channels; k++, to += wide) {
        for (integer n = 0; n < some; n++) to[n] = from[k * c->by_input + n * c->by_output];
        memset(to + some, 0, 4 * (wide - some));
      }
    }
}

static void pack_depthwise(const Convolution *c) {
  float *to = c->packed;
  for (integer i = 0; i < c->y.taps; i++)
    for (integer j = 0; j < c->x.taps; j++, to += c->pixel) {
      const float *from = c->kernel + (c->y.first_tap + i * c->y.tap_step) * c->by_row +
                          (c->x.first_tap + j * c->x.tap_step) * c->by_column;
      for (integer k = 0; k < c->groups; k++) to[k] = from[k * c->by_output];
      memset(to + c->groups, 0, 4 * (c->pixel - c->groups));
    }
}

static void convolve(void *context, integer task, integer worker) {
  const Convolution *c = context;
  integer group = task % c->groups, block = task / c->groups % c->blocks;
  integer picture = task / c->groups / c->blocks, row = block * c->block;
  float *slab = c->scratch + worker * c->scratch_size;
  take(c, picture, group, row, slab);
  integer terms = c->y.taps * c->x.taps * c->channels, all = c->outputs * c->groups;
  integer line = slab_columns(c) * c->pixel;
  bool together = in_a_row(c);
  Sum sum = {c->y.taps, c->y.dilation * line, together ? 1 : c->x.taps,
             c->x.dilation * c->pixel, (together ? c->x.taps : 1) * c->channels,
             c->x.stride * c->pixel, 1};
  integer tiles = up(c->x.count, TILE), wide = up(c->x.count, tiles);
  for (integer first = 0; first < c->outputs; first += WIDE) {
    const float *right = c->packed + group * packed_size(c) + first * terms;
    integer columns = least(WIDE, c->outputs - first);
    for (integer t = row; t < least(row + c->block, c->y.count); t++)
      for (integer s = 0; s < c->x.count; s += wide) {
        int some = least(wide, c->x.count - s);
        const float *left = slab + (t - row) * c->y.stride * line + s * sum.row;
        integer place = (picture * c->rows + c->y.first + t * c->y.every) * c->columns +
                        c->x.first + s * c->x.every;
        float *out = c->out + place * all + group * c->outputs + first;
        integer pitch = c->x.every * all;
        tile(some, up(columns, LANES), false, &sum, left, right, out, pitch, columns, false);
      }
  }
}

// So many pixels at a time, which share what they read of the kernel.
#define PIXELS 4

static void convolve_depthwise(void *context, integer task, integer worker) {
  const Convolution *c = context;
  integer block = task % c->blocks, picture = task / c->blocks, row = block * c->block;
  float *slab = c->scratch + worker * c->scratch_size;
  take(c, picture, 0, row, slab);
  integer line = slab_columns(c) * c->pixel, stride = c->x.stride * c->pixel;
  for (integer t = row; t < least(row + c->block, c->y.count); t++)
    for (integer s = 0; s < c->x.count; s += PIXELS) {
      integer some = least(PIXELS, c->x.count - s);
      const float *base = slab + (t - row) * c->y.stride * line + s * stride;
      integer place = (picture * c->rows + c->y.first + t * c->y.every) * c->columns +
                      c->x.first + s * c->x.every;
      float *out = c->out + place * c->groups;
      for (integer first = 0; first < c->groups; first += LANES) {
        vec total[PIXELS] = {};
        const float *kernel = c->packed + first;
        for (integer i = 0; i < c->y.taps; i++)
          for (integer j = 0; j < c->x.taps; j++, kernel += c->pixel) {
            const float *from = base + i * c->y.dilation * line + j * c->x.dilation * c->pixel + first;
            vec weight = *(const vec *)kernel;
#pragma GCC unroll 4
            for (integer r = 0; r < PIXELS; r++)
              total[r] += weight * *(const vec *)(from + (r < some ? r : 0) * stride);
          }
        for (integer r = 0; r < some; r++)
          memcpy(out + r * c->x.every * c->groups + first, &total[r],
                 4 * least(LANES, c->groups - first));
      }
    }
}

// ------------------------------------------------------------------ the gradient of the kernel

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
#pragma GCC unroll 4
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

// Bytes of a slab, which should stay in a core's own cache beside the kernel.
#define SLAB (128 << 10)
// Bytes of the slabs of small pictures that are taken together.
#define GROUP (512 << 10)
// Bytes of a kernel that is added up in few parts, and of one that is not added up in parts.
#define PART (64 << 10)
#define LARGE (1 << 20)

// The numbers that `convolutions.py` passes, in its order; the rest follows from them.
enum {
  BATCH, HEIGHT, WIDTH, CHANNELS, OUTPUTS, GROUPS, ROWS, COLUMNS, KERNEL_ROWS, KERNEL_COLUMNS,
  BY_OUTPUT, BY_INPUT, BY_ROW, BY_COLUMN, STRIDE_Y, STRIDE_X, DILATION_Y, DILATION_X,
  SPREAD_Y, SPREAD_X, BEFORE_Y, BEFORE_X, BY_PIXEL, BY_PICTURE, BY_GROUP, NUMBERS
};

static Convolution described(const int64_t *n) {
  return (Convolution){
      .batch = n[BATCH], .height = n[HEIGHT], .width = n[WIDTH], .channels = n[CHANNELS],
      .outputs = n[OUTPUTS], .groups = n[GROUPS], .rows = n[ROWS], .columns = n[COLUMNS],
      .kernel_rows = n[KERNEL_ROWS], .kernel_columns = n[KERNEL_COLUMNS],
      .by_output = n[BY_OUTPUT], .by_input = n[BY_INPUT], .by_row = n[BY_ROW],
      .by_column = n[BY_COLUMN], .by_pixel = n[BY_PIXEL], .by_picture = n[BY_PICTURE],
      .by_group = n[BY_GROUP]};
}

// The axes of one phase, and how its rows are shared out.
static void plan(Convolution *c, const int64_t *n, integer y, integer x, integer threads) {
  c->y = axis(c->rows, c->kernel_rows, n[STRIDE_Y], n[DILATION_Y], n[SPREAD_Y], n[BEFORE_Y], y);
  c->x = axis(c->columns, c->kernel_columns, n[STRIDE_X], n[DILATION_X], n[SPREAD_X], n[BEFORE_X], x);
  // Pixels a multiple of 1 KiB apart would meet in the same few lines of the cache.
  c->pixel = depthwise(c) ? up(c->groups, LANES) * LANES
                          : c->channels + (c->channels % 256 == 0 ? LANES : 0);
  integer line = 4 * slab_columns(c) * c->pixel;
  integer fits = (SLAB / line - (c->y.taps - 1) * c->y.dilation - 1) / c->y.stride + 1;
  // Four tasks a thread, where the pictures are few.
  integer enough = up(c->y.count, up(4 * threads, c->batch * c->groups));
  c->block = most(1, least(least(fits, enough), c->y.count));
  c->blocks = up(c->y.count, c->block);
  c->slab = slab_rows(c, c->block) * slab_columns(c) * c->pixel;
}

// Results of a phase that no tap meets.
static void clear(const Convolution *c) {
  integer all = c->outputs * c->groups;
  for (integer picture = 0; picture < c->batch; picture++)
    for (integer t = 0; t < c->y.count; t++)
      for (integer s = 0; s < c->x.count; s++) {
        integer row = picture * c->rows + c->y.first + t * c->y.every;
        memset(c->out + (row * c->columns + c->x.first + s * c->x.every) * all, 0, 4 * all);
      }
}

static bool phase(XLA_FFI_CallFrame *frame, Convolution *c, integer threads) {
  if (c->y.count == 0 || c->x.count == 0) return true;
  if (c->y.taps == 0 || c->x.taps == 0) return clear(c), true;
  bool deep = depthwise(c);
  integer packed = deep ? c->y.taps * c->x.taps * c->pixel : c->groups * packed_size(c);
  c->scratch_size = up(c->slab + LANES, LANES) * LANES;
  c->packed = numbers_for(packed + threads * c->scratch_size);
  if (c->packed == NULL) return false;
  c->scratch = c->packed + up(packed, LANES) * LANES;
  bool done = true;
  if (deep) {
    pack_depthwise(c);
    done = in_parallel(frame, threads, c->batch * c->blocks, convolve_depthwise, c);
  } else {
    integer tasks = c->groups * up(c->outputs, WIDE);
    integer few = c->groups * packed_size(c) < (1 << 16) ? 1 : threads;
    done = in_parallel(frame, few, tasks, pack, c) &&
           in_parallel(frame, threads, c->batch * c->blocks * c->groups, convolve, c);
  }
  free(c->packed);
  return done;
}

// (picture, kernel) -> result (batch, rows, columns, groups * outputs).
XLA_FFI_Error *neurarust_convolution(XLA_FFI_CallFrame *frame) {
  if (asked_for_version(frame)) return NULL;
  const int64_t *n = numbers(frame, NUMBERS);
  if (n == NULL)
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "convolution: other numbers expected");
  integer threads = thread_count(frame);
  Convolution c = described(n);
  c.picture = array(frame, 0);
  c.kernel = array(frame, 1);
  c.out = result(frame);
  for (integer y = 0; y < n[SPREAD_Y]; y++)
    for (integer x = 0; x < n[SPREAD_X]; x++) {
      plan(&c, n, y, x, threads);
      if (!phase(frame, &c, threads))
        return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "convolution: no memory");
    }
  return NULL;
}

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
  integer threads = thread_count(frame);
  c.picture = array(frame, 0);
  c.cotangent = array(frame, 1);
  c.out = result(frame);
  plan(&c, n, 0, 0, threads);
  bool large = !depthwise(&c) && 4 * part_size(&c) > LARGE;
  bool done = (large ? add_by_outputs : add_in_parts)(frame, &c, threads);
  integer small = part_size(&c) < (1 << 14) ? 1 : threads;
  done = done && in_parallel(frame, small, c.groups * up(c.outputs, LANES), write_kernel, &c);
  free(c.packed);
  return done ? NULL : failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "convolution: no memory");
}
