import { createHash, X509Certificate } from 'node:crypto';
import { Authority } from '../support/certificates';
import type * as page from './page/client';
import { Chromium } from './chromium';
import { parts, Site } from './site';

declare const nnrp: typeof page;

/** What Chromium is told, to trust whatever an authority has signed: the hash of its key. */
function keyHash(certificate: string): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}

it('answers over wss, with a certificate that Chromium trusts', async () => {
  const authority = await Authority.make('test authority');
  const certificate = await authority.issue({ name: 'localhost' });
  const site = await Site.open({ certificate });
  const browser = await Chromium.start([
    `--ignore-certificate-errors-spki-list=${keyHash(certificate.cert)}`,
  ]);
  try {
    const tab = await browser.open(site.url);
    const tokens = await tab.evaluate(async (endpoint) => {
      const client = await nnrp.connect(endpoint);
      const session = await client.openSession();
      const answer$ = session.submit({ body: '5' }).pipe(nnrp.decodeText(), nnrp.rx.toArray());
      return nnrp.rx.firstValueFrom(answer$);
    }, site.endpoint);
    expect(site.endpoint).toMatch(/^wss:/);
    expect(tokens).toEqual(parts(5));
  } finally {
    await browser.close();
    await site.close();
  }
});
