import installChromium from '../browser/install-chromium';
import { pack } from './consumer';

/** Packs once for all files of the suite, which find the tarball by its path in TARBALL. */
export default async function setUp(): Promise<void> {
  installChromium();
  process.env['TARBALL'] = await pack();
}
