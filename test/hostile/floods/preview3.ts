import {
  cacheInvalidate,
  cachePut,
  clientHello,
  flowUpdate,
  migrate,
  open,
  patch,
  ping,
  pong,
  probe,
  result,
  sessionClose,
  sessionCloseAck,
  submit,
} from '../../../src/testing';
import type { Packet } from '../../../src/wire';
import { CacheObjectKind } from '../../../src/wire/messages/cache';
import { SESSION, UNENDED } from './flood';

const OBJECT = new Uint8Array(1024);

function put(index: number): Packet {
  return cachePut(SESSION, { objectKind: CacheObjectKind.PromptSegment, key: index }, OBJECT);
}

/** Of an operation, which stops and goes on in turns. */
function hold(index: number): Packet {
  if (index === 0) return submit(SESSION, 1, UNENDED);
  const update = flowUpdate(SESSION, 1);
  return index % 2 === 1 ? update.pause(index) : update.resume(0, index);
}

/** Each makes work that nobody has a use for without an end, so the server ends whoever sends nothing else. */
export const PREVIEW3_FLOODS: Readonly<Record<string, (index: number) => Packet>> = {
  PING: (index) => ping(index),
  SESSION_PATCH: () => patch(SESSION, { patchMask: 1 }),
  SESSION_MIGRATE: () => migrate(SESSION),
  CACHE_PUT: put,
  FLOW_UPDATE: hold,
  CLIENT_HELLO: () => clientHello(),
  TRANSPORT_PROBE: (index) => probe(index),
  'SESSION_OPEN of an id in use': () => open(SESSION),
  'SESSION_CLOSE of another session': () => sessionClose(SESSION + 1),
  SESSION_CLOSE_ACK: () => sessionCloseAck(SESSION),
  RESULT_PUSH: (index) => result(SESSION, index),
  'PONG that answers no PING': (index) => pong(index),
  CACHE_INVALIDATE: (index) =>
    cacheInvalidate(SESSION, { objectKind: CacheObjectKind.PromptSegment, key: index }),
};
