// Products of a few rows with a matrix, which take as long as to read that matrix once: a model
// that answers one request, or writes one token. Factors may be bfloat16: the few rows are widened
// at the beginning, the matrix in registers.

#include "common.h"
#include "product.h"
#include "square.h"

// Columns of one task at most, and those that all rows meet before the next ones.
#define COLUMNS 512
#define BLOCK LANES
// Lines of the matrix that are added up at a time.
#define LINES 8
// A number read takes as long as so many multiplications and additions.
#define READ 32

// The few rows are `p`'s left factor.
typedef struct {
  Product p;
  integer out_row, out_column, groups, wide;
} Few;

// Calls something for up to four rows at a time, from row `r` on. From the second time on the
// matrix is in the first cache.
#define BY_ROWS(rows, call)                             \
  for (integer r = 0, now; r < (rows); r += now) {      \
    integer others = (rows) - r;                        \
    now = others >= 4 ? 4 : others >= 2 ? 2 : 1;        \
    switch (now) {                                      \
      case 4: call(4); break;                           \
      case 2: call(2); break;                           \
      default: call(1);                                 \
    }                                                   \
  }

// ------------------------------------------------------------------ numbers of 16 bits

typedef uint16_t halves __attribute__((vector_size(2 * LANES), aligned(2), may_alias));
typedef uint32_t words __attribute__((vector_size(4 * LANES)));

// A bfloat16 is the upper half of a float32.
INLINE float number_at(const bool half, const float *from, integer at) {
  if (!half) return from[at];
  uint32_t bits = (uint32_t)((const uint16_t *)from)[at] << 16;
  float found;
  memcpy(&found, &bits, sizeof found);
  return found;
}

INLINE vec numbers_at(const bool half, const float *from, integer at) {
  if (!half) return *(const vec *)(from + at);
  halves read = *(const halves *)((const uint16_t *)from + at);
  return (vec)(__builtin_convertvector(read, words) << 16);
}

// Calls something for factors of both kinds, of which one is compiled for each.
#define BY_KIND(half, call) \
  if (half) {               \
    call(true)              \
  } else {                  \
    call(false)             \
  }

// ------------------------------------------------------------------ columns that are lines

// The sums of as many vectors as one has lanes: each round adds two halves of two of them.
INLINE vec sums_of(vec *one) {
  UNROLL
  for (int half = LANES / 2; half; half /= 2) {
    UNROLL
    for (int k = 0; k < half; k++)
      one[k] = SHUFFLED(one[k], one[k + half], LOWER) + SHUFFLED(one[k], one[k + half], UPPER);
  }
  return one[0];
}

// All products of some rows with columns, `apart` from each other, as many as there are sums in
// registers; the first `count` columns' are written.
INLINE void dots(const int rows, const bool half, const Few *f, const float *left, integer pitch,
                 const float *right, integer at, integer apart, float *out, int count) {
  const int columns = LANES / rows;
  const integer terms = f->p.terms;
  vec sums[LANES];
  float found[LANES];
  integer k = 0;
  UNROLL
  for (int s = 0; s < LANES; s++) sums[s] = (vec){0};
  for (; k + LANES <= terms; k += LANES) {
    UNROLL
    for (int c = 0; c < columns; c++) {
      vec one = numbers_at(half, right, at + c * apart + k);
      UNROLL
      for (int r = 0; r < rows; r++)
        sums[r * columns + c] += *(const vec *)(left + r * pitch + k) * one;
    }
  }
  *(vec *)found = sums_of(sums);
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < count; c++) {
      float sum = found[r * columns + c];
      for (integer rest = k; rest < terms; rest++)
        sum += left[r * pitch + rest] * number_at(half, right, at + c * apart + rest);
      out[r * f->out_row + c * f->out_column] = sum;
    }
}

INLINE void dots_of_block(const int rows, const bool half, const Few *f, const float *left,
                          integer pitch, integer at, float *out, integer count) {
  const int columns = LANES / rows;
  const integer apart = f->p.right_column;
  const float *right = f->p.right;
  for (integer c = 0, now; c < count; c += now) {
    // The last ones one by one.
    bool whole = c + columns <= count;
    now = whole ? columns : 1;
    dots(rows, half, f, left, pitch, right, at + c * apart, whole ? apart : 0,
         out + c * f->out_column, now);
  }
}

INLINE void all_dots(const bool half, const Few *f, const float *left, integer pitch, integer at,
                     float *out, integer count) {
  for (integer c = 0; c < count; c += BLOCK) {
#define DOTS(number)                                                                      \
  dots_of_block(number, half, f, left + r * pitch, pitch, at + c * f->p.right_column,     \
                out + r * f->out_row + c * f->out_column, least(BLOCK, count - c))
    BY_ROWS(f->p.rows, DOTS)
  }
}

// ------------------------------------------------------------------ rows that are lines

// Adds some lines of the matrix, each times a number of a row.
INLINE void add(const int rows, const int lines, const bool half, const Few *f, const float *left,
                integer pitch, integer at, float *sums, integer count) {
  const float *right = f->p.right;
  const integer apart = f->p.right_term;
  integer c = 0;
  for (; c + LANES <= count; c += LANES) {
    vec sum[rows];
    UNROLL
    for (int r = 0; r < rows; r++) sum[r] = *(vec *)(sums + r * COLUMNS + c);
    UNROLL
    for (int k = 0; k < lines; k++) {
      vec one = numbers_at(half, right, at + k * apart + c);
      UNROLL
      for (int r = 0; r < rows; r++) sum[r] += left[r * pitch + k] * one;
    }
    UNROLL
    for (int r = 0; r < rows; r++) *(vec *)(sums + r * COLUMNS + c) = sum[r];
  }
  for (int r = 0; r < rows; r++)
    for (integer last = c; last < count; last++)
      for (int k = 0; k < lines; k++)
        sums[r * COLUMNS + last] +=
            left[r * pitch + k] * number_at(half, right, at + k * apart + last);
}

INLINE void add_lines(const int rows, const bool half, const Few *f, const float *left,
                      integer pitch, integer at, float *sums, integer count, integer lines) {
  if (lines == LINES) {
    add(rows, LINES, half, f, left, pitch, at, sums, count);
    return;
  }
  for (integer k = 0; k < lines; k++)
    add(rows, 1, half, f, left + k, pitch, at + k * f->p.right_term, sums, count);
}

INLINE void all_lines(const bool half, const Few *f, const float *left, integer pitch, integer at,
                      float *out, integer count, float *sums) {
  memset(sums, 0, sizeof(float) * f->p.rows * COLUMNS);
  for (integer k = 0; k < f->p.terms; k += LINES) {
#define LINES_TO(number)                                                                 \
  add_lines(number, half, f, left + r * pitch + k, pitch, at + k * f->p.right_term,      \
            sums + r * COLUMNS, count, least(LINES, f->p.terms - k))
    BY_ROWS(f->p.rows, LINES_TO)
  }
  for (integer r = 0; r < f->p.rows; r++)
    for (integer c = 0; c < count; c++)
      out[r * f->out_row + c * f->out_column] = sums[r * COLUMNS + c];
}

// ------------------------------------------------------------------ tasks

// Whether the few rows have to be copied: widened, or side by side along the terms.
static bool copies(const Few *f) { return f->p.halves || f->p.left_term != 1; }

static void few_task(void *context, integer task, integer worker) {
  const Few *f = context;
  const Product *p = &f->p;
  integer matrix = task / f->groups, first = task % f->groups * f->wide, pitch = p->left_row;
  integer count = least(f->wide, p->columns - first), from = offset(p, matrix, p->left_apart);
  integer at = offset(p, matrix, p->right_apart) + first * p->right_column;
  const float *left = p->left + from;
  float *out = p->out + matrix * p->rows * p->columns + first * f->out_column;
  float *own = p->scratch + worker * p->scratch_size;
  if (copies(f)) {
    float *copy = own + FEW * COLUMNS;
    for (integer r = 0; r < p->rows; r++)
      for (integer k = 0; k < p->terms; k++) {
        integer place = from + r * p->left_row + k * p->left_term;
        copy[r * p->terms + k] = number_at(p->halves, p->left, place);
      }
    left = copy;
    pitch = p->terms;
  }
#define COLUMNS_OF(half) all_dots(half, f, left, pitch, at, out, count);
#define ROWS_OF(half) all_lines(half, f, left, pitch, at, out, count, own);
  if (p->right_term == 1) {
    BY_KIND(p->halves, COLUMNS_OF)
  } else {
    BY_KIND(p->halves, ROWS_OF)
  }
}

static bool in_lines(integer term, integer other) { return term == 1 || other == 1; }

bool has_few(const Product *p) {
  return (p->rows <= FEW && in_lines(p->right_term, p->right_column)) ||
         (p->columns <= FEW && in_lines(p->left_term, p->left_row));
}

XLA_FFI_Error *multiply_few(XLA_FFI_CallFrame *frame, const Product *p, integer batch) {
  Few f = {.p = *p, .out_row = p->columns, .out_column = 1};
  if (p->rows > FEW || !in_lines(p->right_term, p->right_column)) {
    f.p.left = p->right, f.p.right = p->left;
    memcpy(f.p.left_apart, p->right_apart, sizeof p->right_apart);
    memcpy(f.p.right_apart, p->left_apart, sizeof p->left_apart);
    f.p.rows = p->columns, f.p.columns = p->rows;
    f.p.left_row = p->right_column, f.p.left_term = p->right_term;
    f.p.right_term = p->left_term, f.p.right_column = p->left_row;
    f.out_row = 1, f.out_column = p->columns;
  }
  integer threads = thread_count(frame, READ * batch * f.p.columns * f.p.terms);
  // A few tasks for each thread.
  integer wanted = threads == 1 ? 1 : up(4 * threads, batch);
  f.wide = least(COLUMNS, up(up(f.p.columns, wanted), LANES) * LANES);
  f.groups = up(f.p.columns, f.wide);
  f.p.scratch_size = FEW * COLUMNS + (copies(&f) ? f.p.rows * f.p.terms : 0);
  f.p.scratch = numbers_for(threads * f.p.scratch_size + LANES);
  bool done = f.p.scratch != NULL && in_parallel(frame, threads, batch * f.groups, few_task, &f);
  free(f.p.scratch);
  return done ? NULL
              : failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "product: no memory");
}
