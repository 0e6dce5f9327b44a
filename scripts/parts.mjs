// scripts/parts.mjs: checks what the first load of a page consists of, after the pages are built.
//
//   node scripts/parts.mjs                  fails if a budget below is exceeded
//   node scripts/parts.mjs --sizes          prints how large the parts are, by crate and by module of Salon
//   node scripts/parts.mjs --paths REGEX    prints how these functions come into the first load
//
// The file that the build splits still has the linker's symbols and relocations. They tell which function is
// in which part, as in wasm_split_cli_support: what can be reached from an import or an export is in the
// first load, what only functions of a part can reach is in that part, and what several parts can reach is
// in a chunk that they share.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { FUNCTION, Reader, imports, sections } from './wasm.mjs';

/** Maximum number of bytes over the wire, without the page itself and the headers. */
const BUDGETS = {
  'the first load': 146_000,
  'the first load and the call': 418_000,
};
/** The part with the call, which counts with its style sheet and the chunks that it needs. Without it, the call is in the first load. */
const CALL = 'call';
/**
 * What is not needed before the call, and therefore not in the first load: patterns of names, and the maximum
 * number of functions that are there nevertheless: identical functions are merged, and have one of their names.
 */
const LEFTOVERS = [
  [/salon::ui::panels::(?!lazy)/, 3],
  [/salon::ui::(call|stage|recording|connection|devices)::/, 12],
  [/salon::session::/, 8],
  [/salon_core::(call|content|devices|diagnostics|layout|recording)::/, 10],
  [/salon::platform::browser::(connection|media|recording)::/, 4],
  [/serde_json/, 0],
  [/hydrate_async/, 180],
  [/core::fmt::float/, 0],
];
const PATHS = 5;
const ROWS = 30;

const BUILT = 'target/front/wasm32-unknown-unknown/wasm-release/salon.wasm';
const PKG = 'target/site/pkg';

const fail = (...lines) => {
  for (const line of lines) console.error(`parts: ${line}`);
  process.exitCode = 1;
};

// Identifiers of WebAssembly and of the linking conventions.
const [EXPORTS, CODE, DATA] = [7, 10, 11];
const SYMBOL_TABLE = 8;
const SYMBOL = { function: 0, data: 1, section: 3 };
const FLAG = { weak: 0x01, undefined: 0x10, exported: 0x20, explicitName: 0x40, noStrip: 0x80 };
/** Relocations of types, which lead to no symbol, and those with an addend. */
const TYPE_INDEX = 6;
const WITH_ADDEND = new Set([3, 4, 5, 8, 9, 11, 14, 15, 16, 17, 21, 22, 23, 25]);
const I32_CONST = 0x41;

const readSymbols = (bytes, { begin, end }) => {
  const reader = new Reader(bytes, begin, end);
  const symbols = [];
  reader.number();
  while (!reader.isAtEnd) {
    const kind = reader.byte();
    const length = reader.number();
    const next = reader.at + length;
    if (kind === SYMBOL_TABLE) {
      reader.vector(() => {
        const symbol = { kind: reader.byte(), flags: reader.number(), size: 0 };
        const isDefined = !(symbol.flags & FLAG.undefined);
        if (symbol.kind === SYMBOL.data) {
          symbol.name = reader.text();
          if (isDefined) [symbol.segment, symbol.offset, symbol.size] = [reader.number(), reader.number(), reader.number()];
        } else {
          symbol.index = reader.number();
          if (symbol.kind !== SYMBOL.section && (isDefined || symbol.flags & FLAG.explicitName)) symbol.name = reader.text();
        }
        symbols.push(symbol);
      });
    }
    reader.at = next;
  }
  return symbols;
};

const readRelocations = (bytes, { begin, end }) => {
  const reader = new Reader(bytes, begin, end);
  const section = reader.number();
  const entries = reader.vector(() => {
    const [type, offset, symbol] = [reader.byte(), reader.number(), reader.number()];
    if (WITH_ADDEND.has(type)) reader.skipNumber();
    return { type, offset, symbol };
  });
  return { section, entries };
};

const readExports = (bytes, { begin, end }) => {
  const reader = new Reader(bytes, begin, end);
  return reader.vector(() => ({ name: reader.text(), kind: reader.byte(), index: reader.number() }));
};

const readBodies = (bytes, { begin, end }) => {
  const reader = new Reader(bytes, begin, end);
  return reader.vector(() => {
    const start = reader.at;
    const length = reader.number();
    reader.at += length;
    return { begin: start, end: reader.at };
  });
};

const readSegments = (bytes, { begin, end }) => {
  const reader = new Reader(bytes, begin, end);
  return reader.vector(() => {
    const flags = reader.number();
    if (flags === 2) reader.number();
    if (flags !== 1) {
      if (reader.byte() !== I32_CONST) throw new Error(`${BUILT} has a data segment at a computed address`);
      reader.skipNumber();
      reader.byte();
    }
    const length = reader.number();
    reader.at += length;
    return { begin: reader.at - length, end: reader.at };
  });
};

/** The last of the ranges, sorted by their beginning, that begins at `at` or before. */
const lastUntil = (ranges, at) => {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle].begin <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};

const ESCAPES = { LT: '<', GT: '>', RF: '&', BP: '*', LP: '(', RP: ')', C: ',' };
/**
 * The path in a name that the compiler mangled. Of the newer of its two ways, which std uses, only the path of
 * the crate that comes first.
 */
const demangle = (name) => {
  const [, mangled] = /^_ZN(\d.*)/.exec(name) ?? /^_R.*?Cs[0-9a-zA-Z]+_(\d.*)/.exec(name) ?? [];
  if (!mangled) return name;
  const pieces = [];
  for (let rest = mangled; /^\d/.test(rest); ) {
    const [digits] = /^\d+/.exec(rest);
    const end = digits.length + Number(digits);
    pieces.push(rest.slice(digits.length, end));
    rest = rest.slice(end);
  }
  if (/^h[0-9a-f]{16}$/.test(pieces.at(-1))) pieces.pop();
  return pieces
    .join('::')
    .replace(/\$u([0-9a-f]+)\$/g, (_, code) => String.fromCodePoint(parseInt(code, 16)))
    .replace(/\$([A-Z]+)\$/g, (text, code) => ESCAPES[code] ?? text)
    .replaceAll('..', '::')
    .replace(/(^|::)_</g, '$1<');
};

/**
 * Functions and data as nodes of a graph. A function's node is its index; data follow behind them, by their
 * symbols.
 */
const readGraph = (bytes) => {
  const all = sections(bytes);
  const find = (test) => all.find(test);
  const symbols = readSymbols(bytes, find(({ name }) => name === 'linking'));
  const imported = imports(bytes).filter(({ kind }) => kind === FUNCTION);
  const bodies = readBodies(bytes, find(({ id }) => id === CODE));
  const segments = readSegments(bytes, find(({ id }) => id === DATA));
  const exported = readExports(bytes, find(({ id }) => id === EXPORTS)).filter(({ kind }) => kind === FUNCTION);
  const functions = imported.length + bodies.length;

  const nodeOf = ({ kind, index }, symbol) => {
    if (kind === SYMBOL.function) return index;
    return kind === SYMBOL.data ? functions + symbol : undefined;
  };
  const placed = symbols
    .map(({ segment, offset, size }, symbol) => size > 0 && { begin: segments[segment].begin + offset, size, node: functions + symbol })
    .filter(Boolean)
    .map((datum) => ({ ...datum, end: datum.begin + datum.size }))
    .sort((one, other) => one.begin - other.begin);
  const edges = new Map();
  const connect = (from, to) => {
    const known = edges.get(from);
    if (known) known.add(to);
    else edges.set(from, new Set([to]));
  };
  /** How many data before one may overlap with it. */
  const NEAR = 6;
  const around = (at) => placed.slice(Math.max(0, lastUntil(placed, at) - NEAR), lastUntil(placed, at) + 1);
  for (const datum of placed) {
    for (const other of around(datum.begin)) {
      if (other === datum || other.end <= datum.begin) continue;
      connect(other.node, datum.node);
      connect(datum.node, other.node);
    }
  }
  for (const section of all.filter(({ name }) => name?.startsWith('reloc.'))) {
    const { section: index, entries } = readRelocations(bytes, section);
    const { id, payload } = all[index];
    for (const { type, offset, symbol } of entries) {
      const to = type === TYPE_INDEX ? undefined : nodeOf(symbols[symbol], symbol);
      if (to === undefined) continue;
      const at = payload + offset;
      if (id === CODE) connect(imported.length + lastUntil(bodies, at), to);
      if (id === DATA) around(at).filter(({ end }) => at < end).forEach(({ node }) => connect(node, to));
    }
  }

  const names = new Map(imported.map(({ module, name }, index) => [index, `${module} ${name}`]));
  symbols.forEach((symbol, index) => {
    const node = nodeOf(symbol, index);
    if (node !== undefined && symbol.name && !names.has(node)) names.set(node, demangle(symbol.name));
  });
  const size = (node) => {
    if (node >= functions) return symbols[node - functions].size;
    const body = bodies[node - imported.length];
    return body ? body.end - body.begin : 0;
  };
  const kept = symbols.filter(({ kind, flags }) => kind === SYMBOL.function && flags & (FLAG.weak | FLAG.exported | FLAG.noStrip));
  return { edges, functions, imported, exported, kept: kept.map(({ index }) => index), size, nameOf: (node) => names.get(node) ?? `unnamed ${node}` };
};

/** What can be reached from `roots`, each with the node that it was first reached from. */
const reach = ({ edges }, roots, isOutside) => {
  const from = new Map(roots.map((root) => [root, undefined]));
  for (const node of from.keys()) {
    for (const next of edges.get(node) ?? []) if (!from.has(next) && !isOutside(next)) from.set(next, node);
  }
  return from;
};

const split = (graph) => {
  const point = (kind) => new RegExp(`^__wasm_split_00(.*)00_${kind}_[0-9a-f]{32}`);
  const entries = new Set();
  graph.imported.forEach(({ name }, index) => point('import').test(name) && entries.add(index));
  const byPart = new Map();
  for (const { name, index } of graph.exported) {
    const [, part] = point('export').exec(name) ?? [];
    if (part !== undefined) byPart.set(part, [...(byPart.get(part) ?? []), index]);
  }
  const starts = new Set([...byPart.values()].flat());
  const others = [...graph.exported.map(({ index }) => index), ...graph.imported.keys(), ...graph.kept];
  // First the entry point, so that paths begin there.
  const hydrate = graph.exported.filter(({ name }) => name === 'hydrate').map(({ index }) => index);
  const roots = [...new Set([...hydrate, ...others])].filter((index) => !starts.has(index) && !entries.has(index));
  const first = reach(graph, roots, (node) => entries.has(node));
  const users = new Map();
  for (const [part, indices] of byPart) {
    for (const node of reach(graph, indices, (node) => entries.has(node) || first.has(node)).keys()) {
      users.set(node, [...(users.get(node) ?? []), part]);
    }
  }
  const parts = new Map([...byPart.keys()].map((part) => [part, []]));
  for (const [node, names] of users) {
    const name = names.sort().join(' and ');
    parts.set(name, [...(parts.get(name) ?? []), node]);
  }
  return { first, parts };
};

const pathTo = (graph, first, node) => {
  const path = [];
  for (let at = node; at !== undefined; at = first.get(at)) path.unshift(graph.nameOf(at));
  return path.join('\n    → ');
};

/** wasm-bindgen removes what describes the types of imports. */
const isDescription = (name) => /__wbindgen_describe|wasm_bindgen.*describe/.test(name);

const sum = (values) => values.reduce((total, value) => total + value, 0);

const printSizes = (graph, { first, parts }) => {
  for (const [part, nodes] of [['the first load', [...first.keys()]], ...parts]) {
    const groups = new Map();
    const count = (group, bytes) => groups.set(group, (groups.get(group) ?? 0) + bytes);
    for (const node of nodes) {
      const name = graph.nameOf(node);
      const bytes = graph.size(node);
      if (node >= graph.functions) count('data', bytes);
      else if (!isDescription(name)) {
        const [path = name] = /[a-z]\w*(::\w+)*/.exec(name.replace(/<impl .*? for |\b(as|dyn|mut) /g, '')) ?? [];
        const names = path.split('::');
        count(names[0], bytes);
        if (names[0].startsWith('salon')) count(names.slice(0, 3).join('::'), bytes);
      }
    }
    const total = sum([...groups].filter(([group]) => !group.includes('::')).map(([, bytes]) => bytes));
    console.log(`${part}: ${nodes.length} functions and data, ${total} bytes before they are optimised and compressed`);
    const largest = [...groups].sort(([, one], [, other]) => other - one).slice(0, ROWS);
    for (const [group, bytes] of largest) console.log(`${String(bytes).padStart(9)}  ${group}`);
  }
};

/** Compressed sizes of the packed files, by their names without the build's id. */
const readFiles = () => {
  const id = existsSync(`${PKG}/build.txt`) ? readFileSync(`${PKG}/build.txt`, 'utf8') : '';
  if (!id) throw new Error(`${PKG} is not packed: run make pages.`);
  const files = new Map();
  for (const file of readdirSync(PKG)) {
    const isSmall = !existsSync(`${PKG}/${file}.br`) && !/\.(br|gz|txt)$/.test(file);
    if (isSmall || file.endsWith('.br')) files.set(file.replace(/\.br$/, '').replace(`.${id}`, ''), readFileSync(`${PKG}/${file}`).length);
  }
  return { files, id };
};

/** The files that a part needs: its own, and its chunks, as its loader names them. */
const filesOf = (part, id) => {
  const loader = readFileSync(`${PKG}/parts.${id}.js`, 'utf8');
  const statements = loader.split(/^(?=(?:export )?const )/m);
  const statementOf = (name) => statements.find((statement) => statement.includes(`const ${name} =`)) ?? '';
  const fileIn = (statement) => /new URL\("\.\/([^"]+)"/.exec(statement)?.[1].replace(`.${id}`, '');
  const own = statementOf(`__wasm_split_load_${part}`);
  const chunks = [...own.matchAll(/__chunk_\d+/g)].map(([name]) => statementOf(name));
  return [own, ...chunks].map(fileIn).filter(Boolean);
};

const checkSizes = () => {
  const { files, id } = readFiles();
  const first = ['salon.wasm', 'salon.js', 'salon.css', 'parts.js', 'start.js', 'favicon.svg'];
  const needed = { 'the first load': first, 'the first load and the call': [...first, `${CALL}.css`, ...filesOf(CALL, id)] };
  for (const [what, names] of Object.entries(needed)) {
    const bytes = sum(names.map((name) => files.get(name)));
    console.log(`${what}: ${bytes} of ${BUDGETS[what]} bytes`);
    if (!(bytes <= BUDGETS[what])) fail(`${what} has ${bytes} bytes, and may have ${BUDGETS[what]}: ${names.map((name) => `${name} ${files.get(name)}`).join(', ')}`);
  }
  // If the splitter cannot place the data of a part, it leaves all data in the first load, with a warning.
  const parts = readdirSync(PKG).filter((file) => file.endsWith('.wasm') && file !== `salon.${id}.wasm`);
  const hasData = (file) => sections(readFileSync(`${PKG}/${file}`)).some((section) => section.id === DATA);
  if (!parts.some(hasData)) fail('no part has data: the splitter left all of it in the first load. See the warnings of the build.');
};

const checkNames = (graph, { first }) => {
  const functions = [...first.keys()].filter((node) => node < graph.functions).map((node) => ({ node, name: graph.nameOf(node) }));
  for (const [pattern, most] of LEFTOVERS) {
    const found = functions.filter(({ name }) => pattern.test(name) && !isDescription(name));
    console.log(`the first load: ${found.length} of ${most} functions are ${pattern}`);
    if (found.length <= most) continue;
    fail(`the first load has ${found.length} functions that are ${pattern}, and may have ${most}:`);
    for (const { node } of found.slice(0, PATHS)) console.error(`  ${pathTo(graph, first, node)}`);
  }
};

const graph = readGraph(readFileSync(BUILT));
const output = split(graph);
const [command, pattern] = process.argv.slice(2);
if (command === '--sizes') {
  printSizes(graph, output);
} else if (command === '--paths') {
  const wanted = new RegExp(pattern);
  for (const node of output.first.keys()) if (wanted.test(graph.nameOf(node))) console.log(pathTo(graph, output.first, node));
} else {
  checkNames(graph, output);
  checkSizes();
}
