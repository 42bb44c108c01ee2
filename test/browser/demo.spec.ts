import { Chromium } from './chromium';
import { answered, askOn, DemoPage } from './demo-page';
import { FakeUpstream, refused } from '../demo/fake-upstream';

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
      document.querySelector('#left .figures')?.textContent?.includes('credit 4 of 4'),
    );
    await askOn(page, 'left', 'The whale');
    expect(await answered(page, 'left')).not.toMatch(/⏹/);
  });
});

describe('the page of the demo, with another server for a model', () => {
  it('streams what that one answers, and shows what it says is wrong', async () => {
    const upstream = await FakeUpstream.start();
    const asking = await DemoPage.serve('--upstream', upstream.url, '--model', 'small');
    const page = await browser.open(asking.url);
    await askOn(page, 'left', 'Who is it?');
    expect(await answered(page, 'left')).toBe('Call me Ishmael.');
    upstream.answer = refused(503, 'the model is being loaded');
    await askOn(page, 'left', 'And now?');
    expect(await answered(page, 'left')).toMatch(/ \(operation \d+ .*503 the model is being loaded\)$/);
    await asking.close();
    await upstream.end();
  });
});
