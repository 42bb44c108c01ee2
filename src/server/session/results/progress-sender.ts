import { take, type Subscription } from 'rxjs';
import type { Progress } from '../../../protocol/operation/progress';
import { progressPacket } from '../../../protocol/revision/progress';
import { onEach } from '../../../transport/on-each';
import type { Packet } from '../../../wire/packet';
import type { ReceivedSubmit } from '../submits/submit';
import type { SessionOutlet } from './session-outlet';

/**
 * Says how far operations are. It only matters now: to a client that is away nothing is said, and of one that does not
 * take what it is sent each operation's newest waits.
 */
export class ProgressSender {
  /** Made with the first, as is the other: most sessions say nothing. */
  private counts: WeakMap<ReceivedSubmit, number> | undefined;
  /** Of operations that have waited: undefined where nothing does now. */
  private waiting: Map<ReceivedSubmit, Packet | undefined> | undefined;
  private isPressed = false;
  private watching: Subscription | undefined;

  constructor(
    private readonly sessionId: number,
    private readonly outlet: SessionOutlet,
  ) {}

  say(submit: ReceivedSubmit, progress: Progress): void {
    // Ends with the session.
    this.watching ??= onEach(this.outlet.pressure$, (isPressed) => {
      this.isPressed = isPressed;
      if (!isPressed) this.catchUp();
    });
    const counts = (this.counts ??= new WeakMap());
    const sequence = (counts.get(submit) ?? 0) + 1;
    counts.set(submit, sequence);
    const packet = progressPacket(this.sessionId, submit, progress, sequence);
    if (this.isPressed) this.keep(submit, packet);
    else this.outlet.send(packet);
  }

  private keep(submit: ReceivedSubmit, packet: Packet): void {
    const waiting = (this.waiting ??= new Map());
    const isFirst = !waiting.has(submit);
    waiting.set(submit, packet);
    if (!isFirst) return;
    const forget = (): void => {
      waiting.delete(submit);
    };
    submit.ended$.pipe(take(1)).subscribe({ next: forget, error: forget });
  }

  private catchUp(): void {
    const packets = [...(this.waiting ?? [])];
    for (const [submit] of packets) this.waiting?.set(submit, undefined);
    for (const [, packet] of packets) if (packet !== undefined) this.outlet.send(packet);
  }
}
