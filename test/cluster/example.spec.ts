import { PORTS, startNode, type RunningNode } from '../../examples/cluster/node';
import { tcp } from '../../src/transport/tcp/tcp';
import { webSocket } from '../../src/transport/web-socket/web-socket';
import { freePort } from '../support/free-port';
import { pause } from '../support/until';
import { Balancer } from './support/balancer';
import { Asking } from './support/asking';
import { RedisServer } from './support/redis-server';

describe('the node of the example', () => {
  let redis: RedisServer;
  const running: RunningNode[] = [];
  const overTcp = new Balancer();
  const overWebSocket = new Balancer();

  const start = async (): Promise<RunningNode> => {
    const any = { webSocket: 0, tcp: 0, health: 0, link: await freePort() };
    const environment = {
      REDIS_URL: redis.url,
      TOKEN_KEY: 'of every node, and secret',
      LINK_HOST: '127.0.0.1',
    };
    const node = await startNode({ ...environment, TRUST_PROXY: '10.0.0.1,fd00::1', GRACE_MS: '5000' }, any);
    running.push(node);
    overTcp.add(node.ports.tcp);
    overWebSocket.add(node.ports.webSocket);
    return node;
  };

  beforeAll(async () => {
    jest.spyOn(console, 'log').mockReturnValue(undefined);
    redis = await RedisServer.start();
    await Promise.all([overTcp.listen(), overWebSocket.listen()]);
  });

  afterAll(async () => {
    overTcp.close();
    overWebSocket.close();
    await Promise.all(running.map((node) => node.server.close({ graceMs: 0 }).then(() => node.stop())));
    await redis.end();
  });

  it('says that it is ready, hands its clients over as it is stopped, and is not ready any more', async () => {
    expect(PORTS).toEqual({ webSocket: 4480, tcp: 4433, link: 4490, health: 8080 });
    const first = await start();
    const ready = async (): Promise<number> =>
      (await fetch(`http://127.0.0.1:${first.ports.health}/`, { headers: { connection: 'close' } })).status;
    expect(await ready()).toBe(200);
    const ways = [tcp({ port: overTcp.port }), webSocket({ port: overWebSocket.port })];
    const clients = await Promise.all(ways.map((way) => Asking.open(way)));
    await start();
    const said = 'Call me Ishmael, for the time that it takes to say so.';
    const answers = clients.map((client) => client.ask(said));
    await pause(100);
    overTcp.remove(first.ports.tcp);
    overWebSocket.remove(first.ports.webSocket);
    const stopped = first.stop();
    expect(await ready()).toBe(503);
    await stopped;
    expect(await Promise.all(answers)).toEqual(clients.map(() => `You said: ${said}`));
    expect(await Promise.all(clients.map((client) => client.ask('And again.')))).toEqual(
      clients.map(() => 'You said: And again.'),
    );
    await Promise.all(clients.map(({ client }) => client.close()));
  });
});
