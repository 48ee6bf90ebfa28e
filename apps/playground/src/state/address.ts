/** Milliseconds: browsers refuse a hundred changes of address in a few seconds, and a drag has more. */
const PAUSE = 200;

let timer: ReturnType<typeof setTimeout> | undefined;

/** Makes the fragment the page's, `#` and all, when it has not changed for a moment. */
export function keepAddress(fragment: string): void {
  clearTimeout(timer);
  timer = setTimeout(() => history.replaceState(null, '', fragment), PAUSE);
}
