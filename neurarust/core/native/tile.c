// The product in registers, compiled for every number of rows.

#include "common.h"

INLINE void product(
    const int rows, const int vectors, const bool in_line, const Sum *sum, const float *left,
    const float *right, float *out, integer pitch, bool add) {
  vec total[TILE][2];
  UNROLL
  for (int r = 0; r < rows; r++)
    UNROLL
    for (int v = 0; v < vectors; v++)
      total[r][v] = add ? *(const vec *)(out + r * pitch + v * LANES) : (vec){};
  const integer row = in_line ? 1 : sum->row, step = in_line ? sum->step : 1;
  for (integer i = 0; i < sum->outer; i++)
    for (integer j = 0; j < sum->inner; j++) {
      const float *one = left + i * sum->outer_left + j * sum->inner_left;
#pragma GCC unroll 2
      for (integer k = 0; k < sum->run; k++, right += vectors * LANES, one += step) {
        vec first = *(const vec *)right;
        vec second = vectors > 1 ? *(const vec *)(right + LANES) : first;
        UNROLL
        for (int r = 0; r < rows; r++) {
          __asm__ volatile("" ::: "memory");
          vec spread = one[r * row] - (vec){};
          total[r][0] += spread * first;
          if (vectors > 1) total[r][1] += spread * second;
        }
      }
    }
  UNROLL
  for (int r = 0; r < rows; r++)
    UNROLL
    for (int v = 0; v < vectors; v++) *(vec *)(out + r * pitch + v * LANES) = total[r][v];
}

typedef void Compiled(const Sum *, const float *, const float *, float *, integer, bool);

#define EACH(vectors, in_line) \
  ONE(1, vectors, in_line) ONE(2, vectors, in_line) ONE(3, vectors, in_line) \
  ONE(4, vectors, in_line) ONE(5, vectors, in_line) ONE(6, vectors, in_line) \
  MORE(vectors, in_line)
#if TILE > 6
#define MORE(vectors, in_line) \
  ONE(7, vectors, in_line) ONE(8, vectors, in_line) ONE(9, vectors, in_line) \
  ONE(10, vectors, in_line) ONE(11, vectors, in_line) ONE(12, vectors, in_line) \
  ONE(13, vectors, in_line) ONE(14, vectors, in_line)
#else
#define MORE(vectors, in_line)
#endif
#define ALL EACH(1, 0) EACH(2, 0) EACH(1, 1) EACH(2, 1)

#define ONE(rows, vectors, in_line) \
  static void product_##rows##_##vectors##_##in_line( \
      const Sum *sum, const float *left, const float *right, float *out, integer pitch, bool add) { \
    product(rows, vectors, in_line, sum, left, right, out, pitch, add); \
  }
ALL
#undef ONE
#define ONE(rows, vectors, in_line) product_##rows##_##vectors##_##in_line,
static Compiled *const compiled[] = {ALL};

void tile(int rows, int vectors, bool in_line, const Sum *sum, const float *left,
          const float *right, float *out, integer pitch, integer columns, bool add) {
  Compiled *multiply = compiled[(2 * in_line + vectors - 1) * TILE + rows - 1];
  integer width = vectors * LANES;
  if (columns == width) {
    multiply(sum, left, right, out, pitch, add);
    return;
  }
  float own[TILE * WIDE];
  if (add)
    for (int r = 0; r < rows; r++) memcpy(own + r * width, out + r * pitch, 4 * columns);
  multiply(sum, left, right, own, width, add);
  for (int r = 0; r < rows; r++) memcpy(out + r * pitch, own + r * width, 4 * columns);
}
