#!/usr/bin/env node
// npx nnrp-rx [folder]: a chat that streams into a page, in a folder of its own. Nothing that is there is written over.
import { constants, copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const given = process.argv[2] ?? '.';
const folder = resolve(given);
const template = fileURLToPath(new URL('chat', import.meta.url));
const names = readdirSync(template);

const there = names.filter((name) => existsSync(join(folder, name)));
if (given.startsWith('-')) {
  console.error('usage: npx nnrp-rx [folder]');
  process.exitCode = 1;
} else if (there.length > 0) {
  console.error(`${folder} has ${there.join(', ')} already; name another folder: npx nnrp-rx my-chat`);
  process.exitCode = 1;
} else {
  mkdirSync(folder, { recursive: true });
  for (const name of names) copyFileSync(join(template, name), join(folder, name), constants.COPYFILE_EXCL);
  const go = folder === process.cwd() ? '' : `cd ${given} && `;
  console.log(`a chat is in ${folder}; now: ${go}npm install && npm start`);
}
