import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  bytesField,
  decode,
  encode,
  fieldsOf,
  type ModelProto,
  type Partly,
  type TensorProto,
  type ValueInfoProto,
  WireError,
} from '@police/onnx-proto';
import fc from 'fast-check';
import * as oracle from 'onnx-buf';
import { describe, expect, test } from 'vitest';

const text = fc.string({ unit: 'binary', maxLength: 6 }).map(s => s.replace(/[\ud800-\udfff]/g, ''));
const bytes = fc.uint8Array({ maxLength: 9 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const float = fc.float();
const some = <T>(of: fc.Arbitrary<T>) => fc.array(of, { maxLength: 4 });
/** Any of its fields may be absent. */
const partly = <T>(fields: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) =>
  fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;

const entry = partly({ key: text, value: text });
const tensor: fc.Arbitrary<Partly<TensorProto>> = partly({
  dims: some(int64),
  dataType: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  floatData: some(float),
  int32Data: some(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  stringData: some(bytes),
  int64Data: some(int64),
  uint64Data: some(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  doubleData: some(fc.double()),
  name: text,
  rawData: bytes,
  externalData: some(entry),
  dataLocation: fc.constantFrom(0, 1),
});
const dimension = fc.oneof(
  int64.map(value => ({ value: { case: 'dimValue' as const, value } })),
  text.map(value => ({ value: { case: 'dimParam' as const, value } })),
  fc.constant({}),
);
const valueInfo = partly({
  name: text,
  type: fc.record({
    value: fc.record({
      case: fc.constant('tensorType' as const),
      value: fc.record({ elemType: fc.nat(20), shape: fc.record({ dim: some(dimension) }) }),
    }),
  }),
});
const attribute: fc.Arbitrary<Partly<AttributeProto>> = partly({
  name: text,
  f: float,
  i: int64,
  s: bytes,
  t: tensor,
  floats: some(float),
  ints: some(int64),
  strings: some(bytes),
  type: fc.integer({ min: 0, max: 14 }),
});
const node = partly({
  input: some(text),
  output: some(text),
  name: text,
  opType: text,
  attribute: some(attribute),
  domain: text,
});
const graph = partly({
  node: some(node),
  name: text,
  initializer: some(tensor),
  input: some(valueInfo),
  output: some(valueInfo),
  metadataProps: some(entry),
});
const models = partly({
  irVersion: int64,
  producerName: text,
  opsetImport: some(partly({ domain: text, version: int64 })),
  graph,
  metadataProps: some(entry),
}) as fc.Arbitrary<Partly<ModelProto>>;

const theirs = (model: object): Uint8Array =>
  toBinary(oracle.ModelProtoSchema, create(oracle.ModelProtoSchema, model as never));

/** Protobuf takes a number that an enumeration does not have for an unknown field; here it stays, to be named in an error. */
const closed = (value: number, most: number): number => (value >= 0 && value <= most ? value : 0);

/** Of a message in either form: every field that a reader of networks may ask for, defaults included. */
function seen(model: ModelProto | oracle.ModelProto): unknown {
  const tensorSeen = (t: TensorProto | oracle.TensorProto | undefined): unknown =>
    t && [
      t.dims,
      t.dataType,
      t.floatData,
      t.int32Data,
      t.stringData.map(b => [...b]),
      t.int64Data,
      t.uint64Data,
      t.doubleData,
      t.name,
      [...t.rawData],
      t.externalData.map(e => [e.key, e.value]),
      closed(t.dataLocation, 1),
    ];
  const infoSeen = ({ name, type }: ValueInfoProto | oracle.ValueInfoProto): unknown => {
    if (type?.value.case !== 'tensorType') return [name, type?.value.case];
    const { elemType, shape } = type.value.value;
    return [name, elemType, shape?.dim.map(({ value }) => [value.case, value.value])];
  };
  const { graph } = model;
  return [
    model.irVersion,
    model.producerName,
    model.opsetImport.map(o => [o.domain, o.version]),
    model.functions.length,
    model.metadataProps.map(e => [e.key, e.value]),
    graph && [
      graph.name,
      graph.node.map(n => [
        n.name,
        n.opType,
        n.domain,
        n.input,
        n.output,
        n.attribute.map(a => [
          a.name,
          a.f,
          a.i,
          [...a.s],
          tensorSeen(a.t),
          a.floats,
          a.ints,
          a.strings.map(b => [...b]),
          closed(a.type, 14),
        ]),
      ]),
      graph.initializer.map(tensorSeen),
      graph.input.map(infoSeen),
      graph.output.map(infoSeen),
    ],
  ];
}

describe('beside Buf’s protobuf', () => {
  test('reads what that writes', () => {
    fc.assert(
      fc.property(models, model => {
        const written = theirs(model);
        expect(seen(decode('ModelProto', written))).toEqual(
          seen(fromBinary(oracle.ModelProtoSchema, written)),
        );
      }),
    );
  });

  test('writes what that reads', () => {
    fc.assert(
      fc.property(models, model => {
        expect(seen(fromBinary(oracle.ModelProtoSchema, encode('ModelProto', model)))).toEqual(
          seen(create(oracle.ModelProtoSchema, model as never) as oracle.ModelProto),
        );
      }),
    );
  });

  test('damaged bytes are refused, or read as that reads them', () => {
    let compared = 0;
    fc.assert(
      fc.property(
        models,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        (model, damage) => {
          const written = theirs(model);
          if (written.length === 0) return;
          for (const [at, byte] of damage) written[at % written.length] = byte;
          let mine: ModelProto;
          try {
            mine = decode('ModelProto', written);
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
            return;
          }
          const read = readByBuf(written);
          // Damage within what is kept as bytes here (training, functions, sparse and quantised tensors) only Buf sees.
          if (!read) return;
          compared++;
          expect(seen(mine)).toEqual(seen(read));
        },
      ),
      { numRuns: 500, endOnFailure: true },
    );
    expect(compared).toBeGreaterThan(50);
  });
});

function readByBuf(bytes: Uint8Array): oracle.ModelProto | undefined {
  try {
    return fromBinary(oracle.ModelProtoSchema, bytes);
  } catch {
    return undefined;
  }
}

describe('a message read and written', () => {
  test('has every field it had, those that are 0 and those unknown included', () => {
    fc.assert(
      fc.property(models, bytes, (model, extra) => {
        const unknown = Uint8Array.of(0xfa, 0x07, extra.length, ...extra); // field 127
        const written = Uint8Array.of(...theirs(model), ...unknown);
        const again = encode('ModelProto', decode('ModelProto', written));
        expect(fieldCounts(again)).toEqual(fieldCounts(written));
        expect(seen(decode('ModelProto', again))).toEqual(seen(decode('ModelProto', written)));
      }),
    );
  });

  test('a message in two pieces is one of both', () => {
    const [first, second] = [
      { graph: { name: 'a', node: [{ name: 'n' }] } },
      { graph: { node: [{ name: 'm' }] } },
    ];
    const { graph } = decode(
      'ModelProto',
      Uint8Array.of(...encode('ModelProto', first), ...encode('ModelProto', second)),
    );
    expect([graph?.name, graph?.node.map(({ name }) => name)]).toEqual(['a', ['n', 'm']]);
  });

  test('nesting without end is refused', () => {
    // A graph with a node with an attribute with a graph …
    const nested = (depth: number): Uint8Array => {
      let inner: Uint8Array = new Uint8Array(0);
      for (let k = 0; k < depth; k++) inner = bytesField(1, bytesField(5, bytesField(6, inner)));
      return inner;
    };
    expect(decode('GraphProto', nested(33)).node).toHaveLength(1);
    expect(() => decode('GraphProto', nested(34))).toThrow(WireError);
  });

  test('groups, wrong wire types and unfinished bytes are refused', () => {
    for (const bad of [
      [0x0b],
      [0x0a, 0x00],
      [0x08],
      [0x12, 0x05, 0x41],
      [0x00],
      [0x08, ...Array(11).fill(0xff)],
    ])
      expect(() => decode('ModelProto', Uint8Array.from(bad))).toThrow(WireError);
  });
});

/** How often each field of the outermost message comes. */
function fieldCounts(message: Uint8Array): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { number } of fieldsOf(message)) counts[number] = (counts[number] ?? 0) + 1;
  return counts;
}
