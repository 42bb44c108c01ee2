import { programPath } from '../support/program-path';

/** The browser to test in: `CHROMIUM`, or the first that PATH has. */
export function chromiumPath(): string | undefined {
  return programPath('chromium', 'chromium-browser', 'google-chrome');
}
