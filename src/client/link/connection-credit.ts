import { CreditScope } from '../../protocol/flow/credit-scope';
import type { CreditChange } from '../../protocol/flow/flow';

/** The credit that the sessions of a connection share, and what they have in flight of it together. */
export class ConnectionCredit {
  /** As FLOW_UPDATEs of connection scope leave it. */
  readonly scope = new CreditScope();
  /** Whether nothing more is sent over the connection. */
  isOver = false;
  private operations = 0;
  /** The sessions, each by how it sends what waits. */
  private readonly members = new Set<{ readonly send: () => void }>();

  /** Operations of all sessions. */
  get inFlight(): number {
    return this.operations;
  }

  /**
   * A session with `inFlight` operations comes; `send` is called when it may have more of them. What it gives back is called
   * as the session goes, with what it has in flight then. One that comes back first comes, then goes: otherwise the others
   * would take its room.
   */
  join(send: () => void, inFlight: number): (inFlight: number) => void {
    const member = { send };
    this.members.add(member);
    this.operations += inFlight;
    return (left) => {
      if (!this.members.delete(member)) return;
      this.operations -= left;
      this.freed();
    };
  }

  take(): void {
    this.operations += 1;
  }

  giveBack(): void {
    this.operations -= 1;
    this.freed();
  }

  apply(update: CreditChange, now: number): void {
    this.scope.apply(update, now);
    this.sendAll();
  }

  /** The connection is over: what its sessions give back is nobody's room. */
  end(): void {
    this.isOver = true;
    this.members.clear();
  }

  /** One session's end is another's room, where there is a limit at all. */
  private freed(): void {
    if (this.scope.credit !== Infinity) this.sendAll();
  }

  private sendAll(): void {
    for (const { send } of [...this.members]) send();
  }
}
