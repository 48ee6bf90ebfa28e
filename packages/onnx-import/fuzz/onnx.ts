// `npm run fuzz:onnx -- --cases N --seed S`: random models in our reader and in ONNX Runtime. Exit 1 on a difference.
import { randomCase } from './cases.js';
import { compare } from './compare.js';
import { fuzz } from './fuzz.js';

await fuzz({ defaults: { cases: 500, out: 'out/fuzz-onnx' }, make: randomCase, compare });
