import { type MutableRef, useEffect, useRef, useState } from 'preact/hooks';

/** The width of an element in CSS pixels, as it changes; 0 before it is laid out. */
export function useWidth<E extends Element>(): readonly [MutableRef<E | null>, number] {
  const ref = useRef<E>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
    observer.observe(ref.current!);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}
