// Holds api/*.api.md, the signatures of every entry point, against what is built; `--update` writes them anew.
import { mkdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const { values } = parseArgs({ options: { update: { type: 'boolean', default: false } } });
const root = resolve(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'));

/** What is no part of a signature is for lint and typedoc to say. */
const SILENT = { logLevel: 'none' };

function report(specifier, types) {
  const name = specifier === '.' ? 'nnrp-rx' : specifier.slice(2);
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: resolve(root, types),
      compiler: { tsconfigFilePath: resolve(root, 'tsconfig.build.json') },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: resolve(root, 'api'),
        reportTempFolder: resolve(root, 'node_modules/.cache/api-report'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: SILENT },
        extractorMessageReporting: { default: SILENT },
        tsdocMessageReporting: { default: SILENT },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: resolve(root, 'package.json'),
  });
  return Extractor.invoke(config, {
    localBuild: values.update,
    showVerboseMessages: false,
    messageCallback: (message) => {
      message.handled = true;
    },
  });
}

mkdirSync(resolve(root, 'api'), { recursive: true });
const changed = Object.entries(manifest.exports)
  .filter(([, target]) => typeof target !== 'string')
  .filter(([specifier, { node }]) => report(specifier, node.types).apiReportChanged)
  .map(([specifier]) => specifier);

if (changed.length === 0) console.log('the API is what api/*.api.md say');
else if (values.update) console.log(`written anew: ${changed.join(', ')}`);
else {
  console.error(
    `${changed.join(', ')}: not what api/*.api.md say; if it is meant, npm run api:update, and read the diff`,
  );
  process.exitCode = 1;
}
