/** Decay of the means of gradients and of their squares, and what keeps from dividing by 0 (Kingma and Ba 2015). */
const [MEAN_DECAY, SQUARE_DECAY, EPSILON] = [0.9, 0.999, 1e-8];

/** Moves parameters, in place, against gradients of the same sizes. */
export type Optimizer = (gradients: readonly Float64Array[], rate: number) => void;

/** Adam on arrays of parameters, which it changes in place; gradients together longer than `longest` are cut to that length. */
export function adam(parameters: readonly Float64Array[], longest: number): Optimizer {
  const means = parameters.map(({ length }) => new Float64Array(length));
  const squares = parameters.map(({ length }) => new Float64Array(length));
  let step = 0;
  return (gradients, rate) => {
    step++;
    const size = Math.sqrt(gradients.reduce((sum, gradient) => sum + squareOf(gradient), 0));
    const cut = size > longest ? longest / size : 1;
    const by = (rate * Math.sqrt(1 - SQUARE_DECAY ** step)) / (1 - MEAN_DECAY ** step);
    parameters.forEach((values, k) => {
      const [mean, square, gradient] = [means[k], squares[k], gradients[k]];
      for (let i = 0; i < values.length; i++) {
        const g = cut * gradient[i];
        mean[i] += (1 - MEAN_DECAY) * (g - mean[i]);
        square[i] += (1 - SQUARE_DECAY) * (g * g - square[i]);
        values[i] -= (by * mean[i]) / (Math.sqrt(square[i]) + EPSILON);
      }
    });
  };
}

function squareOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}
