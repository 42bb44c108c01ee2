import { firstValueFrom, NEVER, take } from 'rxjs';
import { ask } from '../../examples/ask';
import { serve } from '../../examples/pipeline';
import { connect, createServer, memory } from '../../src';
import { settled } from '../../src/testing/time/settled';

describe('the examples', () => {
  it('ask a server, and answer part by part', async () => {
    const endpoint = memory();
    const server = createServer({ listen: endpoint });
    serve(
      server,
      async function* (prompt) {
        for (const word of Buffer.from(prompt).toString().split(/(?= )/)) {
          yield word;
          // A step of the model is a turn of the event loop.
          await settled();
        }
      },
      () => undefined,
    );
    const parts: string[] = [];
    expect(await ask(endpoint, 'Call me Ishmael.', (part) => parts.push(part))).toBe('Call me Ishmael.');
    expect(parts).toEqual(['Call', ' me', ' Ishmael.']);
    await server.close();
  });

  it('write down what was cancelled', async () => {
    const endpoint = memory();
    const server = createServer({ listen: endpoint });
    const lines: string[] = [];
    serve(
      server,
      async function* () {
        yield 'Call';
        await firstValueFrom(NEVER);
      },
      (line) => lines.push(line),
    );
    const client = await connect(endpoint);
    const session = await client.openSession();
    await new Promise<void>((resolve) => {
      session.submit({ body: '' }).pipe(take(1)).subscribe({ complete: resolve });
    });
    await settled();
    await client.close();
    expect(lines).toEqual(['operation 1 was cancelled']);
    await server.close({ graceMs: 0 });
  });
});
