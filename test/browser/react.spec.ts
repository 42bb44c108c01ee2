import type { Page } from 'playwright-core';
import { Chromium } from './chromium';
import { parts, Site } from './site';
import { until } from '../support/until';

const WHOLE = parts(40).join('');

let browser: Chromium;
let site: Site;

beforeAll(async () => {
  browser = await Chromium.start();
});
afterAll(() => browser.close());

beforeEach(async () => {
  site = await Site.open({ page: 'react', server: { retain: {} } });
});
afterEach(async () => {
  await Promise.all(browser.context.pages().map((each) => each.close()));
  await site.close();
  expect(browser.errors.splice(0)).toEqual([]);
  expect(site.failures).toEqual([]);
});

async function asked(hook: string): Promise<Page> {
  const page = await browser.open(`${site.url}#${hook}`);
  await page.click('#ask');
  await until(() => site.given >= 5, 'parts');
  return page;
}

async function whole(page: Page): Promise<void> {
  await page.waitForFunction((text) => document.getElementById('text')?.textContent === text, WHOLE);
  await page.waitForFunction(() =>
    ['complete', 'ready'].includes(document.getElementById('status')?.textContent ?? ''),
  );
  expect([site.started, site.stopped]).toEqual([1, 0]);
}

// In StrictMode, which mounts everything twice.
describe.each(['useAnswer', 'useChat'])('%s, in Chromium', (hook) => {
  it('shows an answer whole that was cut twice', async () => {
    const page = await asked(hook);
    for (const given of [10, 20]) {
      await until(() => site.given >= given, 'parts');
      site.proxy.cut('reset');
    }
    await whole(page);
  });

  it('stops the handler within 100 ms', async () => {
    const page = await asked(hook);
    const before = performance.now();
    const stopping = page.evaluate(() => {
      document.getElementById('stop')!.click();
    });
    await until(() => site.stopped === 1, 'the handler to stop');
    expect(performance.now() - before).toBeLessThan(100);
    await stopping;
    await page.waitForFunction(() =>
      ['stopped', 'ready'].includes(document.getElementById('status')?.textContent ?? ''),
    );
    expect(await page.textContent('#text')).toMatch(/^0 1 2 3 /);
  });

  it('shows an answer whole that the page was reloaded in the middle of, twice', async () => {
    const page = await asked(hook);
    for (const given of [10, 20]) {
      await until(() => site.given >= given, 'parts');
      await page.reload();
    }
    await whole(page);
  });
});

it('useAnswer stops the handler when its component leaves', async () => {
  const page = await asked('useAnswer');
  await page.click('#leave');
  await until(() => site.stopped === 1, 'the handler to stop');
  expect(site.server.usage.operationsInFlight).toBe(0);
});
