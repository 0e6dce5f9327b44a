// What a dead microphone gives: a second of perfect silence, as a WAV file (mono, 16 bits).
import { mediaFile } from './media.mjs';

const RATE = 48_000;
const BYTES = 2;

const wave = () => {
  const samples = Buffer.alloc(RATE * BYTES);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * BYTES, 28);
  head.writeUInt16LE(BYTES, 32);
  head.writeUInt16LE(8 * BYTES, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
};

/** The path of the sound file. */
export const silenceFile = () => mediaFile('silence.wav', wave);
