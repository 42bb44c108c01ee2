import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createServer, ipc, tcp, webSocket, type Server, type Submit } from '../../src';
import type { ListenEndpoint } from '../../src/transport/endpoint';
import { joinBody, PayloadKind } from '../../src/wire';
import { BodyRegionPrelude } from '../../src/wire/preview4/body/body-region';
import { encodeTypedPayload } from '../../src/wire/preview4/body/typed-payload';
import { EXECUTABLE } from './executable';

/** `stream_semantics`: all of a value at once. */
const SNAPSHOT = 1;

const servers: Server[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close({ graceMs: 0 }))));

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** As the profile wants it: raw JSON for a part of the answer, and a typed event for its end. */
function* answer(submit: Submit) {
  const [question] = submit.parts;
  if (question?.kind !== 'event') throw new Error('the question is no event');
  yield submit.partial(json({ type: 'response.output_text.delta', index: 0, delta: 'pong' }));
  const { shape, ...regions } = encodeTypedPayload([
    {
      payloadKind: PayloadKind.StructuredEvent,
      streamSemantics: SNAPSHOT,
      payload: json({ type: 'response.completed', body: { object: 'chat.completion' } }),
    },
  ]);
  yield submit.complete(joinBody(regions, BodyRegionPrelude), { ...shape, activeProfileId: 0 });
}

describe('the OpenAI-compatible profile of the conformance suite', () => {
  it.each<[string, (path: string) => ListenEndpoint, (port: number, path: string) => string]>([
    ['', () => tcp({ port: 0 }), (port) => `127.0.0.1:${port}`],
    ['.ipc', (path) => ipc({ path }), (_, path) => `unix://${path}`],
    ['.websocket', () => webSocket({ port: 0, path: '/nnrp' }), (port) => `ws://127.0.0.1:${port}/nnrp`],
  ])(
    'wire.profile.openai-compatible.level1%s: parts of JSON, and a typed end',
    async (suffix, listen, place) => {
      const folder = await mkdtemp(join(tmpdir(), 'nnrp-'));
      const path = join(folder, 'suite.sock');
      const server = createServer({ listen: listen(path) });
      servers.push(server);
      server.sessions$.subscribe((session) => session.respond(answer));
      const [address] = await server.listening();
      const scenario = `wire.profile.openai-compatible.level1${suffix}`;
      const { stdout } = await promisify(execFile)(EXECUTABLE, [scenario, place(address!.port, path)]);
      expect(JSON.parse(stdout)).toEqual({
        terminal: 'Success',
        frames: ['Request', 'PartialResult', 'ResultPush'],
      });
      await rm(folder, { recursive: true });
    },
  );
});
