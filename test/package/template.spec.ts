import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import { version } from '../../package.json';
import { Chromium } from '../browser/chromium';
import { packed } from './consumer';
import { repository, run } from './run';

// From an empty folder to an answer in a browser, as its README says, with the tarball in the registry's place.

const MAX_MS = 120_000;
const QUIET = ['--prefer-offline', '--no-audit', '--no-fund'];

const tarball = packed();
let folder: string;
let browser: Chromium;
let server: ChildProcess | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nnrp-rx-template-'));
  browser = await Chromium.start();
});

afterAll(async () => {
  server?.kill('SIGKILL');
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

/** As `npm start` does; gives the URL of the page. */
async function start(): Promise<string> {
  server = spawn('node', ['server.js'], {
    cwd: folder,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(server.stdout!)) {
    const url = /http:\S+/.exec(line)?.[0];
    if (url !== undefined) return url;
  }
  throw new Error('the server ended before it served anything');
}

async function ask(page: Page, prompt: string): Promise<void> {
  await page.waitForSelector('button:not([disabled])');
  await page.fill('input', prompt);
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('.answer:last-child')?.textContent !== '');
}

async function answered(page: Page): Promise<string | null> {
  await page.waitForSelector('button:not([disabled])');
  await page.waitForFunction(() => document.querySelector('button')?.textContent === 'Send');
  return page.textContent('.answer:last-child');
}

it('an empty folder answers in a browser in under two minutes', async () => {
  const since = performance.now();
  await run('npm', ['exec', '--yes', ...QUIET, `--package=${tarball}`, '--', 'nnrp-rx'], folder);
  await run('npm', ['install', ...QUIET, tarball], folder);
  const page = await browser.open(await start());
  await ask(page, 'Call me Ishmael.');
  expect(await answered(page)).toBe('You said: Call me Ishmael.');
  expect(performance.now() - since).toBeLessThan(MAX_MS);

  const long = 'word '.repeat(100).trim();
  await ask(page, long);
  await page.waitForFunction(() =>
    document.querySelector('.answer:last-child')?.textContent?.includes('word'),
  );
  await page.click('button');
  expect(await answered(page)).toMatch(/^You said:( word)*$/);
  await ask(page, `${long} end`);
  await page.reload();
  expect(await answered(page)).toBe(`You said: ${long} end`);

  expect(browser.errors).toEqual([]);
  const ended = once(server!, 'exit');
  server!.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

it('the template asks for the versions that there are', () => {
  const { dependencies } = JSON.parse(
    readFileSync(join(repository, 'template/chat/package.json'), 'utf8'),
  ) as { readonly dependencies: Readonly<Record<string, string>> };
  expect(dependencies['nnrp-rx']).toBe(`^${version}`);
});

it('nothing that is there is written over', async () => {
  const create = join(repository, 'template/create.mjs');
  await expect(run(process.execPath, [create, folder])).rejects.toThrow(
    /has .*package\.json.* already; name another/,
  );
});
