import { DEFAULT_SERVER_LIMITS } from '../../../src';
import { cacheReference, cancel, open, submit } from '../../../src/testing';
import { MessageType, type Packet } from '../../../src/wire';
import { CacheObjectKind } from '../../../src/wire/messages/cache';
import { figure } from '../support/figure';
import { scaled } from '../support/scale';
import { startServer } from '../support/stage';
import { endWorkers } from '../support/worker-process';
import { countOf, encodeFlood, flood, SESSION } from './flood';

const COUNT = scaled(100_000, 20_000);

describe('work that is asked for and not wanted', () => {
  afterEach(endWorkers);

  it('submits that are cancelled at once start few handlers', async () => {
    const server = await startServer({ handler: 'deaf' });
    const pair = (index: number): Packet => {
      const frameId = 1 + (index >> 1);
      return index % 2 === 0 ? submit(SESSION, frameId, `${frameId}`) : cancel(SESSION, frameId);
    };
    const { endedAfterMs } = await flood({
      port: server.ready.port,
      chunks: encodeFlood(2 * COUNT, pair),
      reading: 'reads',
    });
    const { runs, failures } = await server.ask('tally');
    expect(failures).toEqual([]);
    const { burst, perSecond } = DEFAULT_SERVER_LIMITS.cancels;
    figure({ name: 'submit and cancel: closed', value: endedAfterMs, unit: 'ms', atMost: 1000 });
    figure({
      name: 'submit and cancel: handlers started',
      value: runs,
      unit: 'handlers',
      atLeast: 1,
      // The burst, what is given back until the connection ends, and the one that is too many.
      atMost: burst + Math.ceil((perSecond * endedAfterMs) / 1000) + 1,
    });
  });

  const missing = cacheReference({ objectKind: CacheObjectKind.CameraBlock, key: 1 });

  it.each<[string, MessageType, (index: number) => Packet]>([
    ['submits without room', MessageType.Error, (index) => submit(SESSION, 1 + index)],
    [
      'submits of what is not cached',
      MessageType.Error,
      (index) => submit(SESSION, 1 + index).referring(1, missing),
    ],
    ['opens of an id in use', MessageType.SessionOpenAck, () => open(SESSION)],
    ['submits of an id in use', MessageType.Error, () => submit(SESSION, 1)],
  ])('%s are refused a few times, and not for ever', async (name, answer, packetOf) => {
    const server = await startServer({
      handler: 'started',
      options: { queue: { maxSubmits: 0 }, supportedCacheObjects: [CacheObjectKind.CameraBlock] },
    });
    const { endedAfterMs, answers } = await flood({
      port: server.ready.port,
      chunks: encodeFlood(COUNT, packetOf),
      reading: 'reads',
    });
    figure({ name: `${name}: closed`, value: endedAfterMs, unit: 'ms', atMost: 1000 });
    figure({
      name: `${name}: refused`,
      value: countOf(answers, answer),
      unit: 'times',
      atLeast: 5,
      atMost: 200,
    });
  });
});
