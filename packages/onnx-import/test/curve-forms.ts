import type { TestNode } from './onnx.js';

const f32 = Math.fround;

/** Curves as exporters write them: nodes from 'h' to 'c', and their constants. */
export const FORMS: Readonly<
  Record<string, { name: string; nodes: TestNode[]; constants?: Record<string, number> }>
> = {
  SiLU: {
    name: 'silu',
    nodes: [
      ['Sigmoid', ['h'], ['s']],
      ['Mul', ['h', 's'], ['c']],
    ],
  },
  'SiLU, the other way round': {
    name: 'silu',
    nodes: [
      ['Sigmoid', ['h'], ['s']],
      ['Mul', ['s', 'h'], ['c']],
    ],
  },
  'GELU of PyTorch': {
    name: 'gelu',
    nodes: [
      ['Div', ['h', 'root'], ['d']],
      ['Erf', ['d'], ['e']],
      ['Add', ['e', 'one'], ['a']],
      ['Mul', ['h', 'a'], ['m']],
      ['Mul', ['m', 'half'], ['c']],
    ],
    constants: { root: f32(Math.SQRT2), one: 1, half: 0.5 },
  },
  'GELU of TensorFlow': {
    name: 'gelu',
    nodes: [
      ['Mul', ['h', 'root'], ['d']],
      ['Erf', ['d'], ['e']],
      ['Add', ['one', 'e'], ['a']],
      ['Mul', ['half', 'h'], ['m']],
      ['Mul', ['m', 'a'], ['c']],
    ],
    constants: { root: f32(Math.SQRT1_2), one: 1, half: 0.5 },
  },
  'GELU, halved first': {
    name: 'gelu',
    nodes: [
      ['Div', ['h', 'root'], ['d']],
      ['Erf', ['d'], ['e']],
      ['Mul', ['e', 'half'], ['f']],
      ['Add', ['f', 'half'], ['a']],
      ['Mul', ['a', 'h'], ['c']],
    ],
    constants: { root: f32(Math.SQRT2), half: 0.5 },
  },
  'GELU by tanh, with a power': {
    name: 'geluTanh',
    nodes: [
      ['Pow', ['h', 'three'], ['p']],
      ['Mul', ['p', 'cubic'], ['q']],
      ['Add', ['h', 'q'], ['r']],
      ['Mul', ['r', 'linear'], ['u']],
      ['Tanh', ['u'], ['t']],
      ['Add', ['t', 'one'], ['a']],
      ['Mul', ['h', 'a'], ['m']],
      ['Mul', ['m', 'half'], ['c']],
    ],
    constants: { three: 3, cubic: f32(0.044715), linear: f32(Math.sqrt(2 / Math.PI)), one: 1, half: 0.5 },
  },
  'GELU by tanh, with products': {
    name: 'geluTanh',
    nodes: [
      ['Mul', ['h', 'h'], ['p']],
      ['Mul', ['p', 'h'], ['p3']],
      ['Mul', ['cubic', 'p3'], ['q']],
      ['Add', ['h', 'q'], ['r']],
      ['Mul', ['linear', 'r'], ['u']],
      ['Tanh', ['u'], ['t']],
      ['Add', ['t', 'one'], ['a']],
      ['Mul', ['h', 'half'], ['m']],
      ['Mul', ['m', 'a'], ['c']],
    ],
    constants: { cubic: f32(0.044715), linear: f32(Math.sqrt(2 / Math.PI)), one: 1, half: 0.5 },
  },
  'quick GELU': {
    name: 'quickGelu',
    nodes: [
      ['Mul', ['h', 'steepness'], ['u']],
      ['Sigmoid', ['u'], ['s']],
      ['Mul', ['h', 's'], ['c']],
    ],
    constants: { steepness: f32(1.702) },
  },
  'quick GELU, halved after it': {
    name: 'quickGelu',
    nodes: [
      ['Mul', ['steepness', 'h'], ['u']],
      ['Sigmoid', ['u'], ['s']],
      ['Mul', ['s', 'h'], ['m']],
      ['Mul', ['m', 'half'], ['c']],
    ],
    constants: { steepness: f32(1.702), half: 0.5 },
  },
  'Mish, spelled out': {
    name: 'mish',
    nodes: [
      ['Softplus', ['h'], ['s']],
      ['Tanh', ['s'], ['t']],
      ['Mul', ['h', 't'], ['c']],
    ],
  },
  'hard swish, divided last': {
    name: 'hardSwish',
    nodes: [
      ['Add', ['h', 'three'], ['a']],
      ['Clip', ['a', 'zero', 'six'], ['k']],
      ['Mul', ['h', 'k'], ['m']],
      ['Div', ['m', 'six'], ['c']],
    ],
    constants: { three: 3, zero: 0, six: 6 },
  },
  'hard swish, divided first': {
    name: 'hardSwish',
    nodes: [
      ['Add', ['three', 'h'], ['a']],
      ['Clip', ['a', 'zero', 'six'], ['k']],
      ['Div', ['k', 'six'], ['d']],
      ['Mul', ['d', 'h'], ['c']],
    ],
    constants: { three: 3, zero: 0, six: 6 },
  },
  'hard swish, by a rounded sixth': {
    name: 'hardSwish',
    nodes: [
      ['Add', ['h', 'three'], ['a']],
      ['Clip', ['a', 'zero', 'six'], ['k']],
      ['Mul', ['k', 'sixth'], ['d']],
      ['Mul', ['h', 'd'], ['c']],
    ],
    constants: { three: 3, zero: 0, six: 6, sixth: f32(1 / 6) },
  },
  'hard swish by HardSigmoid': {
    name: 'hardSwish',
    nodes: [
      ['HardSigmoid', ['h'], ['k'], { alpha: { float: f32(1 / 6) }, beta: { float: 0.5 } }],
      ['Mul', ['h', 'k'], ['c']],
    ],
  },
  Sigmoid: { name: 'sigmoid', nodes: [['Sigmoid', ['h'], ['c']]] },
  Tanh: { name: 'tanh', nodes: [['Tanh', ['h'], ['c']]] },
  Softplus: { name: 'softplus', nodes: [['Softplus', ['h'], ['c']]] },
};
