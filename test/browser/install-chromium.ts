import { installDebian } from '../support/install-debian';
import { chromiumPath } from './chromium-path';

/** Where there is no Chromium, Debian's own is installed. */
export default function install(): void {
  if (chromiumPath() === undefined) installDebian('chromium');
  if (chromiumPath() !== undefined) return;
  throw new Error('these tests need Chromium; install it, or say where it is in CHROMIUM=/path/to/chromium');
}
