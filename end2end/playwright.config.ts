import { defineConfig } from '@playwright/test';
import { launchOptions } from './support/chromium.mjs';

/** The tag of tests that measure time, or need most of the machine. */
const ALONE = /@alone/;
/** The tag of long forms of what a shorter test guards: only `make soak` runs them. */
const SOAK = /@soak/;

export default defineConfig({
  testDir: 'tests',
  ...(process.env['SOAK'] ? {} : { grepInvert: SOAK }),
  outputDir: 'results/failures',
  // People mostly wait for each other: two tests at once keep two cores busy.
  workers: 2,
  fullyParallel: true,
  // In this order: tests that run alone start when all others are done.
  projects: [
    { name: 'together', grepInvert: ALONE },
    { name: 'alone', grep: ALONE, workers: 1 },
  ],
  retries: 0,
  forbidOnly: !!process.env['CI'],
  // A busy machine takes its time; time limits under test have their own values.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  reporter: [['list'], ['./support/slowest.ts'], ...(process.env['CI'] ? [['github'] as const] : [])],
  use: { launchOptions, actionTimeout: 30_000, navigationTimeout: 30_000 },
});
