// Convolutions in float32: products of TILE pixels of a slab with up to two vectors of outputs.

#include "convolution.h"

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
  if (by_terms(c) && some == wide && terms % LANES == 0) {
    float turned[LANES * LANES];
    for (integer k = 0; k < terms; k += LANES)
      for (integer n = 0; n < wide; n += LANES) {
        square(base + n * c->by_output + k, c->by_output, turned, LANES);
        for (integer r = 0; r < LANES; r++)
          *(vec *)(to + sorted(c, k + r) * wide + n) = *(vec *)(turned + r * LANES);
      }
    return;
  }
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

// Whether the pixels that results need are read where they are: each result one, and no zeros.
static bool in_place(const Convolution *c) {
  bool one = c->y.taps == 1 && c->x.taps == 1 && c->y.before == 0 && c->x.before == 0;
  bool inside = (c->y.count - 1) * c->y.stride < c->height && (c->x.count - 1) * c->x.stride < c->width;
  // (A multiple of a page apart, they would meet in one line of the cache.)
  return one && inside && c->x.stride * c->by_pixel % 1024 != 0;
}

static void convolve(void *context, integer task, integer worker) {
  const Convolution *c = context;
  integer group = task % c->groups, block = task / c->groups % c->blocks;
  integer picture = task / c->groups / c->blocks, row = block * c->block;
  float *slab = c->scratch + worker * c->scratch_size;
  bool direct = in_place(c);
  if (!direct) take(c, picture, group, row, slab);
  integer terms = c->y.taps * c->x.taps * c->channels, all = c->outputs * c->groups;
  integer line = slab_columns(c) * c->pixel;
  bool together = in_a_row(c);
  Sum sum = {c->y.taps, c->y.dilation * line, together ? 1 : c->x.taps,
             c->x.dilation * c->pixel, (together ? c->x.taps : 1) * c->channels,
             c->x.stride * (direct ? c->by_pixel : c->pixel), 1};
  const float *pixels = c->picture + picture * c->by_picture + group * c->by_group;
  integer tiles = up(c->x.count, TILE), wide = up(c->x.count, tiles);
  for (integer first = 0; first < c->outputs; first += WIDE) {
    const float *right = c->packed + group * packed_size(c) + first * terms;
    integer columns = least(WIDE, c->outputs - first);
    for (integer t = row; t < least(row + c->block, c->y.count); t++)
      for (integer s = 0; s < c->x.count; s += wide) {
        int some = least(wide, c->x.count - s);
        const float *left =
            (direct ? pixels + t * c->y.stride * c->width * c->by_pixel
                    : slab + (t - row) * c->y.stride * line) + s * sum.row;
        integer place = (picture * c->rows + c->y.first + t * c->y.every) * c->columns +
                        c->x.first + s * c->x.every;
        float *out = c->out + place * all + group * c->outputs + first;
        integer pitch = c->x.every * all;
        tile(some, up(columns, LANES), false, &sum, left, right, out, pitch, columns, false);
      }
  }
}

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
            UNROLL
            for (integer r = 0; r < PIXELS; r++)
              total[r] += weight * *(const vec *)(from + (r < some ? r : 0) * stride);
          }
        integer numbers = least(LANES, c->groups - first), pitch = c->x.every * c->groups;
        if (some == PIXELS && numbers == LANES) {
          UNROLL
          for (integer r = 0; r < PIXELS; r++) *(vec *)(out + r * pitch + first) = total[r];
        } else {
          for (integer r = 0; r < some; r++) memcpy(out + r * pitch + first, &total[r], 4 * numbers);
        }
      }
    }
}

// ------------------------------------------------------------------ calls from XLA

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
  Convolution c = described(n);
  // By channel, a number that is read is used once for each tap.
  integer threads = thread_count(frame, work_of(&c) * (depthwise(&c) ? 4 : 1));
  c.picture = array(frame, 0);
  c.kernel = array(frame, 1);
  c.out = result(frame, 0);
  for (integer y = 0; y < n[SPREAD_Y]; y++)
    for (integer x = 0; x < n[SPREAD_X]; x++) {
      plan(&c, n, y, x, threads);
      if (!phase(frame, &c, threads))
        return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "convolution: no memory");
    }
  return NULL;
}
