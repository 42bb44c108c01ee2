import { jsonOf, PrintableError } from './json';

/**
 * The faults of bytes, records and state transitions, as a discriminated union: `kind` is
 * stable and named by the protocol (section 3), the rest are the particulars.
 *
 * `ValueOutOfRange` is the one addition: it is local only, for a number that does not fit its field
 * when a record is written, which the wire itself cannot express.
 */
export type NnrpFault =
  | { readonly kind: 'UnsupportedWireFormat'; readonly actual: number }
  | { readonly kind: 'SourceTooShort'; readonly expected: number; readonly actual: number }
  | { readonly kind: 'DestinationTooShort'; readonly expected: number; readonly actual: number }
  | { readonly kind: 'InvalidMagic' }
  | { readonly kind: 'InvalidHeaderLength'; readonly actual: number }
  | { readonly kind: 'UnsupportedVersionMajor'; readonly actual: number }
  | { readonly kind: 'UnknownMessageType'; readonly actual: number }
  | { readonly kind: 'UnknownEnumValue'; readonly enumName: string; readonly value: number }
  | {
      readonly kind: 'ReservedBitsSet';
      readonly field: string;
      readonly value: number;
      readonly allowed: number;
    }
  | { readonly kind: 'InvalidProtocolCombination'; readonly rule: string }
  | { readonly kind: 'ConnectionNotOpen' }
  | { readonly kind: 'ConnectionAlreadyClosed' }
  | { readonly kind: 'SessionAlreadyExists'; readonly sessionId: number }
  | { readonly kind: 'UnknownSession'; readonly sessionId: number }
  | { readonly kind: 'SessionNotOpen'; readonly sessionId: number }
  | { readonly kind: 'OperationAlreadyExists'; readonly operationId: bigint }
  | { readonly kind: 'UnknownOperation'; readonly operationId: bigint }
  | { readonly kind: 'InvalidOperationRelationship'; readonly rule: string }
  | { readonly kind: 'InvalidOperationTransition'; readonly from: number; readonly to: number }
  | { readonly kind: 'NonZeroReservedField'; readonly field: string }
  | { readonly kind: 'PacketLengthMismatch'; readonly declared: number; readonly actual: number }
  | {
      readonly kind: 'DeclaredLengthMismatch';
      readonly field: string;
      readonly declared: number;
      readonly actual: number;
    }
  | { readonly kind: 'MessageLengthOverflow'; readonly declared: number; readonly limit: number }
  | { readonly kind: 'InvalidCapabilityTokenBody'; readonly reason: string }
  | { readonly kind: 'InvalidCapabilityToken'; readonly token: string }
  | { readonly kind: 'UnknownCapabilityToken'; readonly token: string }
  | {
      readonly kind: 'ValueOutOfRange';
      readonly field: string;
      readonly value: unknown;
      /** The smallest value of the field, where that is not 0. */
      readonly min?: number;
      /** The largest value of the field: a bigint for a u64, `true` for a flag. */
      readonly max: number | bigint | true;
    };

/** The kind of rule of the wire that was broken; the particulars stand beside it in `NnrpFault`. */
export type NnrpErrorKind = NnrpFault['kind'];

/**
 * A byte string, a record or a state transition that breaks the protocol.
 *
 * @example
 * try {
 *   FrameSubmitMetadata.decode(bytes);
 * } catch (error) {
 *   if (error instanceof NnrpError && error.fault.kind === 'SourceTooShort') {
 *     console.log(`${error.fault.expected - error.fault.actual} bytes are missing`);
 *   }
 * }
 */
export class NnrpError extends PrintableError {
  override readonly name = 'NnrpError';

  constructor(
    readonly fault: NnrpFault,
    message = describe(fault),
  ) {
    super(message);
  }

  get kind(): NnrpErrorKind {
    return this.fault.kind;
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), kind: this.kind, fault: jsonOf(this.fault) };
  }
}

/**
 * Throws an {@link NnrpError} that says a rule of the protocol is broken. `rule` is what the protocol calls
 * it; where that alone says little, `message` says what is wrong.
 */
export function breaksRule(rule: string, message = rule): never {
  throw new NnrpError({ kind: 'InvalidProtocolCombination', rule }, message);
}

function describe(fault: NnrpFault): string {
  switch (fault.kind) {
    case 'UnsupportedWireFormat':
      return `wire format ${fault.actual} is not supported, only 0 is`;
    case 'SourceTooShort':
      return `the source is too short: ${fault.expected} bytes expected, ${fault.actual} present`;
    case 'DestinationTooShort':
      return `the destination is too short: ${fault.expected} bytes needed, ${fault.actual} present`;
    case 'InvalidMagic':
      return 'not an NNRP packet: it does not start with the bytes "NNRP"; does the other end speak HTTP, WebSocket or TLS?';
    case 'InvalidHeaderLength':
      return `header length ${fault.actual} is invalid, it must be 40`;
    case 'UnsupportedVersionMajor':
      return `protocol version ${fault.actual} is not supported, only 1 is`;
    case 'UnknownMessageType':
      return `message type ${hex(fault.actual)} is unknown`;
    case 'UnknownEnumValue':
      return `${fault.value} is no ${fault.enumName}`;
    case 'ReservedBitsSet':
      return `${fault.field} has reserved bits set: ${hex(fault.value)}, allowed are ${hex(fault.allowed)}`;
    case 'InvalidProtocolCombination':
      return fault.rule;
    case 'ConnectionNotOpen':
      return 'the connection is not open';
    case 'ConnectionAlreadyClosed':
      return 'the connection is already closed';
    case 'SessionAlreadyExists':
      return `session ${fault.sessionId} already exists on this connection`;
    case 'UnknownSession':
      return `session ${fault.sessionId} is unknown on this connection`;
    case 'SessionNotOpen':
      return `session ${fault.sessionId} is not open`;
    case 'OperationAlreadyExists':
      return `operation ${fault.operationId} already exists`;
    case 'UnknownOperation':
      return `operation ${fault.operationId} is unknown`;
    case 'InvalidOperationRelationship':
      return fault.rule;
    case 'InvalidOperationTransition':
      return `an operation cannot go from state ${fault.from} to state ${fault.to}`;
    case 'NonZeroReservedField':
      return `reserved field ${fault.field} is not zero`;
    case 'PacketLengthMismatch':
      return `the packet declares ${fault.declared} bytes and has ${fault.actual}`;
    case 'DeclaredLengthMismatch':
      return `${fault.field} declares ${fault.declared}, there are ${fault.actual}`;
    case 'InvalidCapabilityTokenBody':
      return fault.reason;
    case 'InvalidCapabilityToken':
      return `${quoted(fault.token)} is no capability token: one has only a-z, 0-9, ".", "_" and "-"`;
    case 'UnknownCapabilityToken':
      return `the capability ${quoted(fault.token)} is unknown`;
    case 'MessageLengthOverflow':
      return `the message declares ${fault.declared} bytes, the limit is ${fault.limit}`;
    case 'ValueOutOfRange':
      return `${fault.field} must be ${range(fault.max, fault.min)}, got ${spelled(fault.value)}`;
  }
}

function range(max: number | bigint | true, min = 0): string {
  if (max === true) return 'true or false';
  return typeof max === 'bigint' ? `a bigint from 0 to ${max}` : `an integer from ${min} to ${max}`;
}

/** A value of any type, so that 5, 5n and "5" can be told apart. */
function spelled(value: unknown): string {
  switch (typeof value) {
    case 'bigint':
      return `${value}n`;
    case 'string':
      return JSON.stringify(value);
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      return value === null ? 'null' : 'an object';
    default:
      return `a ${typeof value}`;
  }
}

/** A peer's text: enough of it to know it by. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
