import { operationValue, withPlace } from './arithmetic.js';
import { fold } from './fold.js';
import { type Comparator, type Element, type Formula, operandsOf, type Query, type Term } from './query.js';
import { compare, fromDecimal, type Rational } from './rational.js';
import type { Source } from './source.js';

const HOLDS: Record<Comparator, (order: number) => boolean> = {
  '<': order => order < 0,
  '<=': order => order <= 0,
  '>': order => order > 0,
  '>=': order => order >= 0,
  '==': order => order === 0,
  '!=': order => order !== 0,
};

/**
 * Whether all assertions of a query hold, exactly, where its elements have the values given (`fromFloat64` makes one of a
 * number). Products of elements are allowed. Throws `nonlinear` for a division by 0, `too-large` beyond exact arithmetic.
 */
export function holds({ assertions, source }: Query, value: (element: Element) => Rational): boolean {
  return assertions.every(({ formula }) =>
    fold<Formula, boolean>(
      formula,
      node => (node.kind === 'comparison' ? [] : node.operands),
      (node, parts) => {
        if (node.kind !== 'comparison')
          return node.kind === 'and' ? !parts.includes(false) : parts.includes(true);
        const [left, right] = [node.left, node.right].map(term => termValue(term, value, source));
        return HOLDS[node.operator](compare(left, right));
      },
    ),
  );
}

function termValue(term: Term, value: (element: Element) => Rational, source: Source): Rational {
  return withPlace(source, term.at, () =>
    fold<Term, Rational>(term, operandsOf, (node, values) => {
      if (node.kind === 'constant') return fromDecimal(node.text);
      return node.kind === 'element' ? value(node) : operationValue(node, values, source);
    }),
  );
}
