import { firstValueFrom, map } from 'rxjs';
import { connect, type Client } from '../../../src/client/client';
import { ping } from '../../../src/testing';
import { memory } from '../../../src/transport/memory';
import type { Transport } from '../../../src/transport/transport';
import { settled } from '../../support/async';
import { VirtualTime } from '../../support/virtual-time';

const MAX_UNREAD = 1024;

/** A server, by hand, that has sent PINGs and reads nothing until it is told to. */
async function stage({ canPause = true } = {}): Promise<{
  client: Client;
  server: Transport;
  time: VirtualTime;
  ended: unknown[];
}> {
  const time = new VirtualTime();
  const endpoint = memory();
  const accepted = new Promise<Transport>((resolve) => {
    endpoint.listen().subscribe(resolve);
  });
  const connected$ = endpoint
    .connect()
    .pipe(map((transport) => (canPause ? transport : Object.assign(transport, { pause: undefined }))));
  const client = await connect(
    { ...endpoint, connect: () => connected$ },
    { scheduler: time, keepAlive: { idleMs: 0 } },
  );
  const ended: unknown[] = [];
  client.ended$.subscribe({ error: (error: unknown) => ended.push(error), complete: () => ended.push('|') });
  return { client, server: await accepted, time, ended };
}

function flood(server: Transport, count: number): Promise<void> {
  for (let number = 1; number <= count; number++) server.send(ping(number));
  return settled();
}

describe('a server that sends PING without an end', () => {
  it('is not read any more while so many answers wait, and is read again once it has taken half', async () => {
    const { client, server, time, ended } = await stage();
    await flood(server, 5000);
    expect(client.usage.queuedBytes).toBe(MAX_UNREAD * 40);
    time.advance(10_000);
    expect(client.usage.queuedBytes).toBe(MAX_UNREAD * 40);
    let pongs = 0;
    server.packets$.subscribe(() => (pongs += 1));
    for (let turn = 0; turn < 20; turn++) {
      await settled();
      time.advance(20);
    }
    expect(pongs).toBe(5000);
    expect(ended).toEqual([]);
  });

  it('is given up where it reads none of them', async () => {
    const { server, time, ended } = await stage();
    await flood(server, 5000);
    time.advance(30_100);
    expect(ended).toEqual([expect.objectContaining({ kind: 'io', origin: 'peer' })]);
    expect(String(ended[0])).toContain('has read none of 1024 answers');
    await settled();
    expect(time.pendingCount).toBe(0);
  });

  it('is given up at once where it cannot be stopped, with sixteen times as many answers', async () => {
    const { client, server, ended } = await stage({ canPause: false });
    await flood(server, 20_000);
    expect(ended).toEqual([expect.objectContaining({ kind: 'io', origin: 'peer' })]);
    expect(String(ended[0])).toContain('has read none of 16385 answers');
    expect(client.usage.queuedBytes).toBe(0);
  });

  it('is read on where it takes the answers, however many they are', async () => {
    const { server, time, ended } = await stage();
    let pongs = 0;
    await firstValueFrom(server.pressure$);
    server.packets$.subscribe(() => (pongs += 1));
    for (let turn = 0; turn < 10; turn++) await flood(server, 1000);
    await settled();
    expect([pongs, time.pendingCount, ended]).toEqual([10_000, 0, []]);
  });
});
