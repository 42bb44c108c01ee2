// Sums up a folder of results: NAME.json is the report of a jest run, NAME.failed says that a step failed.
// Prints what failed, then `N passed, N failed`, and fails unless nothing did.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

const folder = process.argv[2];
const steps = new Set(readdirSync(folder).map((name) => name.replace(/\.(json|failed)$/, '')));

let passed = 0;
let failed = 0;
for (const step of steps) {
  let failures = 0;
  const report = join(folder, `${step}.json`);
  if (existsSync(report)) {
    const run = JSON.parse(readFileSync(report, 'utf8'));
    passed += run.numPassedTests;
    // A spec file that does not load has no failed tests: it counts as one.
    failures = run.numFailedTests + run.numRuntimeErrorTestSuites;
    if (!run.success) failures ||= 1;
    for (const file of run.testResults) {
      const titles = file.assertionResults
        .filter(({ status }) => status === 'failed')
        .map((test) => test.fullName);
      if (file.status === 'failed' && titles.length === 0) titles.push('did not run');
      for (const title of titles)
        console.log(`failed: ${step}, ${relative(process.cwd(), file.name)}: ${title}`);
    }
  }
  if (existsSync(join(folder, `${step}.failed`))) {
    console.log(`failed: ${step}`);
    failures ||= 1;
  }
  failed += failures;
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
