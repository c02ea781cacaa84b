import { readFileSync } from 'node:fs';

/** The version that is installed, read from its file because not every package exports it. */
export function versionOf(name) {
  const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
