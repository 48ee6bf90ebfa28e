import { minus, one, over, plus, type Q, q, times, zero } from './fractions.js';
import { type Inequality, isFeasible } from './simplex.js';

type Expression = string | readonly Expression[];

/** constant + Σ coefficient · variable. */
interface Form {
  readonly constant: Q;
  readonly of: ReadonlyMap<string, Q>;
}

interface Scope {
  readonly variables: string[];
  readonly definitions: Map<string, Form>;
  /** Each a list of alternatives: form < 0, or form ≤ 0. */
  readonly assertions: { readonly form: Form; readonly isStrict: boolean }[][];
}

export type Answer = 'sat' | 'unsat';

/**
 * Answers a script of SMT-LIB in linear real arithmetic the slow obvious way, in exact rationals: the part of the language that proofs
 * use, and anything else is an error.
 */
export function answersOf(script: string): Answer[] {
  const scopes: Scope[] = [scope()];
  const answers: Answer[] = [];
  for (const command of parsed(script)) {
    const [name, first, , , last] = command as [string, ...Expression[]];
    const top = scopes[scopes.length - 1];
    if (name === 'set-logic') continue;
    else if (name === 'push') scopes.push(scope());
    else if (name === 'pop') scopes.pop();
    else if (name === 'declare-const') top.variables.push(first as string);
    else if (name === 'define-fun') top.definitions.set(first as string, formOf(last, scopes));
    else if (name === 'assert' && isSubstituted(first, scopes)) continue;
    else if (name === 'assert') top.assertions.push(...assertionsOf(first, scopes));
    else if (name === 'check-sat') answers.push(isSatisfiable(scopes) ? 'sat' : 'unsat');
    else throw new Error(`no command of proofs: ${name}`);
  }
  return answers;
}

const scope = (): Scope => ({ variables: [], definitions: new Map(), assertions: [] });

function parsed(script: string): Expression[] {
  const stack: Expression[][] = [[]];
  for (const [token] of script.replace(/;.*/g, '').matchAll(/[()]|[^\s()]+/g)) {
    if (token === '(') stack.push([]);
    else if (token !== ')') stack[stack.length - 1].push(token);
    else {
      const list = stack.pop()!;
      stack[stack.length - 1].push(list);
    }
  }
  if (stack.length !== 1) throw new Error('parentheses that do not match');
  return stack[0];
}

function formOf(expression: Expression, scopes: readonly Scope[]): Form {
  if (typeof expression === 'string') {
    if (/^\d+$/.test(expression)) return { constant: q(BigInt(expression)), of: new Map() };
    for (const { variables, definitions } of scopes) {
      if (variables.includes(expression)) return { constant: zero, of: new Map([[expression, one]]) };
      const found = definitions.get(expression);
      if (found) return found;
    }
    throw new Error(`not defined: ${expression}`);
  }
  const [operator, ...rest] = expression;
  const operands = rest.map(operand => formOf(operand, scopes));
  const [a, b] = operands;
  if (operator === '+') return operands.reduce((sum, term) => combined(sum, term, one));
  if (operator === '-') return b ? combined(a, b, minus(one)) : scaled(a, minus(one));
  if (operator === '*' && operands.length === 2) {
    if (a.of.size === 0) return scaled(b, a.constant);
    if (b.of.size === 0) return scaled(a, b.constant);
  }
  if (operator === '/' && operands.length === 2 && b.of.size === 0) return scaled(a, over(one, b.constant));
  throw new Error(`no linear term: ${operator}`);
}

function scaled({ constant, of }: Form, by: Q): Form {
  return { constant: times(constant, by), of: new Map([...of].map(([name, x]) => [name, times(x, by)])) };
}

function combined(a: Form, b: Form, weight: Q): Form {
  const of = new Map(a.of);
  for (const [name, x] of b.of) {
    const sum = plus(of.get(name) ?? zero, times(x, weight));
    if (sum.n === 0n) of.delete(name);
    else of.set(name, sum);
  }
  return { constant: plus(a.constant, times(b.constant, weight)), of };
}

/** An equation that tells a variable of which nothing has been said yet becomes its definition. */
function isSubstituted([operator, variable, is]: Expression, scopes: readonly Scope[]): boolean {
  const { variables, definitions, assertions } = scopes[scopes.length - 1];
  if (operator !== '=' || !variables.includes(variable as string)) return false;
  const form = formOf(is, scopes);
  const isKnown = [form, ...assertions.flat().map(({ form: other }) => other), ...definitions.values()].some(
    ({ of }) => of.has(variable as string),
  );
  if (isKnown) return false;
  variables.splice(variables.indexOf(variable as string), 1);
  definitions.set(variable as string, form);
  return true;
}

/** What an assertion says, all of it to hold: of each some alternative. */
function assertionsOf(expression: Expression, scopes: readonly Scope[]): Scope['assertions'] {
  const [operator, left, right] = expression as readonly Expression[];
  const [a, b] = [formOf(left, scopes), formOf(right, scopes)];
  const [below, above] = [combined(a, b, minus(one)), combined(b, a, minus(one))];
  if (operator === '<' || operator === '<=') return [[{ form: below, isStrict: operator === '<' }]];
  if (operator === '>' || operator === '>=') return [[{ form: above, isStrict: operator === '>' }]];
  if (operator === '=') return [below, above].map(form => [{ form, isStrict: false }]);
  if (operator === 'distinct') return [[below, above].map(form => ({ form, isStrict: true }))];
  throw new Error(`no comparison of proofs: ${operator}`);
}

function isSatisfiable(scopes: readonly Scope[]): boolean {
  const variables = scopes.flatMap(({ variables: own }) => own);
  const assertions = scopes.flatMap(({ assertions: own }) => own);
  const inequality = ({ form, isStrict }: { form: Form; isStrict: boolean }): Inequality => ({
    coefficients: variables.map(name => form.of.get(name) ?? zero),
    bound: minus(form.constant),
    isStrict,
  });
  const isPossible = (chosen: readonly Inequality[], left: typeof assertions): boolean => {
    if (left.length === 0) return isFeasible(variables.length, chosen);
    const [alternatives, ...others] = left;
    return alternatives.some(alternative => {
      const { coefficients, bound, isStrict } = inequality(alternative);
      // Constants need no search.
      if (coefficients.every(x => x.n === 0n))
        return (isStrict ? bound.n > 0n : bound.n >= 0n) && isPossible(chosen, others);
      return isPossible([...chosen, { coefficients, bound, isStrict }], others);
    });
  };
  return isPossible([], assertions);
}
