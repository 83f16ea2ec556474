// A product of matrices, also of many at a time, as its kernels share it.

// Axes of the batch.
#define AXES 3
// Rows of a factor that are few: the other one is read once, and from where it lies.
#define FEW 8

typedef struct {
  // Numbers of 32 bits, or `halves` of them.
  const float *left, *right;
  bool halves;
  float *out;
  integer sizes[AXES], left_apart[AXES], right_apart[AXES];
  integer rows, columns, terms, left_row, left_term, right_term, right_column;
  // Rows and panels of a task, how many tasks they make, and the matrix that is multiplied.
  integer high, wide, row_tasks, column_tasks, first_matrix;
  float *panels, *scratch;
  integer scratch_size;
} Product;

// How far matrix `number` of a factor is from the first.
static inline integer offset(const Product *p, integer number, const integer *apart) {
  integer found = 0;
  for (int k = AXES - 1; k >= 0; number /= p->sizes[k], k--) found += number % p->sizes[k] * apart[k];
  return found;
}

// Whether one factor has few rows, and the other lies in lines.
bool has_few(const Product *p);
XLA_FFI_Error *multiply_few(XLA_FFI_CallFrame *frame, const Product *p, integer batch);
