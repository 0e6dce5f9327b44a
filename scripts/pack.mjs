// scripts/pack.mjs [target/site]: makes the output of `cargo leptos build --split` ready to be served.
//
// Every file gets the id of the build in its name, so that browsers may keep it for ever, and two builds
// never mix. The names of imports, random and long, become short. What the style sheet has for the call alone
// gets a file of its own. All files are compressed once.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { imports, withImports, withoutExports } from './wasm.mjs';

const SITE = process.argv[2] ?? 'target/site';
const PKG = join(SITE, 'pkg');
/** Files next to `pkg` that pages load. */
const ASSETS = ['favicon.svg', 'recorder.js', 'start.js'];
/** The beginning of the style sheet's last layer, which is loaded with the call. */
const CALL_LAYER = '@layer call{';
/** Output that browsers do not need. */
const UNUSED = /\.d\.ts$|^__wasm_split_manifest\.json$|\.(br|gz)$/;
/** What Leptos exports for streams of server functions, of which there are none. */
const UNUSED_EXPORT = /intounderlying/;
/** The script that fetches the parts. */
const LOADER = /^__wasm_split\..*\.js$/;
/** Number of hexadecimal digits of the id, which the server recognises in names (`src/server/site.rs`). */
const ID_DIGITS = 16;
/** Smaller files are not compressed: they fit in a packet. */
const COMPRESSED_BYTES = 200;

const fail = (why) => {
  console.error(`pack: ${why}`);
  process.exit(1);
};

/** The names of built files, by those that cargo-leptos gives them, without the id. */
const nameOf = (file) => (LOADER.test(file) ? 'parts.js' : file.replace(/^split_/, ''));

const readAll = () => {
  const files = new Map(ASSETS.map((file) => [file, readFileSync(join(SITE, file))]));
  for (const file of readdirSync(PKG)) {
    if (!UNUSED.test(file)) files.set(file, readFileSync(join(PKG, file)));
  }
  return files;
};

/**
 * Shortens the names of what the main module imports from its script: identifiers with hashes, which do not
 * compress. Names that are not exactly one key in the script stay as they are.
 */
const shortenImports = (files) => {
  const script = files.get('salon.js').toString();
  const counts = new Map();
  for (const [key] of script.matchAll(/(?<![\w$.])__wb\w+(?=[:(])/g)) counts.set(key, (counts.get(key) ?? 0) + 1);
  const names = imports(files.get('salon.wasm')).filter(({ module }) => module.endsWith('_bg.js'));
  const unique = [...new Set(names.map(({ name }) => name))].filter((name) => counts.get(name) === 1);
  const short = new Map(unique.map((name, index) => [name, `i${index.toString(36)}`]));
  files.set('salon.js', Buffer.from(script.replaceAll(/(?<![\w$.])__wb\w+(?=[:(])/g, (key) => short.get(key) ?? key)));
  const rename = ({ module, name }) => ({ module, name: (module.endsWith('_bg.js') && short.get(name)) || name });
  files.set('salon.wasm', withImports(files.get('salon.wasm'), rename));
};

/** Removes the functions that only unused exports reach. */
const dropUnused = (files) => {
  const folder = mkdtempSync(join(tmpdir(), 'salon-pack-'));
  const module = join(folder, 'salon.wasm');
  writeFileSync(module, withoutExports(files.get('salon.wasm'), (name) => UNUSED_EXPORT.test(name)));
  execFileSync('wasm-opt', ['--remove-unused-module-elements', module, '-o', module], { stdio: 'inherit' });
  files.set('salon.wasm', readFileSync(module));
  rmSync(folder, { recursive: true });
};

/** Moves the layer of the call out of the style sheet. */
const splitStyle = (files) => {
  const [before, layer, ...more] = files.get('salon.css').toString().split(CALL_LAYER);
  const isWhole = before.split('{').length === before.split('}').length;
  if (!isWhole || !layer || more.length || layer.includes('@layer')) fail('salon.css does not end with the layer of the call.');
  files.set('salon.css', Buffer.from(before));
  files.set('call.css', Buffer.from(CALL_LAYER + layer));
};

/** An id that differs if any name or content does. */
const idOf = (files) => {
  // What is done with the files counts as well.
  const hash = createHash('sha256');
  for (const script of ['pack.mjs', 'wasm.mjs']) hash.update(readFileSync(new URL(script, import.meta.url)));
  for (const [file, body] of [...files].sort(([one], [other]) => (one < other ? -1 : 1))) {
    hash.update(`${nameOf(file)} ${body.length}\n`).update(body);
  }
  return hash.digest('hex').slice(0, ID_DIGITS);
};

if (!existsSync(join(PKG, 'salon.js'))) fail(`${PKG} is not the output of cargo leptos build, or is packed already.`);
const files = readAll();
const loader = [...files.keys()].find((file) => LOADER.test(file));
if (!loader) fail(`${PKG} is not split: build it with --split --lib-features split.`);
shortenImports(files);
dropUnused(files);
splitStyle(files);
const id = idOf(files);
const named = (file) => nameOf(file).replace(/(?=\.[^.]+$)/, `.${id}`);

// Files refer to each other by their names in the same folder.
const references = new Map([...files.keys()].map((file) => [`./${file}`, `./${named(file)}`]));
// The path that the script would fetch by default.
references.set('salon_bg.wasm', named('salon.wasm'));
const rewrite = (body) =>
  [...references].reduce(
    (text, [from, to]) => ['"', "'", '`'].reduce((text, quote) => text.replaceAll(quote + from + quote, quote + to + quote), text),
    body,
  );
for (const file of ['salon.js', loader]) files.set(file, Buffer.from(rewrite(files.get(file).toString())));
// Where several parts cannot be fetched, only the first failure is handled: browsers would report the others.
files.set(loader, Buffer.from(files.get(loader).toString().replaceAll(/const src = fetch\(.+\);$/gm, '$& src.catch(() => {});')));
files.set('salon.wasm', withImports(files.get('salon.wasm'), ({ module, name }) => ({ module: references.get(module) ?? module, name })));

// Whatever the tools that wrote these files may change: no reference to an old name is left.
const parts = [...files.keys()].filter((file) => file.endsWith('.wasm') && file !== 'salon.wasm');
const [script, loaderScript] = [files.get('salon.js').toString(), files.get(loader).toString()];
for (const file of parts) {
  const at = loaderScript.indexOf(`"./${named(file)}"`);
  if (at < 0) fail(`${loader} does not fetch ${file}.`);
  if (!/^.*; src\.catch\(/.test(loaderScript.slice(at))) fail(`${loader} leaves failures to fetch ${file} to the browser.`);
}
if (!loaderScript.includes(`"./${named('salon.js')}"`)) fail(`${loader} does not import salon.js.`);
if (!script.includes(`"./${named(loader)}"`)) fail(`salon.js does not import ${loader}.`);
const known = new Set([...script.matchAll(/[\w$]+(?=[:(])/g)].map(([key]) => key));
for (const { module, name } of imports(files.get('salon.wasm'))) {
  const isFound = module.endsWith('_bg.js') ? known.has(name) : module === `./${named(loader)}` && loaderScript.includes(` ${name} `);
  if (!isFound) fail(`salon.wasm imports ${name} from ${module}, which is not there.`);
}
for (const file of ['salon.wasm', ...parts]) if (!WebAssembly.validate(files.get(file))) fail(`${file} is not valid.`);

for (const file of readdirSync(PKG)) rmSync(join(PKG, file));
for (const file of readdirSync(SITE)) {
  if (ASSETS.includes(file) || /\.(br|gz)$/.test(file)) rmSync(join(SITE, file));
}
const compress = { br: promisify(brotliCompress), gz: promisify(gzip) };
const packed = await Promise.all(
  [...files].map(async ([file, body]) => {
    const name = named(file);
    writeFileSync(join(PKG, name), body);
    if (body.length < COMPRESSED_BYTES) return { name, bytes: body.length };
    const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
    if (extname(file) !== '.wasm') params[constants.BROTLI_PARAM_MODE] = constants.BROTLI_MODE_TEXT;
    const [br, gz] = await Promise.all([compress.br(body, { params }), compress.gz(body, { level: constants.Z_BEST_COMPRESSION })]);
    writeFileSync(join(PKG, `${name}.br`), br);
    writeFileSync(join(PKG, `${name}.gz`), gz);
    return { name, bytes: br.length };
  }),
);
// Last: it says that everything else is there.
writeFileSync(join(PKG, 'build.txt'), id);
console.log(`==> Build ${id}, compressed:`);
for (const { name, bytes } of packed.sort((one, other) => other.bytes - one.bytes)) console.log(`${String(bytes).padStart(9)} ${name}`);
