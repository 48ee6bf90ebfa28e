import { malformed } from './errors.js';

/** A format that people take for ONNX, and what to do about it. */
interface Format {
  readonly name: string;
  readonly remedy?: string;
  recognises(start: Start): boolean;
}

/** The first bytes of a file. */
interface Start {
  readonly bytes: Uint8Array;
  /** As Latin-1. */
  readonly text: string;
}

const begins =
  (...starts: readonly string[]) =>
  (start: Start) =>
    starts.some(one => start.text.startsWith(one));
const at = (offset: number, mark: string) => (start: Start) => start.text.startsWith(mark, offset);

const KERAS = 'Convert it with tf2onnx (python -m tf2onnx.convert --keras model.h5 --output model.onnx).';
const TORCH = 'Export it from Python: torch.onnx.export(model, sample, "model.onnx").';
const EXPORT = 'Write it as ONNX first: police export model.json -o model.onnx.';

/** Ordered: what a zip file holds is looked at before it is called one. */
const FORMATS: readonly Format[] = [
  {
    name: 'a Git LFS pointer, which only stands for the file',
    remedy: 'Fetch the file itself: git lfs pull.',
    recognises: begins('version https://git-lfs.github.com/spec/'),
  },
  {
    name: 'a PyTorch file (a zip file with a pickle)',
    remedy: TORCH,
    recognises: start => isZip(start) && /\/(data|constants)\.pkl|\/byteorder|\/version/.test(start.text),
  },
  {
    name: 'a Keras file (a zip file)',
    remedy: KERAS,
    recognises: start => isZip(start) && /model\.weights\.h5|metadata\.json|config\.json/.test(start.text),
  },
  { name: 'a zip file', remedy: 'Unpack it, and name the .onnx file inside.', recognises: isZip },
  { name: 'a gzip file', remedy: 'Unpack it: gunzip.', recognises: begins('\x1f\x8b') },
  {
    name: 'a Python pickle',
    remedy: TORCH,
    recognises: ({ bytes }) => bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5,
  },
  { name: 'an HDF5 file, as Keras writes', remedy: KERAS, recognises: begins('\x89HDF\r\n\x1a\n') },
  {
    name: 'a TensorFlow SavedModel',
    remedy: 'Convert its folder: python -m tf2onnx.convert --saved-model folder --output model.onnx.',
    // saved_model_schema_version 1, then meta_graphs; no ONNX file of IR version 1 has a second field of that kind so soon.
    recognises: ({ bytes }) => bytes[0] === 0x08 && bytes[1] === 1 && bytes[2] === 0x12,
  },
  {
    name: 'a TensorFlow Lite file',
    remedy: 'Convert it: python -m tf2onnx.convert --tflite model.tflite --output model.onnx.',
    recognises: at(4, 'TFL3'),
  },
  {
    name: 'a model in ONNX Runtime’s own format',
    remedy: 'Take the .onnx file that it was made of.',
    recognises: at(4, 'ORTM'),
  },
  {
    name: 'a safetensors file: weights without a network',
    remedy: TORCH,
    recognises: ({ bytes, text }) => text[8] === '{' && bytes.subarray(4, 8).every(byte => byte === 0),
  },
  { name: 'a GGUF file', recognises: begins('GGUF') },
  { name: 'a NumPy array', recognises: begins('\x93NUMPY') },
  {
    name: 'a web page',
    remedy: 'Download the file itself; a site may ask for a login first.',
    recognises: ({ text }) => /^\s*<(!doctype html|html)/i.test(text),
  },
  {
    name: 'XML',
    remedy: 'Of OpenVINO, take the ONNX file that it was made of.',
    recognises: begins('<?xml'),
  },
  {
    name: 'JSON, as TensorFlow.js, brain.js and synaptic write',
    remedy: EXPORT,
    recognises: ({ text }) => /^\s*[{[]\s*["\]}[{]/.test(text),
  },
];

function isZip(start: Start): boolean {
  return start.text.startsWith('PK\x03\x04') || start.text.startsWith('PK\x05\x06');
}

/** As much of a file as is looked at. */
const START = 1024;

/** Throws `invalid-network`, naming the format, for a file that is known to be another than ONNX. */
export function assertNotForeign(file: Uint8Array): void {
  if (file.length === 0) throw malformed('model', 'an ONNX file', 'an empty one');
  const bytes = file.subarray(0, START);
  const start = { bytes, text: String.fromCharCode(...bytes) };
  const format = FORMATS.find(({ recognises }) => recognises(start));
  if (format) throw malformed('model', 'an ONNX file', format.name, format.remedy);
}
