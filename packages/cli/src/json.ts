import { PoliceError } from '@police/core';

/** Arrays and objects in one another: regions nest 256 deep at the most, and hold rows of numbers. */
const DEEPEST = 1000;

/**
 * A JSON text as a value. `__proto__` keys are plain data here and are refused by those who read the value. Throws
 * `invalid-option` with line and column for what is no JSON, for a key that an object has twice (of which JavaScript keeps
 * the last and others the first), and for nesting beyond measure.
 */
export function parseJson(text: string, path: string): unknown {
  assertPlain(text, path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refused(path, 'JSON', error instanceof Error ? error.message : String(error), error);
  }
}

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Depth and keys, in one pass and without recursion; what is not JSON is left to the parser. */
function assertPlain(text: string, path: string): void {
  /** Keys of the objects around, undefined for an array. */
  const stack: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (stack.length === DEEPEST) {
          throw refused(
            placeOf(text, at, path),
            `at most ${DEEPEST} arrays and objects in one another`,
            'more',
          );
        }
        stack.push(text.charCodeAt(at) === OPEN_BRACE ? new Set() : undefined);
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        stack.pop();
        break;
      case QUOTE: {
        const end = endOfString(text, at);
        const keys = stack.at(-1);
        if (keys && isKey(text, end)) {
          const key = keyOf(text.slice(at, end));
          if (keys.has(key))
            throw refused(placeOf(text, at, path), 'each key once', `'${key.slice(0, 40)}' again`);
          keys.add(key);
        }
        at = end - 1;
      }
    }
  }
}

/** The place after the closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) return at + 1;
  }
  return text.length;
}

/** Whether a colon follows. */
function isKey(text: string, from: number): boolean {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++;
  return text.charCodeAt(at) === COLON;
}

/** One key may be written in several ways. */
function keyOf(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted;
  }
}

function placeOf(text: string, at: number, path: string): string {
  const lines = text.slice(0, at).split('\n');
  return `${path}:${lines.length}:${lines[lines.length - 1].length + 1}`;
}

function refused(where: string, expected: string, actual: string, cause?: unknown): PoliceError {
  return new PoliceError({ code: 'invalid-option', where, expected, actual, cause });
}
