/**
 * Hands out names, each once: the one wanted, else `wanted_2`, `wanted_3`, …. An empty name, which in ONNX stands for
 * an absent tensor, becomes `unnamed`.
 */
export function uniqueNames(taken: readonly string[] = []): (wanted: string) => string {
  const used = new Set(taken);
  return wanted => {
    const base = wanted || 'unnamed';
    let name = base;
    for (let i = 2; used.has(name); i++) name = `${base}_${i}`;
    used.add(name);
    return name;
  };
}
