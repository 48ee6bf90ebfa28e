import type { NetworkNode } from '@police/core';
import { EXIT } from '../exit-codes.js';
import { Memory } from '../memory.js';
import { type ModelOptions, readModelFile } from '../model.js';
import { factLines, factsOf } from '../regions/explain.js';
import type { RegionOptions } from '../regions/sources.js';
import { readRegions } from '../regions.js';
import { table } from '../report.js';
import { type Terminal, talkOf } from '../terminal.js';

export interface InspectOptions extends ModelOptions, Partial<RegionOptions> {
  readonly memory?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `police inspect`: what a model is made of, where a guarantee would be stated, and regions in its inputs. */
export async function inspectCommand(
  path: string,
  options: InspectOptions,
  terminal: Terminal,
): Promise<number> {
  const talk = talkOf(terminal, { isQuiet: options.quiet === true, isJson: options.json === true });
  const { bytes, model } = await readModelFile(path, options, terminal);
  const { network, inputName, inputShape, outputName, guaranteedTensor, guaranteedShape, tail, opset } =
    model;
  const fixed = model.fixed.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
  const nodes = network.nodes.map(node => ({
    name: node.name,
    kind: kindOf(node),
    units: network.sizes.get(node.name)!,
    parameters: parametersOf(node),
  }));
  const parameters = nodes.reduce((sum, node) => sum + node.parameters, 0);
  const facts = {
    path,
    bytes: bytes.length,
    opset,
    inputName,
    inputShape,
    outputName,
    guaranteedTensor,
    guaranteedShape,
    guaranteed: model.guaranteed,
    fixed,
    tail,
    parameters,
  };
  const limits = { size: network.inputSize, memory: new Memory(options) };
  const regions = (await readRegions(options.region ?? [], limits, terminal)).map(region => factsOf(region));
  if (options.json) terminal.stdout.write(`${JSON.stringify({ ...facts, nodes, regions })}\n`);
  talk.say(`${path}: operator set ${opset}, ${bytes.length} bytes, ${parameters} parameters`);
  talk.say(
    `input   '${inputName}' [${inputShape.join(', ')}]: regions have ${network.inputSize} coordinates, row-major`,
  );
  for (const { name, dtype, shape } of fixed) talk.say(`held    '${name}' ${dtype} [${shape.join(', ')}]`);
  talk.say(`output  '${outputName}'`);
  const [first, ...others] = model.guaranteed;
  const joint =
    others.length > 0 ? model.guaranteed.map(({ tensor, shape }) => `'${tensor}' [${shape.join(', ')}]`) : [];
  const before = tail.length > 0 ? `, before the final ${tail.join(', ')}` : '';
  talk.say(
    joint.length > 0
      ? `guaranteed are ${joint.join(' and ')}, ${guaranteedShape[0]} numbers in all${before}`
      : tail.length > 0
        ? `guaranteed is '${guaranteedTensor}' [${guaranteedShape.join(', ')}], before the final ${tail.join(', ')}`
        : first.isOutput
          ? `guaranteed is the output, [${guaranteedShape.join(', ')}]`
          : `guaranteed is '${guaranteedTensor}' [${guaranteedShape.join(', ')}], inside`,
  );
  talk.say('');
  const rows = nodes.map(({ name, kind, units, parameters: count }) => [name, kind, units, count]);
  for (const line of table(['node', 'kind', 'units', 'parameters'], rows)) talk.say(line);
  regions.forEach((region, r) => {
    talk.say(`\nRegion ${r}`);
    for (const line of factLines(region)) talk.say(line);
  });
  return EXIT.done;
}

function kindOf(node: NetworkNode): string {
  if (node.kind === 'activation') return node.activation.name;
  if (node.kind === 'affine') return node.operator.kind;
  return node.kind;
}

function parametersOf(node: NetworkNode): number {
  return node.kind === 'affine'
    ? node.operator.parameters.reduce((sum, values) => sum + values.length, 0)
    : 0;
}
