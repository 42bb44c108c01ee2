import type { ConnectEndpoint, ListenAddress, ListenEndpoint } from '../../src/transport/endpoint';
import { pause, until } from '../support/until';
import { FakeGate } from './fake-gate';
import { closedLater, Reception, Recording } from './support';

export interface Gated {
  readonly listening: ListenEndpoint;
  connecting(address: ListenAddress): ConnectEndpoint;
}

/** How a listener calls its gate, whatever it listens on. */
export function describeGate(make: () => Gated): void {
  async function start(): Promise<{ gate: FakeGate; reception: Reception; endpoint: ConnectEndpoint }> {
    const { listening, connecting } = make();
    const gate = new FakeGate();
    const reception = closedLater(new Reception(listening.listen({ gate })));
    return { gate, reception, endpoint: connecting(await reception.address()) };
  }

  it('hands each connection its own ticket, and leaves when the connection is gone', async () => {
    const { gate, reception, endpoint } = await start();
    const links = [await reception.link(endpoint), await reception.link(endpoint)];
    expect(links.map(({ accepted }) => accepted.ticket)).toEqual(gate.tickets);
    expect(gate.leaves).toEqual([0, 0]);
    // An end is noticed by who reads.
    new Recording(links[0]!.accepted.packets$);
    links[0]!.connected.destroy();
    await until(() => gate.leaves[0] === 1, 'the first leave');
    expect(gate.leaves).toEqual([1, 0]);
    links[1]!.accepted.destroy();
    await until(() => gate.leaves[1] === 1, 'the second leave');
    links[1]!.connected.destroy();
  });

  it('ends a connection that the gate cuts', async () => {
    const { gate, reception, endpoint } = await start();
    const { accepted, connected } = await reception.link(endpoint);
    const reads = [new Recording(accepted.packets$), new Recording(connected.packets$)];
    gate.tickets[0]!.cut();
    for (const read of reads) await read.over();
    expect(gate.leaves).toEqual([1]);
    gate.tickets[0]!.cut();
    await pause(5);
    expect(gate.leaves).toEqual([1]);
  });

  it('emits no transport of a connection that the gate refuses', async () => {
    const { gate, reception, endpoint } = await start();
    gate.shut();
    const attempt = new Recording(endpoint.connect());
    await attempt.over();
    for (const transport of attempt.values) await new Recording(transport.packets$).over();
    await until(() => gate.leaves[0] === 1, 'the leave');
    await pause(5);
    expect(reception.transports).toEqual([]);
    expect(gate.leaves).toEqual([1]);
    // The others are none of its business.
    gate.reopen();
    const { connected } = await reception.link(endpoint);
    connected.destroy();
  });
}
