import type { Packet } from '../../wire/packet';
import { describeBytes } from './describe-bytes';
import { describePacket } from './describe-packet';

const DEPTH = 3;
const SHOWN_CHARACTERS = 300;

/** Any value in a line, for the message of a failed expectation. */
export function describeValue(value: unknown): string {
  const text = describe(value, DEPTH);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

function describe(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `[function ${value.name || 'anonymous'}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Uint8Array) return describeBytes(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (isPacket(value)) return describePacket(value);
  if (depth === 0) return '…';
  if (Array.isArray(value)) return `[${value.map((item) => describe(item, depth - 1)).join(', ')}]`;
  const entries = Object.entries(value).map(([key, item]) => `${key}: ${describe(item, depth - 1)}`);
  const fields = entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  const className = classNameOf(value);
  return className === 'Object' ? fields : `${className} ${fields}`;
}

function classNameOf(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== 'object' || prototype === null) return 'Object';
  return prototype.constructor.name || 'Object';
}

function isPacket(value: object): value is Packet {
  return (
    'header' in value &&
    'metadata' in value &&
    'body' in value &&
    value.metadata instanceof Uint8Array &&
    value.body instanceof Uint8Array
  );
}
