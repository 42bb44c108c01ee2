import { fieldOffset } from '../../wire/codec/record';
import { REVISIONS, type RevisionName } from '../../wire/message';
import { MessageType } from '../../wire/message-type';
import { BackpressureLevel, FlowUpdateMetadata } from '../../wire/messages/flow-update';
import { SessionMigrateMetadata, TransportId } from '../../wire/messages/session-migrate';
import { SessionOpenMetadata } from '../../wire/messages/session-open';
import type { Packet } from '../../wire/packet';
import { preview3 } from '../../wire/preview3';
import { preview4 } from '../../wire/preview4';
import { FrameSubmitMetadata } from '../../wire/preview4/frame-submit';
import type { Revision } from '../../wire/revision';
import { readU32 } from '../../wire/bytes/u32';
import { markOf } from './mark';

const OPERATION_ID = fieldOffset(FrameSubmitMetadata, 'operationId');
const TRANSPORT_IDS = [
  fieldOffset(SessionMigrateMetadata, 'oldTransportId'),
  fieldOffset(SessionMigrateMetadata, 'newTransportId'),
];
const BACKPRESSURE_LEVEL = fieldOffset(FlowUpdateMetadata, 'backpressureLevel');

/**
 * Which revision a peer speaks, that does not say so: begun by its first packet, and fixed by the first that can be
 * of one revision only. Nothing that a server sends before differs between them. What contradicts it later is a
 * fault of that packet, which its record finds.
 *
 * ```
 *   SESSION_OPEN first ─▶ preview3 ─┐  a submit, a cache message, a type that only preview4 has, or the resume of a
 *   CLIENT_HELLO first ─▶ preview4 ─┴─ session with operations ─▶ fixed
 *   CLIENT_HELLO, marked ──────────────────────────────────────▶ fixed
 * ```
 */
export class RevisionGuess {
  /** Whether the peer is of this project, and has said so. */
  isMarked = false;
  /** Whether a hello of the peer's has been answered. */
  isGreeted = false;
  private speaks: RevisionName;
  private table: Revision;
  private isFixed = false;
  private hasBegun = false;

  constructor(
    /** Those that may be spoken, one at least. */
    private readonly allowed: readonly RevisionName[],
    /** Another one is spoken than was thought. */
    private readonly changed: () => void,
  ) {
    this.speaks = allowed.includes('preview3') ? 'preview3' : 'preview4';
    this.table = REVISIONS[this.speaks];
  }

  /** What is spoken, as far as is known. */
  get name(): RevisionName {
    return this.speaks;
  }

  get revision(): Revision {
    return this.table;
  }

  /** Those that may turn out to be spoken. */
  get possible(): readonly RevisionName[] {
    return this.isFixed ? [this.speaks] : this.allowed;
  }

  /** Whether the peer may be of the reference, whose preview4 takes no more than its own runtime sends. */
  get isReference(): boolean {
    return this.speaks === 'preview4' && !this.isMarked;
  }

  /** Whether it is of the reference's preview4 for certain, as nothing else may be spoken: then its rules are kept to the letter. */
  get isStrict(): boolean {
    return this.isReference && !this.allowed.includes('preview3');
  }

  /** Looks at a packet, before anybody judges it; what it is of. */
  look(packet: Packet): Revision {
    if (!this.isFixed) this.learn(packet);
    return this.table;
  }

  private learn(packet: Packet): void {
    switch (packet.header.messageType) {
      case MessageType.TransportProbe:
        // Asked by who does not know yet whether this is the server to say hello to.
        return;
      case MessageType.ClientHello:
        this.hello(packet);
        return;
      case MessageType.SessionOpen:
        this.hasBegun = true;
        // Of no known client of preview4: the reference's has no such block, and this project's has a mark.
        if (hasOwnBlocks(packet) && this.allowed.includes('preview3')) this.guess('preview3');
        return;
      default:
        this.hasBegun = true;
        this.correct(evidence(packet));
    }
  }

  /**
   * The peer takes up a session of this revision; `isCertain` where operations of the session have shown it. False
   * where the peer has shown to be of another.
   */
  takesUp(revision: Revision, { isCertain }: { readonly isCertain: boolean }): boolean {
    if (this.revision === revision || !this.isFixed) {
      this.isFixed ||= isCertain;
      this.guess(revision === preview4 ? 'preview4' : 'preview3');
    }
    return this.revision === revision;
  }

  private hello(packet: Packet): void {
    const mark = markOf(packet);
    this.isMarked = mark !== undefined;
    if (mark !== undefined) this.correct(this.allowed.includes(mark) ? mark : this.speaks);
    else if (!this.hasBegun && this.allowed.includes('preview4')) this.guess('preview4');
    this.hasBegun = true;
  }

  private correct(to: RevisionName | undefined): void {
    if (to === undefined || !this.allowed.includes(to)) return;
    this.isFixed = true;
    this.guess(to);
  }

  private guess(to: RevisionName): void {
    if (to === this.speaks) return;
    this.speaks = to;
    this.table = REVISIONS[to];
    this.changed();
  }
}

/** The only revision that a packet can be of; undefined for most. */
function evidence({ header: { messageType }, metadata }: Packet): RevisionName | undefined {
  switch (messageType) {
    case MessageType.FrameSubmit:
      if (metadata.length !== FrameSubmitMetadata.length) return undefined;
      return isZero(metadata, OPERATION_ID, OPERATION_ID + 8) ? 'preview3' : 'preview4';
    case MessageType.CachePut:
    case MessageType.CacheAck:
    case MessageType.CacheInvalidate:
      if (metadata.length === preview3.messages[messageType]?.record?.length) return 'preview3';
      return metadata.length === preview4.messages[messageType]?.record?.length ? 'preview4' : undefined;
    case MessageType.SessionMigrate:
      if (metadata.length !== SessionMigrateMetadata.length) return undefined;
      return TRANSPORT_IDS.some((at) => isNewTransport(readU32(metadata, at))) ? 'preview4' : undefined;
    case MessageType.FlowUpdate:
      return metadata[BACKPRESSURE_LEVEL] === BackpressureLevel.Paused ? 'preview4' : undefined;
    default: {
      // Not of any length: what is broken may be of whatever revision.
      const length = preview4.messages[messageType]?.record?.length;
      const isNew = preview3.messages[messageType] === undefined && metadata.length === length;
      return isNew ? 'preview4' : undefined;
    }
  }
}

/** Whether a SESSION_OPEN has a block of auth or of an extension. */
function hasOwnBlocks({ metadata }: Packet): boolean {
  if (metadata.length !== SessionOpenMetadata.length) return false;
  const { authBytes, sessionExtensionBytes } = SessionOpenMetadata.read;
  return authBytes(metadata) > 0 || sessionExtensionBytes(metadata) > 0;
}

/** Whether a field of SESSION_MIGRATE is a transport that preview3 has no number for. */
function isNewTransport(id: number): boolean {
  return id === TransportId.Ipc || id === TransportId.WebSocket;
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  return bytes.subarray(from, to).every((byte) => byte === 0);
}
