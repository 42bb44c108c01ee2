import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';

/** `npm run demo:web`, as a process of its own. */
export class DemoPage {
  private constructor(
    readonly url: string,
    private readonly end: () => Promise<void>,
  ) {}

  static async serve(...flags: readonly string[]): Promise<DemoPage> {
    const main = join(__dirname, '../../demo/web/main.ts');
    const args = ['-r', 'ts-node/register', main, '--port', '0', '--seed', '1', ...flags];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    for await (const line of createInterface(child.stdout)) {
      const url = /http:\S+/.exec(line)?.[0];
      if (url !== undefined) {
        return new DemoPage(url, async () => {
          child.kill('SIGTERM');
          await ended;
        });
      }
    }
    throw new Error('the demo ended before it served anything');
  }

  close(): Promise<void> {
    return this.end();
  }
}

/** Asks in one of the two sessions, by the keyboard. */
export async function askOn(page: Page, side: 'left' | 'right', prompt: string): Promise<void> {
  await page.waitForSelector(`#${side} button:not([disabled])`);
  await page.focus(`#${side} input`);
  await page.keyboard.type(prompt);
  await page.keyboard.press('Enter');
}

/** Waits until an answer is complete. */
export async function answered(page: Page, side: 'left' | 'right'): Promise<string> {
  await page.waitForFunction((id) => document.querySelector(`#${id} button`)?.textContent === 'Send', side);
  return (await page.textContent(`#${side} .answer:last-child`)) ?? '';
}
