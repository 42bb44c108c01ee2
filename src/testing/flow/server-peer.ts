import type { FlowEndpoint } from './flow-endpoint';
import type { FlowTransport } from './flow-transport';
import { ScriptedPeer, type Packets, type PeerStage } from './scripted-peer';

/** Plays a server: takes every connection, and sends on the newest. */
export class ServerPeer extends ScriptedPeer {
  constructor(name: string, stage: PeerStage, packets: Packets, endpoint: FlowEndpoint) {
    super(name, stage, packets);
    endpoint.listen().subscribe({
      next: (transport) => {
        // It comes from the endpoint, whose transports are all of one class.
        this.take(transport as FlowTransport);
      },
      error: (error: unknown) => {
        throw error;
      },
    });
  }

  protected override connection(): FlowTransport | undefined {
    return this.current;
  }
}
