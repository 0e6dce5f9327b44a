// Files that replace a camera's or microphone's input. They are written on first use.
import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = new URL('../media/', import.meta.url);

/**
 * The path of a file, which is whole whenever it is there.
 * @param {string} name
 * @param {() => Buffer} make
 */
export const mediaFile = (name, make) => {
  const path = fileURLToPath(new URL(name, FOLDER));
  if (existsSync(path)) return path;
  mkdirSync(fileURLToPath(FOLDER), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, make());
  // Of two that make it at the same time, both use the first: a certificate must not change in use.
  try {
    linkSync(part, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  }
  rmSync(part);
  return path;
};
