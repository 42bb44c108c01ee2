import type { FlowEndpoint } from './flow-endpoint';
import { FlowError } from './flow-error';
import type { FlowTransport } from './flow-transport';
import { ScriptedPeer, type Packets, type PeerStage } from './scripted-peer';

/** Plays a client: connects when it first has something to send, and again after an end of its own. */
export class ClientPeer extends ScriptedPeer {
  constructor(
    name: string,
    stage: PeerStage,
    packets: Packets,
    private readonly endpoint: FlowEndpoint,
  ) {
    super(name, stage, packets);
  }

  protected override connection(): FlowTransport {
    if (this.current !== undefined) return this.current;
    let connected: FlowTransport | undefined;
    let failure: unknown;
    // In memory, who connects is connected at once.
    this.endpoint.connect().subscribe({
      next: (transport) => {
        connected = transport;
      },
      error: (error: unknown) => {
        failure = error;
      },
    });
    if (connected === undefined) {
      throw new FlowError(
        `${this.name} finds no server at frame ${this.stage.scheduler.frame}; start one first`,
        {
          cause: failure,
        },
      );
    }
    this.take(connected);
    return connected;
  }
}
