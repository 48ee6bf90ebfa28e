import { FORMS } from '../../test/curve-forms.js';
import type { Maker } from './elementwise.js';

/** Functions that are affine on their tails only. */
const SMOOTH: ReadonlySet<string> = new Set([
  'silu',
  'gelu',
  'geluTanh',
  'quickGelu',
  'mish',
  'sigmoid',
  'tanh',
  'softplus',
]);

/** A curve as exporters write it, of several nodes. */
const curve =
  (form: string): Maker =>
  (draft, x) => {
    const { name, nodes, constants = {} } = FORMS[form];
    if (draft.dtype === 'float16' || (draft.epsilon === undefined && SMOOTH.has(name))) return undefined;
    if (draft.opset < 11 && nodes.some(([type]) => type === 'Clip')) return undefined;
    if (draft.opset < 9 && nodes.some(([type]) => type === 'Erf')) return undefined;
    // Of float64 a runtime has not all of them.
    if (draft.dtype !== 'float32') return undefined;
    const names = new Map<string, string>([['h', x.name]]);
    for (const [key, value] of Object.entries(constants)) {
      const dims = draft.rng.pick([[], [1]]);
      names.set(
        key,
        draft.floats(dims, () => value),
      );
    }
    const named = (tensor: string) => names.get(tensor) ?? tensor;
    for (const [type, inputs, [output], attributes = {}] of nodes.slice(0, -1)) {
      names.set(output, draft.node([type, inputs.map(named), attributes])[0]);
    }
    const [type, inputs, , attributes = {}] = nodes.at(-1)!;
    return [type, inputs.map(named), attributes];
  };

/** An operator of a newer set. */
const smooth =
  (type: string, since: number, attributes: Readonly<Record<string, string>> = {}): Maker =>
  (draft, x) =>
    draft.opset >= since && draft.dtype === 'float32' && draft.epsilon !== undefined
      ? [type, [x.name], attributes]
      : undefined;

export const CURVES: Readonly<Record<string, Maker>> = {
  ...Object.fromEntries(Object.keys(FORMS).map(form => [form, curve(form)])),
  Gelu: smooth('Gelu', 20),
  'Gelu, tanh': smooth('Gelu', 20, { approximate: 'tanh' }),
  Mish: smooth('Mish', 18),
  Swish: smooth('Swish', 24),
};
