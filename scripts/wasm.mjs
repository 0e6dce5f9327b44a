// scripts/wasm.mjs: reads WebAssembly modules (W3C WebAssembly Core, section 5), and what the linker leaves
// in them for other tools (WebAssembly tool conventions, Linking.md).

const CUSTOM = 0;
const IMPORT = 2;
const EXPORT = 7;
/** Magic number and version. */
const HEADER_BYTES = 8;

/** Reads values one after another. */
export class Reader {
  /** @param {Uint8Array} bytes */
  constructor(bytes, at = 0, end = bytes.length) {
    Object.assign(this, { bytes, at, end });
  }

  get isAtEnd() {
    return this.at >= this.end;
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** An unsigned LEB128 number. */
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  /** Skips a LEB128 number, signed or not. */
  skipNumber() {
    while (this.byte() >= 128);
  }

  text() {
    const length = this.number();
    this.at += length;
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.at - length, length).toString();
  }

  /** Calls `read` for each entry of a vector. */
  vector(read) {
    return Array.from({ length: this.number() }, read);
  }
}

const leb = (value) => {
  const bytes = [];
  do {
    bytes.push((value % 128) + (value >= 128 ? 128 : 0));
    value = Math.floor(value / 128);
  } while (value > 0);
  return Buffer.from(bytes);
};

const lengthAnd = (bytes) => Buffer.concat([leb(bytes.length), bytes]);

/** The sections: their ids, names if they are custom, and where their contents begin and end. */
export const sections = (bytes) => {
  const reader = new Reader(bytes, HEADER_BYTES);
  const found = [];
  while (!reader.isAtEnd) {
    const start = reader.at;
    const id = reader.byte();
    const length = reader.number();
    const payload = reader.at;
    const end = payload + length;
    const name = id === CUSTOM ? reader.text() : undefined;
    found.push({ id, name, start, payload, begin: reader.at, end });
    reader.at = end;
  }
  return found;
};

const skipLimits = (reader) => {
  const flags = reader.number();
  reader.skipNumber();
  if (flags & 1) reader.skipNumber();
};

/** How the description of an import continues after its kind. */
const DESCRIPTIONS = [
  (reader) => reader.skipNumber(),
  (reader) => (reader.byte(), skipLimits(reader)),
  skipLimits,
  (reader) => (reader.at += 2),
  (reader) => (reader.byte(), reader.skipNumber()),
];
export const FUNCTION = 0;

const readImports = (bytes, { begin, end }) => {
  const reader = new Reader(bytes, begin, end);
  return reader.vector(() => {
    const module = reader.text();
    const name = reader.text();
    const start = reader.at;
    const kind = reader.byte();
    DESCRIPTIONS[kind](reader);
    return { module, name, kind, description: bytes.subarray(start, reader.at) };
  });
};

/** The imports of a module. */
export const imports = (bytes) => sections(bytes).filter(({ id }) => id === IMPORT).flatMap((section) => readImports(bytes, section));

/** The same module with other contents of the sections with this id. */
const withSection = (bytes, id, rewrite) => {
  const pieces = sections(bytes).map((section) => {
    if (section.id !== id) return bytes.subarray(section.start, section.end);
    return Buffer.concat([Buffer.from([id]), lengthAnd(rewrite(section))]);
  });
  return Buffer.concat([bytes.subarray(0, HEADER_BYTES), ...pieces]);
};

/** The same module with other names of its imports: `rename` returns the module and name of one. */
export const withImports = (bytes, rename) =>
  withSection(bytes, IMPORT, (section) => {
    const entries = readImports(bytes, section).map((entry) => {
      const { module, name } = rename(entry);
      return Buffer.concat([lengthAnd(Buffer.from(module)), lengthAnd(Buffer.from(name)), entry.description]);
    });
    return Buffer.concat([leb(entries.length), ...entries]);
  });

/** The same module without the exports with these names. */
export const withoutExports = (bytes, isDropped) =>
  withSection(bytes, EXPORT, ({ begin, end }) => {
    const reader = new Reader(bytes, begin, end);
    const entries = reader.vector(() => {
      const start = reader.at;
      const name = reader.text();
      reader.byte();
      reader.skipNumber();
      return { name, bytes: bytes.subarray(start, reader.at) };
    });
    const kept = entries.filter(({ name }) => !isDropped(name));
    return Buffer.concat([leb(kept.length), ...kept.map((entry) => entry.bytes)]);
  });
