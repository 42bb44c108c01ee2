import type { Packet } from '../../wire/packet';
import { mismatch } from '../marbles/mismatch';
import type { Drawn } from '../marbles/draw';
import type { ExpectedMoment, Moment } from '../marbles/moment';
import { readTimeline, type Mark } from '../marbles/timeline';
import { PACKETS } from '../marbles/value-kinds';
import { BuiltPacket } from '../packets/built-packet';
import type { FlowScheduler } from '../time/flow-scheduler';
import { FlowError } from './flow-error';
import type { FlowTransport } from './flow-transport';

/**
 * What a letter stands for: a packet, several that come at once, or, for what cannot be known before, a
 * function of what the peer has received so far.
 */
export type Scripted =
  Packet | readonly Packet[] | ((received: readonly Packet[]) => Packet | readonly Packet[]);

/** What letters stand for. */
export type Packets = Readonly<Record<string, Scripted>>;

/** How closely packets are compared. */
export interface ExpectOptions {
  /**
   * `order` lets packets come at any time, as long as they come in this order: for what was captured, or
   * takes as long as it takes. Default `exact`.
   */
  readonly timing?: 'exact' | 'order';
  /** Paths that no packet is compared by, see `BuiltPacket.ignoring`. Default none. */
  readonly ignoring?: readonly string[];
}

/** How many actions of its frame what is to be sent waits for somebody to connect. */
const ACTIONS_TO_WAIT = 10;

/** What a peer needs of its flow. */
export interface PeerStage {
  readonly scheduler: FlowScheduler;
  /** Runs something at a frame of the flow. */
  at(frame: number, action: () => void): void;
  /** The flow goes on for at least so long. */
  lasts(duration: number): void;
}

/**
 * One end of a connection, played by a script: what it sends and what must come back, as marble strings
 * of packets. `|` ends the connection in good order, `#` cuts it; a string goes on behind them with the
 * next connection.
 */
export abstract class ScriptedPeer {
  private readonly moments: Moment<Packet>[] = [];
  private readonly letters = new Map<string, Scripted>();
  private readonly sent: Drawn[] = [];
  private expectation: { readonly marbles: string; readonly options: ExpectOptions } | undefined;
  private transport: FlowTransport | undefined;

  constructor(
    /** How failures call it. */
    readonly name: string,
    protected readonly stage: PeerStage,
    packets: Packets,
  ) {
    this.add(packets);
  }

  /** Every packet that has come so far. */
  get received(): readonly Packet[] {
    return this.moments.flatMap((moment) => (moment.kind === 'value' ? [moment.value] : []));
  }

  /**
   * Sends packets when the string says so. Frames count from the start of the flow. `cutError` is what
   * the other end sees of a `#`; by default that the connection failed.
   *
   * @example
   * peer.sends('a-b--c|', { a: open(42), b: submit(42, 1, 'hi'), c: cancel(42, 1) });
   */
  sends(marbles: string, packets: Packets = {}, cutError?: Error): this {
    this.add(packets);
    const { marks, duration } = readTimeline(marbles, this.stage.scheduler);
    this.stage.lasts(duration);
    for (const mark of marks) {
      this.requireKnown(mark, marbles);
      this.sent.push({ frame: mark.frame, label: labelOf(mark) });
      this.stage.at(mark.frame, () => {
        this.play(mark, cutError);
      });
    }
    return this;
  }

  /**
   * Says what must come, at which frames, and that nothing else does. `|` is an end of the connection
   * that the other side asks for, `#` one that fails.
   *
   * @example
   * peer.expects('x-y', { x: openAck(42), y: result(42, 1, 'hi') });
   */
  expects(marbles: string, packets: Packets = {}, options: ExpectOptions = {}): this {
    if (this.expectation !== undefined) {
      throw new FlowError(`what ${this.name} expects is said already: "${this.expectation.marbles}"`);
    }
    this.add(packets);
    const { marks, duration } = readTimeline(marbles, this.stage.scheduler);
    this.stage.lasts(duration);
    for (const mark of marks) this.requireKnown(mark, marbles);
    this.expectation = { marbles, options };
    return this;
  }

  /** What did not come as it should, told for people; undefined where all did. */
  verify(): string | undefined {
    if (this.expectation === undefined) return undefined;
    const { marbles, options } = this.expectation;
    const { timing = 'exact', ignoring = [] } = options;
    const { marks } = readTimeline(marbles, this.stage.scheduler);
    const valuesOf = (letter: string): readonly Packet[] =>
      this.packetsOf(letter).map((packet) => lenient(packet, ignoring));
    return mismatch({
      title: `${this.name} did not receive what it should`,
      expected: marks.flatMap((mark): readonly ExpectedMoment<Packet>[] => {
        const { frame } = mark;
        if (mark.kind !== 'letter') return [{ frame, kind: mark.kind }];
        const { letter } = mark;
        return valuesOf(letter).map((value, index) => ({ frame, kind: 'value', value, letter, index }));
      }),
      actual: this.moments,
      dictionary: new Map([...this.letters.keys()].map((letter) => [letter, valuesOf(letter)])),
      kind: PACKETS,
      context: [{ name: 'sent', moments: this.sent }],
      timing,
    });
  }

  /** The connection to send on, made if need be; undefined while the other end has not come yet. */
  protected abstract connection(): FlowTransport | undefined;

  /** Takes a connection over and reads it. */
  protected take(transport: FlowTransport): void {
    this.transport = transport;
    transport.packets$.subscribe({
      next: (value) => {
        this.moments.push({ frame: this.now(), kind: 'value', value });
      },
      error: (error: unknown) => {
        this.over(transport, { frame: this.now(), kind: 'cut', error });
      },
      complete: () => {
        this.over(transport, { frame: this.now(), kind: 'end' });
      },
    });
  }

  protected get current(): FlowTransport | undefined {
    return this.transport;
  }

  private play(mark: Mark, cutError: Error | undefined, patience = ACTIONS_TO_WAIT): void {
    const { scheduler } = this.stage;
    const transport = this.connection();
    if (transport === undefined) {
      if (patience === 0)
        throw new FlowError(`at frame ${scheduler.frame} nobody is connected to ${this.name}`);
      // Whoever connects in this frame does so by a timer that is set later than this string.
      scheduler.schedule(() => {
        this.play(mark, cutError, patience - 1);
      });
      return;
    }
    if (mark.kind === 'letter') {
      for (const packet of this.packetsOf(mark.letter)) transport.send(packet);
      return;
    }
    // An end of one's own is no news.
    this.transport = undefined;
    if (mark.kind === 'cut') transport.cut(cutError);
    else void transport.close();
  }

  private over(transport: FlowTransport, moment: Moment<Packet>): void {
    if (this.transport !== transport) return;
    this.transport = undefined;
    this.moments.push(moment);
  }

  private now(): number {
    return this.stage.scheduler.frame;
  }

  private add(packets: Packets): void {
    for (const [letter, scripted] of Object.entries(packets)) {
      requireLetter(letter);
      const known = this.letters.get(letter);
      if (known !== undefined && known !== scripted) {
        throw new FlowError(`the letter ${letter} of ${this.name} stands for another packet already`);
      }
      this.letters.set(letter, scripted);
    }
  }

  private packetsOf(letter: string): readonly Packet[] {
    const scripted = this.letters.get(letter) ?? [];
    const said = typeof scripted === 'function' ? scripted(this.received) : scripted;
    return 'header' in said ? [said] : said;
  }

  private requireKnown(mark: Mark, marbles: string): void {
    if (mark.kind !== 'letter' || this.letters.has(mark.letter)) return;
    const known = [...this.letters.keys()].join(', ') || 'none';
    throw new FlowError(
      `"${marbles}" has the letter ${mark.letter}, which names no packet; known are ${known}`,
    );
  }
}

/** What marble strings can hold: one character that means nothing else in them. */
function requireLetter(letter: string): void {
  if ([...letter].length === 1 && !/[-|#()^!\s]/.test(letter)) return;
  throw new FlowError(
    `"${letter}" cannot stand for a packet: one character does that means nothing in a string`,
  );
}

function labelOf(mark: Mark): string {
  if (mark.kind === 'letter') return mark.letter;
  return mark.kind === 'end' ? '|' : '#';
}

interface LenientPacket extends Packet {
  readonly ignored: readonly string[];
}

/** The packet, passing over more than it says itself. */
function lenient(packet: Packet, ignoring: readonly string[]): Packet {
  if (ignoring.length === 0) return packet;
  const { header, metadata, body } = packet;
  const own = packet instanceof BuiltPacket ? packet.ignored : [];
  const passingOver: LenientPacket = { header, metadata, body, ignored: [...own, ...ignoring] };
  return passingOver;
}
