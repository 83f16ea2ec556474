// Products of a few rows with a matrix, which take as long as to read that matrix once: a model
// that answers one request, or writes one token.

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
  for (integer r = 0, some; r < (rows); r += some) {    \
    integer others = (rows) - r;                        \
    some = others >= 4 ? 4 : others >= 2 ? 2 : 1;       \
    switch (some) {                                     \
      case 4: call(4); break;                           \
      case 2: call(2); break;                           \
      default: call(1);                                 \
    }                                                   \
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
INLINE void dots(const int rows, const Few *f, const float *left, integer pitch, const float *right,
                 integer apart, float *out, int count) {
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
      vec one = *(const vec *)(right + c * apart + k);
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
        sum += left[r * pitch + rest] * right[c * apart + rest];
      out[r * f->out_row + c * f->out_column] = sum;
    }
}

INLINE void dots_of_block(const int rows, const Few *f, const float *left, integer pitch,
                          const float *right, float *out, integer count) {
  const int columns = LANES / rows;
  const integer apart = f->p.right_column;
  integer c = 0;
  for (; c + columns <= count; c += columns)
    dots(rows, f, left, pitch, right + c * apart, apart, out + c * f->out_column, columns);
  for (; c < count; c++)
    dots(rows, f, left, pitch, right + c * apart, 0, out + c * f->out_column, 1);
}

static void all_dots(const Few *f, const float *left, integer pitch, const float *right,
                     float *out, integer count) {
  for (integer c = 0; c < count; c += BLOCK) {
#define DOTS(number)                                                                       \
  dots_of_block(number, f, left + r * pitch, pitch, right + c * f->p.right_column,         \
                out + r * f->out_row + c * f->out_column, least(BLOCK, count - c))
    BY_ROWS(f->p.rows, DOTS)
  }
}

// ------------------------------------------------------------------ rows that are lines

// Adds some lines of the matrix, each times a number of a row.
INLINE void add(const int rows, const int some, const Few *f, const float *left, integer pitch,
                const float *right, float *sums, integer count) {
  integer c = 0;
  for (; c + LANES <= count; c += LANES) {
    vec sum[rows];
    UNROLL
    for (int r = 0; r < rows; r++) sum[r] = *(vec *)(sums + r * COLUMNS + c);
    UNROLL
    for (int k = 0; k < some; k++) {
      vec one = *(const vec *)(right + k * f->p.right_term + c);
      UNROLL
      for (int r = 0; r < rows; r++) sum[r] += left[r * pitch + k] * one;
    }
    UNROLL
    for (int r = 0; r < rows; r++) *(vec *)(sums + r * COLUMNS + c) = sum[r];
  }
  for (int r = 0; r < rows; r++)
    for (integer last = c; last < count; last++)
      for (int k = 0; k < some; k++)
        sums[r * COLUMNS + last] += left[r * pitch + k] * right[k * f->p.right_term + last];
}

INLINE void add_lines(const int rows, const Few *f, const float *left, integer pitch,
                      const float *right, float *sums, integer count, integer some) {
  if (some == LINES) {
    add(rows, LINES, f, left, pitch, right, sums, count);
    return;
  }
  for (integer k = 0; k < some; k++)
    add(rows, 1, f, left + k, pitch, right + k * f->p.right_term, sums, count);
}

static void all_lines(const Few *f, const float *left, integer pitch, const float *right,
                      float *out, integer count, float *sums) {
  memset(sums, 0, sizeof(float) * f->p.rows * COLUMNS);
  for (integer k = 0; k < f->p.terms; k += LINES) {
#define LINES_TO(number)                                                                   \
  add_lines(number, f, left + r * pitch + k, pitch, right + k * f->p.right_term,           \
            sums + r * COLUMNS, count, least(LINES, f->p.terms - k))
    BY_ROWS(f->p.rows, LINES_TO)
  }
  for (integer r = 0; r < f->p.rows; r++)
    for (integer c = 0; c < count; c++)
      out[r * f->out_row + c * f->out_column] = sums[r * COLUMNS + c];
}

// ------------------------------------------------------------------ tasks

static void few_task(void *context, integer task, integer worker) {
  const Few *f = context;
  const Product *p = &f->p;
  integer matrix = task / f->groups, first = task % f->groups * f->wide, pitch = p->left_row;
  integer count = least(f->wide, p->columns - first);
  const float *left = p->left + offset(p, matrix, p->left_apart);
  const float *right = p->right + offset(p, matrix, p->right_apart) + first * p->right_column;
  float *out = p->out + matrix * p->rows * p->columns + first * f->out_column;
  float *own = p->scratch + worker * p->scratch_size;
  if (p->left_term != 1) {
    float *copy = own + FEW * COLUMNS;
    for (integer r = 0; r < p->rows; r++)
      for (integer k = 0; k < p->terms; k++)
        copy[r * p->terms + k] = left[r * p->left_row + k * p->left_term];
    left = copy;
    pitch = p->terms;
  }
  if (p->right_term == 1)
    all_dots(f, left, pitch, right, out, count);
  else
    all_lines(f, left, pitch, right, out, count, own);
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
  f.p.scratch_size = FEW * COLUMNS + (f.p.left_term == 1 ? 0 : f.p.rows * f.p.terms);
  f.p.scratch = numbers_for(threads * f.p.scratch_size + LANES);
  bool done = f.p.scratch != NULL && in_parallel(frame, threads, batch * f.groups, few_task, &f);
  free(f.p.scratch);
  return done ? NULL
              : failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "product: no memory");
}
