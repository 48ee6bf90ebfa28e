import { chain, dense, relu } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { readModel } from '@police/onnx-import';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildModel } from './onnx.js';

const bytes = (text: string) => Uint8Array.from(text, char => char.charCodeAt(0));

/** The local header of a zip file's first entry, as zip tools write it. */
function zip(name: string): Uint8Array {
  const header = bytes('PK\x03\x04'.padEnd(30, '\0'));
  header[26] = name.length;
  return Uint8Array.from([...header, ...bytes(name), 1, 2, 3]);
}

test.each<[string, Uint8Array, RegExp]>([
  [
    'Git LFS',
    bytes('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n'),
    /a Git LFS pointer, which only stands for the file\. Fetch .*: git lfs pull/,
  ],
  ['PyTorch', zip('archive/data.pkl'), /a PyTorch file .*torch\.onnx\.export/],
  ['Keras 3', zip('metadata.json'), /a Keras file .*tf2onnx/],
  ['zip', zip('model.onnx'), /a zip file\. Unpack it/],
  ['gzip', bytes('\x1f\x8b\x08'), /a gzip file/],
  ['pickle', bytes('\x80\x04\x95\x10\x00'), /a Python pickle.*torch\.onnx\.export/],
  ['HDF5', bytes('\x89HDF\r\n\x1a\n\0'), /an HDF5 file/],
  ['SavedModel', bytes('\x08\x01\x12\xa0\x10\x0a'), /a TensorFlow SavedModel.*--saved-model/],
  ['TensorFlow Lite', bytes('\x1c\0\0\0TFL3'), /a TensorFlow Lite file/],
  ['ORT', bytes('\x1c\0\0\0ORTM'), /ONNX Runtime’s own format/],
  ['safetensors', bytes('\x40\0\0\0\0\0\0\0{"w":'), /a safetensors file/],
  ['GGUF', bytes('GGUF\x03'), /a GGUF file/],
  ['NumPy', bytes('\x93NUMPY\x01\0'), /a NumPy array/],
  ['a web page', bytes('\n<!DOCTYPE html><html>'), /a web page/],
  ['XML', bytes('<?xml version="1.0"?><net>'), /XML/],
  ['JSON', bytes('{"modelTopology": {}}'), /JSON.*police export/],
  ['nothing', bytes(''), /an empty one/],
])('%s is named', (_name, file, message) => {
  expect(() => readModel(file)).toThrow(message);
  expect(() => readModel(file)).toThrow(/^model: expected an ONNX file, got /);
});

test('no ONNX model is taken for one of these, whoever writes it', () => {
  const net = chain(2, [dense([[1, 2]]), relu()]);
  expect(readModel(exportOnnx(net)).network.inputSize).toBe(2);
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 13 }), fc.integer({ min: 8, max: 26 }), (ir, opset) => {
      const model = buildModel({ ir, opset, input: [1, 2], nodes: [['Relu', ['x'], ['y']]] });
      expect(readModel(model).opset).toBe(opset);
    }),
  );
});
