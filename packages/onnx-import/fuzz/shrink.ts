import type { TestModel, TestNode, TestTensor } from '../test/onnx.js';
import type { Case } from './cases.js';

/** Whether a case still shows what is being looked for. */
export type Shows = (candidate: Case) => Promise<boolean>;

/** The smallest case that still shows it, by greedy steps: earlier outputs, fewer nodes, attributes and odd numbers. */
export async function shrink(found: Case, shows: Shows): Promise<Case> {
  let best = found;
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const model of smaller(best.model)) {
      const candidate = { ...best, model };
      if (!(await shows(candidate).catch(() => false))) continue;
      best = candidate;
      isSmaller = true;
      break;
    }
  }
  return { ...best, model: pruned(best.model) };
}

function* smaller(model: TestModel): Generator<TestModel> {
  const { nodes, constants = {}, outputs: [last] = ['y'] } = model;
  for (const [, , outputs] of nodes) {
    for (const output of outputs) if (output !== last) yield pruned({ ...model, outputs: [output] });
  }
  for (const [k, [, inputs, [output]]] of nodes.entries()) {
    for (const input of inputs) if (input) yield bypassed(model, k, output, input);
  }
  for (const [k, [type, inputs, outputs, attributes = {}]] of nodes.entries()) {
    for (const name of Object.keys(attributes)) {
      const { [name]: _, ...rest } = attributes;
      yield withNode(model, k, [type, inputs, outputs, rest]);
    }
    if (inputs.length > 1) yield withNode(model, k, [type, inputs.slice(0, -1), outputs, attributes]);
  }
  for (const [name, tensor] of Object.entries(constants)) {
    for (const simple of simpler(tensor)) yield { ...model, constants: { ...constants, [name]: simple } };
  }
}

function* simpler(tensor: TestTensor): Generator<TestTensor> {
  if (tensor.bigints) {
    const { bigints: _, ...plain } = tensor;
    yield plain;
  }
  const { data } = tensor;
  if (!data.every(Number.isFinite)) return;
  // Each step leads to simpler numbers, so that there is an end: to zeros, else ones, else whole ones.
  if (data.some(v => v !== 0)) yield { ...tensor, data: data.map(() => 0) };
  if (data.some(v => v !== 0 && v !== 1)) yield { ...tensor, data: data.map(() => 1) };
  if (!data.every(Number.isInteger)) yield { ...tensor, data: data.map(Math.round) };
  for (const [i, value] of data.entries()) {
    const others = [0, Math.round(value)].filter(other => other !== value);
    for (const other of others) yield { ...tensor, data: data.map((v, k) => (k === i ? other : v)) };
  }
}

function withNode(model: TestModel, k: number, node: TestNode): TestModel {
  return { ...model, nodes: model.nodes.map((old, i) => (i === k ? node : old)) };
}

/** The model without node k: who read its output reads its input. */
function bypassed(model: TestModel, k: number, output: string, input: string): TestModel {
  const rewired = (name: string) => (name === output ? input : name);
  const nodes = model.nodes
    .filter((_, i) => i !== k)
    .map(([type, from, to, attributes = {}]): TestNode => [type, from.map(rewired), to, attributes]);
  return pruned({ ...model, nodes, outputs: (model.outputs ?? ['y']).map(rewired) });
}

/** Without what the output does not depend on. */
function pruned(model: TestModel): TestModel {
  const needed = new Set(model.outputs ?? ['y']);
  const nodes = [...model.nodes].reverse().filter(([, inputs, outputs]) => {
    if (!outputs.some(name => needed.has(name))) return false;
    for (const name of inputs) needed.add(name);
    return true;
  });
  const constants = Object.entries(model.constants ?? {}).filter(([name]) => needed.has(name));
  return { ...model, nodes: nodes.reverse(), constants: Object.fromEntries(constants) };
}
