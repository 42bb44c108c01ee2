import type { Page } from 'playwright-core';
import type * as page from './page/client';
import { Chromium } from './chromium';
import { FLOOD_PART_BYTES, FLOOD_PARTS, parts, Site, type SiteOptions } from './site';
import { pause, until } from '../support/until';

/** In a page, where functions given to `evaluate` run. */
declare const nnrp: typeof page;

let browser: Chromium;
let site: Site;

beforeAll(async () => {
  browser = await Chromium.start();
});
afterAll(() => browser.close());

async function open(options?: SiteOptions): Promise<Page> {
  site = await Site.open(options);
  return browser.open(site.url);
}

afterEach(async () => {
  await browser.context.setOffline(false);
  await Promise.all(browser.context.pages().map((each) => each.close()));
  await site.close();
  expect(browser.errors.splice(0)).toEqual([]);
  expect(site.failures).toEqual([]);
});

/** An answer whole, of so many parts; the page goes on with it through what happens to its connection. */
function ask(page: Page, count: number): Promise<string[]> {
  return page.evaluate(
    async ([endpoint, body]) => {
      const client = await nnrp.connect(endpoint);
      const session = await client.openSession({ reconnect: {} });
      const tokens = await nnrp.rx.firstValueFrom(
        session.submit({ body }).pipe(nnrp.decodeText(), nnrp.rx.toArray()),
      );
      await client.close();
      return tokens;
    },
    [site.endpoint, String(count)] as const,
  );
}

/** Asks, and leaves what comes in `window.tokens`. `window.answer` is the subscription. */
function listen(page: Page, count: number): Promise<void> {
  return page.evaluate(
    async ([endpoint, body]) => {
      const client = await nnrp.connect(endpoint);
      const session = await client.openSession({ reconnect: {} });
      const tokens: string[] = [];
      const answer = session
        .submit({ body })
        .pipe(nnrp.decodeText())
        .subscribe((token) => tokens.push(token));
      Object.assign(globalThis, { tokens, answer });
    },
    [site.endpoint, String(count)] as const,
  );
}

describe('in Chromium', () => {
  it('streams an answer', async () => {
    expect(await ask(await open(), 10)).toEqual(parts(10));
  });

  it('stops the handler when a page unsubscribes', async () => {
    const page = await open();
    await listen(page, 1_000);
    await until(() => site.given > 3, 'parts');
    const before = performance.now();
    await page.evaluate(() => {
      (globalThis as unknown as { answer: { unsubscribe(): void } }).answer.unsubscribe();
    });
    await until(() => site.stopped === 1, 'the handler to stop');
    expect(performance.now() - before).toBeLessThan(500);
  });

  it('stops the handler when a page is left, as long as nobody may come back', async () => {
    const page = await open({ server: { resumeWindowMs: 0 } });
    await listen(page, 1_000);
    await until(() => site.given > 3, 'parts');
    await page.goto('about:blank');
    await until(() => site.stopped === 1, 'the handler to stop');
  });

  it('goes on with an answer where it was cut, every part once', async () => {
    const page = await open();
    const answer = ask(page, 60);
    for (const given of [5, 25, 45]) {
      await until(() => site.given >= given, 'parts');
      site.proxy.cut(given === 25 ? 'fin' : 'reset');
    }
    // Those of an absence come as one.
    expect((await answer).join('')).toBe(parts(60).join(''));
    expect(site.started).toBe(1);
    expect(site.proxy.totalCuts).toBeGreaterThanOrEqual(3);
  });

  it('goes on after ten seconds without a network', async () => {
    const page = await open();
    const answer = ask(page, 100);
    await until(() => site.given >= 5, 'parts');
    await browser.context.setOffline(true);
    site.proxy.cut('reset');
    await until(() => site.server.usage.connections === 0, 'the connection to end');
    const { accepted } = site.proxy;
    await pause(10_000);
    expect(site.proxy.accepted).toBe(accepted);
    await browser.context.setOffline(false);
    expect((await answer).join('')).toBe(parts(100).join(''));
    expect(site.started).toBe(1);
  });

  it('keeps a background tab whose timers run once a minute', async () => {
    site = await Site.open({ server: { keepAlive: { idleMs: 200, timeoutMs: 200 } } });
    await browser.context.addInitScript(() => {
      const { setTimeout } = globalThis;
      const once = (callback: () => void, delay = 0): unknown =>
        setTimeout(callback, Math.max(1, Math.ceil(delay / 60_000)) * 60_000);
      Object.assign(globalThis, { setTimeout: once, setInterval: once });
    });
    const page = await browser.open(site.url);
    expect(await ask(page, 60)).toEqual(parts(60));
    expect(site.proxy.accepted).toBeLessThan(5);
  });

  it('serves two tabs beside each other', async () => {
    const first = await open();
    const second = await browser.open(site.url);
    expect(await Promise.all([ask(first, 20), ask(second, 30)])).toEqual([parts(20), parts(30)]);
  });

  it('does not run far ahead of a page that pulls slowly', async () => {
    const page = await open();
    await page.evaluate(async (endpoint) => {
      const client = await nnrp.connect(endpoint);
      const session = await client.openSession({ maxBufferedBytes: 256 * 1024 });
      const results = session.submit({ body: 'flood' })[Symbol.asyncIterator]();
      for (let read = 0; read < 10; read++) await results.next();
      Object.assign(globalThis, { results });
    }, site.endpoint);
    await pause(1_000);
    const { given } = site;
    await pause(1_000);
    expect(site.given).toBe(given);
    // What is on its way when the page says that it is full is in the buffers of three sockets.
    expect(given * FLOOD_PART_BYTES).toBeLessThan(16 * 1024 * 1024);

    const rest = await page.evaluate(async () => {
      const { results } = globalThis as unknown as { results: AsyncIterableIterator<page.ResultPush> };
      let count = 0;
      for await (const result of results) count += nnrp.decodeTokens(result).length;
      return count;
    });
    expect(rest).toBe(FLOOD_PARTS - 10);
  });

  it('works in a worker and in a service worker', async () => {
    const page = await open();
    const asked = await page.evaluate(async (endpoint) => {
      const answerOf = (target: Worker | ServiceWorker): Promise<unknown> =>
        new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = ({ data }) => {
            resolve(data);
          };
          target.postMessage(endpoint, [port2]);
        });
      await navigator.serviceWorker.register('/worker.js');
      const { active } = await navigator.serviceWorker.ready;
      return [await answerOf(new Worker('/worker.js')), await answerOf(active!)];
    }, site.endpoint);
    expect(asked).toEqual([parts(5), parts(5)]);
  });

  it('says what a page may do where nothing answers', async () => {
    const page = await open();
    const said = await page.evaluate(
      (endpoint) => nnrp.connect(endpoint).then(String, nnrp.describeError),
      'ws://127.0.0.1:9/nnrp',
    );
    expect(said).toContain('127.0.0.1:9');
    expect(said).toContain('allow this origin');
  });
});
