import { EndCode } from '../../protocol/operation/end-code';
import { Failure } from '../../protocol/operation/failure';
import { partCount, type ResultPush } from '../../protocol/operation/result';
import { partMetadata, readResultMetadata } from '../../protocol/operation/result-packet';
import { TokenDecoder } from '../../protocol/content/token-decoder';
import { MessageType } from '../../wire/message-type';
import type { Packet } from '../../wire/packet';

/** What the client of an operation has, or is being sent, of the node that is gone. */
export interface SentBefore {
  /** Parts: results, and of texts that were sent together each. Known also where `results` are not. */
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
  private readonly parts: number;
  /** Whether the client has received more of it than the log has heard of. */
  private readonly isBehind: boolean;

  constructor(
    packets: readonly Packet[],
    /** Parts that the client has, at least; undefined where there are more than are logged, and it cannot say how many. */
    private readonly received: number | undefined,
    /** Whether all of the rest is known. */
    private readonly isWhole: boolean,
  ) {
    this.logged = packets.flatMap((packet) => resultOf(packet) ?? []);
    const logged = this.logged.reduce((sum, result) => sum + partCount(result), 0);
    this.parts = Math.max(received ?? 0, logged);
    this.isBehind = received === undefined || received > logged;
  }

  /** Whether anybody could go on after it. */
  get isCounted(): boolean {
    return this.isWhole && this.received !== undefined;
  }

  get count(): number {
    return this.parts;
  }

  get results(): readonly ResultPush[] {
    if (this.isBehind) throw new Failure(EndCode.NodeLost, '', 0);
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
