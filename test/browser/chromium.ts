import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { chromiumPath } from './chromium-path';

/** A Chromium of its own, with a profile that nobody else has. */
export class Chromium {
  /** What pages have thrown outside of a test's own calls. */
  readonly errors: Error[] = [];

  private constructor(
    readonly context: BrowserContext,
    private readonly profile: string,
  ) {}

  static async start(args: readonly string[] = []): Promise<Chromium> {
    const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
    const context = await chromium.launchPersistentContext(profile, {
      ...executable(),
      // A container's root has no sandbox; the only pages are the test's own.
      args: ['--no-sandbox', ...args],
    });
    return new Chromium(context, profile);
  }

  async open(url: string): Promise<Page> {
    const page = await this.context.newPage();
    page.on('pageerror', (error) => this.errors.push(error));
    await page.goto(url);
    return page;
  }

  async close(): Promise<void> {
    await this.context.close();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 3 });
  }
}

function executable(): { executablePath: string } | undefined {
  const executablePath = chromiumPath();
  return executablePath === undefined ? undefined : { executablePath };
}
