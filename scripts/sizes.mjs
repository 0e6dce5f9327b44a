// scripts/sizes.mjs: prints how large the parts of Salon are, without their tests. Nothing is enforced.
import { readdirSync, readFileSync } from 'node:fs';

const FIELDS = 15;
const FILES = 16;
const LINES = 400;
/** Files whose structs are tables of options and of texts. */
const TABLES = /^src\/(server\/config|i18n)\//;

/** All Rust files, without those of tests. */
const files = ['src', 'crates/core/src', 'crates/turn/src']
  .flatMap((root) => readdirSync(root, { recursive: true }).map((name) => `${root}/${name}`))
  .filter((path) => path.endsWith('.rs') && !/\/tests(\.rs$|\/)/.test(path))
  .map((path) => ({ path, lines: readFileSync(path, 'utf8').split('\n#[cfg(test)]\nmod tests {')[0].trimEnd().split('\n') }));

const FUNCTION = /^(?:pub(?:\(.+?\))? )?(?:const )?(?:async )?fn (\w+)/;
const STRUCT = /^(?:pub(?:\(.+?\))? )?struct (\w+).* \{$/;
const FIELD = /^(?:pub(?:\(.+?\))? )?\w+: /;

/** The items whose first line matches `beginning`, with their names and lines, by the indentation of rustfmt. */
const items = (beginning) =>
  files.flatMap(({ path, lines }) =>
    lines.flatMap((line, at) => {
      const indent = line.match(/^ */)[0];
      const found = line.slice(indent.length).match(beginning);
      if (!found) return [];
      const rest = lines.slice(at);
      // An item without a body, or on one line, ends with its signature.
      const signature = rest.findIndex((other) => /[{};]$/.test(other));
      const end = rest[signature].endsWith('{') ? rest.findIndex((other) => other.startsWith(`${indent}}`)) : signature;
      return [{ what: `${path}:${at + 1} ${found[1]}`, indent, lines: rest.slice(0, end + 1) }];
    }),
  );

const show = (title, sizes) => {
  console.log(`${title}${sizes.length ? '' : ': none'}`);
  sizes.sort((one, other) => other.size - one.size).forEach(({ what, size }) => console.log(`  ${String(size).padStart(4)}  ${what}`));
};

const functions = items(FUNCTION).map(({ what, lines }) => ({ what, size: lines.length })).sort((one, other) => one.size - other.size);
const at = (share) => functions[Math.floor((functions.length - 1) * share)].size;
console.log(`Functions: ${functions.length}, of which half have up to ${at(0.5)} lines, and 90 % up to ${at(0.9)}`);
show('The longest functions, in lines', functions.slice(-5));

const structs = items(STRUCT).filter(({ what }) => !TABLES.test(what));
const fields = ({ what, indent, lines }) => ({ what, size: lines.filter((line) => line.startsWith(`${indent}    `) && FIELD.test(line.slice(indent.length + 4))).length });
show(`Structs of more than ${FIELDS} fields`, structs.map(fields).filter(({ size }) => size > FIELDS));

const folders = new Map();
for (const { path } of files) {
  const folder = path.replace(/\/[^/]+$/, '');
  folders.set(folder, (folders.get(folder) ?? 0) + 1);
}
show(`Folders of more than ${FILES} files`, [...folders].map(([what, size]) => ({ what, size })).filter(({ size }) => size > FILES));

show(`Files of more than ${LINES} lines`, files.map(({ path, lines }) => ({ what: path, size: lines.length })).filter(({ size }) => size > LINES));
