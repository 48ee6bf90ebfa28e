// `npm run fuzz:write-back -- --cases N --seed S`: random models policed, written back and run. Exit 1 on a difference.
import { fuzz } from './fuzz.js';
import { comparePoliced } from './policed.js';
import { policedCase } from './policed-cases.js';

await fuzz({
  defaults: { cases: 50, out: 'out/fuzz-write-back' },
  make: (seed, tried) => {
    const model = policedCase(seed, tried);
    return model && { model, isConstant: false };
  },
  compare: ({ model }, seed) => comparePoliced(model, seed),
});
