import { Chromium } from './chromium';
import { answered, askOn, DemoPage } from './demo-page';

let browser: Chromium;
let demo: DemoPage;

beforeAll(async () => {
  [browser, demo] = await Promise.all([Chromium.start(), DemoPage.serve()]);
});
afterAll(async () => {
  await browser.close();
  await demo.close();
});
afterEach(async () => {
  await Promise.all(browser.context.pages().map((page) => page.close()));
  expect(browser.errors.splice(0)).toEqual([]);
});

describe('the page of the demo', () => {
  it('answers two sessions at once, with figures and marbles', async () => {
    const page = await browser.open(demo.url);
    await askOn(page, 'left', 'Call me Ishmael.');
    await askOn(page, 'right', 'The whale');
    await page.waitForFunction(() => document.querySelector('#right .answer')?.textContent !== '');
    expect(await page.textContent('#marbles')).toMatch(/^left {2}→ .*\nleft {2}← [-t()]*.*\nright → /);
    const [left, right] = await Promise.all([answered(page, 'left'), answered(page, 'right')]);
    expect(left.length).toBeGreaterThan(50);
    expect(right.length).toBeGreaterThan(50);
    expect(await page.textContent('#left .figures')).toMatch(
      /^\d+ tokens · \d+ a second · first after \d+ ms · credit/,
    );
  });

  it('shows an answer whole that was cut, as one that was not', async () => {
    const page = await browser.open(demo.url);
    await askOn(page, 'left', 'Call me Ishmael.');
    const whole = await answered(page, 'left');
    await askOn(page, 'left', 'Call me Ishmael.');
    await page.waitForFunction(() => document.querySelectorAll('#left .answer')[1]?.textContent !== '');
    await page.click('#cut');
    await page.waitForFunction(() => document.getElementById('state')?.textContent === 'reconnecting');
    await page.waitForFunction(() => document.getElementById('state')?.textContent === 'resumed');
    expect(await answered(page, 'left')).toBe(whole);
  });

  it('stops at the button, and answers again', async () => {
    const page = await browser.open(demo.url);
    await askOn(page, 'left', 'Call me Ishmael.');
    await page.waitForFunction(() => document.querySelector('#left .answer')?.textContent !== '');
    await page.click('#left button');
    expect(await answered(page, 'left')).toMatch(/ ⏹$/);
    await page.waitForFunction(() =>
      document.querySelector('#left .figures')?.textContent?.includes('credit 2 of 2'),
    );
    await askOn(page, 'left', 'The whale');
    expect(await answered(page, 'left')).not.toMatch(/⏹/);
  });
});
