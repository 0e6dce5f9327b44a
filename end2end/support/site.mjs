// Copies of the built pages, as other builds.
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SITE = fileURLToPath(new URL('../../target/site', import.meta.url));
const BUILD = 'pkg/build.txt';

/** An id like those of builds, which begins with these digits. */
const idOf = (/** @type {number} */ number) => String(number).padStart(16, '0');

/** A folder with the built pages, as if they were of build 1, and later of others. */
export const copySite = () => {
  const folder = mkdtempSync(join(tmpdir(), 'salon-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const built = readFileSync(join(SITE, BUILD), 'utf8');
  let number = 0;
  const update = () => {
    number += 1;
    const build = idOf(number);
    rmSync(join(folder, 'pkg'), { recursive: true, force: true });
    // The compressed files contain the id as well.
    cpSync(SITE, folder, { recursive: true, filter: (path) => !/\.(br|gz)$/.test(path) });
    for (const name of readdirSync(join(folder, 'pkg'))) {
      const path = join(folder, 'pkg', name);
      // Both ids have the same length, also within WebAssembly.
      const body = Buffer.from(readFileSync(path).toString('latin1').replaceAll(built, build), 'latin1');
      rmSync(path);
      writeFileSync(join(folder, 'pkg', name.replace(built, build)), body);
    }
    return build;
  };
  return { folder, build: update(), update };
};
