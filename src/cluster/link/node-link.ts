import { Subscription, type Observer, type SchedulerLike } from 'rxjs';
import { pingPacket, pongPacket } from '../../protocol/ping';
import { LivenessWatch } from '../../transport/liveness/keep-alive';
import { onEach } from '../../transport/on-each';
import { SignsOfLife } from '../../transport/liveness/signs-of-life';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { Transport } from '../../transport/transport';
import { MessageType } from '../../wire/message-type';
import type { Packet } from '../../wire/packet';
import type { NodeName } from '../directory';
import { MAX_HELLO_BYTES } from './link-gate';
import { LINK_VERSION, linkPacket, LinkType, readRecord, withRecord } from './link-message';
import { freshNonce, isProof, proofOf, type LinkEnds } from './link-proof';

/** Milliseconds that a link has to become one. */
const GREETING_MS = 5000;

/** A node that stands still is noticed before its lease is over. */
const LINK_KEEP_ALIVE = { idleMs: 1500, timeoutMs: 2500 };

/** Bytes that may wait for a node at most, and milliseconds between two looks while many do. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
const LOOK_MS = 100;

/** Who a node says that it is, and what it proves that with. */
export interface LinkOptions {
  readonly node: NodeName;
  readonly key: Uint8Array;
  readonly scheduler: SchedulerLike;
}

/** Who makes a link. */
export interface LinkOwner {
  /** The link is open: who takes what comes. */
  opened(link: NodeLink): LinkUser;
  /** The other end is none, or not as it should be. */
  failed(error: Error): void;
  /** The link is gone, whether it was open or not; `cause` is what its connection has failed of. */
  over(link: NodeLink, cause?: unknown): void;
}

/** Who takes what comes over a link. */
export interface LinkUser {
  receive(packet: Packet, now: number): void;
  /** The link is gone; called once. */
  ended(): void;
}

interface Hello {
  readonly version: number;
  readonly node: NodeName;
  readonly nonce: string;
  readonly proof?: string;
}

/**
 * A connection between two nodes: each proves that it has the key, then packets of sessions pass as they are. A node
 * that stands still, or does not read, loses it.
 *
 * ```
 *   asking ── node, nonce ──────────▶ answering
 *          ◀── node, nonce, proof ──
 *          ── proof ────────────────▶            open
 * ```
 */
export class NodeLink implements Observer<Packet> {
  private readonly nonce = freshNonce();
  private readonly life: SignsOfLife;
  private readonly work = new Subscription();
  private user: LinkUser | undefined;
  private other: Hello | undefined;
  private pings = 0;
  private isOver = false;

  constructor(
    private readonly transport: Transport,
    private readonly end: 'asking' | 'answering',
    private readonly options: LinkOptions,
    private readonly owner: LinkOwner,
    /** Whom it is to be with; undefined where whoever asks is welcome. */
    private readonly wanted?: NodeName,
  ) {
    const { scheduler } = options;
    this.life = new SignsOfLife(transport, scheduler);
    const greeting = scheduleIn(scheduler, GREETING_MS, () => {
      if (this.user === undefined) this.fail('it did not prove in time that it is a node of this cluster');
    });
    this.work.add(greeting);
  }

  get peer(): NodeName {
    return this.other?.node ?? '';
  }

  /** Bytes of header and body that a packet may have. */
  get largestPacket(): number {
    return this.transport.largestPacket ?? Infinity;
  }

  get pressure$(): Transport['pressure$'] {
    return this.transport.pressure$;
  }

  start(): void {
    this.transport.packets$.subscribe(this);
    if (this.end === 'asking') this.hello();
  }

  send(packet: Packet): void {
    this.transport.send(packet);
  }

  next(packet: Packet): void {
    this.life.packet();
    try {
      const { user } = this;
      if (user === undefined) this.greet(packet);
      else if (packet.header.sessionId !== 0 || packet.header.messageType >= LinkType.Hello) {
        user.receive(packet, this.life.lastHeard);
      } else this.onPing(packet);
    } catch (error) {
      this.fail(`it said what no node says: ${String(error)}`);
    }
  }

  error(cause: unknown): void {
    this.over(cause);
  }

  complete(): void {
    this.over();
  }

  destroy(): void {
    this.transport.destroy();
    this.over();
  }

  private onPing({ header: { messageType, frameId } }: Packet): void {
    if (messageType === MessageType.Ping) this.send(pongPacket(frameId));
  }

  private hello(proof?: string): void {
    const said = { version: LINK_VERSION, node: this.options.node, nonce: this.nonce, proof };
    this.send(linkPacket(LinkType.Hello, {}, withRecord(said)));
  }

  private greet({ header: { messageType }, body }: Packet): void {
    if ((messageType as number) !== LinkType.Hello || body.length > MAX_HELLO_BYTES) {
      throw new Error('it has not said who it is');
    }
    const { record } = readRecord<Hello>(body);
    const isFirst = this.other === undefined;
    this.other ??= record;
    if (this.wanted !== undefined && record.node !== this.wanted) {
      // Its address is another's by now, and what it does not have, the one that is wanted may have.
      throw new Error(`it is node ${record.node}, and ${this.wanted} was to be there`);
    }
    if (record.version !== LINK_VERSION) throw new Error(`its links are of version ${record.version}`);
    if (this.end === 'answering' && isFirst) {
      this.hello(proofOf('answering', this.ends(), this.options.key));
      return;
    }
    const theirs = this.end === 'asking' ? 'answering' : 'asking';
    if (!isProof(record.proof, proofOf(theirs, this.ends(), this.options.key))) {
      throw new Error('it does not have the tokenKey of this cluster');
    }
    if (this.end === 'asking') this.hello(proofOf('asking', this.ends(), this.options.key));
    this.open();
  }

  private ends(): LinkEnds {
    const me = { node: this.options.node, nonce: this.nonce };
    const { node = '', nonce = '' } = this.other ?? {};
    const other = { node, nonce };
    return this.end === 'asking' ? { asking: me, answering: other } : { asking: other, answering: me };
  }

  private open(): void {
    const { scheduler } = this.options;
    const { life } = this;
    const watched = {
      signs: () => life.look({ isRead: true }),
      ask: () => {
        this.send(pingPacket((this.pings = (this.pings + 1) >>> 0)));
        return true;
      },
      gone: () => {
        this.destroy();
      },
    };
    this.work.add(new LivenessWatch(watched, LINK_KEEP_ALIVE, scheduler));
    this.work.add(
      onEach(this.transport.pressure$, (isHigh) => {
        if (isHigh) this.look();
      }),
    );
    this.user = this.owner.opened(this);
  }

  /** Looks at what waits, for as long as that is much. */
  private look(): void {
    const { queuedBytes } = this.transport;
    if (queuedBytes > MAX_QUEUED_BYTES) this.destroy();
    else if (queuedBytes > MAX_QUEUED_BYTES / 64) {
      const next = scheduleIn(this.options.scheduler, LOOK_MS, () => {
        this.work.remove(next);
        this.look();
      });
      this.work.add(next);
    }
  }

  private fail(why: string): void {
    this.owner.failed(new Error(`the link with ${this.transport.peer} was cut: ${why}`));
    this.destroy();
  }

  private over(cause?: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    this.work.unsubscribe();
    this.user?.ended();
    this.owner.over(this, cause);
  }
}
