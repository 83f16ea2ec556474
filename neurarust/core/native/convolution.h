// What a convolution and the gradient of its kernel share: which numbers meet, and slabs.
//
// Pictures are (batch, height, width, channels). A task takes some rows of one picture, with their
// margins, into a slab of its own, where the numbers that a row of the kernel meets lie side by
// side.

#include "common.h"
#include "square.h"

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
static inline bool depthwise(const Convolution *c) {
  bool together = c->by_group == 1 && c->by_pixel == c->groups;
  return together && c->channels == 1 && c->outputs == 1;
}

// Whether a row of the kernel meets numbers that lie side by side in a slab.
static inline bool in_a_row(const Convolution *c) { return c->x.dilation == 1 && c->pixel == c->channels; }

static inline Axis axis(
    integer results, integer taps, integer stride, integer dilation, integer spread, integer before,
    integer phase) {
  if (spread == 1) return (Axis){0, 1, results, taps, 0, 1, stride, dilation, before};
  // Zeros lie between the pixels: each phase meets every `spread`-th tap, and no zeros.
  integer first = ((before - phase) % spread + spread) % spread;
  integer left = first < taps ? up(taps - first, spread) : 0;
  integer count = phase < results ? up(results - phase, spread) : 0;
  return (Axis){phase, spread, count, left, first, spread, 1, 1, (before - phase - first) / spread};
}

static inline integer slab_rows(const Convolution *c, integer rows) {
  return (rows - 1) * c->y.stride + (c->y.taps - 1) * c->y.dilation + 1;
}

static inline integer slab_columns(const Convolution *c) {
  return (c->x.count - 1) * c->x.stride + (c->x.taps - 1) * c->x.dilation + 1;
}

// The rows of a picture that results from `row` on need, with zeros around it.
static inline void take(const Convolution *c, integer picture, integer group, integer row, float *slab) {
  integer rows = least(c->block, c->y.count - row), columns = slab_columns(c);
  integer all = c->by_pixel, own = depthwise(c) ? all : c->channels;
  integer high = slab_rows(c, rows), top = row * c->y.stride - c->y.before;
  integer begin = least(columns, most(0, c->x.before)), end = least(columns, c->width + c->x.before);
  end = most(begin, end);
  for (integer i = 0; i < high; i++, slab += columns * c->pixel) {
    integer line = top + i;
    // Rows between those that results need.
    if (c->y.dilation == 1 && i % c->y.stride >= c->y.taps) continue;
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

// Whether all terms of an output, its inputs' taps in order, lie side by side in the kernel.
static inline bool by_terms(const Convolution *c) {
  bool whole = c->y.taps == c->kernel_rows && c->x.taps == c->kernel_columns;
  return whole && c->by_column == 1 && c->by_row == c->kernel_columns &&
         c->by_input == c->kernel_rows * c->kernel_columns;
}

// Where term `number` of the kernel is among terms that are sorted by taps and then by inputs.
INLINE integer sorted(const Convolution *c, integer number) {
  integer taps = c->y.taps * c->x.taps;
  return number % taps * c->channels + number / taps;
}

// So many pixels at a time, which share what they read of the kernel.
#define PIXELS 4

// Bytes of a slab, which should stay in a core's own cache beside the kernel.
#define SLAB (128 << 10)

// The numbers that `convolutions.py` passes, in its order; the rest follows from them.
enum {
  BATCH, HEIGHT, WIDTH, CHANNELS, OUTPUTS, GROUPS, ROWS, COLUMNS, KERNEL_ROWS, KERNEL_COLUMNS,
  BY_OUTPUT, BY_INPUT, BY_ROW, BY_COLUMN, STRIDE_Y, STRIDE_X, DILATION_Y, DILATION_X,
  SPREAD_Y, SPREAD_X, BEFORE_Y, BEFORE_X, BY_PIXEL, BY_PICTURE, BY_GROUP, NUMBERS
};

static inline Convolution described(const int64_t *n) {
  return (Convolution){
      .batch = n[BATCH], .height = n[HEIGHT], .width = n[WIDTH], .channels = n[CHANNELS],
      .outputs = n[OUTPUTS], .groups = n[GROUPS], .rows = n[ROWS], .columns = n[COLUMNS],
      .kernel_rows = n[KERNEL_ROWS], .kernel_columns = n[KERNEL_COLUMNS],
      .by_output = n[BY_OUTPUT], .by_input = n[BY_INPUT], .by_row = n[BY_ROW],
      .by_column = n[BY_COLUMN], .by_pixel = n[BY_PIXEL], .by_picture = n[BY_PICTURE],
      .by_group = n[BY_GROUP]};
}

static inline integer work_of(const Convolution *c) {
  integer results = c->batch * c->rows * c->columns * c->outputs * c->groups;
  return 2 * results * c->kernel_rows * c->kernel_columns * c->channels;
}

// The axes of one phase, and how its rows are shared out.
static inline void plan(Convolution *c, const int64_t *n, integer y, integer x, integer threads) {
  c->y = axis(c->rows, c->kernel_rows, n[STRIDE_Y], n[DILATION_Y], n[SPREAD_Y], n[BEFORE_Y], y);
  c->x = axis(c->columns, c->kernel_columns, n[STRIDE_X], n[DILATION_X], n[SPREAD_X], n[BEFORE_X], x);
  // Pixels a multiple of 1 KiB apart would meet in the same few lines of the cache.
  c->pixel = depthwise(c) ? up(c->groups, LANES) * LANES
                          : c->channels + (c->channels % 256 == 0 ? LANES : 0);
  // (A phase that no tap meets has no slab.)
  integer line = most(4, 4 * slab_columns(c) * c->pixel);
  integer fits = (SLAB / line - (c->y.taps - 1) * c->y.dilation - 1) / c->y.stride + 1;
  // Four tasks a thread, where the pictures are few.
  integer enough = up(c->y.count, up(4 * threads, c->batch * c->groups));
  c->block = most(1, least(least(fits, enough), c->y.count));
  c->blocks = up(c->y.count, c->block);
  c->slab = slab_rows(c, c->block) * slab_columns(c) * c->pixel;
}
