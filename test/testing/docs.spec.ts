import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { flow, open, openAck, result, submit } from '../../src/testing';

describe('docs/testing.md', () => {
  const page = readFileSync(join(__dirname, '../../docs/testing.md'), 'utf8');
  const own = readFileSync(join(__dirname, '../flows/documented.spec.ts'), 'utf8');

  it('shows tests as they run here', () => {
    const shown = [...page.matchAll(/^it\(.*?^ {2}\}\)\);$/gms)].map(([test]) => test);
    expect(shown.length).toBeGreaterThan(6);
    for (const test of shown) expect(own).toContain(test);
  });

  it('shows the packets that they use', () => {
    const shown = [...page.matchAll(/^const \w+ = \{\n.*?^\};$/gms)].map(([packets]) => packets);
    expect(shown.length).toBeGreaterThan(1);
    for (const packets of shown) expect(own).toContain(packets);
  });

  it('shows the failure as it reads', async () => {
    const failing = flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('--a-b|', { a: 'Call', b: ' us' }) });
      const peer = clientPeer({ o: open(42), s: submit(42, 1, 'Who?') });
      const answer = { a: result(42, 1, 'Call').partial(), b: result(42, 1, ' me').partial() };
      peer.sends('o-s------');
      peer.expects('A---a-bC--', { A: openAck(42), ...answer, C: result(42, 1) });
    });
    const { message } = await failing.then(
      () => new Error('it did not fail'),
      (error: unknown) => error as Error,
    );
    expect(page).toContain(message);
  });
});
