// Transposes of square blocks in registers.

typedef int32_t lanes __attribute__((vector_size(4 * LANES)));

// A square block in registers: each round puts the halves of the rows between each other.
INLINE void square(const float *from, integer from_pitch, float *to, integer to_pitch) {
  lanes low, high;
  for (int k = 0; k < LANES; k++) {
    low[k] = (k & 1) * LANES + k / 2;
    high[k] = (k & 1) * LANES + (LANES + k) / 2;
  }
  vec row[LANES], next[LANES];
#pragma GCC unroll 16
  for (int k = 0; k < LANES; k++) row[k] = *(const vec *)(from + k * from_pitch);
#pragma GCC unroll 4
  for (int round = 1; round < LANES; round *= 2) {
#pragma GCC unroll 8
    for (int k = 0; k < LANES / 2; k++) {
      next[2 * k] = __builtin_shuffle(row[k], row[k + LANES / 2], low);
      next[2 * k + 1] = __builtin_shuffle(row[k], row[k + LANES / 2], high);
    }
#pragma GCC unroll 16
    for (int k = 0; k < LANES; k++) row[k] = next[k];
  }
#pragma GCC unroll 16
  for (int k = 0; k < LANES; k++) *(vec *)(to + k * to_pitch) = row[k];
}
