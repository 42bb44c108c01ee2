import { sessionOpen } from '../../client/options';
import { NO_BLOCKS, openBody, type OpenBlocks } from '../../protocol/session/open-blocks';
import {
  CLIENT_CLAIMS,
  decodeSessionExtension,
  encodeSessionExtension,
  type SessionExtension,
} from '../../protocol/session/session-extension';
import { TOKEN_DELTA } from '../../protocol/content/token-delta';
import { MessageType } from '../../wire/message-type';
import { Profile } from '../../wire/messages/payload-kind';
import {
  PriorityClass,
  SessionAckFlag,
  SessionErrorCode,
  SessionFlag,
  SessionStatus,
  type SessionOpenAckMetadata,
  type SessionOpenMetadata,
} from '../../wire/messages/session-open';
import { EMPTY } from '../../wire/packet';
import { partsOf, RecordPacket, type RecordParts } from './built-packet';
import { bytesOf, concatBytes, type Bytes } from './bytes';

/** What a client tells of its operations besides those that it waits for. */
const TOLD = ['lastOperationId', 'receivedParts'] as const;

type OpenType = typeof MessageType.SessionOpen;
type AckType = typeof MessageType.SessionOpenAck;

/** SESSION_OPEN; the lengths of its blocks follow from them, unless `with` says otherwise. */
export class OpenPacket extends RecordPacket<OpenType> {
  readonly #blocks: OpenBlocks;

  constructor(parts: RecordParts<OpenType>, fields: Partial<SessionOpenMetadata>, blocks: OpenBlocks) {
    super(parts, fields, {
      resumeTokenBytes: blocks.resumeToken.length,
      authBytes: blocks.auth.length,
      sessionExtensionBytes: blocks.extension.length,
    });
    this.#blocks = blocks;
  }

  /** Also the newest operation that a client tells of, and the parts that it has, unless `announced` says them. */
  override get ignored(): readonly string[] {
    const told = decodeSessionExtension(this.#blocks.extension);
    const unsaid = told === undefined ? [] : TOLD.filter((name) => told[name] === undefined);
    if (unsaid.length === 0) return super.ignored;
    const isLengthSaid = 'sessionExtensionBytes' in this.fields;
    return [
      ...super.ignored,
      ...unsaid.map((name) => `body.sessionExtension.${name}`),
      ...(isLengthSaid ? [] : ['metadata.sessionExtensionBytes']),
    ];
  }

  /** Asks for a session that survives its connection. */
  resumable(): OpenPacket {
    const { sessionFlags = 0 } = this.fields;
    return this.with({ sessionFlags: sessionFlags | SessionFlag.AllowResume });
  }

  /** Takes the session up again with its token. */
  resuming(token: Uint8Array): OpenPacket {
    return this.resumable().#withBlocks({ resumeToken: token });
  }

  /**
   * Says, as this project's clients do, that the client answers PING, and what else it knows; of a session that it asks
   * to keep, that it comes back for it and shows its auth anew.
   */
  announced(extension: SessionExtension = {}): OpenPacket {
    const { sessionFlags = 0 } = this.fields;
    const comesBack = (sessionFlags & SessionFlag.AllowResume) === 0 ? undefined : true;
    return this.#withBlocks({
      extension: encodeSessionExtension({
        ...CLIENT_CLAIMS,
        comesBack,
        renewsAuth: comesBack,
        ...extension,
      }),
    });
  }

  /** Carries what the server's policy judges. */
  auth(auth: Bytes): OpenPacket {
    return this.#withBlocks({ auth: bytesOf(auth) });
  }

  #withBlocks(changes: Partial<OpenBlocks>): OpenPacket {
    const blocks = { ...this.#blocks, ...changes };
    return new OpenPacket({ ...this.parts, body: openBody(blocks) }, this.fields, blocks);
  }

  protected override ofRecord(
    parts: RecordParts<OpenType>,
    fields: Partial<SessionOpenMetadata>,
  ): RecordPacket<OpenType> {
    return new OpenPacket(parts, fields, this.#blocks);
  }
}

/**
 * SESSION_OPEN as `openSession` sends it where it is given nothing: profile token, the token delta schema, priority
 * balanced, deadline 500 ms, 1 operation in flight. 0 lets the server choose the id.
 *
 * @example
 * peer.sends('a', { a: open(42).resumable().auth('secret') });
 */
export function open(requestedSessionId = 0): OpenPacket {
  // The lengths of blocks are left to the packet: they follow what it carries.
  const {
    resumeTokenBytes: _token,
    authBytes: _auth,
    sessionExtensionBytes: _extension,
    ...fields
  } = sessionOpen({ requestedSessionId }, NO_BLOCKS);
  return new OpenPacket(partsOf(MessageType.SessionOpen), fields, NO_BLOCKS);
}

interface AckBlocks {
  readonly resumeToken: Uint8Array;
  readonly extension: Uint8Array;
}

/** SESSION_OPEN_ACK; the lengths of its blocks follow from them, unless `with` says otherwise. */
export class OpenAckPacket extends RecordPacket<AckType> {
  readonly #blocks: AckBlocks;

  constructor(parts: RecordParts<AckType>, fields: Partial<SessionOpenAckMetadata>, blocks: AckBlocks) {
    super(parts, fields, {
      resumeTokenBytes: blocks.resumeToken.length,
      sessionExtensionBytes: blocks.extension.length,
    });
    this.#blocks = blocks;
  }

  /** Refuses the session. */
  rejected(sessionErrorCode: number): OpenAckPacket {
    return this.#refused({ sessionStatus: SessionStatus.Rejected, sessionErrorCode });
  }

  /** Cannot take the session now. */
  retryLater(): OpenAckPacket {
    return this.#refused({ sessionStatus: SessionStatus.RetryLater });
  }

  /** Enables resuming, with this token. */
  withToken(token: Uint8Array): OpenAckPacket {
    return this.with({ sessionFlagsAck: SessionAckFlag.ResumeEnabled }).#withBlocks({ resumeToken: token });
  }

  /** Takes the session up again, with another token. */
  resumed(token: Uint8Array): OpenAckPacket {
    return this.with({ sessionStatus: SessionStatus.Resumed }).withToken(token);
  }

  /** Answers a client that has announced itself, as this project's server does. */
  announced(lastOperationId = 0): OpenAckPacket {
    return this.#withBlocks({
      extension: encodeSessionExtension({ lastOperationId, holdsOperations: true, takesTools: true }),
    });
  }

  #refused(fields: Partial<SessionOpenAckMetadata>): OpenAckPacket {
    return this.withHeader({ sessionId: 0 }).with({ sessionId: 0, serverSessionTag: 0n, ...fields });
  }

  #withBlocks(changes: Partial<AckBlocks>): OpenAckPacket {
    const blocks = { ...this.#blocks, ...changes };
    const body = concatBytes(blocks.resumeToken, blocks.extension);
    return new OpenAckPacket({ ...this.parts, body }, this.fields, blocks);
  }

  protected override ofRecord(
    parts: RecordParts<AckType>,
    fields: Partial<SessionOpenAckMetadata>,
  ): RecordPacket<AckType> {
    return new OpenAckPacket(parts, fields, this.#blocks);
  }
}

/**
 * SESSION_OPEN_ACK of a server that is given nothing, as it answers `open(sessionId)`: a credit of 4, 4 operations in
 * flight, leases of 30 s, a resume window of 120 s. The first id that a server of a flow chooses is 1.
 */
export function openAck(sessionId = 1): OpenAckPacket {
  const fields: Partial<SessionOpenAckMetadata> = {
    sessionId,
    acceptedProfileId: Profile.Token,
    acceptedPriorityClass: PriorityClass.Balanced,
    sessionStatus: SessionStatus.Opened,
    ...TOKEN_DELTA,
    grantedOperationCredit: 4,
    maxInFlightOperations: 4,
    leaseTtlMs: 30_000,
    resumeWindowMs: 120_000,
    serverSessionTag: BigInt(sessionId),
    sessionErrorCode: SessionErrorCode.None,
  };
  return new OpenAckPacket(partsOf(MessageType.SessionOpenAck, { sessionId }), fields, {
    resumeToken: EMPTY,
    extension: EMPTY,
  });
}

/** The `number`th token of {@link scriptedTokens}: each of its bytes is the number. */
export function resumeToken(number: number, length = 24): Uint8Array {
  return new Uint8Array(length).fill(number);
}

/**
 * A source for a server's `randomBytes` whose tokens a script knows beforehand: `resumeToken(1)`, then
 * `resumeToken(2)`. Not for anything but tests.
 */
export function scriptedTokens(): (length: number) => Uint8Array {
  let issued = 0;
  return (length) => resumeToken((issued += 1), length);
}
