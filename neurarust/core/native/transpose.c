// Transposes of matrices of 32-bit numbers: (batch, rows, columns) to (batch, columns, rows).

#include "common.h"
#include "square.h"

typedef struct {
  const float *from;
  float *to;
  integer batch, rows, columns, blocks;
} Transpose;

// A number moved takes as long as so many multiplications and additions.
#define TURNED 64
// Rows that one task takes of a matrix, in blocks of LANES.
#define BLOCK (4 * LANES)

static void transpose(void *context, integer task, integer worker) {
  const Transpose *t = context;
  (void)worker;
  integer matrix = task / t->blocks, first = task % t->blocks * BLOCK;
  integer last = least(first + BLOCK, t->rows);
  const float *from = t->from + matrix * t->rows * t->columns;
  float *to = t->to + matrix * t->rows * t->columns;
  for (integer column = 0; column < t->columns; column += LANES)
    for (integer row = first; row < last; row += LANES) {
      integer high = least(LANES, last - row), wide = least(LANES, t->columns - column);
      const float *source = from + row * t->columns + column;
      float *target = to + column * t->rows + row;
      if (high == LANES && wide == LANES)
        square(source, t->columns, target, t->rows);
      else
        for (integer k = 0; k < wide; k++)
          for (integer r = 0; r < high; r++) target[k * t->rows + r] = source[r * t->columns + k];
    }
}

XLA_FFI_Error *neurarust_transpose(XLA_FFI_CallFrame *frame) {
  if (asked_for_version(frame)) return NULL;
  const XLA_FFI_Buffer *given = frame->args.args[0];
  if (given->rank != 3)
    return failure(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT, "transpose: three axes expected");
  Transpose t = {given->data, result(frame, 0), given->dims[0], given->dims[1], given->dims[2],
                 up(given->dims[1], BLOCK)};
  integer threads = thread_count(frame, TURNED * t.batch * t.rows * t.columns);
  if (!in_parallel(frame, threads, t.batch * t.blocks, transpose, &t))
    return failure(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "transpose: no memory");
  return NULL;
}
