// Transposes of square blocks in registers.

// The lower halves of two vectors, number by number in turn, and their upper halves.
#if LANES == 16
#define LOWER 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define UPPER 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif LANES == 8
#define LOWER 0, 8, 1, 9, 2, 10, 3, 11
#define UPPER 4, 12, 5, 13, 6, 14, 7, 15
#else
#define LOWER 0, 4, 1, 5
#define UPPER 2, 6, 3, 7
#endif
#if defined(__clang__)
#define SHUFFLED(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int32_t lanes __attribute__((vector_size(4 * LANES)));
#define SHUFFLED(a, b, ...) __builtin_shuffle(a, b, (lanes){__VA_ARGS__})
#endif

// A square block in registers: each round puts the halves of the rows between each other.
INLINE void square(const float *from, integer from_pitch, float *to, integer to_pitch) {
  vec row[LANES], next[LANES];
  UNROLL
  for (int k = 0; k < LANES; k++) row[k] = *(const vec *)(from + k * from_pitch);
  UNROLL
  for (int round = 1; round < LANES; round *= 2) {
    UNROLL
    for (int k = 0; k < LANES / 2; k++) {
      next[2 * k] = SHUFFLED(row[k], row[k + LANES / 2], LOWER);
      next[2 * k + 1] = SHUFFLED(row[k], row[k + LANES / 2], UPPER);
    }
    UNROLL
    for (int k = 0; k < LANES; k++) row[k] = next[k];
  }
  UNROLL
  for (int k = 0; k < LANES; k++) *(vec *)(to + k * to_pitch) = row[k];
}
