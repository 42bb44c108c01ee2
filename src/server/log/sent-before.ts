import { EndCode } from '../../protocol/operation/end-code';
import { Failure } from '../../protocol/operation/failure';
import type { ResultPush } from '../../protocol/operation/result';
import { partMetadata, readResultMetadata } from '../../protocol/operation/result-packet';
import { TokenDecoder } from '../../protocol/content/token-decoder';
import { MessageType } from '../../wire/message-type';
import type { Packet } from '../../wire/packet';

/** What the client of an operation has, or is being sent, of the node that is gone. */
export interface SentBefore {
  /** Parts: results, and of one that is text each of its texts. Known also where `results` are not. */
  readonly count: number;
  /**
   * In order. Throws where the client has received more than the log has heard of: then what comes next cannot be
   * known by them, and the operation ends as it would without `continueWith`.
   */
  readonly results: readonly ResultPush[];
  /** Their texts. Throws as `results` does. */
  readonly text: string;
}

/** What was logged of an operation that runs. */
export class LoggedAnswer implements SentBefore {
  private readonly logged: readonly ResultPush[];

  constructor(
    packets: readonly Packet[],
    /** Results that the client has besides; undefined where nobody knows of which operation they are. */
    private readonly unlogged: number | undefined,
    /** Whether all of the rest is known. */
    private readonly isWhole: boolean,
  ) {
    this.logged = packets.flatMap((packet) => resultOf(packet) ?? []);
  }

  /** Whether anybody could go on after it. */
  get isCounted(): boolean {
    if (!this.isWhole || this.unlogged === undefined) return false;
    // Of an answer whose results have several texts each nobody knows how many the others have.
    return this.unlogged === 0 || this.parts.every((count) => count === 1);
  }

  get count(): number {
    return this.parts.reduce((sum, count) => sum + count, this.unlogged ?? 0);
  }

  /** Of each logged result. */
  private get parts(): readonly number[] {
    const decoder = new TokenDecoder();
    return this.logged.map((result) => Math.max(1, decoder.decode(result).length));
  }

  get results(): readonly ResultPush[] {
    if (this.unlogged !== 0) throw new Failure(EndCode.NodeLost, '', 0);
    return this.logged;
  }

  get text(): string {
    const decoder = new TokenDecoder();
    return this.results.map((result) => decoder.decode(result).join('')).join('') + decoder.end();
  }
}

function resultOf({ header: { messageType, frameId }, metadata, body }: Packet): ResultPush | undefined {
  switch (messageType) {
    case MessageType.ResultPush:
      return { type: 'push', frameId, metadata: readResultMetadata(metadata), body };
    case MessageType.PartialResult:
      return { type: 'push', frameId, metadata: partMetadata(body), body };
    default:
      return undefined;
  }
}
