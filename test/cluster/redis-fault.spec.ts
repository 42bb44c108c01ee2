import { ErrorReply } from '@redis/client';
import { filter, firstValueFrom, map } from 'rxjs';
import { redisCluster } from '../../src/cluster/redis';
import { RedisFault } from '../../src/cluster/redis/redis-fault';
import { createServer, type Server } from '../../src/server/server';
import { memory } from '../../src/transport/memory';
import { freePort } from '../support/free-port';
import { RedisServer } from './support/redis-server';

const RIGHT = 'the-right-one';
const WRONG = 'not%20the%20one';

let redis: RedisServer;
let server: Server | undefined;

function begin(url: string | readonly string[]): Server {
  server = createServer({
    listen: memory(),
    cluster: redisCluster({ url, link: memory() }),
    tokenKey: 'a key that every node of this cluster has',
  });
  return server;
}

/** Why its store is down, as soon as that is known. */
const faultOf = ({ health$ }: Server): Promise<string> =>
  firstValueFrom(
    health$.pipe(
      filter(({ store, storeFault }) => store === 'down' && storeFault !== undefined),
      map(({ storeFault }) => storeFault!),
    ),
  );

afterEach(async () => {
  const last = server;
  server = undefined;
  await last?.close({ graceMs: 0 });
});

describe('a node whose Redis wants a password', () => {
  beforeAll(async () => {
    redis = await RedisServer.start('--requirepass', RIGHT);
  });
  afterAll(() => redis.end());

  it.each([
    ['another', `:${WRONG}@`, /^WRONGPASS .*see to the user and the password of `url`/],
    ['none', '', /^NOAUTH .*give a password in `url`/],
  ])('says what it answers to %s, and never the password', async (_, credentials, why) => {
    const node = begin(redis.url.replace('//', `//${credentials}`));
    const [told, fault] = await Promise.all([firstValueFrom(node.failures$), faultOf(node)]);
    expect(fault).toMatch(why);
    expect(told.message).toMatch(/^the store of the cluster does not answer: (WRONGPASS|NOAUTH) /);
    expect(JSON.stringify([fault, told])).not.toMatch(/not( |%20)the( |%20)one|the-right-one/);
  });

  it('says nothing where it has the right one', async () => {
    const { health$ } = begin(redis.url.replace('//', `//:${RIGHT}@`));
    const up = await firstValueFrom(health$.pipe(filter(({ store }) => store === 'up')));
    expect(up.storeFault).toBeUndefined();
  });
});

it('says what a list of servers answers', async () => {
  const shard = await RedisServer.start('--cluster-enabled', 'yes', '--requirepass', RIGHT);
  try {
    expect(await faultOf(begin([shard.url.replace('//', `//:${WRONG}@`)]))).toMatch(/^WRONGPASS /);
  } finally {
    await shard.end();
  }
});

it('says what the server of a cluster answers that is given alone', async () => {
  const shard = await RedisServer.start('--cluster-enabled', 'yes');
  try {
    expect(await faultOf(begin(shard.url))).toMatch(/^CLUSTERDOWN /);
  } finally {
    await shard.end();
  }
});

it('says that nobody listens where its URL says', async () => {
  const port = await freePort();
  expect(await faultOf(begin(`redis://127.0.0.1:${port}`))).toBe(`connect ECONNREFUSED 127.0.0.1:${port}`);
});

describe('the fault of a Redis', () => {
  const told = (error: unknown, ...secrets: string[]): Promise<string | undefined> => {
    const fault = new RedisFault(secrets);
    fault.note(error);
    return firstValueFrom(fault.text$);
  };

  it('has no command in it, which a server repeats that does not know it', async () => {
    const text = "ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'me' 'secret' ";
    expect(await told(new ErrorReply(text), 'secret')).toBe("ERR unknown command 'HELLO'");
  });

  it('has no password in it, whoever repeats that', async () => {
    expect(await told(new ErrorReply('ERR what is secret?'), 'secret')).toBe(
      'it says what is not to be shown',
    );
  });

  it('says what to do about a server that is not alone', async () => {
    expect(await told(new ErrorReply('MOVED 866 10.0.0.6:6379'))).toBe(
      'MOVED 866 10.0.0.6:6379 (it is of a Redis Cluster: give `url` as a list)',
    );
  });

  it('is that of the first address of a name that has several', async () => {
    const errors = [
      new Error('connect ECONNREFUSED ::1:6379'),
      new Error('connect ECONNREFUSED 127.0.0.1:6379'),
    ];
    expect(await told(new AggregateError(errors))).toBe('connect ECONNREFUSED ::1:6379');
  });
});
