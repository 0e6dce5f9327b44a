// The pattern of Chromium's fake camera: eight vertical bars that count its frames. From left to right they
// are white, five bits of the counter, their parity, black, so that a reader can distinguish a number from
// noise, and a mirrored video from an unmirrored one.
import { mediaFile } from './media.mjs';

const WIDTH = 320;
const HEIGHT = 240;
const FRAMES = 30;
const BITS = 5;
const WHITE = 235;
const BLACK = 16;

/**
 * From left to right, 1 where it is white.
 * @param {number} counter
 */
export const bars = (counter) => {
  const bits = Array.from({ length: BITS }, (_, place) => (counter >> (BITS - 1 - place)) & 1);
  const parity = bits.reduce((sum, bit) => sum ^ bit);
  return [1, ...bits, parity, 0];
};

/** @param {number} counter */
const frame = (counter) => {
  const pattern = bars(counter);
  const row = Buffer.alloc(WIDTH);
  const width = WIDTH / pattern.length;
  pattern.forEach((bar, place) => row.fill(bar ? WHITE : BLACK, place * width, (place + 1) * width));
  const luma = Buffer.concat(Array.from({ length: HEIGHT }, () => row));
  const chroma = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  return Buffer.concat([Buffer.from('FRAME\n'), luma, chroma]);
};

/**
 * The path of the video file.
 * @param {number} rate frames per second, each of which is encoded, sent, decoded and painted for everybody who sees it
 */
export const patternFile = (rate) =>
  mediaFile(`counter-${rate}.y4m`, () => {
    const head = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${rate}:1 Ip A1:1 C420jpeg\n`);
    const frames = Array.from({ length: FRAMES }, (_, counter) => frame(counter));
    return Buffer.concat([head, ...frames]);
  });
