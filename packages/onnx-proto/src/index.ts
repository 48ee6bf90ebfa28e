export { decode, messageFieldsOf } from './decode.js';
export { encode } from './encode.js';
export {
  type AttributeProto,
  AttributeType,
  DataType,
  type Dimension,
  type GraphProto,
  type MessageName,
  type Messages,
  type ModelProto,
  type NodeProto,
  type OperatorSetIdProto,
  type Partly,
  type StringStringEntryProto,
  type TensorProto,
  type TensorShapeProto,
  type TensorType,
  type TypeProto,
  type ValueInfoProto,
} from './messages.js';
export { bytesField, bytesPieces, type Field, fieldsOf, stringField, WireError, WireType } from './wire.js';
