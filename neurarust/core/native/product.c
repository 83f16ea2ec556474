// Products of float32 matrices, also many at a time: out (batch, rows, columns) = left times right.
//
// The right factor is packed into panels of WIDE columns. A task takes some rows and some panels,
// and sums over DEPTH terms at a time, so that a panel's share stays in the first cache while it
// meets all rows, and the rows' share in the second (Goto and van de Geijn, 2008).

#include "common.h"
#include "product.h"
#include "square.h"

#define DEPTH 256
// Rows and panels of one task at most.
#define ROWS (8 * TILE)
#define PANELS 32

static integer panel_width(const Product *p, integer panel) {
  integer left = p->columns - panel * WIDE;
  return left > LANES ? WIDE : LANES;
}

static void pack_panel(const Product *p, const float *right, integer panel, float *to) {
  integer wide = panel_width(p, panel), some = least(wide, p->columns - panel * WIDE);
  const float *from = right + panel * WIDE * p->right_column;
  integer k = 0;
  if (p->right_term == 1 && some == wide)
    for (; k + LANES <= p->terms; k += LANES)
      for (integer n = 0; n < wide; n += LANES)
        square(from + n * p->right_column + k, p->right_column, to + k * wide + n, wide);
  for (; k < p->terms; k++) {
    const float *row = from + k * p->right_term;
    if (p->right_column == 1 && some == WIDE)
      memcpy(to + k * wide, row, 4 * WIDE);
    else if (p->right_column == 1)
      memcpy(to + k * wide, row, 4 * some);
    else
      for (integer n = 0; n < some; n++) to[k * wide + n] = row[n * p->right_column];
    memset(to + k * wide + some, 0, 4 * (wide - some));
  }
}

// Some rows of the left factor, for some terms, in tiles: (terms, rows of the tile). Where the
// matrix goes on, whole vectors are written, whose ends the next ones cover.
static void pack_rows(const Product *p, const float *left, integer row, integer rows, integer terms,
                      integer high, float *to) {
  for (integer first = 0; first < rows; first += high) {
    integer some = least(high, rows - first), k = 0;
    const float *from = left + first * p->left_row;
    bool goes_on = some <= LANES && row + first + LANES <= p->rows;
    if (goes_on && p->left_row == 1)
      for (; k < terms; k++) *(vec *)(to + k * some) = *(const vec *)(from + k * p->left_term);
    else if (goes_on && p->left_term == 1)
      for (; k + LANES <= terms; k += LANES)
        square(from + k, p->left_row, to + k * some, some);
    for (; k < terms; k++)
      for (integer r = 0; r < some; r++)
        to[k * some + r] = from[r * p->left_row + k * p->left_term];
    to += terms * some;
  }
}

// Whether rows can be read where they are: side by side along the terms, and not a multiple of a
// page apart, where all would meet in one line of the first cache.
static bool in_place(const Product *p) {
  return p->left_term == 1 && (p->left_row % 1024 != 0 || p->columns <= WIDE);
}

static void multiply(const Product *p, const float *left, const float *panels, float *out,
                     integer row, integer rows, integer panel, integer count, float *own) {
  integer high = up(rows, up(rows, TILE));
  bool direct = in_place(p);
  left += row * p->left_row;
  for (integer term = 0; term < p->terms; term += DEPTH) {
    integer terms = least(DEPTH, p->terms - term);
    if (!direct) pack_rows(p, left + term * p->left_term, row, rows, terms, high, own);
    for (integer k = panel; k < panel + count; k++) {
      integer wide = panel_width(p, k);
      const float *right = panels + k * WIDE * p->terms + term * wide;
      for (integer first = 0; first < rows; first += high) {
        int some = least(high, rows - first);
        Sum sum = {1, 0, 1, 0, terms, p->left_row, some};
        const float *from = direct ? left + first * p->left_row + term : own + first * terms;
        float *to = out + (row + first) * p->columns + k * WIDE;
        integer columns = least(wide, p->columns - k * WIDE);
        tile(some, wide / LANES, !direct, &sum, from, right, to, p->columns, columns, term > 0);
      }
    }
  }
}

static void pack_task(void *context, integer task, integer worker) {
  const Product *p = context;
  (void)worker;
  const float *right = p->right + offset(p, p->first_matrix, p->right_apart);
  pack_panel(p, right, task, p->panels + task * WIDE * p->terms);
}

// One of the tasks of a large matrix, whose panels are packed.
static void multiply_task(void *context, integer task, integer worker) {
  const Product *p = context;
  integer row = task / p->column_tasks * p->high, panel = task % p->column_tasks * p->wide;
  multiply(p, p->left + offset(p, p->first_matrix, p->left_apart), p->panels,
           p->out + p->first_matrix * p->rows * p->columns, row, least(p->high, p->rows - row),
           panel, least(p->wide, up(p->columns, WIDE) - panel),
           p->scratch + worker * p->scratch_size);
}

// One small matrix of many, with everything that it takes.
static void multiply_small(void *context, integer task, integer worker) {
  const Product *p = context;
  integer panels = up(p->columns, WIDE);
  float *own = p->scratch + worker * p->scratch_size, *packed = own + (ROWS + 1) * DEPTH;
  const float *right = p->right + offset(p, task, p->right_apart);
  for (integer k = 0; k < panels; k++) pack_panel(p, right, k, packed + k * WIDE * p->terms);
  for (integer row = 0; row < p->rows; row += ROWS)
    multiply(p, p->left + offset(p, task, p->left_apart), packed,
             p->out + task * p->rows * p->columns, row, least(ROWS, p->rows - row), 0, panels, own);
}

static bool is_half(XLA_FFI_CallFrame *frame, int k) {
  return ((XLA_FFI_Buffer *)frame->args.args[k])->dtype == XLA_FFI_DataType_BF16;
}

// The numbers that `products.py` passes, in its order.
enum { LEFT_ROW = 3 * AXES, LEFT_TERM, RIGHT_TERM, RIGHT_COLUMN, ROW_COUNT, COLUMN_COUNT, TERM_COUNT,
       PRODUCT_NUMBERS };

// (left, right) -> out, whose matrices lie one after the other.
XLA_FFI_Error *neurarust_product(XLA_FFI_CallFrame *frame) {
  if (asked_for_version(frame)) return NULL;
  const int64_t *n = numbers(frame, PRODUCT_NUMBERS);
  if (n == NULL)
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "product: other numbers expected");
  Product p = {
      .left = array(frame, 0), .right = array(frame, 1), .out = result(frame, 0),
      .left_row = n[LEFT_ROW], .left_term = n[LEFT_TERM], .right_term = n[RIGHT_TERM],
      .right_column = n[RIGHT_COLUMN], .rows = n[ROW_COUNT], .columns = n[COLUMN_COUNT],
      .terms = n[TERM_COUNT], .halves = is_half(frame, 0)};
  memcpy(p.sizes, n, sizeof p.sizes);
  memcpy(p.left_apart, n + AXES, sizeof p.left_apart);
  memcpy(p.right_apart, n + 2 * AXES, sizeof p.right_apart);
  integer batch = p.sizes[0] * p.sizes[1] * p.sizes[2];
  if (has_few(&p)) return multiply_few(frame, &p, batch);
  if (p.halves)
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "product: few rows expected");
  integer threads = thread_count(frame, 2 * batch * p.rows * p.columns * p.terms);
  integer panels = up(p.columns, WIDE), packed = panels * WIDE * p.terms;
  bool done = true, small = batch > 1 && packed <= (1 << 17);
  p.scratch_size = (ROWS + 1) * DEPTH + (small ? packed : 0);
  float *memory = numbers_for((small ? 0 : packed) + threads * p.scratch_size + LANES);
  if (memory == NULL)
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "product: no memory");
  p.panels = memory;
  p.scratch = memory + (small ? 0 : packed);
  if (small) {
    done = in_parallel(frame, threads, batch, multiply_small, &p);
  } else {
    // A few tasks for each thread.
    p.high = least(ROWS, up(up(p.rows, 4 * threads), TILE) * TILE);
    p.row_tasks = up(p.rows, p.high);
    integer wanted = up(4 * threads, p.row_tasks);
    p.wide = most(1, least(PANELS, up(panels, wanted)));
    p.column_tasks = up(panels, p.wide);
    integer few = packed < (1 << 14) ? 1 : threads;
    for (p.first_matrix = 0; done && p.first_matrix < batch; p.first_matrix++)
      done = in_parallel(frame, few, panels, pack_task, &p) &&
             in_parallel(frame, threads, p.row_tasks * p.column_tasks, multiply_task, &p);
  }
  free(memory);
  return done ? NULL
              : failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "product: no memory");
}
