import { pongPacket } from '../../protocol/ping';
import type { CommonHeader } from '../../wire/header';
import type { Packet } from '../../wire/packet';
import { MAX_UNREAD, type Answers } from './answers';

/** The name of a PING: its number, and its session or 0. */
export type Asked = Pick<CommonHeader, 'frameId' | 'sessionId'>;

/** The answers to a server's PINGs: none while a session is on its way to another link. */
export class Pongs {
  /** How many sessions are on their way to another link. */
  private departing = 0;
  /** Answers to PINGs that came meanwhile. */
  private withheld: Packet[] = [];

  constructor(private readonly answers: Answers) {}

  /** Answers a PING, of the connection or of one of its sessions. */
  answer({ frameId, sessionId }: Asked): void {
    const pong = pongPacket(frameId, sessionId);
    if (this.departing === 0) this.answers.send(pong);
    // A PONG proves what those before it prove, so that of a flood the last are enough.
    else if (this.withheld.push(pong) > MAX_UNREAD) this.withheld.shift();
  }

  /** Answers nothing until it is called again, as returned. */
  withhold(): () => void {
    this.departing += 1;
    return () => {
      this.departing -= 1;
      if (this.departing === 0) for (const pong of this.withheld.splice(0)) this.answers.send(pong);
    };
  }
}
