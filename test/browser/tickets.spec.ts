import type { Page } from 'playwright-core';
import type * as page from './page/client';
import { Chromium } from './chromium';
import { parts, Site } from './site';
import { until } from '../support/until';

/** In a page, where functions given to `evaluate` run. */
declare const nnrp: typeof page;

/** What a page has on its window. */
interface Shown {
  readonly answers: { readonly asked: string | undefined; readonly tokens: string[] }[];
  readonly session: page.ClientSession;
}

let browser: Chromium;
let site: Site;

beforeAll(async () => {
  browser = await Chromium.start();
});
afterAll(() => browser.close());

beforeEach(async () => {
  site = await Site.open({ server: { retain: {} } });
});
afterEach(async () => {
  await Promise.all(browser.context.pages().map((each) => each.close()));
  await site.close();
  expect(browser.errors.splice(0)).toEqual([]);
  expect(site.failures).toEqual([]);
});

/** As a page does when it is loaded: takes up the session that it has a ticket of, or opens one. */
function load(tab: Page): Promise<void> {
  return tab.evaluate(async (endpoint) => {
    const client = await nnrp.connect(endpoint);
    const ticket = sessionStorage.getItem('ticket');
    const reconnect = { minDelayMs: 20 };
    const resumed = ticket === null ? undefined : await client.resumeSession(ticket, { reconnect });
    const session = resumed ?? (await client.openSession({ reconnect }));
    session.ticket$.subscribe((newer) => {
      sessionStorage.setItem('ticket', newer);
    });
    const answers = (resumed?.operations ?? []).map(({ sent, results }) => {
      const tokens: string[] = [];
      results.text$.subscribe({ next: (token) => tokens.push(token), error: () => undefined });
      return { asked: sent?.text, tokens };
    });
    Object.assign(globalThis, { session, answers });
  }, site.endpoint);
}

function ask(tab: Page, count: number): Promise<void> {
  return tab.evaluate((body) => {
    const { session } = globalThis as unknown as Shown;
    session.submit({ body }).subscribe({ error: () => undefined });
  }, String(count));
}

function answersOf(tab: Page): Promise<{ asked: string | undefined; text: string }[]> {
  return tab.evaluate(() =>
    (globalThis as unknown as Shown).answers.map(({ asked, tokens }) => ({ asked, text: tokens.join('') })),
  );
}

async function whole(tab: Page, count: number): Promise<void> {
  const wanted = parts(count).join('');
  let text = '';
  for (const since = Date.now(); text !== wanted && Date.now() < since + 20_000;) {
    text = (await answersOf(tab))[0]?.text ?? '';
  }
  expect(text).toBe(wanted);
}

describe('a page with a ticket in sessionStorage, in Chromium', () => {
  it('shows an answer whole that it was reloaded in the middle of, twice', async () => {
    const tab = await browser.open(site.url);
    await load(tab);
    await ask(tab, 40);
    for (const given of [8, 20]) {
      await until(() => site.given >= given, 'parts');
      await tab.reload();
      await load(tab);
    }
    expect((await answersOf(tab)).map(({ asked }) => asked)).toEqual(['40']);
    site.proxy.cut('reset');
    await whole(tab, 40);
    expect(site.started).toBe(1);
  });

  it('gives its session to the later of two tabs', async () => {
    const tab = await browser.open(site.url);
    await load(tab);
    await ask(tab, 40);
    await until(() => site.given >= 5, 'parts');
    const ticket = await tab.evaluate(() => sessionStorage.getItem('ticket') ?? '');
    const duplicate = await browser.open(site.url);
    await duplicate.evaluate((copied) => {
      sessionStorage.setItem('ticket', copied);
    }, ticket);
    await load(duplicate);
    await whole(duplicate, 40);
    const ended = await tab.evaluate(() => (globalThis as unknown as Shown).session.ended?.by);
    expect(ended).toBe('taken-over');
    expect(site.started).toBe(1);
  });
});
