// The pictures of the demo's page that README shows: `npm run docs:pictures`. Looked at before they are committed.
import { join } from 'node:path';
import { Chromium } from '../test/browser/chromium';
import { askOn, DemoPage } from '../test/browser/demo-page';
import installChromium from '../test/browser/install-chromium';

const FOLDER = join(__dirname, '../docs/pictures');
const PICTURES = [
  { name: 'demo-light', colorScheme: 'light', width: 1_080, height: 640 },
  { name: 'demo-dark', colorScheme: 'dark', width: 1_080, height: 640 },
  { name: 'demo-phone', colorScheme: 'dark', width: 390, height: 760 },
] as const;

async function run(): Promise<void> {
  installChromium();
  const [browser, demo] = await Promise.all([Chromium.start(), DemoPage.serve()]);
  for (const { name, colorScheme, width, height } of PICTURES) {
    const page = await browser.open(demo.url);
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await askOn(page, 'left', 'Call me Ishmael.');
    await askOn(page, 'right', 'The whale');
    await page.waitForFunction(
      () => (document.querySelector('#right .answer')?.textContent?.length ?? 0) > 250,
    );
    await page.screenshot({ path: join(FOLDER, `${name}.png`) });
    await page.close();
  }
  await browser.close();
  await demo.close();
}

void run();
