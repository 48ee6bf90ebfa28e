// biome-ignore-all lint/suspicious/noControlCharactersInRegex: what files begin with is not text
import { malformed } from './errors.js';

const KERAS = 'Convert it with tf2onnx (python -m tf2onnx.convert --keras model.h5 --output model.onnx).';
const TORCH = 'Export it from Python: torch.onnx.export(model, sample, "model.onnx").';
const EXPORT = 'Write it as ONNX first: police export model.json -o model.onnx.';

/**
 * Formats that people take for ONNX: what the file begins with, as Latin-1, its name, and what to do about it. Ordered: what a zip file
 * holds is looked at before it is called one.
 */
const FORMATS: readonly (readonly [start: RegExp, name: string, remedy?: string])[] = [
  [
    /^version https:\/\/git-lfs\.github\.com\/spec\//,
    'a Git LFS pointer, which only stands for the file',
    'Fetch the file itself: git lfs pull.',
  ],
  [
    /^PK(\x03\x04|\x05\x06).*\/((data|constants)\.pkl|byteorder|version)/s,
    'a PyTorch file (a zip file with a pickle)',
    TORCH,
  ],
  [
    /^PK(\x03\x04|\x05\x06).*(model\.weights\.h5|(metadata|config)\.json)/s,
    'a Keras file (a zip file)',
    KERAS,
  ],
  [/^PK(\x03\x04|\x05\x06)/, 'a zip file', 'Unpack it, and name the .onnx file inside.'],
  [/^\x1f\x8b/, 'a gzip file', 'Unpack it: gunzip.'],
  [/^\x80[\x02-\x05]/, 'a Python pickle', TORCH],
  [/^\x89HDF\r\n\x1a\n/, 'an HDF5 file, as Keras writes', KERAS],
  // saved_model_schema_version 1, then meta_graphs; no ONNX file of IR version 1 has a second field of that kind so soon.
  [
    /^\x08\x01\x12/,
    'a TensorFlow SavedModel',
    'Convert its folder: python -m tf2onnx.convert --saved-model folder --output model.onnx.',
  ],
  [
    /^.{4}TFL3/s,
    'a TensorFlow Lite file',
    'Convert it: python -m tf2onnx.convert --tflite model.tflite --output model.onnx.',
  ],
  [/^.{4}ORTM/s, 'a model in ONNX Runtime’s own format', 'Take the .onnx file that it was made of.'],
  [/^.{4}\0{4}\{/s, 'a safetensors file: weights without a network', TORCH],
  [/^GGUF/, 'a GGUF file'],
  [/^\x93NUMPY/, 'a NumPy array'],
  [/^\s*<(!doctype html|html)/i, 'a web page', 'Download the file itself; a site may ask for a login first.'],
  [/^<\?xml/, 'XML', 'Of OpenVINO, take the ONNX file that it was made of.'],
  [/^\s*[{[]\s*["\]}[{]/, 'JSON, as TensorFlow.js, brain.js and synaptic write', EXPORT],
];

/** As much of a file as is looked at. */
const START = 1024;

/** Throws `invalid-network`, naming the format, for a file that is known to be another than ONNX. */
export function assertNotForeign(file: Uint8Array): void {
  if (file.length === 0) throw malformed('model', 'an ONNX file', 'an empty one');
  const text = String.fromCharCode(...file.subarray(0, START));
  const format = FORMATS.find(([start]) => start.test(text));
  if (format) throw malformed('model', 'an ONNX file', format[1], format[2]);
}
